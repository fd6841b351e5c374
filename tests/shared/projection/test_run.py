"""Rows and checkpoint are written together; a projection killed anywhere goes on as if nothing had happened."""

import asyncio
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from uuid import uuid4

import pytest

from shared.ledger.follow import LedgerBroken
from shared.ledger.ledger import Entry
from shared.ledger.subjects import subject_of
from shared.postgres.pool import open_pool
from shared.process.settings import Settings
from shared.process.tasks import end
from shared.projection.parking import read_parked
from shared.projection.progress import Progress, read_checkpoint, watch_progress
from shared.projection.run import keep_projecting
from shared.wire.envelope import Posting, UnknownVersion, encode
from tests.support.engines import open_ledger, running_nats

NOW = datetime(2026, 11, 21, tzinfo=UTC)


LETTER = {
    "indicator": "contact",
    "occurred": "2026",
    "direction": "inbound",
    "outcome": "held",
    "title": {"id": "Surat"},
}


def a_letter(partnership, title="Surat"):
    data = {**LETTER, "partnership": partnership, "title": {"id": title}}
    posting = Posting(uuid4(), "jakarta", "activity.recorded", data, partnership, "jakarta/bureau", NOW)
    return Entry("jakarta", posting.id, subject_of("jakarta", posting.id, partnership), encode(posting))


def a_day_closed(day="2026-11-20", event_type="day.closed"):
    posting = Posting(uuid4(), "jakarta", event_type, {"day": day}, None, "kembar", NOW)
    return Entry("jakarta", posting.id, subject_of("jakarta", posting.id, None), encode(posting))


class Positions:
    """A projection that keeps the positions it has read; it fails when told to, after it has written."""

    name = "positions"

    def __init__(self):
        self.fail_after = None
        self.failed = 0

    def forget(self):
        pass

    async def project(self, connection, read, scope):
        await connection.execute("CREATE TABLE IF NOT EXISTS seen (position bigint PRIMARY KEY)")
        of_homes = [(each.event.position,) for each in read if each.event.partnership is None]
        await connection.executemany("INSERT INTO seen VALUES ($1) ON CONFLICT DO NOTHING", of_homes)
        of_partnerships = [(each.event.position,) for each in read if each.event.partnership is not None]
        await connection.executemany("INSERT INTO seen VALUES ($1)", of_partnerships)
        if self.fail_after is not None and read[-1].event.position > self.fail_after:
            self.fail_after = None
            self.failed += 1
            raise OSError("the line is gone")


@pytest.fixture
async def pool(database):
    opened = await open_pool(Settings(postgres_dsn=database, postgres_connections=10), "scoring")
    yield opened
    await opened.close()


@asynccontextmanager
async def projecting(ledger, pool, projector):
    progress = Progress(projector.name)
    task = asyncio.create_task(keep_projecting(ledger, pool, projector, Settings()))
    watching = asyncio.create_task(watch_progress(pool, progress))
    try:
        yield progress, task
    finally:
        await end(task, watching)


async def seen(pool):
    return [row["position"] for row in await pool.fetch("SELECT position FROM seen ORDER BY position")]


async def test_every_event_is_projected_once(ledger, pool):
    await ledger.append([a_day_closed() for _ in range(100)])

    async with projecting(ledger, pool, Positions()) as (progress, _):
        await ledger.append([a_day_closed()])
        assert await progress.reach(101, 20)

    assert await seen(pool) == list(range(1, 102))


async def test_a_projection_that_failed_halfway_has_written_nothing_of_it(ledger, pool):
    projector = Positions()
    projector.fail_after = 0
    await ledger.append([a_day_closed() for _ in range(10)])

    async with projecting(ledger, pool, projector) as (progress, _):
        assert await progress.reach(10, 20)

    assert projector.failed == 1
    assert await seen(pool) == list(range(1, 11))


async def test_a_projection_goes_on_from_its_checkpoint(ledger, pool):
    await ledger.append([a_day_closed() for _ in range(5)])
    async with projecting(ledger, pool, Positions()) as (progress, _):
        await progress.reach(5, 20)
    await ledger.append([a_day_closed() for _ in range(5)])

    async with projecting(ledger, pool, Positions()) as (progress, _):
        assert await progress.reach(10, 20)

    assert await seen(pool) == list(range(1, 11))


async def test_workers_that_come_and_go_write_every_event_once(ledger, pool, database):
    slugs = [f"city-{number}" for number in range(100)]

    async def post():
        for slug in slugs:
            await ledger.append([a_letter(slug)])
            await asyncio.sleep(0.02)
        await ledger.append([a_day_closed()])

    async with projecting(ledger, pool, Positions()) as (progress, _):
        posting = asyncio.create_task(post())
        other_pool = await open_pool(Settings(postgres_dsn=database, postgres_connections=10), "scoring")
        other = asyncio.create_task(keep_projecting(ledger, other_pool, Positions(), Settings()))
        async with asyncio.timeout(60):
            while len(await shares_of(pool)) < 2:  # noqa: ASYNC110 - the table tells
                await asyncio.sleep(0.05)
        other_pool.terminate()
        await end(other)
        await posting
        assert await progress.reach(101, 30)

        async with asyncio.timeout(60):
            while await shares_of(pool) != [64]:  # noqa: ASYNC110 - two are joined once both stand at the same event
                await asyncio.sleep(0.05)
    assert await seen(pool) == list(range(1, 102))
    assert await read_parked(pool) == []


async def shares_of(pool):
    """How many partitions each share has that somebody works on."""
    rows = await pool.fetch(
        "SELECT last_partition - first_partition + 1 FROM checkpoint JOIN worker USING (projection, worker)"
    )
    return [row[0] for row in rows]


async def test_a_projection_goes_on_when_the_server_was_killed(nats_server, ledger, pool):
    async with projecting(ledger, pool, Positions()) as (progress, _):
        await ledger.append([a_day_closed() for _ in range(5)])
        assert await progress.reach(5, 20)

        ledger.one_try_seconds = 0.5
        nats_server.kill()
        nats_server.start()
        await ledger.append([a_day_closed() for _ in range(5)])

        assert await progress.reach(10, 30)
    assert await seen(pool) == list(range(1, 11))


async def test_on_another_ledger_a_projection_stops_before_it_writes(ledger, pool):
    await ledger.append([a_day_closed("2026-11-19") for _ in range(5)])
    async with projecting(ledger, pool, Positions()) as (progress, _):
        await progress.reach(5, 20)

    with running_nats() as other_server:
        async with open_ledger(other_server) as other:
            await other.append([a_day_closed("2026-11-20") for _ in range(9)])
            async with projecting(other, pool, Positions()) as (_, task):
                with pytest.raises(LedgerBroken):
                    await asyncio.wait_for(asyncio.shield(task), 20)

    assert (await read_checkpoint(pool, "positions")).position == 5
    assert await seen(pool) == [1, 2, 3, 4, 5]


async def test_an_event_of_a_newer_program_stops_the_projection(ledger, pool):
    await ledger.append([a_day_closed(event_type="day.reopened")])

    async with projecting(ledger, pool, Positions()) as (_, task):
        with pytest.raises(UnknownVersion, match="reopened"):
            await asyncio.wait_for(asyncio.shield(task), 20)


async def test_waiting_for_a_position_ends_at_the_deadline():
    assert not await Progress("nobody").reach(1, 0.05)
