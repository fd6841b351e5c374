"""Make a report: settle what is asked, read all of it at one position, compose it, render it.

The three are apart, so that a report can be composed of what is not posted yet, and rendered in another process.
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import tzinfo

from services.reports.answers import rubric_named
from services.reports.asked import Asked, Kind
from services.reports.kinds import ratings
from services.reports.material import Material
from services.reports.report import Report
from services.reports.store import read_counted, read_moment, read_newest, read_position
from shared.domain.access import Principal, partnerships_of
from shared.domain.rulings import rubric_in_force
from shared.ledger.ledger import EPOCH, Ledger
from shared.postgres.pool import Pool
from shared.projection.homes import read_home_as_known
from shared.projection.parking import read_parked
from shared.projection.progress import Progress
from shared.wire.problems import Fault, Problem

CATCH_UP_SECONDS = 5.0
COMPOSERS: Mapping[Kind, Callable[[Material], Report]] = {Kind.RATINGS: ratings.compose}


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
    settled = await settle(tables, asked)
    held = held_to(reader, settled.partnership)
    await _refuse_what_waits(tables.pool, held, settled)
    return await _read(tables.pool, held, zone, settled)


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
    position = asked.position or 0
    known = await read_newest(pool, reader, position, zone, asked.last)
    if asked.partnership is not None and not known.partnerships:
        raise Fault(_unknown_partnership(asked.partnership))
    return Material(
        asked=asked,
        reader=reader,
        home=await read_home_as_known(pool, reader.home, position),
        zone=zone,
        known=known,
        rubric=rubric_named(asked.rubric, known) or rubric_in_force(known.rulings, asked.last),
        counted=await read_counted(pool, known, reader, asked.first, asked.last),
    )


def _unknown_partnership(slug: str) -> Problem:
    title = f"There is no partnership “{slug[:60]}” then, as far as was known."
    return Problem(404, "unknown-partnership", title, "See /reports/v1/ratings for those that there are.")
