"""How far a projection has come, as every process can see it: the tables say, a notification hints at once.

The projection itself may run in another process or on another machine; whoever answers from its tables watches them.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import structlog

from shared.ledger.follow import Checkpoint
from shared.postgres.pool import DATABASE_ERRORS, Connection, Pool
from shared.postgres.queries import load_queries

LOOK_AGAIN_SECONDS = 0.5
"""A notification is a hint, never a promise: the table is read this often whatever comes."""

queries = load_queries(__file__)
log = structlog.get_logger()


class Progress:
    """The checkpoint of a projection as this process knows it; readers wait for it."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.checkpoint = Checkpoint()
        self.trouble: str | None = "not started yet"
        self._moved = asyncio.Condition()

    async def reach(self, position: int, timeout_seconds: float) -> bool:
        """Wait until the projection has come to `position`; False where it has not in time."""
        if self.checkpoint.position >= position:
            return True
        try:
            async with asyncio.timeout(timeout_seconds), self._moved:
                await self._moved.wait_for(lambda: self.checkpoint.position >= position)
        except TimeoutError:
            return False
        return True

    async def advance(self, checkpoint: Checkpoint) -> None:
        """Note that all up to the checkpoint is in the tables, and tell those who wait."""
        self.trouble = None
        if checkpoint != self.checkpoint:
            async with self._moved:
                self.checkpoint = checkpoint
                self._moved.notify_all()


async def watch_progress(pool: Pool, progress: Progress) -> None:
    """Keep `progress` as the tables have it, for ever, through restarts of the server."""
    hint = asyncio.Event()
    while True:
        try:
            async with pool.acquire() as connection, _listening(connection, progress.name, hint):
                while not connection.is_closed():
                    checkpoint = await read_checkpoint(connection, progress.name)
                    if checkpoint is not None:
                        await progress.advance(checkpoint)
                    with suppress(TimeoutError):  # asyncio.wait_for can lose a cancellation that comes with the hint
                        async with asyncio.timeout(LOOK_AGAIN_SECONDS):
                            await hint.wait()
                    hint.clear()
        except (*DATABASE_ERRORS, OSError, TimeoutError) as error:
            progress.trouble = repr(error)
            log.warning("the progress cannot be read just now", projection=progress.name, error=repr(error))
            await asyncio.sleep(LOOK_AGAIN_SECONDS)


async def read_checkpoint(connection: Connection | Pool, projection: str) -> Checkpoint | None:
    """Return how far the projection has come, in the share that is behind most; None where it has not begun."""
    row = await queries.checkpoint_of(connection, projection=projection)
    return Checkpoint(row["position"], row["hash"], row["recorded_at"]) if row else None


async def read_checkpoints(connection: Connection | Pool, projection: str) -> list[Checkpoint]:
    """Return how far each share of the projection has come."""
    return [
        Checkpoint(row["position"], row["hash"], row["recorded_at"])
        async for row in queries.checkpoints_of(connection, projection=projection)
    ]


@asynccontextmanager
async def _listening(connection: Connection, projection: str, hint: asyncio.Event) -> AsyncIterator[None]:
    def heard(*_: object) -> None:
        hint.set()

    await connection.add_listener(channel_of(projection), heard)
    try:
        yield
    finally:
        if not connection.is_closed():
            await connection.remove_listener(channel_of(projection), heard)


def channel_of(projection: str) -> str:
    """Return the channel on which a projection hints that it has moved on."""
    return f"kembar_{projection}"
