"""The loop that every projection has in common: read what stands after the checkpoint, write rows and checkpoint at once.

Rows and checkpoint share one transaction, so that a worker killed anywhere goes on as if nothing had happened.
"""

import asyncio
from collections.abc import Sequence
from typing import NamedTuple, Protocol

import structlog

from shared.domain.events import Event
from shared.ledger.follow import Checkpoint, LedgerBroken, follow
from shared.ledger.ledger import CONNECTION_ERRORS, Ledger, OutcomeUnknown, Stored
from shared.postgres.pool import DATABASE_ERRORS, Connection, Pool
from shared.postgres.queries import load_queries
from shared.process.settings import Settings
from shared.projection.progress import Progress
from shared.wire.envelope import UnknownVersion, decode

WAIT_AFTER_TROUBLE_SECONDS = 0.5

queries = load_queries(__file__)
log = structlog.get_logger()


class Read(NamedTuple):
    """An event, and the entry of the ledger that it was read from."""

    event: Event
    entry: Stored


class Projector(Protocol):
    """What a service adds: its name, and how what was read changes its tables inside the loop's transaction."""

    name: str

    async def project(self, connection: Connection, read: Sequence[Read]) -> None:
        """Write what follows from the events; the transaction is the caller's."""


class CheckpointMoved(Exception):
    """Another worker has moved this projection on; this one must begin again from what stands."""


async def keep_projecting(
    ledger: Ledger, pool: Pool, projector: Projector, settings: Settings, progress: Progress
) -> None:
    """Project for ever: through lost connections and restarts of the servers, but never on a broken ledger.

    `LedgerBroken` and `UnknownVersion` end the loop, and with it the service: nothing may be written on top of them.
    """
    while True:
        try:
            await _project_from_checkpoint(ledger, pool, projector, settings, progress)
        except (LedgerBroken, UnknownVersion):
            raise
        except (
            *CONNECTION_ERRORS,
            *DATABASE_ERRORS,
            CheckpointMoved,
            OutcomeUnknown,
        ) as error:
            progress.troubled(repr(error))
            log.warning("the projection starts again from its checkpoint", projection=projector.name, error=repr(error))
            await asyncio.sleep(WAIT_AFTER_TROUBLE_SECONDS)


async def _project_from_checkpoint(
    ledger: Ledger, pool: Pool, projector: Projector, settings: Settings, progress: Progress
) -> None:
    checkpoint = await read_checkpoint(pool, projector.name)
    progress.advanced(checkpoint)
    async for entries in follow(ledger, checkpoint):
        read = [
            Read(decode(entry.payload, entry.position, entry.recorded_at, settings.zone), entry) for entry in entries
        ]
        reached = checkpoint.after(entries[-1])
        async with pool.acquire() as connection, connection.transaction():
            await projector.project(connection, read)
            moved = await queries.advance_checkpoint(
                connection,
                projection=projector.name,
                from_position=checkpoint.position,
                from_hash=checkpoint.hash,
                position=reached.position,
                hash=reached.hash,
                recorded_at=reached.recorded_at,
            )
            if moved is None:
                raise CheckpointMoved(projector.name)
        checkpoint = reached
        progress.advanced(checkpoint)


async def read_checkpoint(pool: Pool, projection: str) -> Checkpoint:
    """Return how far the projection has come; begin it where it has not begun."""
    await queries.begin_checkpoint(pool, projection=projection)
    row = await queries.checkpoint_of(pool, projection=projection)
    return Checkpoint(row["position"], row["hash"], row["recorded_at"])
