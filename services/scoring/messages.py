"""Alerts as people read them, in Indonesian and English, as plain text and as HTML. Pure.

The first sentence is the news; then why, what was last, what would change it, and where to see it as it stood then.
What people wrote is shown as they wrote it and can do nothing: no line breaks, no reversed text, no markup.
"""

import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from html import escape
from typing import Any, NamedTuple

from shared.domain.alerting import AlertKind
from shared.domain.codes import Direction, Indicator, RatingCode
from shared.words.codes import ACTIVITY_WORDS, DIRECTION_WORDS, INDICATOR_WORDS, NUMBER_WORDS, RATING_WORDS
from shared.words.dates import date_in_words
from shared.words.words import Words

Document = dict[str, Any]
WAYS_SHOWN = 2
LONGEST_SUBJECT = 150
NAMES_IN_A_SUBJECT = 3
_JOINERS = "\u200c\u200d"
"""Invisible, and yet part of how words are written."""


@dataclass(frozen=True, slots=True)
class Message:
    """What somebody is sent: a subject of one line, the text without and with markup."""

    subject: str
    plain: str
    html: str


class Written(str):
    """What people wrote, made harmless: one line, nothing that hides or turns round what stands beside it."""

    __slots__ = ()

    def __new__(cls, text: str) -> "Written":
        """Take out what cannot be seen; line breaks and tabs become spaces."""
        seen = (
            " " if each.isspace() else each for each in text if each in _JOINERS or each.isspace() or _is_seen(each)
        )
        return super().__new__(cls, " ".join("".join(seen).split()))


class Line(NamedTuple):
    """A sentence or more, without and with markup."""

    plain: str
    html: str


class Voice:
    """Says things about alerts in one language."""

    def __init__(self, words: Words, public_url: str) -> None:
        self.words = words
        self._public_url = public_url.rstrip("/")

    def say(self, english: str, **values: object) -> Line:
        """Return a sentence with its values, which stand in the markup as mere text."""
        template = self.words.say(english)
        marked = {name: _marked(value) for name, value in values.items()}
        return Line(template % values, escape(template, quote=False) % marked) if values else _line(template)

    def link(self, says: str, url: str) -> Line:
        """Return an address under the words for it."""
        html = f'<a href="{escape(url)}">{escape(says, quote=False)}</a>'
        return Line(f"{says}: {url}", html)

    def page(self, document: Document) -> Line:
        """Return the address of the page as of the moment of an alert."""
        return self.link(self.words.say("The page as of that moment"), f"{self._public_url}{document['path']}")

    def day(self, text: str) -> str:
        """Return a day in words."""
        return date_in_words(date.fromisoformat(text), self.words.language)

    def rating(self, code: str) -> str:
        """Return a rating in words."""
        return self.words.say(RATING_WORDS[RatingCode(code)])

    def months(self, count: int) -> str:
        """Return a number of months in words."""
        return self.words.say("one month") if count == 1 else self.words.say("%(count)s months", count=count)

    def days(self, count: int) -> str:
        """Return a number of days in words."""
        return self.words.say("one day") if count == 1 else self.words.say("%(count)s days", count=count)

    def listed(self, items: Sequence[str]) -> str:
        """Return items as a list: a, b and c."""
        *others, last = items
        return f"{', '.join(others)} {self.words.say('and')} {last}" if others else last

    def text(self, texts: Document) -> Written:
        """Return what people wrote in this language, or else in the other."""
        return Written(texts.get(self.words.language) or next(iter(texts.values()), ""))

    def cells(self, cells: Iterable[Document]) -> str:
        """Return cells in words."""
        return self.listed([self.cell(each) for each in cells])

    def cell(self, cell: Document) -> str:
        """Return a cell in words: Visit (inbound)."""
        indicator = self.words.say(INDICATOR_WORDS[Indicator(cell["indicator"])])
        return f"{indicator} ({self.words.say(DIRECTION_WORDS[Direction(cell['direction'])])})"


def message_of(document: Document, words: Words, public_url: str, end_url: str | None = None) -> Message:
    """Return an alert as a message; `end_url` is where whoever gets it can end the subscription."""
    voice = Voice(words, public_url)
    lines = [*_told(document, voice), voice.page(document), *_end(voice, end_url)]
    return _message(words, _subject(document, voice), lines)


def digest_of(documents: Sequence[Document], words: Words, public_url: str, end_url: str | None = None) -> Message:
    """Return several alerts, in their order, as one message: of each the news and the page."""
    voice = Voice(words, public_url)
    names = list(dict.fromkeys(voice.text(each["name"]) for each in documents))
    named = names if len(names) <= NAMES_IN_A_SUBJECT else [*names[:NAMES_IN_A_SUBJECT], words.say("others")]
    subject = words.say("Alerts about %(names)s", names=voice.listed(named))
    lines = [line for each in documents for line in (_told(each, voice)[0], voice.page(each))]
    return _message(words, subject, [*lines, *_end(voice, end_url)])


