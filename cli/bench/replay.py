"""How fast the ledger is read again: by `follow` alone, and by each projection into PostgreSQL with one worker."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from types import ModuleType

import services.ingest.store
import services.reports.store
import services.scoring.store
from cli.bench.engines import empty_ledger, empty_postgres
from cli.bench.figures import Figure, Samples
from cli.bench.history import batches_of_entries, history
from cli.bench.raw_ledger import publish_batch, seconds_to_pull
from services.ingest.store import BookProjector
from services.reports.project import EventProjector
from services.reports.store import EVENT_COLUMNS, event_row
from services.scoring.project import RatingProjector
from shared.ledger.follow import Checkpoint, follow
from shared.ledger.ledger import Ledger, Stored
from shared.postgres.migrate import migrate_all
from shared.postgres.pool import Pool, open_pool
from shared.process.settings import Settings
from shared.process.tasks import end
from shared.projection.parking import Projector, Read
from shared.projection.progress import Progress, watch_progress
from shared.projection.run import keep_projecting
from shared.wire.envelope import decode

PROJECTIONS: Sequence[tuple[str, ModuleType, Callable[[], Projector]]] = (
    ("ingest's book", services.ingest.store, BookProjector),
    ("scoring", services.scoring.store, RatingProjector),
    ("reports", services.reports.store, EventProjector),
)
ROWS_AT_ONCE = 1_000
LONGEST_SECONDS = 3_600.0


def measure_replay(runs: int, events: int, say: Callable[[str], None]) -> list[Figure]:
    """Return events per second of each reader, beside pulling without decoding and COPY of the same rows."""
    samples = asyncio.run(_measure(runs, events, say))
    raw = {"pull, undecoded": samples.median("pull"), "COPY of the rows": samples.median("copy")}
    return [
        Figure("replay", f"{events:,} events, {name}", "events/s", samples.median(name), raw)
        for name in ("follow alone", *(each for each, _, _ in PROJECTIONS))
    ]


async def _measure(runs: int, events: int, say: Callable[[str], None]) -> Samples:
    samples = Samples()
    async with empty_ledger() as ledger:
        for batch in batches_of_entries(history(events)):
            await publish_batch(ledger, batch)
        for run in range(1, runs + 1):
            await _run_once(ledger, events, samples)
            say(f"replay: run {run} of {runs} done")
    return samples


async def _run_once(ledger: Ledger, events: int, samples: Samples) -> None:
    samples.add("pull", events / await seconds_to_pull(ledger, events))
    started = time.perf_counter()
    stored = await _read_all(ledger, events)
    samples.add("follow alone", events / (time.perf_counter() - started))
    samples.add("copy", events / await _seconds_to_copy(stored))
    for name, store, projector in PROJECTIONS:
        samples.add(name, events / await _seconds_to_project(ledger, store, projector(), events))


async def _read_all(ledger: Ledger, events: int) -> list[Stored]:
    stored: list[Stored] = []
    async for entries in follow(ledger, Checkpoint()):
        stored += entries
        if len(stored) >= events:
            break
    return stored


async def _seconds_to_copy(stored: Sequence[Stored]) -> float:
    """Copy the rows of reports' `event` into its table as it stands, a transaction per thousand."""
    zone = Settings().zone
    rows = [event_row(Read(decode(each.payload, each.position, each.recorded_at, zone), each)) for each in stored]
    async with _empty_tables(services.reports.store) as (pool, _):
        started = time.perf_counter()
        for first in range(0, len(rows), ROWS_AT_ONCE):
            async with pool.acquire() as connection, connection.transaction():
                await connection.copy_records_to_table(
                    "event", records=rows[first : first + ROWS_AT_ONCE], columns=EVENT_COLUMNS
                )
        return time.perf_counter() - started


async def _seconds_to_project(ledger: Ledger, store: ModuleType, projector: Projector, events: int) -> float:
    async with _empty_tables(store) as (pool, settings):
        progress = Progress(projector.name)
        started = time.perf_counter()
        worker = asyncio.create_task(keep_projecting(ledger, pool, projector, settings))
        watcher = asyncio.create_task(watch_progress(pool, progress))
        reached = asyncio.create_task(progress.reach(events, LONGEST_SECONDS))
        try:
            await asyncio.wait({worker, reached}, return_when=asyncio.FIRST_COMPLETED)
            took = time.perf_counter() - started
            if worker.done():
                worker.result()
            return took
        finally:
            await end(worker, watcher, reached)


@asynccontextmanager
async def _empty_tables(store: ModuleType) -> AsyncIterator[tuple[Pool, Settings]]:
    """Make a service's tables on a PostgreSQL of their own, and open a pool on them."""
    with empty_postgres() as settings:
        await migrate_all(settings, {store.SCHEMA: store.migrations()})
        pool = await open_pool(settings, store.SCHEMA)
        try:
            yield pool, settings
        finally:
            await pool.close()
