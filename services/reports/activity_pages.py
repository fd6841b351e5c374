"""The lists of activities: all that has what is asked for, and what a search finds, with every filter in the address."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from services.reports.answers import position_for
from services.reports.compose import activity_document
from services.reports.frame import Frame, Framed, Page, day_asked, one_of, page_number, table_of, text_asked
from services.reports.kinds.wording import MEASURE_WORDS
from services.reports.page_store import MOST_LOOKED_AT, Filters, find_activities, find_partnerships
from services.reports.partnership_pages import activities_table, measured_ids
from services.reports.report import Table, Value
from services.reports.store import ActivityRow, read_partnerships
from services.reports.views import DIRECTION_WORDS, INDICATOR_WORDS, OUTCOME_WORDS, said_in
from shared.domain.access import Role
from shared.domain.amend import Partnership
from shared.domain.codes import Direction, Indicator, Outcome
from shared.domain.text import Slug
from shared.words.dates import occurred_in_words
from shared.words.words import Words

ROWS_PER_PAGE = 50
MOST_FOUND = 20
Choices = Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class ListedActivity:
    """An activity as lists show it; `opens` is where it is shown alone, None where its reader may not look there."""

    when: str
    title: str
    detail: str | None
    opens: str | None
    slug: str
    name: str
    indicator: str
    direction: str
    outcome: str


@dataclass(frozen=True, slots=True)
class Form:
    """What the form of filters offers, and what is chosen in it."""

    partnerships: Choices
    indicators: Choices
    directions: Choices
    outcomes: Choices
    chosen: dict[str, str]
    measure: str | None


async def activities(
    frame: Framed,
    partnership: Slug | None = None,
    indicator: str | None = None,
    direction: str | None = None,
    outcome: str | None = None,
    q: str | None = None,
    first: str | None = None,
    last: str | None = None,
    measure: str | None = None,
    page: str | None = None,
) -> Page:
    """Show the activities that have all that is asked for, the latest first."""
    number = page_number(page)
    filters = Filters(
        partnership or None,
        one_of("indicator", indicator, [each.value for each in Indicator]),
        one_of("direction", direction, [each.value for each in Direction]),
        one_of("outcome", outcome, [each.value for each in Outcome]),
        text_asked(q),
        None,
        day_asked("first", first),
        day_asked("last", last),
    )
    measured = one_of("measure", measure, MEASURE_WORDS) if filters.partnership else None
    chosen = _chosen(filters, measured)
    held = within_clocks(frame, filters)
    if measured and filters.partnership:
        held = replace(held, ids=await measured_ids(frame, filters.partnership, measured))
    position = await position_for(frame.request, frame.question)
    rows, found = await find_activities(
        frame.pool,
        frame.reader,
        position,
        held,
        withdrawn=False,
        most=ROWS_PER_PAGE,
        skipped=(number - 1) * ROWS_PER_PAGE,
    )
    registered = await _registered(frame, position)
    return Page(
        frame=frame,
        template="activities.html",
        shown={
            "lines": [listed(each, frame, registered) for each in rows],
            "found": found,
            "is_more": found > number * ROWS_PER_PAGE,
            "too_many": found >= MOST_LOOKED_AT,
            "number": number,
            "form": _form(registered, chosen, frame.words),
        },
        document=lambda: {
            "items": [document(frame, each) for each in rows],
            "found": found,
            "page": number,
            "position": position,
        },
        table=lambda: activities_table(rows),
        topic="activities",
        here=chosen,
    )


async def search(frame: Framed, q: str | None = None) -> Page:
    """Show the partnerships and the activities that have a text in them, as known then."""
    text = text_asked(q)
    position = await position_for(frame.request, frame.question)
    partnerships: list[Partnership] = []
    rows: list[ActivityRow] = []
    found = 0
    if text:
        partnerships = await find_partnerships(frame.pool, frame.reader, position, text, MOST_FOUND)
        held = within_clocks(frame, Filters(text=text))
        rows, found = await find_activities(frame.pool, frame.reader, position, held, withdrawn=False, most=MOST_FOUND)
    registered = await _registered(frame, position)
    named = [(each.slug, _name(each, frame.words)) for each in partnerships]
    return Page(
        frame=frame,
        template="search.html",
        shown={
            "text": text or "",
            "partnerships": named,
            "lines": [listed(each, frame, registered) for each in rows],
            "found": found,
            "too_many": found >= MOST_LOOKED_AT,
        },
        document=lambda: {
            "partnerships": [each.slug for each in partnerships],
            "activities": [document(frame, each) for each in rows],
            "found": found,
            "position": position,
        },
        table=lambda: _found_table(named, rows, frame.words),
        topic="search",
        here={"q": text} if text else {},
    )


def within_clocks(frame: Frame, filters: Filters) -> Filters:
    """Return the filters, held to the days that are shown where the address names any."""
    question = frame.question
    asked = frame.clocks.keys() & {"on", "from", "to"}
    if not asked:
        return filters
    first = max(filter(None, (filters.first, question.first)), default=None)
    last = min(filter(None, (filters.last, question.day)), default=None)
    return replace(filters, first=first, last=last)


def listed(row: ActivityRow, frame: Frame, registered: dict[str, Partnership]) -> ListedActivity:
    """Return an activity as lists show it."""
    words, facts = frame.words, row.facts
    found = registered.get(facts.partnership)
    return ListedActivity(
        when=occurred_in_words(facts.occurred, words.language),
        title=said_in(facts.title.model_dump(exclude_none=True), words.language),
        detail=" · ".join(each for each in (facts.place, words.say("corrected") if row.corrected else None) if each),
        opens=f"/activities/{row.id}",
        slug=facts.partnership,
        name=_name(found, words) if found else facts.partnership,
        indicator=words.say(INDICATOR_WORDS[facts.indicator]),
        direction=words.say(DIRECTION_WORDS[facts.direction]),
        outcome=words.say(OUTCOME_WORDS[facts.outcome]),
    )


def document(frame: Frame, row: ActivityRow) -> dict[str, Any]:
    """Return an activity as data; the public is not told under which account it was posted."""
    full = activity_document(row)
    return {**full, "author": None} if frame.reader.role is Role.PUBLIC else full


def _name(partnership: Partnership, words: Words) -> str:
    return said_in(partnership.facts.name.model_dump(exclude_none=True), words.language)


async def _registered(frame: Frame, position: int) -> dict[str, Partnership]:
    return {each.slug: each for each in await read_partnerships(frame.pool, frame.reader, position, None)}


def _chosen(filters: Filters, measure: str | None) -> dict[str, str]:
    """Return the filters as parameters of an address."""
    asked: dict[str, str | date | None] = {
        "partnership": filters.partnership,
        "indicator": filters.indicator,
        "direction": filters.direction,
        "outcome": filters.outcome,
        "q": filters.text,
        "first": filters.first,
        "last": filters.last,
        "measure": measure,
    }
    return {name: str(value) for name, value in asked.items() if value is not None}


def _form(registered: dict[str, Partnership], chosen: dict[str, str], words: Words) -> Form:
    names = sorted(
        ((slug, _name(each, words)) for slug, each in registered.items()), key=lambda each: each[1].casefold()
    )
    return Form(
        partnerships=names,
        indicators=[(each.value, words.say(said)) for each, said in INDICATOR_WORDS.items()],
        directions=[(each.value, words.say(said)) for each, said in DIRECTION_WORDS.items()],
        outcomes=[(each.value, words.say(said)) for each, said in OUTCOME_WORDS.items()],
        chosen=chosen,
        measure=words.say(MEASURE_WORDS[chosen["measure"]]) if "measure" in chosen else None,
    )


def _found_table(named: Choices, rows: Sequence[ActivityRow], words: Words) -> Table:
    keys = ("kind", "id", "partnership", "occurred", "title")
    lines: list[list[Value]] = [["partnership", None, slug, None, name] for slug, name in named]
    for each in rows:
        title = said_in(each.facts.title.model_dump(exclude_none=True), words.language)
        lines.append(["activity", str(each.id), each.facts.partnership, each.facts.occurred, title])
    return table_of("found", keys, lines)
