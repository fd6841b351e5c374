"""Partitions are divided evenly among the workers that are there, and a worker that lost a share writes nothing more."""

import asyncio
from contextlib import AsyncExitStack
from itertools import pairwise
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis.strategies import integers, lists

from shared.ledger.follow import Checkpoint
from shared.ledger.subjects import PARTITIONS
from shared.postgres.pool import open_pool
from shared.process.settings import Settings
from shared.projection.run import CheckpointMoved, advance
from shared.projection.shares import GiveUp, Join, Share, Split, Take, joined, next_step
from tests.support.waiting import until

WHOLE = Share(0, PARTITIONS - 1, 0, None, Checkpoint())


def done(shares, step, me):
    """The shares after a step, as the tables would have them."""
    rest = [each for each in shares if each != step.share]
    share = step.share
    match step:
        case Take():
            changed = [Share(share.first, share.last, share.fence + 1, me, share.checkpoint)]
        case GiveUp():
            changed = [Share(share.first, share.last, share.fence + 1, None, share.checkpoint)]
        case Split(_, at):
            changed = [
                Share(share.first, at - 1, share.fence + 1, me, share.checkpoint),
                Share(at, share.last, share.fence + 1, None, share.checkpoint),
            ]
        case Join():
            upper = next(each for each in rest if each.first == share.last + 1)
            rest.remove(upper)
            changed = [Share(share.first, upper.last, share.fence + 1, me, share.checkpoint)]
    return sorted([*rest, *changed], key=lambda each: each.first)


def settled(shares, workers):
    """The shares once no worker has anything to do any more."""
    for _ in range(1_000):
        steps = [(me, step) for me in workers if (step := next_step(shares, workers, me)) is not None]
        if not steps:
            return shares
        me, step = steps[0]
        shares = done(shares, step, me)
        covers_every_partition_once(shares)
    raise AssertionError("the workers never come to rest")


def covers_every_partition_once(shares):
    assert shares[0].first == 0
    assert shares[-1].last == PARTITIONS - 1
    assert all(lower.last + 1 == upper.first for lower, upper in pairwise(shares))


@settings(deadline=None)
@given(lists(integers(1, 12), min_size=1, max_size=8))
def test_however_workers_come_and_go_all_have_about_as_much(counts):
    shares = [WHOLE]
    for count in counts:
        workers = [UUID(int=number) for number in range(1, count + 1)]
        shares = [
            each if each.worker in workers else Share(each.first, each.last, each.fence, None, each.checkpoint)
            for each in shares
        ]
        shares = settled(shares, workers)
        load = [sum(each.size for each in shares if each.worker == worker) for worker in workers]
        assert sum(load) == PARTITIONS
        assert max(load) - min(load) <= 1


def test_shares_at_different_events_are_not_joined():
    me = UUID(int=1)
    behind, ahead = Share(0, 31, 1, me, Checkpoint(5, "a")), Share(32, 63, 1, me, Checkpoint(6, "b"))

    assert next_step([behind, ahead], [me], me) is None


@pytest.fixture
async def pool(database):
    opened = await open_pool(Settings(postgres_dsn=database, postgres_connections=10), "scoring")
    yield opened
    await opened.close()


async def loads(pool, workers):
    """How many partitions each worker holds, once they have come to rest."""
    found = []
    async with asyncio.timeout(60):
        while sum(found) != PARTITIONS or max(found) - min(found) > 1:
            for each in workers:
                await each.balance()
            found = [sum(share.size for share in each._held) for each in workers]
    return sorted(found)


async def test_workers_that_join_get_their_share_and_leave_it_to_the_others(pool):
    async with joined(pool, "positions") as first:
        assert await loads(pool, [first]) == [64]
        async with AsyncExitStack() as leaving:
            others = [await leaving.enter_async_context(joined(pool, "positions")) for _ in range(2)]
            assert await loads(pool, [first, *others]) == [21, 21, 22]
            async with asyncio.timeout(60):
                shares = [share for each in (first, *others) for share in await each.held()]
        covers_every_partition_once(sorted(shares, key=lambda each: each.first))


async def test_a_worker_whose_share_was_taken_writes_nothing_more(pool):
    async with joined(pool, "positions") as first, joined(pool, "positions") as second:
        (before,) = await first.held()
        await loads(pool, [first, second])
        reached = Checkpoint(1, "hash")

        with pytest.raises(CheckpointMoved):
            async with pool.acquire() as connection, connection.transaction():
                await advance(connection, "positions", [before], before.checkpoint, reached)
        for worker in (first, second):
            held = await worker.held()
            async with pool.acquire() as connection, connection.transaction():
                await advance(connection, "positions", held, held[0].checkpoint, reached)

    assert {row["position"] for row in await pool.fetch("SELECT position FROM checkpoint")} == {1}


async def test_a_share_that_is_being_moved_on_is_not_joined_with_one_that_stands_still(pool):
    """Else what stands between the two would never be projected for the one that stood still."""
    async with joined(pool, "positions") as worker:
        await worker.held()
        await pool.execute("UPDATE checkpoint SET last_partition = 31 WHERE projection = 'positions'")
        await pool.execute(
            "INSERT INTO checkpoint (projection, first_partition, last_partition, position, hash, recorded_at, fence, worker)"
            " SELECT projection, 32, 63, position, hash, recorded_at, fence, worker FROM checkpoint"
        )
        async with pool.acquire() as moving:
            transaction = moving.transaction()
            await transaction.start()
            await moving.execute("UPDATE checkpoint SET position = 1, hash = 'one' WHERE first_partition = 0")
            balancing = asyncio.create_task(worker.balance())
            await until(lambda: somebody_waits(pool))
            await transaction.commit()
            await balancing

    rows = await pool.fetch("SELECT first_partition, last_partition, position FROM checkpoint ORDER BY 1")
    assert [tuple(row) for row in rows] == [(0, 31, 1), (32, 63, 0)]


async def somebody_waits(pool):
    return await pool.fetchval("SELECT count(*) > 0 FROM pg_locks WHERE NOT granted AND locktype = 'transactionid'")


async def test_the_share_of_a_worker_whose_session_ended_is_taken_at_once(pool, database):
    other_pool = await open_pool(Settings(postgres_dsn=database, postgres_connections=2), "scoring")
    async with joined(other_pool, "positions") as lost:
        assert await lost.held()
        other_pool.terminate()

        async with asyncio.timeout(5), joined(pool, "positions") as other:
            (share,) = await other.held()

    assert (share.first, share.last) == (0, 63)
