"""What the pages show, made from answers. Pure: templates only lay it out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from services.reports.store import ActivityRow
from shared.domain.cells import WAYS
from shared.domain.codes import Direction, Indicator, Outcome, RatingCode
from shared.domain.foresight import Foresight, Idea, Target
from shared.web.signs import Sign, sign_of
from shared.words.codes import DIRECTION_WORDS as DIRECTION_WORDS
from shared.words.codes import INDICATOR_WORDS as INDICATOR_WORDS
from shared.words.codes import OUTCOME_WORDS as OUTCOME_WORDS
from shared.words.codes import RATING_WORDS as RATING_WORDS
from shared.words.dates import date_abbreviated, date_in_words, occurred_in_words
from shared.words.words import Language, Words

WAYS_SHOWN = 3

ISSUE_WORDS = {
    "education": "education",
    "flood": "flood",
    "health": "health",
    "tolerance": "tolerance",
    "traffic": "traffic",
    "waste": "waste",
}
"""The study's six issues; a home may name others, which are shown as they are written."""


@dataclass(frozen=True, slots=True)
class Row:
    """One partnership on the dashboard."""

    slug: str
    name: str
    code: RatingCode
    rating: str
    official: str | None
    official_code: RatingCode | None
    score: int
    sign: Sign
    marks: list[str]
    change: str | None
    change_on: str | None


@dataclass(frozen=True, slots=True)
class ActivityLine:
    """An activity behind a cell, or why it is behind none. `id` is that of the event that recorded it."""

    id: str
    when: str
    title: str
    detail: str


@dataclass(frozen=True, slots=True)
class CellView:
    """One cell, `visit-outbound`: how many activities light it, the newest of them, and the day it goes dark.

    That is None where it is dark already or where nothing lies ahead.
    """

    code: str
    indicator: str
    way: str
    count: int
    activities: Sequence[ActivityLine]
    goes_dark: str | None
    goes_dark_briefly: str | None


@dataclass(frozen=True, slots=True)
class StandingView:
    """How one partnership stands, and what would change that."""

    row: Row
    founded: str | None
    dormant_on: str | None
    uncertain: str | None
    official_reason: str | None
    official_author: str | None
    official_until: str | None
    last_posted: str | None
    keep: str | None
    keep_by: str | None
    improve: str | None
    improved: str | None


def standing_view(
    item: Mapping[str, Any], ahead: Foresight | None, posted_on: date | None, words: Words
) -> StandingView:
    """Return how one partnership stands; `ahead` only for a day. `posted_on` is when anybody last posted about it."""
    official = item["official"] or {}
    return StandingView(
        row=row_of(item, words),
        founded=day_said(item["mou_date"], words.language),
        dormant_on=day_said(item["dormant_on"], words.language),
        uncertain=words.say(RATING_WORDS[RatingCode(item["uncertain"])]) if item["uncertain"] else None,
        official_reason=official.get("reason"),
        official_author=official.get("author"),
        official_until=day_said(official.get("valid_until"), words.language),
        last_posted=date_in_words(posted_on, words.language) if posted_on else None,
        keep=ways_said(ahead.keep, words) if ahead and ahead.keep else None,
        keep_by=date_in_words(ahead.keep.by, words.language) if ahead and ahead.keep else None,
        improve=ways_said(ahead.raise_, words) if ahead and ahead.raise_ else None,
        improved=words.say(RATING_WORDS[ahead.raise_.rating]) if ahead and ahead.raise_ else None,
    )


def newest_behind_cells(item: Mapping[str, Any], most: int) -> list[UUID]:
    """Return the newest activities behind each cell, at most so many of each, every one once."""
    newest = (each for ways in item["cells"].values() for ids in ways.values() for each in ids[-most:])
    return [UUID(each) for each in dict.fromkeys(newest)]


def cells_view(item: Mapping[str, Any], rows: Sequence[ActivityRow], words: Words) -> list[list[CellView]]:
    """Return the ten cells, one list of two for each indicator; of the activities behind them those that are among `rows`."""
    lines = {str(each.id): _line(each, words) for each in rows}
    return [[_cell(item, indicator, way, lines, words) for way in WAYS] for indicator in Indicator]


