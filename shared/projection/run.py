"""The loop that every projection has in common: read what stands after the checkpoint, write rows and checkpoint at once.

Rows and checkpoint share one transaction, so that a worker killed anywhere goes on as if nothing had happened.
"""

import asyncio
from contextlib import suppress
from functools import partial

import structlog

from shared.ledger.follow import Checkpoint, LedgerBroken, follow
from shared.ledger.ledger import CONNECTION_ERRORS, Ledger, OutcomeUnknown
from shared.postgres.pool import DATABASE_ERRORS, Connection, Pool
from shared.postgres.queries import load_queries
from shared.process.settings import Settings
from shared.projection.parking import Projector, project_or_park, try_parked_again
from shared.projection.progress import channel_of, read_checkpoint
from shared.wire.envelope import UnknownVersion

WAIT_AFTER_TROUBLE_SECONDS = 0.5
WAIT_FOR_THE_TURN_SECONDS = 0.5

queries = load_queries(__file__)
log = structlog.get_logger()


class CheckpointMoved(Exception):
    """Another worker has moved this projection on; this one must begin again from what stands."""


async def keep_projecting(ledger: Ledger, pool: Pool, projector: Projector, settings: Settings) -> None:
    """Project for ever: through lost connections and restarts of the servers, but never on a broken ledger.

    Of any number of workers one projects; the others stand by for its turn, a lock of the database's session. The lock
    saves work, it does not protect: what protects is that a checkpoint moves only from where its worker believes to
    stand. `LedgerBroken` and `UnknownVersion` end the loop, and with it the process: nothing may be written on top.
    """
    while True:
        try:
            async with pool.acquire() as turn:
                await _wait_for_the_turn(turn, projector.name)
                try:
                    await _project_from_checkpoint(ledger, pool, turn, projector, settings)
                finally:
                    with suppress(*DATABASE_ERRORS):  # a session that has ended has given it back
                        await queries.give_turn_back(turn)
        except (LedgerBroken, UnknownVersion):
            raise
        except (*CONNECTION_ERRORS, *DATABASE_ERRORS, CheckpointMoved, OutcomeUnknown) as error:
            log.warning("the projection starts again from its checkpoint", projection=projector.name, error=repr(error))
            await asyncio.sleep(WAIT_AFTER_TROUBLE_SECONDS)


async def _wait_for_the_turn(turn: Connection, projection: str) -> None:
    while not await queries.take_turn(turn, projection=projection):  # noqa: ASYNC110 - another session ends it
        await asyncio.sleep(WAIT_FOR_THE_TURN_SECONDS)


async def _project_from_checkpoint(
    ledger: Ledger, pool: Pool, turn: Connection, projector: Projector, settings: Settings
) -> None:
    projector.forget()
    checkpoint = await begin(pool, projector.name)
    async with pool.acquire() as connection, connection.transaction():
        tables = await _lock(connection, projector.name)
    await try_parked_again(pool, ledger, projector, settings.zone, partial(_lock, projection=projector.name))
    async for entries in follow(ledger, checkpoint):
        if turn.is_closed():
            raise CheckpointMoved("the turn was lost with the database's session")
        reached = checkpoint.after(entries[-1])
        async with pool.acquire() as connection, connection.transaction():
            if await _lock(connection, projector.name) != tables:
                raise CheckpointMoved("rebuilt tables were put in the place of those that were read")
            await project_or_park(connection, projector, entries, settings.zone)
            await advance(connection, projector.name, checkpoint, reached)
            await queries.hint_at_progress(
                connection, channel=channel_of(projector.name), position=str(reached.position)
            )
        checkpoint = reached


async def _lock(connection: Connection, projection: str) -> int:
    """Keep the checkpoint in place until the transaction ends; return what is another number for other tables."""
    tables: int = await queries.lock_checkpoint(connection, projection=projection)
    return tables


async def advance(connection: Connection, projection: str, checkpoint: Checkpoint, reached: Checkpoint) -> None:
    """Move the checkpoint on from where the caller believes it to stand; `CheckpointMoved` where it does not."""
    moved = await queries.advance_checkpoint(
        connection,
        projection=projection,
        from_position=checkpoint.position,
        from_hash=checkpoint.hash,
        position=reached.position,
        hash=reached.hash,
        recorded_at=reached.recorded_at,
    )
    if moved is None:
        raise CheckpointMoved(projection)


async def begin(pool: Pool, projection: str) -> Checkpoint:
    """Return where the projection goes on; note that it begins where it has not begun."""
    await queries.begin_checkpoint(pool, projection=projection)
    checkpoint = await read_checkpoint(pool, projection)
    assert checkpoint is not None
    return checkpoint