def subject_of(document: Document, words: Words) -> str:
    """Return an alert in one line, as a list or a feed shows it."""
    return _cut(_subject(document, Voice(words, "")))


def _subject(document: Document, voice: Voice) -> str:
    name, rating = voice.text(document["name"]), voice.rating(document["rating"]["after"])
    months = voice.months(_months_of(document))
    match AlertKind(document["kind"]):
        case AlertKind.RATING_FELL:
            return voice.say("%(name)s has fallen to “%(rating)s”", name=name, rating=rating).plain
        case AlertKind.RATING_ROSE:
            return voice.say("%(name)s has risen to “%(rating)s”", name=name, rating=rating).plain
        case AlertKind.WILL_FALL:
            fall, days = voice.rating(document["falls"]["rating"]), voice.days(_days_ahead(document))
            return voice.say("%(name)s falls to “%(rating)s” in %(days)s", name=name, rating=fall, days=days).plain
        case AlertKind.DORMANT:
            return voice.say("%(name)s: %(months)s without activity", name=name, months=months).plain
        case AlertKind.REVIVED if document["crossed"]:
            return voice.say("%(name)s: activity again after %(months)s", name=name, months=months).plain
        case AlertKind.REVIVED:
            return voice.say("%(name)s: activity again", name=name).plain
        case _:
            withdrawn = Written(_subject(document["withdraws"], voice))
            return voice.say("Withdrawn: %(subject)s", subject=withdrawn).plain


def _told(document: Document, voice: Voice) -> list[Line]:
    return TOLD[AlertKind(document["kind"])](document, voice)


def _changed(document: Document, voice: Voice, news: Line, cells: Line | None) -> list[Line]:
    by_rubric = voice.say("It is rated by rubric %(id)s, version %(version)s.", **document["rubric"])
    return [news, _both(cells or by_rubric, _lit(document, voice)), _last(document, voice), *_better(document, voice)]


def _fell(document: Document, voice: Voice) -> list[Line]:
    news = voice.say(
        "Since %(day)s the partnership with %(name)s has been rated “%(after)s”; before, it was “%(before)s”.",
        **_rated(document, voice),
    )
    dark = document["went_dark"]
    cells = voice.say("These cells have gone dark: %(cells)s.", cells=voice.cells(dark)) if dark else None
    return _changed(document, voice, news, cells)


def _rose(document: Document, voice: Voice) -> list[Line]:
    news = voice.say(
        "Since %(day)s the partnership with %(name)s is rated “%(after)s”, up from “%(before)s”.",
        **_rated(document, voice),
    )
    lit = document["lit_up"]
    cells = voice.say("These cells have been lit: %(cells)s.", cells=voice.cells(lit)) if lit else None
    return _changed(document, voice, news, cells)


def _will_fall(document: Document, voice: Voice) -> list[Line]:
    fall = document["falls"]
    news = voice.say(
        "From %(day)s, in %(days)s, the partnership with %(name)s will be rated “%(after)s” unless something happens.",
        day=voice.day(fall["on"]),
        days=voice.days(_days_ahead(document)),
        name=voice.text(document["name"]),
        after=voice.rating(fall["rating"]),
    )
    dark = [each for each in document["cells"] if each["goes_dark"] <= fall["on"]]
    why = voice.say("By then these cells go dark: %(cells)s.", cells=voice.cells(dark))
    return [news, _both(why, _lit(document, voice)), _last(document, voice), *_keeping(document, voice)]


def _dormant(document: Document, voice: Voice) -> list[Line]:
    values = {"name": voice.text(document["name"]), "months": voice.months(_months_of(document))}
    if document["by_law"]:
        day = voice.day(document["due"])
        news = voice.say(
            "No activity with %(name)s has been recorded for %(months)s: since %(day)s the partnership is dormant.",
            **values,
            day=day,
        )
    else:
        news = voice.say("No activity with %(name)s has been recorded for %(months)s.", **values)
    ends = voice.say("Any activity that is held ends the silence.")
    return [news, _last(document, voice), _standing(document, voice), _both(ends, *_better(document, voice))]


def _revived(document: Document, voice: Voice) -> list[Line]:
    name = voice.text(document["name"])
    if document["crossed"]:
        months = voice.months(_months_of(document))
        news = voice.say("After %(months)s of silence there is activity with %(name)s again.", months=months, name=name)
    else:
        news = voice.say("After a silence there is activity with %(name)s again.", name=name)
    return [news, _last(document, voice), _standing(document, voice), *_better(document, voice)]


def _withdrawn(document: Document, voice: Voice) -> list[Line]:
    about = document["withdraws"]
    news = voice.say(
        "The alert of %(day)s about %(name)s is withdrawn: what has been posted since shows that it was unfounded.",
        day=voice.day(about["on"]),
        name=voice.text(document["name"]),
    )
    said = voice.say("It said: %(subject)s.", subject=Written(_subject(about, voice)))
    return [news, said, _last(document, voice), _standing(document, voice)]


