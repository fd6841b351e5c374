"""A follower reads every event once and in order, or stops."""

import asyncio
from contextlib import aclosing
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from shared.ledger.follow import Checkpoint, LedgerBroken, follow
from tests.shared.ledger.test_append import an_entry
from tests.support.engines import open_ledger, running_nats


async def read(ledger, checkpoint, count):
    """Follow until so many events have been read."""
    found = []
    async with asyncio.timeout(60), aclosing(follow(ledger, checkpoint)) as lists:
        async for entries in lists:
            found += entries
            if len(found) >= count:
                return found
    raise AssertionError("a follower ends only by a fault")


async def test_everything_is_read_once_and_in_order(ledger):
    stored = []
    for _ in range(5):
        stored += await ledger.append([an_entry(payload=str(n).encode()) for n in range(700)])

    found = await read(ledger, Checkpoint(), 3_500)

    assert [(each.position, each.payload) for each in found] == [(each.position, each.payload) for each in stored]


async def test_what_comes_later_is_read_when_it_comes(ledger):
    reading = asyncio.create_task(read(ledger, Checkpoint(), 30))
    for _ in range(30):
        await ledger.append([an_entry()])

    assert [each.position for each in await reading] == list(range(1, 31))


async def test_reading_goes_on_after_the_checkpoint(ledger):
    stored = await ledger.append([an_entry(payload=str(n).encode()) for n in range(10)])

    found = await read(ledger, Checkpoint().after(stored[5]), 4)

    assert [each.position for each in found] == [7, 8, 9, 10]


async def test_a_moment_is_never_earlier_than_the_one_before(ledger):
    (stored,) = await ledger.append([an_entry()])
    await ledger.append([an_entry()])
    from_the_future = replace(Checkpoint().after(stored), recorded_at=datetime(2099, 1, 1, tzinfo=UTC))

    (later,) = await read(ledger, from_the_future, 1)

    assert later.recorded_at == datetime(2099, 1, 1, tzinfo=UTC)


async def test_other_bytes_at_the_checkpoint_stop_the_reader(ledger):
    (stored,) = await ledger.append([an_entry(payload=b"1")])
    other = Checkpoint().after(replace(stored, payload=b"2"))

    with pytest.raises(LedgerBroken, match="other bytes"):
        await read(ledger, other, 1)


async def test_a_ledger_that_ends_before_the_checkpoint_stops_the_reader(ledger):
    stored = await ledger.append([an_entry() for _ in range(3)])

    with running_nats() as recreated:
        async with open_ledger(recreated) as shorter:
            await shorter.append([an_entry()])
            with pytest.raises(LedgerBroken, match="rolled back"):
                await read(shorter, Checkpoint().after(stored[-1]), 1)


async def test_a_position_left_out_stops_the_reader(nats_server):
    """The stream begins at 3: a store that was cut, seen by a reader who has read nothing yet."""
    await nats_server.make_stream(first_seq=3)
    ledger = await nats_server.connect()
    await ledger.client.request(an_entry().subject, b"{}")

    with pytest.raises(LedgerBroken, match="Position 1 is missing"):
        await read(ledger, Checkpoint(), 1)

    await ledger.close()
