"""What the pages of alerts and subscriptions show, made from rows and documents. Pure: templates only lay it out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from typing import Any

from services.scoring.alerts import KeptAlert
from services.scoring.messages import message_of
from services.scoring.subscriptions.decide import KINDS, Wish
from services.scoring.subscriptions.documents import subscription_document
from services.scoring.subscriptions.store import wish_in
from shared.domain.alerting import LEADS, AlertKind
from shared.domain.amend import Partnership
from shared.web.signs import Sign, sign_of
from shared.wire.sheet import Value
from shared.words.codes import RATING_WORDS
from shared.words.dates import date_in_words
from shared.words.words import Words

LABELS = {
    "channel": "https address, or e-mail address",
    "scope": "About",
    "kinds": "What to tell",
    "lead_days": "Days ahead of a fall",
    "digest": "How often",
    "language": "Language",
    "quiet_hours": "Quiet from",
    "silence_months": "Silence after months of your own (nothing: as the rubric has it)",
}
"""What the fields of a subscription are called, by their names in its document."""
IDS = {
    "channel": "address",
    "scope": "about",
    "kinds": "kinds",
    "lead_days": "lead_days",
    "digest": "digest",
    "language": "language",
    "quiet_hours": "quiet_from",
    "silence_months": "silence_months",
}
KIND_WORDS = {
    AlertKind.DORMANT: "fallen silent",
    AlertKind.REVIVED: "revived",
    AlertKind.RATING_FELL: "rating fell",
    AlertKind.RATING_ROSE: "rating rose",
    AlertKind.WILL_FALL: "will fall",
    AlertKind.WITHDRAWN: "withdrawn",
}
STATE_WORDS = {
    "unconfirmed": "waits for its confirmation",
    "active": "in use",
    "paused": "paused",
    "ended": "ended",
    "pending": "on its way",
    "delivered": "delivered",
    "failed": "failed",
    "dropped": "not sent",
}
DIGEST_WORDS = {"none": "At once", "daily": "Once a day", "weekly": "Once a week"}
MESSAGE_WORDS = {
    "alert": "Alert",
    "digest": "Digest",
    "confirmation": "Question for confirmation",
    "sample": "Sample",
}


ROW = (
    *("id", "kind", "rule", "partnership", "name_id", "name_en", "rating_before", "rating_after"),
    *("score_before", "score_after", "due", "raised_at", "position", "silent_since"),
)
"""The columns of alerts as rows."""


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """Who has seen to an alert; `is_own` says whether the reader has."""

    account: str
    note: str | None
    at: str
    is_own: bool


@dataclass(frozen=True, slots=True)
class AlertView:
    """An alert in the list. `said` are its lines but for the one that `path` stands in, which leads to the page as of its moment."""

    id: str
    partnership: str
    kind: str
    kind_word: str
    title: str
    said: list[str]
    raised: str
    path: str
    sign: Sign
    acknowledged: Acknowledged | None


def row_of(alert: KeptAlert) -> list[Value]:
    """Return an alert as a row; codes and days as in its document."""
    said = alert.document
    name, rating, score = said["name"], said["rating"], said["score"]
    return [
        *(said["id"], said["kind"], said["rule"], said["partnership"], name.get("id"), name.get("en")),
        *(rating["before"], rating["after"], score["before"], score["after"]),
        *(said["due"], said["raised_at"], said["position"], said["silent_since"]),
    ]


def alert_view(
    alert: KeptAlert, seen_to: Mapping[str, Any] | None, account: str, zone: tzinfo, site: str, words: Words
) -> AlertView:
    """Return an alert as the list shows it; `seen_to` is its acknowledgement."""
    message, path = message_of(alert.document, words, site, None), str(alert.document["path"])
    own = seen_to is not None and seen_to["account"] == account
    acknowledged = (
        Acknowledged(seen_to["account"], seen_to["note"], moment_in_words(seen_to["at"], zone, words), own)
        if seen_to
        else None
    )
    return AlertView(
        id=str(alert.alert),
        partnership=alert.partnership,
        kind=alert.kind.value,
        kind_word=words.say(KIND_WORDS[alert.kind]),
        title=message.subject,
        said=[line for each in message.plain.splitlines() if (line := each.strip()) and path not in line],
        raised=moment_in_words(alert.raised_at, zone, words),
        path=path,
        sign=sign_of({(each["indicator"], each["direction"]) for each in alert.document["cells"]}, words),
        acknowledged=acknowledged,
    )


@dataclass(frozen=True, slots=True)
class SubscriptionView:
    """A subscription in the list, and what is filled into its form. `where` is its address, or what is left of it."""

    id: str
    about: str
    kinds: str
    where: str
    when: str
    state: str
    state_word: str
    is_webhook: bool
    wish: "Filled"
    snoozed: list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Filled:
    """What stands in the form of a subscription."""

    about: str
    kinds: Sequence[str]
    silence_months: int | str | None
    lead_days: Sequence[int]
    language: str
    quiet_from: str
    quiet_to: str
    digest: str


def filled_in(wish: Wish) -> Filled:
    """Return a wish as its form shows it."""
    return Filled(
        about=f"{wish.scope}/{wish.value}",
        kinds=wish.kinds,
        silence_months=wish.silence_months,
        lead_days=wish.lead_days,
        language=wish.language,
        quiet_from=f"{wish.quiet_from:%H:%M}" if wish.quiet_from else "",
        quiet_to=f"{wish.quiet_to:%H:%M}" if wish.quiet_to else "",
        digest=wish.digest,
    )


def filled_again(form: Mapping[str, str]) -> Filled:
    """Return what was filled in, as it was, for a form that is shown again."""
    months = form.get("silence_months", "")
    return Filled(
        about=form.get("about", ""),
        kinds=form.get("kinds", "").split(","),
        silence_months=months,
        lead_days=[int(each) for each in form.get("lead_days", "").split(",") if each.isascii() and each.isdigit()],
        language=form.get("language", ""),
        quiet_from=form.get("quiet_from", ""),
        quiet_to=form.get("quiet_to", ""),
        digest=form.get("digest", ""),
    )


def subscription_view(row: Any, abouts: Sequence[tuple[str, str]], words: Words) -> SubscriptionView:  # noqa: ANN401
    """Return one's own subscription."""
    document, wish = subscription_document(row, own=True), filled_in(wish_in(row))
    return SubscriptionView(
        id=str(document["id"]),
        about=dict(abouts).get(wish.about, wish.about.partition("/")[2]),
        kinds=", ".join(words.say(KIND_WORDS[AlertKind(each)]) for each in document["kinds"]),
        where=document["address"] or "–",
        when=words.say(DIGEST_WORDS[wish.digest]),
        state=document["state"],
        state_word=words.say(STATE_WORDS[document["state"]]),
        is_webhook=document["channel"] == "webhook",
        wish=wish,
        snoozed=[(each["partnership"], _day(each["until"], words)) for each in document["snoozed"]],
    )


