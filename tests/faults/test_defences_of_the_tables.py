"""Each defence of the tables once at work and once switched off: off, the harm that it keeps away really shows.

`docs/faults.md` lists them. A defence is switched off by SQL, or by a projection that a test makes for it.
"""

import asyncio
from contextlib import AsyncExitStack

import pytest

from cli.rebuild import PROJECTIONS
from services.ingest.store import BookProjector
from shared.ledger.follow import Checkpoint, LedgerBroken
from shared.postgres.pool import open_pool, open_pool_of_worker
from shared.process.settings import Settings
from shared.projection.rebuild import open_rebuild
from shared.projection.shares import Membership, checkpoints, joined, tell_nobody
from tests.faults.test_defences_of_the_ledger import entry_of, on_and_off
from tests.shared.projection.test_run import Positions, a_day_closed, a_letter, projecting, seen
from tests.support.build import a_partnership
from tests.support.engines import open_ledger, running_nats
from tests.support.waiting import until


@pytest.fixture
async def pool(database):
    opened = await open_pool(Settings(postgres_dsn=database, postgres_connections=10), "scoring")
    await opened.execute("CREATE TABLE seen (position bigint NOT NULL)")
    yield opened
    await opened.close()


class Held(Positions):
    """Stands still within its transaction, its rows written, until it is let go."""

    def __init__(self):
        super().__init__()
        self.has_written, self.let_go = asyncio.Event(), asyncio.Event()

    async def project(self, connection, read, scope):
        await super().project(connection, read, scope)
        self.has_written.set()
        await self.let_go.wait()


class HeldAndBelieving(Held):
    """Puts the checkpoint where its worker believes to stand, under its fence, so that comparing finds nothing."""

    async def project(self, connection, read, scope):
        believed = await connection.fetchrow("SELECT position, hash, fence FROM checkpoint")
        await super().project(connection, read, scope)
        await connection.execute("UPDATE checkpoint SET position = $1, hash = $2, fence = $3", *believed)


@on_and_off
async def test_a_checkpoint_moves_only_under_its_fence_and_from_where_its_worker_stands(
    ledger, pool, database, defended
):
    """A worker that was taken for dead while it wrote goes on writing when another has taken its share over.

    Sometimes it sees first what became of its share, and gives up by itself: then it is tried again.
    """
    other_pool = await open_pool(Settings(postgres_dsn=database, postgres_connections=10), "scoring")
    for _ in range(6):
        await taken_for_dead_while_writing(ledger, pool, other_pool, Held() if defended else HeldAndBelieving())
        positions = await seen(pool)
        if len(positions) != len(set(positions)):
            break
    await other_pool.close()

    assert (positions == list(range(1, await ledger.end() + 1))) == defended
    assert set(positions) == set(range(1, await ledger.end() + 1))


async def taken_for_dead_while_writing(ledger, pool, other_pool, slow):
    async with projecting(ledger, pool, slow):
        await until(lambda: pool.fetchval("SELECT count(*) = 1 FROM checkpoint JOIN worker USING (worker)"))
        (first,) = await ledger.append([a_letter("beijing")])
        await asyncio.wait_for(slow.has_written.wait(), 20)
        await pool.execute("UPDATE worker SET seen_at = '1970-01-01'")
        async with projecting(ledger, other_pool, Positions()) as (progress, _):
            assert await progress.reach(first.position, 20)
            slow.let_go.set()
            (second,) = await ledger.append([a_letter("beijing")])
            assert await progress.reach(second.position, 20)


HELD = (
    "SELECT pg_advisory_xact_lock(hashtextextended('scoring/positions', 0))",
    "UPDATE checkpoint SET hash = hash",
    "UPDATE worker SET seen_at = seen_at",
)


