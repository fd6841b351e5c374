"""Workers that follow the ledger as processes of their own: added, ended, killed, made to stand still; and who has how much."""

import asyncio
import signal
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from cli.embedded.part import Part
from cli.embedded.stack import ROOT
from cli.tables import PROJECTORS
from shared.ledger.subjects import PARTITIONS
from shared.postgres.pool import Pool, open_pool
from shared.postgres.queries import load_queries
from shared.process.settings import Settings

LONGEST_MOVE_SECONDS = 60.0
LONGEST_REPLAY_SECONDS = 3_600.0
LOOK_EVERY_SECONDS = 0.02
queries = load_queries(__file__, "workers.sql")


@dataclass
class Workers:
    """Processes of `serve projections` on one ledger and one PostgreSQL."""

    folder: Path
    environment: Mapping[str, str]
    started: list[Part] = field(default_factory=list)

    def add(self) -> Part:
        """Start one more."""
        part = Part(
            name=f"worker-{len(self.started)}",
            command=[sys.executable, "-m", "cli", "serve", "projections"],
            folder=self.folder,
            is_ready=lambda: True,
            environment={
                **self.environment,
                "PYTHONPATH": str(ROOT),
                "KEMBAR_PROJECT": "true",
                "KEMBAR_DELIVER": "false",
            },
        )
        part.start()
        self.started.append(part)
        return part


@contextmanager
def workers_on(folder: Path, environment: Mapping[str, str]) -> Iterator[Workers]:
    """Let workers be added; whatever became of them, all are ended."""
    workers = Workers(folder, environment)
    try:
        yield workers
    finally:
        for part in workers.started:
            send(part, signal.SIGCONT)
            part.stop()


def send(part: Part, number: signal.Signals) -> None:
    """Send a worker a signal, unless it has ended."""
    assert part.process is not None
    if part.process.poll() is None:
        part.process.send_signal(number)


@asynccontextmanager
async def tables_of(settings: Settings) -> AsyncIterator[Mapping[str, Pool]]:
    """Open a pool on the tables of each projection, for looking on."""
    one = settings.model_copy(update={"postgres_connections": 1})
    pools = {schema: await open_pool(one, schema) for schema in PROJECTORS}
    try:
        yield pools
    finally:
        for pool in pools.values():
            await pool.close()


async def seconds_until_shared(pools: Mapping[str, Pool], workers: int, since: float) -> float:
    """Return how long after `since` that many workers had about as much of every projection, and nobody else anything."""
    return await _seconds_until(lambda: _are_shared(pools, workers), since, LONGEST_MOVE_SECONDS)


async def seconds_until_reached(pools: Mapping[str, Pool], position: int, since: float) -> float:
    """Return how long after `since` every projection had come to a position."""
    return await _seconds_until(lambda: _have_reached(pools, position), since, LONGEST_REPLAY_SECONDS)


async def _seconds_until(is_so: Callable[[], Awaitable[bool]], since: float, longest_seconds: float) -> float:
    async with asyncio.timeout(longest_seconds):
        while not await is_so():  # noqa: ASYNC110
            await asyncio.sleep(LOOK_EVERY_SECONDS)
    return time.monotonic() - since


async def _are_shared(pools: Mapping[str, Pool], workers: int) -> bool:
    return all([is_shared(await _loads(pool, schema), workers) for schema, pool in pools.items()])


def is_shared(loads: Sequence[int], workers: int) -> bool:
    """Say whether that many workers have all partitions among them, none two more than another."""
    return len(loads) == workers and sum(loads) == PARTITIONS and max(loads) - min(loads) <= 1


async def _loads(pool: Pool, projection: str) -> list[int]:
    return [row["partitions"] async for row in queries.loads(pool, projection=projection)]


async def _have_reached(pools: Mapping[str, Pool], position: int) -> bool:
    return all([await queries.reached(pool, projection=name) >= position for name, pool in pools.items()])