def abouts_of(registry: Mapping[str, Partnership], words: Words) -> list[tuple[str, str]]:
    """Return what can be subscribed to, with its words: all, each partnership, country, issue basis and rating."""
    named = sorted((partnership_name(each, words), slug) for slug, each in registry.items())
    countries = sorted({each.facts.country for each in registry.values()})
    issues = sorted({each.facts.issue_basis for each in registry.values() if each.facts.issue_basis})
    return [
        ("all/", words.say("All partnerships")),
        *((f"partnership/{slug}", name) for name, slug in named),
        *((f"country/{each}", words.say("Country: %(country)s", country=each)) for each in countries),
        *((f"issue/{each}", words.say("Issue basis: %(issue)s", issue=each)) for each in issues),
        *(
            (f"rating/{code.value}", words.say("Rating: %(rating)s", rating=words.say(word)))
            for code, word in RATING_WORDS.items()
        ),
    ]


def partnership_name(partnership: Partnership, words: Words) -> str:
    """Return a partnership's name in the reader's language, else in the other."""
    name = partnership.facts.name
    return (name.id or name.en if words.language == "id" else name.en or name.id) or partnership.slug


def choices(words: Words) -> dict[str, list[tuple[Any, str]]]:
    """Return what the form of a subscription offers besides what it is about."""
    return {
        "kinds": [(each, words.say(KIND_WORDS[AlertKind(each)])) for each in KINDS],
        "leads": [(each, str(each)) for each in LEADS],
        "digests": [(value, words.say(word)) for value, word in DIGEST_WORDS.items()],
    }


@dataclass(frozen=True, slots=True)
class DeliveryView:
    """A message that was sent, or could not be."""

    id: str
    what: str
    made: str
    state: str
    state_word: str
    attempts: int
    last: str
    can_be_sent_again: bool


def delivery_view(row: Any, zone: tzinfo, words: Words) -> DeliveryView:  # noqa: ANN401
    """Return a delivery with what became of its last attempt."""
    attempts = row["attempted"]
    status, outcome = (attempts[-1]["status"], attempts[-1]["outcome"]) if attempts else (None, None)
    last = " ".join(str(each) for each in (status, outcome or row["why"]) if each)
    kind = words.say(MESSAGE_WORDS[row["kind"]])
    return DeliveryView(
        id=str(row["delivery"]),
        what=f"{kind}: {row['partnership']}" if row["kind"] == "alert" else kind,
        made=moment_in_words(row["made_at"], zone, words),
        state=row["state"],
        state_word=words.say(STATE_WORDS[row["state"]]),
        attempts=len(attempts),
        last=last or "–",
        can_be_sent_again=row["state"] == "failed",
    )


def moment_in_words(moment: datetime, zone: tzinfo, words: Words) -> str:
    """Return a moment as the home's clocks show it."""
    local = moment.astimezone(zone)
    return f"{date_in_words(local.date(), words.language)}, {local:%H:%M}"


def _day(day: date | str, words: Words) -> str:
    return date_in_words(date.fromisoformat(day) if isinstance(day, str) else day, words.language)