@on_and_off
async def test_a_worker_that_stands_still_in_a_transaction_keeps_nobody_waiting(database, defended):
    """Its sessions can be ended because they have a name of their own: where all have one name, the others wait."""
    four = Settings(postgres_dsn=database, postgres_connections=4)
    still, other_pool = [await (open_pool_of_worker if defended else open_pool)(four, "scoring") for _ in "ab"]
    async with AsyncExitStack() as standing:
        session, *holding = [await still.acquire() for _ in range(4)]
        standing.callback(still.terminate)
        await checkpoints.begin_checkpoint(session, projection="positions")
        await Membership(session, "positions", tell_nobody).balance()
        await other_pool.execute("UPDATE worker SET seen_at = '1970-01-01'")
        for connection, lock in zip(holding, HELD, strict=True):
            await connection.execute(f"BEGIN; {lock}")

        taken = asyncio.create_task(all_taken(other_pool))
        done, _ = await asyncio.wait({taken}, timeout=10 if defended else 1)

        assert bool(done) == defended
    assert await asyncio.wait_for(taken, 10) == (0, 63)
    await other_pool.close()


async def all_taken(pool):
    async with joined(pool, "positions") as worker:
        (share,) = await worker.held()
    return share.first, share.last


@on_and_off
async def test_a_checkpoint_holds_the_hash_of_what_was_read(ledger, pool, defended):
    """Another ledger stands in the place of the one that was read; off, its hash is put into the checkpoint."""
    await ledger.append([a_day_closed("2026-11-19") for _ in range(5)])
    async with projecting(ledger, pool, Positions()) as (progress, _):
        assert await progress.reach(5, 20)

    with running_nats() as other_server:
        async with open_ledger(other_server) as other:
            stored = await other.append([a_day_closed("2026-11-20") for _ in range(9)])
            if not defended:
                await pool.execute("UPDATE checkpoint SET hash = $1", Checkpoint().after(stored[4]).hash)
            async with projecting(other, pool, Positions()) as (progress, task):
                if defended:
                    with pytest.raises(LedgerBroken, match="other bytes"):
                        await asyncio.wait_for(asyncio.shield(task), 20)
                else:
                    assert await progress.reach(9, 20)

    assert await seen(pool) == list(range(1, 6 if defended else 10))


class Apart(Positions):
    """Writes its rows in a transaction of their own."""

    def __init__(self, pool):
        super().__init__()
        self._pool = pool

    async def project(self, connection, read, scope):
        async with self._pool.acquire() as another:
            await super().project(another, read, scope)


@on_and_off
async def test_rows_and_checkpoint_are_written_in_one_transaction(ledger, pool, defended):
    """The worker fails when its rows are written and its checkpoint is not."""
    projector = Positions() if defended else Apart(pool)
    projector.fail_after = 0
    await ledger.append([a_letter("beijing") for _ in range(10)])

    async with projecting(ledger, pool, projector) as (progress, _):
        assert await progress.reach(10, 20)

    assert projector.failed == 1
    once = list(range(1, 11))
    assert await seen(pool) == (once if defended else sorted(once * 2))


class Remembering(BookProjector):
    """Forgets nothing when its worker begins anew."""

    def forget(self):
        pass


@on_and_off
async def test_what_a_worker_keeps_is_forgotten_when_tables_are_swapped_in(ledger, database, defended):
    """The worker has read a damaged table when the rebuilt one takes its place."""
    settings = Settings(postgres_dsn=database, postgres_connections=10)
    pool = await open_pool(settings, "ingest")
    await ledger.append([entry_of("partnership.registered", a_partnership())])
    async with projecting(ledger, pool, BookProjector()) as (progress, _):
        assert await progress.reach(1, 20)
    await pool.execute("UPDATE partnership SET ended_on = '2020-01-01'")

    projector = BookProjector() if defended else Remembering()
    async with projecting(ledger, pool, projector) as (progress, _):
        await ledger.append([entry_of("partnership.registered", a_partnership(partnership="tokyo"))])
        assert await progress.reach(2, 20)
        async with open_rebuild(PROJECTIONS["ingest"], ledger, settings) as building:
            await building.swap()
        changed = {"partnership": "hanoi", "changes": {"country": "LA"}, "reason": "A slip"}
        await ledger.append([entry_of("partnership.changed", changed)])
        assert await progress.reach(3, 20)

    row = await pool.fetchrow("SELECT facts, ended_on FROM partnership WHERE partnership = 'hanoi'")
    assert row["facts"]["country"] == "LA"
    assert (row["ended_on"] is None) == defended
    await pool.close()
