"""How fast pages are served from a full ledger, how large they are, and what the first look at one costs a phone."""

import asyncio
import random
import statistics
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import cast

import httpx
from fastapi import FastAPI

import services.reports.store as reports
from cli.bench.engines import empty_postgres
from cli.bench.figures import Figure, Samples
from cli.bench.history import HOME
from cli.bench.ratings import DAYS, FACTS, FIRST_DAY, LAST_DAY, PARTNERSHIPS, make_tables
from services.reports.app import create_app
from shared.ledger.follow import Checkpoint
from shared.ledger.ledger import Ledger
from shared.postgres.migrate import migrate_all
from shared.postgres.pool import Pool, open_pool_of_owner
from shared.postgres.queries import load_queries
from shared.process.collector import collect_seldom
from shared.process.settings import Settings
from shared.web.runtime import Runtime

TIMES = 300
A_POSTING_EVERY = 5
NOW = datetime(LAST_DAY.year, LAST_DAY.month, LAST_DAY.day, 12, tzinfo=UTC)
queries = load_queries(__file__, "pages.sql")


@dataclass(slots=True)
class Served:
    """The pages of reports on tables of their own, asked without a network between."""

    app: FastAPI
    http: httpx.AsyncClient
    pool: Pool
    position: int

    async def post_one(self, chance: random.Random) -> None:
        """Record one more activity."""
        self.position += 1
        slug = f"city-{chance.randrange(1, PARTNERSHIPS + 1):04d}"
        moment = NOW + timedelta(microseconds=self.position)
        await queries.post_one(
            self.pool, position=self.position, home=HOME, partnership=slug, recorded_at=moment, facts=FACTS
        )
        await self.app.state.progress.advance(Checkpoint(self.position, "", moment))

    async def ask(self, path: str) -> tuple[float, int]:
        """Return the milliseconds until the page was there, and its compressed bytes."""
        started = time.perf_counter()
        answer = await self.http.get(path)
        took_ms = 1_000 * (time.perf_counter() - started)
        answer.raise_for_status()
        return took_ms, answer.num_bytes_downloaded


def measure_pages(runs: int, events: int, say: Callable[[str], None]) -> list[Figure]:
    """Return medians and slowest hundredths in milliseconds, and compressed kilobytes, of the pages people open most."""
    samples = Samples()
    collect_seldom()  # as it is served
    asyncio.run(_measure(samples, runs, events, say))
    what = f"{PARTNERSHIPS:,} partnerships, {events:,} events"
    return [
        Figure("pages", f"{what}: {name}", "kB" if name.endswith("compressed") else "ms", samples.median(name))
        for name in samples.names()
    ]


async def _measure(samples: Samples, runs: int, events: int, say: Callable[[str], None]) -> None:
    async with _on_tables(events, say) as served:
        for run in range(1, runs + 1):
            chance = random.Random(run)  # noqa: S311 - always the same
            for name, path in _pages(chance):
                await _measure_one(samples, served, chance, name, path)
            say(f"pages: run {run} of {runs} done")


def _pages(chance: random.Random) -> list[tuple[str, Callable[[], str]]]:
    def some_day() -> str:
        return (FIRST_DAY + timedelta(days=365 + chance.randrange(DAYS - 365))).isoformat()

    return [
        ("dashboard, today, while events come in", lambda: "/"),
        ("dashboard, any past day", lambda: f"/?on={some_day()}"),
        ("one partnership", lambda: f"/partnerships/city-{chance.randrange(1, PARTNERSHIPS + 1):04d}"),
        ("why", lambda: f"/partnerships/city-{chance.randrange(1, PARTNERSHIPS + 1):04d}/why"),
        ("activities of one partnership", lambda: f"/activities?partnership=city-{chance.randrange(1, 999):04d}"),
        ("all activities", lambda: "/activities"),
        ("search for a word in every title", lambda: "/search?q=kunjungan"),
    ]


async def _measure_one(
    samples: Samples, served: Served, chance: random.Random, name: str, path: Callable[[], str]
) -> None:
    taken, sizes = [], []
    await served.ask(path())
    for number in range(TIMES if "today" in name else TIMES // 5):
        if number % A_POSTING_EVERY == 0:
            await served.post_one(chance)
        took_ms, size = await served.ask(path())
        taken.append(took_ms)
        sizes.append(size)
    hundredths = statistics.quantiles(taken, n=100)
    samples.add(f"{name}, p50", hundredths[49])
    samples.add(f"{name}, p99", hundredths[98])
    samples.add(f"{name}, compressed", statistics.median(sizes) / 1_000)


@asynccontextmanager
async def _on_tables(events: int, say: Callable[[str], None]) -> AsyncIterator[Served]:
    with empty_postgres() as engine:
        await migrate_all(engine, {reports.SCHEMA: reports.migrations()})
        async with await open_pool_of_owner(engine, reports.SCHEMA) as pool:
            say(f"pages: making {events:,} events")
            async with serve_pages(engine, pool, events) as served:
                yield served


@asynccontextmanager
async def serve_pages(engine: Settings, pool: Pool, events: int) -> AsyncIterator[Served]:
    """Serve the pages from made-up tables, without what follows the ledger: pages of today ask the tables only."""
    await make_tables(pool, events)
    await queries.give_places(pool)
    asked_often = {"open_reading": True, "home": HOME, "open_requests_per_second": 10_000}
    app = create_app(engine.model_copy(update=asked_often), lambda: NOW)
    app.state.clock = lambda: NOW
    app.state.runtime = Runtime(cast(Ledger, None), pool, app.state.progress)
    await app.state.progress.advance(Checkpoint(events, "", NOW))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://127.0.0.1") as http:
        yield Served(app, http, pool, events)