def _cell(
    item: Mapping[str, Any], indicator: Indicator, way: Direction, lines: Mapping[str, ActivityLine], words: Words
) -> CellView:
    ids, dark = item["cells"][indicator.value][way.value], item["goes_dark"][indicator.value][way.value]
    return CellView(
        code=f"{indicator.value}-{way.value}",
        indicator=words.say(INDICATOR_WORDS[indicator]),
        way=words.say("Outbound") if way is Direction.OUTBOUND else words.say("Inbound"),
        count=len(ids),
        activities=[lines[each] for each in reversed(ids) if each in lines],
        goes_dark=day_said(dark, words.language),
        goes_dark_briefly=date_abbreviated(date.fromisoformat(dark), words.language) if dark else None,
    )


def not_counted_lines(rows: Sequence[ActivityRow], first: date | None, last: date, words: Words) -> list[ActivityLine]:
    """Return activities that light no cell, each with the reason; `first` is the first day of a period, None for a day."""
    return [_line(each, words, why=_why_not(each, first, last, words)) for each in rows]


def ways_said(target: Target, words: Words) -> str:
    """Return the first ways in words: what must be held together is joined by a plus sign, what can be chosen by `or`."""
    ways = [" + ".join(_idea(idea, words) for idea in way.ideas) for way in target.ways[:WAYS_SHOWN]]
    return f" {words.say('or')} ".join(ways)


def _idea(idea: Idea, words: Words) -> str:
    said = f"{words.say(INDICATOR_WORDS[idea.indicator])} ({words.say(DIRECTION_WORDS[idea.direction])})"
    return f"{said}, {words.say('in person')}" if idea.in_person else said


def row_of(item: Mapping[str, Any], words: Words) -> Row:
    """Return a partnership's line of an answer of ratings."""
    code = RatingCode(item["rating"])
    change, official = item["next_change"], item["official"]
    marks = [
        words.say(mark)
        for mark, there in (("too new to judge", item["provisional"]), ("dormant", item["dormant"]))
        if there
    ]
    return Row(
        slug=item["partnership"],
        name=said_in(item["name"], words.language),
        code=code,
        rating=words.say(RATING_WORDS[code]),
        official=words.say(RATING_WORDS[RatingCode(official["rating"])]) if official else None,
        official_code=RatingCode(official["rating"]) if official else None,
        score=item["score"],
        sign=_sign(item, words),
        marks=marks,
        change=words.say(RATING_WORDS[RatingCode(change["rating"])]) if change else None,
        change_on=day_said(change["on"], words.language) if change else None,
    )


def _sign(item: Mapping[str, Any], words: Words) -> Sign:
    cells = item["cells"]
    return sign_of([(name, way) for name, ways in cells.items() for way, is_lit in ways.items() if is_lit], words)


def _line(row: ActivityRow, words: Words, why: str | None = None) -> ActivityLine:
    title = said_in(row.facts.title.model_dump(exclude_none=True), words.language)
    details = [why, words.say("corrected") if row.corrected else None, row.facts.source]
    when = occurred_in_words(row.facts.occurred, words.language)
    return ActivityLine(str(row.id), when, title, " · ".join(each for each in details if each))


def _why_not(row: ActivityRow, first: date | None, last: date, words: Words) -> str:
    if row.withdrawn_by is not None:
        return words.say("taken back")
    if row.facts.outcome is not Outcome.HELD:
        return words.say(OUTCOME_WORDS[row.facts.outcome])
    if row.effective > last:
        return words.say("after the period") if first else words.say("after this day")
    return words.say("before the period") if first else words.say("too long ago")


def said_in(texts: Mapping[str, str], language: Language) -> str:
    """Return a text in this language, in the other where there is none."""
    return texts.get(language) or next(iter(texts.values()))


def day_said(text: str | None, language: Language) -> str | None:
    """Return a day of a document in words."""
    return date_in_words(date.fromisoformat(text), language) if text else None
