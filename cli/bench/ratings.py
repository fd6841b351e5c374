"""How fast ratings are answered: of now, of any past day under both clocks, and of what was posted a moment ago."""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from functools import partial

from fastapi.responses import JSONResponse

import services.reports.store as reports
import services.scoring.store as scoring
from cli.bench.engines import empty_postgres
from cli.bench.figures import Figure, Samples
from cli.bench.history import HOME
from cli.bench.served import measure_served
from services.reports.compose import compose_ratings, histories_of
from services.reports.question import Question
from services.scoring.store import ratings_as_json
from shared.domain.access import Principal, Role
from shared.domain.rating import rate
from shared.domain.rubric import JAKARTA_2020
from shared.postgres.migrate import migrate_all
from shared.postgres.pool import Pool, open_pool_of_owner
from shared.postgres.queries import load_queries
from shared.wire.rating_document import rating_document

PARTNERSHIPS = 1_000
FIRST_DAY, DAYS = date(2011, 1, 1), 3_650
LAST_DAY = FIRST_DAY + timedelta(days=DAYS)
RECORDED_AT = datetime(LAST_DAY.year, LAST_DAY.month, LAST_DAY.day, tzinfo=UTC)
DAYS_ASKED_FOR = 10
READER = Principal(f"{HOME}/bureau", HOME, Role.BUREAU_EDITOR)
MAKING_SECONDS = 3_600.0
FACTS = {
    "title": {"id": "Kunjungan delegasi", "en": "Visit of a delegation"},
    "description": {"id": "Kunjungan delegasi pemerintah kota dan pembahasan rencana kegiatan tahunan. " * 4},
}
queries = load_queries(__file__, "ratings.sql")


def measure_ratings(runs: int, events: int, say: Callable[[str], None]) -> list[Figure]:
    """Return milliseconds to rate 1,000 partnerships with that many events, and from a receipt to the rating served."""
    samples, bytes_of = asyncio.run(_measure_tables(runs, events, say))
    tables = [
        Figure(
            "ratings",
            f"{PARTNERSHIPS:,} partnerships, {events:,} events: {name} ({size / 1e6:.1f} MB of JSON)",
            "ms",
            samples.median(name),
            {"the rows alone": samples.median(f"{name}, rows")},
        )
        for name, size in bytes_of.items()
    ]
    return [*tables, *measure_served(runs, say)]


async def _measure_tables(runs: int, events: int, say: Callable[[str], None]) -> tuple[Samples, dict[str, int]]:
    samples, bytes_of = Samples(), dict[str, int]()
    with empty_postgres() as settings:
        await migrate_all(settings, {each.SCHEMA: each.migrations() for each in (reports, scoring)})
        past, now = [await open_pool_of_owner(settings, each.SCHEMA) for each in (reports, scoring)]
        async with past, now:
            say(f"ratings: making {events:,} events")
            await make_tables(past, events)
            await rate_now(past, now, events)
            for run in range(1, runs + 1):
                for name, ask in questions(past, now, events, random.Random(run)):  # noqa: S311 - always the same
                    bytes_of[name] = await ask_once(samples, name, ask)
                say(f"ratings: run {run} of {runs} done")
    return samples, bytes_of


async def make_tables(pool: Pool, events: int) -> None:
    """Fill reports' tables by statements of their own: to post that many events takes an hour."""
    async with pool.acquire() as connection:
        for query, values in (
            (queries.make_partnerships, (HOME, PARTNERSHIPS)),
            (queries.make_events, (HOME, PARTNERSHIPS, events)),
            (queries.make_activities, (FACTS,)),
            (queries.settle, ()),
        ):
            for statement in query.sql.split(";\n"):
                await connection.execute(statement, *values, timeout=MAKING_SECONDS)


async def rate_now(past: Pool, now: Pool, events: int) -> None:
    """Keep how all partnerships stand on the last day, as scoring does."""
    known = await reports.read_known(past, READER, events, UTC)
    rated = [
        scoring.Rated(
            each.slug, LAST_DAY, events, RECORDED_AT, rating_document(rate(history, JAKARTA_2020, LAST_DAY), each)
        )
        for each in known.partnerships
        for history in [histories_of(known)[each.slug]]
    ]
    async with now.acquire() as connection:
        await scoring.write_ratings(connection, HOME, rated)


Ask = Callable[[], Awaitable[tuple[float, int]]]
"""Asks, and returns the seconds until the rows were there, and the length of the answer."""


def questions(past: Pool, now: Pool, events: int, chance: random.Random) -> Iterator[tuple[str, Ask]]:
    """Yield what is asked, by the name under which it is measured."""
    yield "now, the newest activity of each cell", partial(_ask_now, now, events, newest=True)
    yield "now, all activities", partial(_ask_now, now, events, newest=False)
    for _ in range(DAYS_ASKED_FOR):
        day = FIRST_DAY + timedelta(days=chance.randrange(DAYS))
        known = chance.randrange(events // 20, events)
        yield "any past day, all known", partial(_ask_past, past, day, events)
        yield "any past day as known at any position", partial(_ask_past, past, day, known)


async def _ask_now(pool: Pool, events: int, *, newest: bool) -> tuple[float, int]:
    started = time.perf_counter()
    kept = await scoring.read_ratings(pool, READER, newest=newest)
    rows = time.perf_counter() - started
    return rows, len(ratings_as_json(kept, READER, events).encode())


async def _ask_past(pool: Pool, day: date, position: int) -> tuple[float, int]:
    started = time.perf_counter()
    known = await reports.read_newest(pool, READER, position, UTC, day)
    rows = time.perf_counter() - started
    answer = compose_ratings(known, Question(day, None, None, None, None), newest=True)
    return rows, len(JSONResponse(answer).body)


async def ask_once(samples: Samples, name: str, ask: Ask) -> int:
    """Ask, note how long it took, and return the length of the answer in bytes."""
    started = time.perf_counter()
    rows, size = await ask()
    samples.add(name, 1_000 * (time.perf_counter() - started))
    samples.add(f"{name}, rows", 1_000 * rows)
    return size
