"""How fast reports are made: the ratings of some partnerships and of all, over any period as known at any position."""

import asyncio
import random
import statistics
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, timedelta

import services.reports.store as reports
from cli.bench.documents import measure_documents
from cli.bench.engines import empty_postgres
from cli.bench.figures import Figure
from cli.bench.ratings import DAYS, FIRST_DAY, PARTNERSHIPS, READER, make_tables
from services.reports.asked import Asked, Kind
from services.reports.making import compose, gather_at
from services.reports.render.formats import Format, render
from shared.domain.access import Principal
from shared.postgres.migrate import migrate_all
from shared.postgres.pool import Pool, open_pool_of_owner
from shared.process.collector import collect_seldom

SOME = 22
ASKED_OF_SOME, ASKED_OF_ALL = 200, 10
LONGEST_PERIOD_DAYS = 4 * 365
SOME_READER = replace(READER, partnerships=frozenset(f"city-{number * 45 + 1:04}" for number in range(SOME)))


def measure_reports(runs: int, events: int, say: Callable[[str], None]) -> list[Figure]:
    """Return milliseconds to make the report of ratings as JSON, of 22 partnerships among 1,000 and of all, and documents."""
    return asyncio.run(_measure(runs, events, say))


async def _measure(runs: int, events: int, say: Callable[[str], None]) -> list[Figure]:
    with empty_postgres() as settings:
        await migrate_all(settings, {reports.SCHEMA: reports.migrations()})
        async with await open_pool_of_owner(settings, reports.SCHEMA) as pool:
            say(f"reports: making {events:,} events")
            await make_tables(pool, events)
            took = await time_reports(pool, runs, events, say)
            documents = await measure_documents(pool, SOME_READER, runs, events, say)
    what = f"{PARTNERSHIPS:,} partnerships, {events:,} events: ratings as JSON of"
    made = [
        Figure("reports", f"{what} {name}", "ms", measured, {})
        for name, measured in (
            (f"{SOME}, median", statistics.median(took["some"])),
            (f"{SOME}, p99", statistics.quantiles(took["some"], n=100)[98]),
            ("all, median", statistics.median(took["all"])),
            ("all, slowest", max(took["all"])),
        )
    ]
    return [*made, *documents]


async def time_reports(pool: Pool, runs: int, events: int, say: Callable[[str], None]) -> dict[str, list[float]]:
    """Return how many milliseconds each report took, of some partnerships and of all."""
    collect_seldom()  # as the service does
    took: dict[str, list[float]] = {"some": [], "all": []}
    for reader in (SOME_READER, READER):
        await make_once(pool, reader, events, random.Random(0))  # noqa: S311 - the plans are made once, not measured
    for run in range(1, runs + 1):
        chance = random.Random(run)  # noqa: S311 - always the same
        for name, reader, times in (("some", SOME_READER, ASKED_OF_SOME), ("all", READER, ASKED_OF_ALL)):
            for _ in range(times):
                took[name].append(await make_once(pool, reader, events, chance))
        say(f"reports: run {run} of {runs} done")
    return took


async def make_once(pool: Pool, reader: Principal, events: int, chance: random.Random) -> float:
    """Make a report over a random period as known at a random position; return the milliseconds that it took."""
    last = FIRST_DAY + timedelta(days=chance.randrange(365, DAYS))
    first = last - timedelta(days=chance.randrange(30, LONGEST_PERIOD_DAYS))
    position = chance.randrange(events // 20, events)
    known = await reports.read_moment(pool, position)
    asked = Asked(Kind.RATINGS, first, last, known=known, position=position)
    started = time.perf_counter()
    report = compose(await gather_at(pool, reader, UTC, asked))
    assert render(report, Format.JSON)
    return 1_000 * (time.perf_counter() - started)
