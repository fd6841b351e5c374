"""A bad event holds up its own partnership only, and is let go, in order, once it can be projected."""

import json
from contextlib import asynccontextmanager
from uuid import uuid4

import pytest

from shared.ledger.ledger import Entry
from shared.ledger.subjects import subject_of
from shared.postgres.pool import open_pool
from shared.process.settings import Settings
from shared.projection.parking import count_parked, read_parked
from shared.wire.envelope import Posting, encode
from tests.shared.projection.test_run import NOW, Positions, a_letter, projecting, seen


def broken(entry):
    """The same entry as no program can read it: a code that is none."""
    envelope = json.loads(entry.payload)
    envelope["data"]["indicator"] = "gossip"
    return Entry(entry.home, entry.event_id, entry.subject, json.dumps(envelope).encode())


class Choosy(Positions):
    """A projection whose program cannot cope with one title, until it is mended."""

    def __init__(self):
        super().__init__()
        self.mended = False

    def forget(self):
        pass

    async def project(self, connection, read, scope):
        await super().project(connection, read, scope)
        if not self.mended and any(each.event.data.title.id == "Kejutan" for each in read):
            raise KeyError("Kejutan")


@pytest.fixture
async def pool(database):
    opened = await open_pool(Settings(postgres_dsn=database, postgres_connections=10), "scoring")
    yield opened
    await opened.close()


@asynccontextmanager
async def projected(ledger, pool, projector):
    async with projecting(ledger, pool, projector) as (progress, _):
        assert await progress.reach(await ledger.end(), 20)
        yield


async def test_an_event_that_cannot_be_read_holds_up_its_own_partnership_only(ledger, pool):
    await ledger.append([a_letter("beijing"), broken(a_letter("beijing")), a_letter("beijing"), a_letter("seoul")])

    async with projected(ledger, pool, Positions()):
        await ledger.append([a_letter("beijing")])
        await ledger.append([a_letter("seoul")])
    async with projected(ledger, pool, Positions()):
        pass

    assert await seen(pool) == [1, 4, 6]
    parked = await read_parked(pool)
    assert [(each.position, each.partnership) for each in parked] == [(2, "beijing"), (3, "beijing"), (5, "beijing")]
    assert await count_parked(pool) == 3, "an event that waits in many partitions is one"
    assert "gossip" in parked[0].error
    assert [each.error for each in parked[1:]] == [None, None]


async def test_what_a_projector_fails_on_is_let_go_in_order_once_it_is_mended(ledger, pool):
    projector = Choosy()
    await ledger.append([a_letter("beijing"), a_letter("beijing", "Kejutan"), a_letter("seoul"), a_letter("beijing")])
    async with projected(ledger, pool, projector):
        pass
    assert await seen(pool) == [1, 3]

    async with projected(ledger, pool, projector):
        pass
    assert await seen(pool) == [1, 3]

    projector.mended = True
    async with projected(ledger, pool, projector):
        await ledger.append([a_letter("beijing")])

    async with projected(ledger, pool, projector):
        pass
    assert await seen(pool) == [1, 2, 3, 4, 5]
    assert await read_parked(pool) == []


async def test_an_event_of_the_whole_home_that_fails_holds_nobody_up(ledger, pool):
    posting = Posting(uuid4(), "jakarta", "day.closed", {"day": "soon"}, None, "kembar", NOW)
    bad_day = Entry("jakarta", posting.id, subject_of("jakarta", posting.id, None), encode(posting))
    await ledger.append([bad_day, a_letter("beijing")])

    async with projected(ledger, pool, Positions()):
        pass

    assert await seen(pool) == [2]
    assert [each.position for each in await read_parked(pool)] == [1]
