"""The lists of activities: all that has what is asked for, and what a search finds, with every filter in the address."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from services.reports.answers import position_for
from services.reports.dashboard import standings_for
from services.reports.frame import Frame, Framed, Page, day_asked, one_of, page_number, table_of, text_asked
from services.reports.kinds.wording import MEASURE_WORDS
from services.reports.looked import CELLS_ASKED, activities_table, document_of, ids_behind, look
from services.reports.page_store import MOST_LOOKED_AT, Filters, find_activities, find_partnerships, read_names
from services.reports.partnership_pages import measured_ids
from services.reports.report import Table
from services.reports.store import ActivityRow
from services.reports.views import DIRECTION_WORDS, INDICATOR_WORDS, OUTCOME_WORDS, row_of, said_in
from services.reports.why_page import find_not_counted
from shared.domain.amend import Partnership
from shared.domain.codes import Direction, Indicator, Outcome
from shared.domain.text import Slug
from shared.wire.sheet import Value
from shared.words.dates import occurred_in_words
from shared.words.words import Words

ROWS_PER_PAGE = 50
MOST_FOUND = 20
Choices = Sequence[tuple[str, str]]
Names = Mapping[str, Mapping[str, str]]
"""What partnerships are called, by language, by their slugs."""


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
    cell: str | None


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
    cell: str | None = None,
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
    of_cell = one_of("cell", cell, CELLS_ASKED) if filters.partnership else None
    chosen = _chosen(filters, measured, of_cell)
    position = await position_for(frame.request, frame.question)
    skipped = (number - 1) * ROWS_PER_PAGE
    if of_cell == "none" and filters.partnership:
        rows, found = await find_not_counted(frame, await look(frame, filters.partnership), ROWS_PER_PAGE, skipped)
    else:
        held = await _held(frame, filters, measured, of_cell)
        rows, found = await find_activities(
            frame.pool, frame.reader, position, held, withdrawn=False, most=ROWS_PER_PAGE, skipped=skipped
        )
    names = await read_names(frame.pool, frame.reader, position)
    return Page(
        frame=frame,
        template="activities.html",
        shown={
            "lines": [listed(each, frame, names) for each in rows],
            "found": found,
            "is_more": found > number * ROWS_PER_PAGE,
            "too_many": found >= MOST_LOOKED_AT,
            "number": number,
            "form": _form(names, chosen, frame.words),
        },
        document=lambda: {
            "items": [document_of(frame, each) for each in rows],
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
    names = await read_names(frame.pool, frame.reader, position)
    named = [(each.slug, _name(each, frame.words)) for each in partnerships]
    standing = (await standings_for(frame)).items if named else {}
    return Page(
        frame=frame,
        template="search.html",
        shown={
            "text": text or "",
            "partnerships": named,
            "rows": {slug: row_of(standing[slug], frame.words) for slug, _ in named if slug in standing},
            "lines": [listed(each, frame, names) for each in rows],
            "found": found,
            "too_many": found >= MOST_LOOKED_AT,
        },
        document=lambda: {
            "partnerships": [each.slug for each in partnerships],
            "activities": [document_of(frame, each) for each in rows],
            "found": found,
            "position": position,
        },
        table=lambda: _found_table(named, rows, frame.words),
        topic="search",
        here={"q": text} if text else {},
    )


async def _held(frame: Frame, filters: Filters, measured: str | None, cell: str | None) -> Filters:
    """Return the filters, held to the clocks, and to what a measure speaks of or what lights a cell, where one is named."""
    held = within_clocks(frame, filters)
    if measured and filters.partnership:
        held = replace(held, ids=await measured_ids(frame, filters.partnership, measured))
    if cell and filters.partnership:
        behind = ids_behind(await look(frame, filters.partnership), cell)
        held = replace(held, ids=behind if held.ids is None else [each for each in behind if each in set(held.ids)])
    return held


def within_clocks(frame: Frame, filters: Filters) -> Filters:
    """Return the filters, held to the days that are shown where the address names any."""
    question = frame.question
    asked = frame.clocks.keys() & {"on", "from", "to"}
    if not asked:
        return filters
    first = max(filter(None, (filters.first, question.first)), default=None)
    last = min(filter(None, (filters.last, question.day)), default=None)
    return replace(filters, first=first, last=last)


def listed(row: ActivityRow, frame: Frame, names: Names) -> ListedActivity:
    """Return an activity as lists show it."""
    words, facts = frame.words, row.facts
    outcome = "taken back" if row.withdrawn_by else OUTCOME_WORDS[facts.outcome]
    return ListedActivity(
        when=occurred_in_words(facts.occurred, words.language),
        title=said_in(facts.title.model_dump(exclude_none=True), words.language),
        detail=" · ".join(each for each in (facts.place, words.say("corrected") if row.corrected else None) if each),
        opens=f"/activities/{row.id}",
        slug=facts.partnership,
        name=said_in(names.get(facts.partnership, {"id": facts.partnership}), words.language),
        indicator=words.say(INDICATOR_WORDS[facts.indicator]),
        direction=words.say(DIRECTION_WORDS[facts.direction]),
        outcome=words.say(outcome),
    )


def _name(partnership: Partnership, words: Words) -> str:
    return said_in(partnership.facts.name.model_dump(exclude_none=True), words.language)


def _chosen(filters: Filters, measure: str | None, cell: str | None) -> dict[str, str]:
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
        "cell": cell,
    }
    return {name: str(value) for name, value in asked.items() if value is not None}


def _form(names: Names, chosen: dict[str, str], words: Words) -> Form:
    said = ((slug, said_in(each, words.language)) for slug, each in names.items())
    return Form(
        partnerships=sorted(said, key=lambda each: each[1].casefold()),
        indicators=[(each.value, words.say(said)) for each, said in INDICATOR_WORDS.items()],
        directions=[(each.value, words.say(said)) for each, said in DIRECTION_WORDS.items()],
        outcomes=[(each.value, words.say(said)) for each, said in OUTCOME_WORDS.items()],
        chosen=chosen,
        measure=words.say(MEASURE_WORDS[chosen["measure"]]) if "measure" in chosen else None,
        cell=_cell_said(chosen["cell"], words) if "cell" in chosen else None,
    )


def _cell_said(cell: str, words: Words) -> str:
    if cell == "none":
        return words.say("Those that light no cell.")
    indicator, _, way = cell.rpartition("-")
    said = f"{words.say(INDICATOR_WORDS[Indicator(indicator)])}, {words.say(DIRECTION_WORDS[Direction(way)])}"
    return words.say("Those that light the cell “%(cell)s”.", cell=said)


def _found_table(named: Choices, rows: Sequence[ActivityRow], words: Words) -> Table:
    keys = ("kind", "id", "partnership", "occurred", "title")
    lines: list[list[Value]] = [["partnership", None, slug, None, name] for slug, name in named]
    for each in rows:
        title = said_in(each.facts.title.model_dump(exclude_none=True), words.language)
        lines.append(["activity", str(each.id), each.facts.partnership, each.facts.occurred, title])
    return table_of("found", keys, lines)
