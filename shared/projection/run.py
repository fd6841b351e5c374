"""The loop that every projection has in common: read what stands after the checkpoint, write rows and checkpoint at once.

Rows and checkpoint share one transaction, so that a worker killed anywhere goes on as if nothing had happened. While one
list of events is being written, the next is read and decoded.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Sequence, Set
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, tzinfo

import structlog

from shared.ledger.follow import Checkpoint, LedgerBroken, follow, follow_until
from shared.ledger.ledger import CONNECTION_ERRORS, Ledger, OutcomeUnknown, Stored
from shared.postgres.pool import DATABASE_ERRORS, Connection, Pool
from shared.postgres.queries import load_queries
from shared.process.settings import Settings
from shared.process.tasks import end
from shared.process.traces import go_on_with_all
from shared.projection.parking import Projector, Read, Unreadable, project_or_park, read_entries, try_parked_again
from shared.projection.progress import channel_of
from shared.projection.scope import ALL_PARTITIONS
from shared.projection.shares import Held, Membership, Share, joined, tell_nobody
from shared.wire.envelope import UnknownVersion

WAIT_AFTER_TROUBLE_SECONDS = 0.5
DECODED_AT_ONCE = 500
GATHER_SECONDS = 0.005
"""A transaction for each event of a busy ledger costs more than the event; so what comes within this time shares one."""

queries = load_queries(__file__)
log = structlog.get_logger()


class CheckpointMoved(Exception):
    """Another worker has moved or taken what this one worked on; it must begin again from what stands."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Some of the ledger's entries after one another, read for some partitions."""

    read: Sequence[Read | Unreadable]
    end: Stored

    @property
    def traces(self) -> Iterator[tuple[str | None, datetime, int]]:
        """What lets the traces of the entries go on; looked at only where traces are."""
        entries = (each.entry for each in self.read)
        return ((entry.traceparent, entry.recorded_at, entry.position) for entry in entries)


async def keep_projecting(
    ledger: Ledger, pool: Pool, projector: Projector, settings: Settings, held: Held = tell_nobody
) -> None:
    """Project for ever: through lost connections and restarts of the servers, but never on a broken ledger.

    Any number of workers share the partitions among them; `held` is told how many this one has. `LedgerBroken` and
    `UnknownVersion` end the loop, and with it the process: nothing may be written on top.
    """
    while True:
        try:
            async with joined(pool, projector.name, held) as membership:
                while True:
                    await _project_what_is_held(ledger, pool, membership, projector, settings)
        except (LedgerBroken, UnknownVersion):
            raise
        except (*CONNECTION_ERRORS, *DATABASE_ERRORS, OutcomeUnknown) as error:
            log.warning("the projection starts again from its checkpoint", projection=projector.name, error=repr(error))
            await asyncio.sleep(WAIT_AFTER_TROUBLE_SECONDS)


async def _project_what_is_held(
    ledger: Ledger, pool: Pool, membership: Membership, projector: Projector, settings: Settings
) -> None:
    """Project the shares that are held, until others are.

    Of several that stand at different positions, the hindmost are first brought to where the next ones stand.
    """
    held = await membership.held()
    positions = sorted({share.checkpoint.position for share in held})
    hindmost = [share for share in held if share.checkpoint.position == positions[0]]
    until = positions[1] if len(positions) > 1 else None
    projecting = asyncio.create_task(_project(ledger, pool, hindmost, until, projector, settings.zone))
    changed = asyncio.create_task(membership.changed.wait())
    try:
        await asyncio.wait({projecting, changed}, return_when=asyncio.FIRST_COMPLETED)
        if projecting.done():
            projecting.result()
    except CheckpointMoved as error:
        log.info("the projection begins again from what stands", projection=projector.name, reason=str(error))
    finally:
        await end(projecting, changed)


async def _project(
    ledger: Ledger,
    pool: Pool,
    shares: Sequence[Share],
    until: int | None,
    projector: Projector,
    zone: tzinfo,
) -> None:
    checkpoint = shares[0].checkpoint
    partitions = partitions_of(shares)
    projector.forget()
    async with pool.acquire() as connection, connection.transaction():
        tables = await _tables(connection, projector.name)
        await try_parked_again(connection, ledger, projector, zone, partitions, checkpoint.position)
        await advance(connection, projector.name, shares, checkpoint, checkpoint)
    lists = follow(ledger, checkpoint) if until is None else follow_until(ledger, checkpoint, until)
    async with _read_ahead(lists, partitions, zone) as batches:
        async for batch in batches:
            reached = checkpoint.after(batch.end)
            with go_on_with_all(f"project {projector.name}", "consumer", batch.traces):
                async with pool.acquire() as connection, connection.transaction():
                    if await _tables(connection, projector.name) != tables:
                        raise CheckpointMoved("rebuilt tables were put in the place of those that were read")
                    await project_or_park(connection, projector, batch.read, partitions)
                    await advance(connection, projector.name, shares, checkpoint, reached)
                    await queries.hint_at_progress(
                        connection, channel=channel_of(projector.name), position=str(reached.position)
                    )
            checkpoint = reached


def partitions_of(shares: Sequence[Share]) -> Set[int]:
    """Return the numbers of the partitions in some shares."""
    partitions = frozenset(number for share in shares for number in range(share.first, share.last + 1))
    return ALL_PARTITIONS if partitions == ALL_PARTITIONS else partitions


async def advance(
    connection: Connection, projection: str, shares: Sequence[Share], checkpoint: Checkpoint, reached: Checkpoint
) -> None:
    """Move shares on from where the caller believes them to stand; `CheckpointMoved` where one does not, or is another's."""
    firsts, lasts, fences = zip(*(share.lease for share in shares), strict=True)
    advanced = await queries.advance_checkpoint(
        connection,
        projection=projection,
        from_position=checkpoint.position,
        from_hash=checkpoint.hash,
        position=reached.position,
        hash=reached.hash,
        recorded_at=reached.recorded_at,
        firsts=firsts,
        lasts=lasts,
        fences=fences,
    )
    if advanced != len(shares):
        raise CheckpointMoved("another worker has moved or taken a share")


async def _tables(connection: Connection, projection: str) -> int:
    """Return what is another number for other tables, and keep these in place until the transaction ends."""
    tables: int = await queries.tables_at(connection, projection=projection)
    return tables


@asynccontextmanager
async def _read_ahead(
    lists: AsyncGenerator[list[Stored], None], partitions: Set[int], zone: tzinfo
) -> AsyncIterator[AsyncIterator[Batch]]:
    """Read and decode the next batch while the caller is busy with one."""
    batches: asyncio.Queue[Batch | None] = asyncio.Queue()
    room = asyncio.Semaphore(1)

    async def read() -> None:
        async with aclosing(lists):
            async for entries in lists:
                decoded: list[Read | Unreadable] = []
                for first in range(0, len(entries), DECODED_AT_ONCE):
                    decoded += read_entries(entries[first : first + DECODED_AT_ONCE], zone, partitions)
                    await asyncio.sleep(0)  # whoever else runs in this process gets a turn
                await room.acquire()
                batches.put_nowait(Batch(decoded, entries[-1]))
                if len(entries) < DECODED_AT_ONCE:
                    await asyncio.sleep(GATHER_SECONDS)

    async def taken() -> AsyncIterator[Batch]:
        while (batch := await batches.get()) is not None:
            room.release()
            yield batch
        reading.result()

    reading = asyncio.create_task(read())
    reading.add_done_callback(lambda _: batches.put_nowait(None))
    try:
        yield taken()
    finally:
        await end(reading)
