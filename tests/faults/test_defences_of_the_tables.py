"""Each defence of the tables once at work and once switched off: off, the harm that it keeps away really shows.

`docs/faults.md` lists them. A defence is switched off by SQL, or by a projection that a test makes for it.
"""

import asyncio
import json
from contextlib import AsyncExitStack

import pytest

from cli.rebuild import PROJECTIONS
from services.ingest.store import BookProjector
from shared.ledger.follow import Checkpoint, LedgerBroken
from shared.ledger.stream import STREAM
from shared.postgres.pool import open_pool
from shared.process.settings import Settings
from shared.projection.rebuild import open_rebuild
from tests.faults.test_defences_of_the_ledger import entry_of, on_and_off
from tests.shared.projection.test_run import Positions, a_day_closed, projecting, seen
from tests.support.build import a_partnership
from tests.support.engines import open_ledger, running_nats
from tests.support.waiting import until


@pytest.fixture
async def pool(database):
    opened = await open_pool(Settings(postgres_dsn=database, postgres_connections=10), "scoring")
    await opened.execute("CREATE TABLE seen (position bigint NOT NULL)")
    yield opened
    await opened.close()


@pytest.fixture
async def pool_without_turns(database, pool):
    """Sessions that find a function of the test before PostgreSQL's own: every worker gets the turn."""
    opened = await open_pool(Settings(postgres_dsn=database, postgres_connections=10), "scoring, pg_catalog")
    await opened.execute("CREATE FUNCTION pg_try_advisory_lock(bigint) RETURNS boolean RETURN true")
    yield opened
    await opened.close()


class Believing(Positions):
    """Puts the checkpoint where its worker believes to stand, so that comparing it finds nothing."""

    def __init__(self, ledger):
        super().__init__()
        self._ledger = ledger

    async def project(self, connection, read):
        await super().project(connection, read)
        before = read[0].event.position - 1
        believed = Checkpoint().after(await self._ledger.at(before)) if before else Checkpoint()
        await connection.execute("UPDATE checkpoint SET position = $1, hash = $2", believed.position, believed.hash)


@pytest.mark.parametrize(
    ("takes_turns", "compares", "is_right"),
    [(True, True, True), (True, False, True), (False, True, True), (False, False, False)],
    ids=["both on", "only turns", "only comparing", "both off"],
)
async def test_a_checkpoint_moves_only_from_where_its_worker_stands(
    ledger, pool, pool_without_turns, takes_turns, compares, is_right
):
    """Two workers of one projection; that they take turns saves work, and alone would do as long as nobody loses it."""
    used = pool if takes_turns else pool_without_turns
    async with AsyncExitStack() as opened:
        for _ in range(2):
            projector = Positions() if compares else Believing(ledger)
            progress, _ = await opened.enter_async_context(projecting(ledger, used, projector))
        await until_followed_by(ledger, 1 if takes_turns else 2)
        for position in range(1, 9):
            await ledger.append([a_day_closed()])
            assert await progress.reach(position, 20)

    assert (await seen(used) == list(range(1, 9))) == is_right
    assert set(await seen(used)) == set(range(1, 9))


async def until_followed_by(ledger, count):
    async def is_so():
        answer = await ledger.ask(f"$JS.API.STREAM.INFO.{STREAM}")
        return json.loads(answer.data)["state"]["consumer_count"] >= count

    await until(is_so)


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

    async def project(self, connection, read):
        async with self._pool.acquire() as another:
            await super().project(another, read)


@on_and_off
async def test_rows_and_checkpoint_are_written_in_one_transaction(ledger, pool, defended):
    """The worker fails when its rows are written and its checkpoint is not."""
    projector = Positions() if defended else Apart(pool)
    projector.fail_after = 0
    await ledger.append([a_day_closed() for _ in range(10)])

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
