"""What comes twice or in another order on the wire is put right, or stops the reader; the tables equal the plain fold."""

import asyncio
import random
from contextlib import asynccontextmanager

import pytest

from cli.facts import JAKARTA, activity_events, partnership_events
from cli.rebuild import PROJECTIONS
from shared.ledger.follow import Checkpoint, LedgerBroken
from shared.ledger.ledger import Ledger
from shared.postgres.pool import open_pool
from shared.process.settings import Settings
from tests.shared.ledger.test_append import an_entry
from tests.shared.ledger.test_follow import read
from tests.shared.projection.test_rebuild import caught_up, rebuilt
from tests.shared.projection.test_run import Positions, a_day_closed, projecting, seen
from tests.support.build import an_activity
from tests.support.engines import same_secrets
from tests.support.installation import running_installation
from tests.support.wire import (
    leaving_out,
    line_to,
    once_in_this_order,
    one_after_the_other,
    repeating,
    swapping,
)


@pytest.fixture
async def pool(database):
    opened = await open_pool(Settings(postgres_dsn=database, postgres_connections=10), "scoring")
    yield opened
    await opened.close()


@asynccontextmanager
async def far_ledger(nats_server, new_meddle):
    """The ledger at the other end of a line."""
    async with line_to(nats_server.port, new_meddle) as line:
        far = await Ledger.connect(line.url, "scoring", same_secrets())
        yield far
        await far.close()
        assert line.meddled > 0


def meddling(seed):
    chance = random.Random(seed)
    return lambda: one_after_the_other(swapping(chance, 0.02), repeating(chance, 0.2))


@pytest.mark.parametrize("seed", range(3))
async def test_a_follower_reads_each_once_and_in_order_whatever_comes_twice_or_changes_places(
    nats_server, ledger, seed
):
    stored = await ledger.append([an_entry(payload=str(number).encode()) for number in range(700)])

    async with far_ledger(nats_server, meddling(seed)) as far:
        reading = asyncio.create_task(read(far, Checkpoint(), 1_000))
        for _ in range(6):
            stored += await ledger.append([an_entry(payload=str(number).encode()) for number in range(50)])
        found = await reading

    assert [(each.position, each.payload) for each in found] == [(each.position, each.payload) for each in stored]


async def test_a_gap_is_seen_although_a_repetition_comes_after_it(nats_server, ledger):
    """Position 3 is lost; the last that came is an old one, so that it alone does not tell."""
    await ledger.append([an_entry() for _ in range(4)])

    async with far_ledger(nats_server, lambda: once_in_this_order([1, 2, 4, 2])) as far:
        found = await read(far, Checkpoint(), 4)

    assert [each.position for each in found] == [1, 2, 3, 4]


async def test_the_tables_of_all_services_equal_the_plain_fold_whatever_comes_twice_or_changes_places(
    nats_server, ledger, database, tmp_path
):
    async with (
        line_to(nats_server.port, meddling(7)) as line,
        running_installation(nats_server, database, tmp_path, nats_url=line.url) as installation,
    ):
        events = [*partnership_events(JAKARTA), *activity_events(JAKARTA)]
        assert (await installation.post_batch(events)).status_code == 201
        activity = an_activity(partnership="beijing")
        for _ in range(5):
            answers = await asyncio.gather(*(installation.post("activity.recorded", activity) for _ in range(20)))
            assert {answer.status_code for answer in answers} == {201}

        for name in PROJECTIONS:
            await caught_up(installation, name)
            assert await rebuilt(ledger, installation, name) == {}
        assert line.meddled > 20


@pytest.mark.parametrize(
    "new_meddle",
    [lambda: leaving_out(30), lambda: swapping(random.Random(1), 1, again=True)],
    ids=["missing", "swapped"],
)
async def test_what_never_comes_in_its_place_stops_the_projection_before_it(nats_server, ledger, pool, new_meddle):
    await ledger.append([a_day_closed() for _ in range(60)])

    async with far_ledger(nats_server, new_meddle) as far, projecting(far, pool, Positions()) as (_, task):
        with pytest.raises(LedgerBroken, match="is missing"):
            await asyncio.wait_for(asyncio.shield(task), 20)

    exists = await pool.fetchval("SELECT to_regclass('seen')")
    positions = await seen(pool) if exists else []
    assert positions == list(range(1, len(positions) + 1))
    assert len(positions) < 30
