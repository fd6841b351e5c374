"""The recommendation: keep, review or end, for each partnership, with the facts that it goes by."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from services.reports.advice import SOON_MONTHS, Advice, Reason, Standing, advise
from services.reports.compose import compose_ratings
from services.reports.kinds.frame import day_in_words, framed, name_of, rating_in_words
from services.reports.kinds.ratings import without_author
from services.reports.kinds.wording import REQUIREMENT_WORDS
from services.reports.life import compose_life
from services.reports.material import Entry, Material, entries_of, events_of
from services.reports.question import Question
from services.reports.report import Column, ColumnKind, Paragraph, Report, Section, Table
from services.reports.studies import deeds_by_partnership
from shared.domain.amend import Partnership
from shared.domain.codes import Outcome, RatingCode, Requirement
from shared.domain.diagnosis import Deed
from shared.domain.events import Event
from shared.wire.sheet import Value
from shared.words.words import Words

ADVICE_WORDS: Mapping[Advice, str] = {Advice.KEEP: "keep", Advice.REVIEW: "review", Advice.END: "end it"}
REASON_WORDS: Mapping[Reason, str] = {
    Reason.ACTIVE: "It was active: %(score)s of ten cells are lit.",
    Reason.LESS_ACTIVE: "It was less active: %(score)s of ten cells are lit.",
    Reason.INACTIVE: "It was inactive: %(score)s of ten cells are lit.",
    Reason.TOO_NEW: "It is too new to judge.",
    Reason.DORMANT: "It is dormant; the last activity was on %(last)s.",
    Reason.NOT_DORMANT: "It is not dormant; the last activity was on %(last)s.",
    Reason.NOBODY_TRIED: "Neither side proposed or planned anything in the period.",
    Reason.SOMEBODY_TRIED: "In the period %(tried)s activities were proposed or planned that were not held.",
    Reason.NOBODY_POSTED: "Nobody has posted about it for a year (last on %(posted)s): the reporter may be silent, not the partner.",
    Reason.JUDGED_BETTER: "The bureau judges it better, %(official)s: %(reason)s",
    Reason.JUDGED_WORSE: "The bureau judges it worse, %(official)s: %(reason)s",
    Reason.UNCERTAIN: "Some dates are imprecise: at their first possible day it would be %(uncertain)s.",
    Reason.AGREEMENT_ENDED: "The agreement ended on %(ends)s.",
    Reason.AGREEMENT_ENDS: "The agreement ends on %(ends)s.",
    Reason.REQUIREMENTS_OPEN: "Not found to be met: %(requirements)s.",
}


@dataclass(frozen=True, slots=True)
class Recommended:
    """A partnership, its facts, and what is recommended by them."""

    partnership: Partnership
    item: dict[str, Any]
    standing: Standing
    advice: Advice
    reasons: Sequence[Reason]


def compose(material: Material) -> Report:
    """Compose the recommendation for every partnership in force on the period's last day."""
    words, recommended = material.words, _recommended(material)
    sections = [
        Section("summary", words.say("Summary"), [Paragraph(_in_a_sentence(recommended, words))]),
        Section("recommendations", words.say("Recommendations"), [_table(recommended, material)]),
        Section("rules", words.say("The rules"), [Paragraph(each) for each in _rules(words)]),
    ]
    data = {"items": [_data(each) for each in recommended]}
    return framed(material, words.say("Recommendations for the partnerships"), sections, "recommendations", data)


def _recommended(material: Material) -> list[Recommended]:
    asked, known_on = material.asked, material.known_at.astimezone(material.zone).date()
    question = Question(None, asked.first, asked.last, asked.known, None)
    items = {
        each["partnership"]: without_author(each)
        for each in compose_ratings(material.known, question, material.rubric, newest=True)["items"]
    }
    entries, milestones = entries_of(material.entries), events_of(material.milestones)
    documents = deeds_by_partnership(material.deeds)
    found = []
    for each in material.standing:
        if each.ended_on is None or each.ended_on > asked.last:
            life = _life(each, milestones.get(each.slug, ()), documents.get(each.slug, ()), asked.last)
            standing = _standing(material, items[each.slug], entries.get(each.slug, ()), life)
            advice, reasons = advise(standing, asked.last, known_on)
            found.append(Recommended(each, items[each.slug], standing, advice, reasons))
    return found


def _life(
    partnership: Partnership, milestones: Sequence[Event], documents: Sequence[Deed], last: date
) -> dict[str, Any]:
    return compose_life(partnership, milestones, (), documents, last)