TOLD: dict[AlertKind, Callable[[Document, Voice], list[Line]]] = {
    AlertKind.RATING_FELL: _fell,
    AlertKind.RATING_ROSE: _rose,
    AlertKind.WILL_FALL: _will_fall,
    AlertKind.DORMANT: _dormant,
    AlertKind.REVIVED: _revived,
    AlertKind.WITHDRAWN: _withdrawn,
}


def _rated(document: Document, voice: Voice) -> dict[str, str]:
    return {
        "day": voice.day(document["on"]),
        "name": voice.text(document["name"]),
        "before": voice.rating(document["rating"]["before"]),
        "after": voice.rating(document["rating"]["after"]),
    }


def _lit(document: Document, voice: Voice) -> Line:
    return voice.say("Lit cells: %(count)s of ten.", count=voice.words.say(NUMBER_WORDS[len(document["cells"])]))


def _standing(document: Document, voice: Voice) -> Line:
    rated = voice.say("The partnership is rated “%(rating)s”.", rating=voice.rating(document["rating"]["after"]))
    return _both(rated, _lit(document, voice))


def _last(document: Document, voice: Voice) -> Line:
    last = document["last_activity"]
    if last is None:
        since = document["silent_since"]
        if since is None:
            return voice.say("No activity is known.")
        return voice.say("No activity is known since the memorandum of %(day)s.", day=voice.day(since))
    title, day = voice.text(last["title"]), voice.day(last["day"])
    return voice.say("Last activity: %(day)s, “%(title)s”.", day=day, title=title)


def _better(document: Document, voice: Voice) -> list[Line]:
    """What would raise the rating; where it cannot be better, what would keep it."""
    target = document["raise"]
    if target is None or not target["ways"]:
        return _keeping(document, voice)
    rating = voice.rating(target["rating"])
    return [
        voice.say("What would raise the rating to “%(rating)s”: %(ways)s.", rating=rating, ways=_ways(target, voice))
    ]


def _keeping(document: Document, voice: Voice) -> list[Line]:
    target = document["keep"]
    if target is None or not target["ways"]:
        return []
    day = voice.day(target["by"])
    return [voice.say("What would keep the rating, held by %(day)s: %(ways)s.", day=day, ways=_ways(target, voice))]


def _ways(target: Document, voice: Voice) -> str:
    """Return the first ways: two cells, a letter from the partner and a visit there."""
    ways = [voice.listed([_idea(idea, voice) for idea in way["activities"]]) for way in target["ways"][:WAYS_SHOWN]]
    either = f"; {voice.words.say('or')} ".join(ways)
    if target["cells"] == 1:
        return voice.words.say("one cell, %(ways)s", ways=either)
    count = voice.words.say(NUMBER_WORDS[target["cells"]])
    return voice.words.say("%(count)s cells, %(ways)s", count=count, ways=either)


def _idea(idea: Document, voice: Voice) -> str:
    said = voice.words.say(ACTIVITY_WORDS[Indicator(idea["indicator"]), Direction(idea["direction"])])
    return f"{said} ({voice.words.say('in person')})" if idea["in_person"] else said


def _end(voice: Voice, end_url: str | None) -> list[Line]:
    return [voice.link(voice.words.say("End these messages"), end_url)] if end_url else []


def _months_of(document: Document) -> int:
    """The months of silence that an alert tells: those that were reached, else as many as there are."""
    return max(document["crossed"], default=0) or int(document["silent_months"])


def _days_ahead(document: Document) -> int:
    return (date.fromisoformat(document["falls"]["on"]) - date.fromisoformat(document["on"])).days


def _message(words: Words, subject: str, lines: Sequence[Line]) -> Message:
    title = escape(_cut(subject), quote=False)
    body = "\n".join(f"<p>{line.html}</p>" for line in lines)
    html = (
        f'<!DOCTYPE html>\n<html lang="{words.language}">\n<head><meta charset="utf-8"/><title>{title}</title></head>\n'
        f"<body>\n{body}\n</body>\n</html>\n"
    )
    return Message(_cut(subject), "\n\n".join(line.plain for line in lines) + "\n", html)


def _both(*lines: Line) -> Line:
    return Line(" ".join(each.plain for each in lines), " ".join(each.html for each in lines))


def _line(text: str) -> Line:
    return Line(text, escape(text, quote=False))


def _marked(value: object) -> str:
    text = escape(str(value), quote=False)
    return f"<bdi>{text}</bdi>" if isinstance(value, Written) else text


def _cut(subject: str) -> str:
    subject = Written(subject)
    return subject if len(subject) <= LONGEST_SUBJECT else f"{subject[: LONGEST_SUBJECT - 1].rstrip()}…"


def _is_seen(character: str) -> bool:
    return unicodedata.category(character) not in ("Cc", "Cf", "Co", "Cs", "Cn", "Zl", "Zp")
