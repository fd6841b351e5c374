"""Make a report: settle what is asked, read all of it at one position, compose it, render it.

The three are apart, so that a report can be composed of what is not posted yet, and rendered in another process.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, tzinfo
from typing import Any

from services.reports.answers import rubric_named
from services.reports.asked import Asked, Kind
from services.reports.kinds import aid, changes, diagnosis, history, programme, ratings, recommendation, results
from services.reports.material import Entry, Material
from services.reports.moves import moves, positions_of
from services.reports.report import Report
from services.reports.store import (
    Known,
    Version,
    Where,
    count_deeds,
    count_facts,
    deed_of,
    read_counted,
    read_counted_by_month,
    read_dated_documents,
    read_deeds,
    read_entries,
    read_events,
    read_events_at,
    read_known,
    read_moment,
    read_moved,
    read_newest,
    read_position,
)
from shared.domain.access import Principal, partnerships_of
from shared.domain.amend import Activity
from shared.domain.events import Event
from shared.domain.rulings import rubric_in_force
from shared.ledger.ledger import EPOCH, Ledger
from shared.postgres.pool import Pool
from shared.projection.homes import read_home_as_known
from shared.projection.parking import read_parked
from shared.projection.progress import Progress
from shared.wire.problems import Fault, Problem

CATCH_UP_SECONDS = 5.0
MOST_ENTRIES = 20_000
"""So many activities are listed in one report."""
MOST_FACTS = 50_000
MOST_MOVED = 5_000
MOST_AT_LENGTH = 200
"""Of so many partnerships the nine parts of a report of results are told one after the other."""
COMPOSERS: Mapping[Kind, Callable[[Material], Report]] = {
    Kind.RATINGS: ratings.compose,
    Kind.HISTORY: history.compose,
    Kind.RESULTS: results.compose,
    Kind.PROGRAMME: programme.compose,
    Kind.RECOMMENDATION: recommendation.compose,
    Kind.DIAGNOSIS: diagnosis.compose,
    Kind.CHANGES: changes.compose,
    Kind.AID: aid.compose,
}


@dataclass(frozen=True, slots=True)
class Tables:
    """Where reports are read from: the tables, how far they have come, and the ledger that they follow."""

    pool: Pool
    progress: Progress
    ledger: Ledger


async def make(tables: Tables, reader: Principal, zone: tzinfo, asked: Asked) -> Report:
    """Return the report that is asked for, of what the reader may see.

    Raises `Fault`: 404 for a partnership that there was not then, 422 for a rubric that was not adopted then or for more
    activities than can be looked at, 503 where not all that was recorded by `known` is in the tables yet.
    """
    material = await gather(tables, reader, zone, asked)
    # A thousand partnerships take a while, in which others shall not wait.
    return await asyncio.to_thread(compose, material)


async def gather(tables: Tables, reader: Principal, zone: tzinfo, asked: Asked) -> Material:
    """Return what the report is made of; its question says the moment and the position that it is answered at."""
    return await gather_at(tables.pool, reader, zone, await settle(tables, asked))


async def gather_at(pool: Pool, reader: Principal, zone: tzinfo, settled: Asked) -> Material:
    """Return the same for a question that says its moment and its position already."""
    held = held_to(reader, settled.partnership)
    await _refuse_what_waits(pool, held, settled)
    return await _read(pool, held, zone, settled)


def compose(material: Material) -> Report:
    """Return the report of what was gathered. Pure: the same material gives the same report."""
    return COMPOSERS[material.asked.kind](material)


async def settle(tables: Tables, asked: Asked) -> Asked:
    """Return the question with its moment and position; without `known`, the last moment that is in the tables.

    Several events can carry one moment (the ledger's time never goes back), so the position is settled beside it.
    """
    position = tables.progress.checkpoint.position
    if asked.known is None:
        return asked.as_answered(await read_moment(tables.pool, position) or EPOCH, position)
    if tables.progress.checkpoint.recorded_at <= asked.known or (asked.position or 0) > position:
        position = await _caught_up(tables, asked.position)
    recorded = min(await read_position(tables.pool, asked.known), position)
    return replace(asked, position=min(recorded, recorded if asked.position is None else asked.position))


async def _caught_up(tables: Tables, position: int | None) -> int:
    """Wait until the tables hold all that was recorded by now: the answer for a moment that has passed is for ever."""
    end = position if position is not None else await tables.ledger.end()
    if not await tables.progress.reach(end, CATCH_UP_SECONDS):
        raise Fault(NOT_THERE_YET)
    return tables.progress.checkpoint.position


NOT_THERE_YET = Problem(
    status=503,
    kind="not-there-yet",
    title="Not all that was recorded by then is in the tables yet.",
    remedy="Ask again in a moment. If it stays so, look at /reports/readyz.",
    retry_after_seconds=1,
)


def held_to(reader: Principal, partnership: str | None) -> Principal:
    """Return the reader held to one partnership, if one is named. Raises `Fault` (404) where it may not see that."""
    if partnership is None:
        return reader
    own = partnerships_of(reader)
    if own is not None and partnership not in own:
        raise Fault(_unknown_partnership(partnership))
    return replace(reader, partnerships=frozenset({partnership}))


async def _refuse_what_waits(pool: Pool, reader: Principal, asked: Asked) -> None:
    """A report stands for ever, so none is made while something that it would hold waits to be brought into the tables."""
    own = partnerships_of(reader)
    for each in await read_parked(pool):
        ours = each.home == reader.home and (own is None or not each.partnership or each.partnership in own)
        if ours and each.position <= (asked.position or 0):
            raise Fault(WAITS)


WAITS = Problem(
    status=503,
    kind="not-there-yet",
    title="An event that the report would hold waits: it could not be brought into the tables.",
    remedy="See /reports/v1/status; meanwhile ask for partnerships that it does not concern, one by one.",
)


async def _read(pool: Pool, reader: Principal, zone: tzinfo, asked: Asked) -> Material:
    """Read what every kind needs, then what this one does."""
    position = asked.position or 0
    # Both look through an index for a while, so they do it at the same time.
    known, counted = await asyncio.gather(
        read_newest(pool, reader, position, zone, asked.last), _counted(pool, reader, asked)
    )
    if asked.partnership is not None and not known.partnerships:
        raise Fault(_unknown_partnership(asked.partnership))
    material = Material(
        asked=asked,
        reader=reader,
        home=await read_home_as_known(pool, reader.home, position),
        zone=zone,
        known=known,
        rubric=rubric_named(asked.rubric, known) or rubric_in_force(known.rulings, asked.last),
        counted=counted,
    )
    return await READERS[asked.kind](pool, material)


async def _counted(pool: Pool, reader: Principal, asked: Asked) -> dict[str, int]:
    if asked.kind not in COUNTING:
        return {}
    return await read_counted(pool, reader, asked.position or 0, asked.first, asked.last)


async def _with_months(pool: Pool, material: Material) -> Material:
    """Add the counts by month where they are drawn."""
    asked, slugs = material.asked, [each.slug for each in material.standing]
    if not ratings.draws_months(material):
        return material
    home, position = material.reader.home, material.known.position
    by_month = await read_counted_by_month(pool, home, position, slugs, asked.first, asked.last)
    return replace(material, counted_by_month=by_month)


async def _with_history(pool: Pool, material: Material) -> Material:
    """Add the activities and the procedure; of one partnership all facts too, for the course of its rating."""
    material = await _with_milestones(pool, await _with_entries(pool, material))
    if material.asked.partnership is None:
        return material
    return replace(material, known=await _all_known(pool, material.reader, material.known.position, material.zone))


async def _with_results(pool: Pool, material: Material) -> Material:
    if material.asked.partnership is None and len(material.standing) > MOST_AT_LENGTH:
        raise Fault(_too_much(f"{MOST_AT_LENGTH} partnerships", "Name one partnership."))
    return await _with_programmes(pool, await _with_milestones(pool, await _with_entries(pool, material)))


async def _with_recommendations(pool: Pool, material: Material) -> Material:
    material = await _with_milestones(pool, await _with_entries(pool, material))
    held = await read_dated_documents(pool, material.reader, material.known.position, material.zone)
    return replace(material, deeds=held)


async def _with_entries(pool: Pool, material: Material) -> Material:
    asked = material.asked
    rows = await read_entries(pool, material.reader, material.known.position, asked.first, asked.last, MOST_ENTRIES + 1)
    if len(rows) > MOST_ENTRIES:
        raise Fault(_too_much(f"{MOST_ENTRIES:,} activities", "Name one partnership, or ask for a shorter period."))
    entries = await asyncio.to_thread(_entries, rows, material.zone)
    return replace(material, entries=entries)


def _entries(rows: Sequence[Any], zone: tzinfo) -> list[Entry]:
    return [Entry(deed_of(row, zone), row["corrected"]) for row in rows]


async def _with_milestones(pool: Pool, material: Material) -> Material:
    reader, position = material.reader, material.known.position
    return replace(material, milestones=await read_events(pool, reader, position, material.zone, ["milestone.reached"]))


async def _with_programmes(pool: Pool, material: Material) -> Material:
    """Add the programmes, and the activities from the first day of the period's first year on."""
    asked, reader, position = material.asked, material.reader, material.known.position
    where = Where(reader, position, None, date(asked.first.year, 1, 1), asked.last)
    if await count_deeds(pool, where, MOST_ENTRIES + 1) > MOST_ENTRIES:
        raise Fault(_too_much(f"{MOST_ENTRIES:,} activities", "Name one partnership, or ask for a shorter period."))
    rows = await read_deeds(pool, where, material.zone)
    return replace(
        material,
        deeds=await asyncio.to_thread(rows.deeds),
        programmes=await read_events(pool, reader, position, material.zone, ["programme.agreed"]),
    )


async def _with_changes(pool: Pool, material: Material) -> Material:
    asked = material.asked
    if asked.compare_first is None or asked.compare_last is None:
        return await _with_what_moved(pool, material)
    compared = await read_newest(pool, material.reader, material.known.position, material.zone, asked.compare_last)
    position = material.known.position
    counted = await read_counted(pool, material.reader, position, asked.compare_first, asked.compare_last)
    return replace(material, in_compared=compared, counted_in_compared=counted)


async def _with_what_moved(pool: Pool, material: Material) -> Material:
    """Add each event since the moment compared with that changed something, and what was known before the first of them."""
    assert material.asked.compare_known is not None
    reader, zone, position = material.reader, material.zone, material.known.position
    after = min(await read_position(pool, material.asked.compare_known), position)
    rows = await read_moved(pool, reader, after, position, MOST_MOVED + 1)
    if len(rows.of_activities) > MOST_MOVED:
        raise Fault(
            _too_much(f"{MOST_MOVED:,} changes", "Name one partnership, or compare moments nearer to each other.")
        )
    versions = await asyncio.to_thread(rows.versions)
    rulings = [each for each in material.known.rulings if each.position > after]
    at = positions_of(versions, after, position) - {each.position for each in rulings}
    events = [*await read_events_at(pool, reader.home, sorted(at), zone), *rulings]
    before = await _all_known(pool, _concerned(reader, versions, rulings), after, zone)
    return replace(material, before=before, moved=moves(versions, sorted(events, key=lambda each: each.position)))


def _concerned(reader: Principal, versions: Sequence[Version], rulings: Sequence[Event]) -> Principal:
    """Return the reader held to the partnerships that any of these concerns: an adopted rubric concerns all."""
    if any(each.partnership is None for each in rulings):
        return reader
    slugs = {each.of.facts.partnership if isinstance(each.of, Activity) else each.of.slug for each in versions}
    return replace(reader, partnerships=frozenset(slugs | {each.partnership for each in rulings if each.partnership}))


async def _all_known(pool: Pool, reader: Principal, position: int, zone: tzinfo) -> Known:
    if await count_facts(pool, reader, position, None, MOST_FACTS + 1) > MOST_FACTS:
        raise Fault(_too_much(f"{MOST_FACTS:,} activities", "Name one partnership."))
    return await read_known(pool, reader, position, zone)


COUNTING = (Kind.RATINGS, Kind.CHANGES)
READERS: Mapping[Kind, Callable[[Pool, Material], Awaitable[Material]]] = {
    Kind.RATINGS: _with_months,
    Kind.HISTORY: _with_history,
    Kind.RESULTS: _with_results,
    Kind.PROGRAMME: _with_programmes,
    Kind.RECOMMENDATION: _with_recommendations,
    Kind.DIAGNOSIS: _with_programmes,
    Kind.CHANGES: _with_changes,
    Kind.AID: _with_entries,
}


def _too_much(what: str, remedy: str) -> Problem:
    return Problem(422, "too-much", f"The report would hold more than {what}, which would take too long.", remedy)


def _unknown_partnership(slug: str) -> Problem:
    title = f"There is no partnership “{slug[:60]}” then, as far as was known."
    return Problem(404, "unknown-partnership", title, "See /reports/v1/ratings for those that there are.")