def _standing(material: Material, item: dict[str, Any], entries: Sequence[Entry], life: dict[str, Any]) -> Standing:
    posted = item["coverage"]["last_posted_at"]
    return Standing(
        rating=RatingCode(item["rating"]),
        official=RatingCode(item["official"]["rating"]) if item["official"] else None,
        uncertain=RatingCode(item["uncertain"]) if item["uncertain"] else None,
        provisional=item["provisional"],
        dormant=item["dormant"],
        tried=sum(each.activity.facts.outcome is not Outcome.HELD for each in entries),
        last_posted_on=datetime.fromisoformat(posted).astimezone(material.zone).date() if posted else None,
        agreement_ends=_agreement_ends(life),
        open_requirements=_open_requirements(life),
    )


def _agreement_ends(life: dict[str, Any]) -> date | None:
    """Return the latest last day that an agreement names; None where a memorandum without one still holds."""
    agreements = [each for each in life["agreements"] if each["kind"] != "document" or each["valid_until"]]
    if any(each["in_force"] and each["valid_until"] is None for each in agreements):
        return None
    return max((date.fromisoformat(each["valid_until"]) for each in agreements if each["valid_until"]), default=None)


def _open_requirements(life: dict[str, Any]) -> list[Requirement]:
    """Return what is not met of the nine, where anybody has looked at all."""
    if all(each["met_at"] is None for each in life["requirements"]):
        return []
    return [Requirement(each["requirement"]) for each in life["requirements"] if each["met_at"] is None]


def _in_a_sentence(recommended: Sequence[Recommended], words: Words) -> str:
    return words.say(
        "Of %(all)s partnerships: keep %(keep)s, review %(review)s, end %(end)s. A recommendation is worked out by rules "
        "from what was posted; whoever decides knows more.",
        all=len(recommended),
        **{advice.value: sum(each.advice is advice for each in recommended) for advice in Advice},
    )


def _table(recommended: Sequence[Recommended], material: Material) -> Table:
    words = material.words
    columns = [
        Column("name", words.say("Partnership")),
        Column("partnership", words.say("Short name"), ColumnKind.CODE, detail=True),
        Column("advice", words.say("Recommendation")),
        Column("rating", words.say("Rating"), ColumnKind.RATING),
        Column("official", words.say("Official rating"), ColumnKind.RATING),
        Column("reasons", words.say("Facts")),
    ]
    rows: list[list[Value]] = [
        [
            name_of(each.partnership, words),
            each.partnership.slug,
            words.say(ADVICE_WORDS[each.advice]),
            each.standing.rating.value,
            each.standing.official.value if each.standing.official else None,
            " ".join(_reasons_in_words(each, material)),
        ]
        for each in recommended
    ]
    return Table("recommendations", words.say("Recommendations"), columns, rows)


def _reasons_in_words(recommended: Recommended, material: Material) -> list[str]:
    words, item, standing = material.words, recommended.item, recommended.standing
    last, official = item["last_activity_on"], item["official"]
    values = {
        "score": item["score"],
        "last": day_in_words(date.fromisoformat(last) if last else None, words),
        "tried": standing.tried,
        "posted": day_in_words(standing.last_posted_on, words),
        "official": rating_in_words(standing.official, words) if standing.official else "–",
        "reason": official["reason"] if official else "–",
        "uncertain": rating_in_words(standing.uncertain, words) if standing.uncertain else "–",
        "ends": day_in_words(standing.agreement_ends, words),
        "requirements": ", ".join(words.say(REQUIREMENT_WORDS[each]) for each in standing.open_requirements),
    }
    return [words.say(REASON_WORDS[each], **values) for each in recommended.reasons]


def _rules(words: Words) -> list[str]:
    return [
        words.say("Keep: it is too new to judge, or it is active and nothing else is to be looked at."),
        words.say(
            "End: it is inactive and dormant, neither side proposed or planned anything in the period, somebody has posted "
            "about it within a year, and the bureau does not judge it otherwise."
        ),
        words.say(
            "Review: everything else; also where an agreement ends within %(months)s months or a requirement is open.",
            months=SOON_MONTHS,
        ),
    ]


def _data(recommended: Recommended) -> dict[str, Any]:
    standing = recommended.standing
    return {
        "partnership": recommended.partnership.slug,
        "name": recommended.partnership.facts.name.model_dump(exclude_none=True),
        "advice": recommended.advice.value,
        "reasons": [each.value for each in recommended.reasons],
        "rating": standing.rating.value,
        "score": recommended.item["score"],
        "official": standing.official.value if standing.official else None,
        "dormant": standing.dormant,
        "provisional": standing.provisional,
        "last_activity_on": recommended.item["last_activity_on"],
        "tried": standing.tried,
        "last_posted_on": standing.last_posted_on.isoformat() if standing.last_posted_on else None,
        "agreement_ends": standing.agreement_ends.isoformat() if standing.agreement_ends else None,
        "open_requirements": [each.value for each in standing.open_requirements],
    }
