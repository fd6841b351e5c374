"""What is appended stands once, next to its batch, and for ever."""

import asyncio
from uuid import uuid4

import pytest

from shared.ledger.ledger import Entry, NotAppended
from shared.ledger.subjects import partition_of, subject_of


def an_entry(event_id=None, partnership="beijing", payload=b"{}", partition_stands_at=None):
    event_id = event_id or uuid4()
    return Entry("jakarta", event_id, subject_of("jakarta", event_id, partnership), payload, partition_stands_at)


async def test_positions_count_up_from_one(ledger):
    first = await ledger.append([an_entry()])
    batch = await ledger.append([an_entry(), an_entry(), an_entry()])

    assert [each.position for each in first + batch] == [1, 2, 3, 4]
    assert await ledger.end() == 4


async def test_what_is_returned_is_what_stands(ledger):
    entry = an_entry(payload='{"kota": "Pékin"}'.encode())

    (stored,) = await ledger.append([entry])

    assert stored == await ledger.at(stored.position) == await ledger.find("jakarta", entry.event_id)
    assert (stored.payload, stored.subject, stored.home) == (entry.payload, entry.subject, "jakarta")


async def test_an_id_is_taken_once_even_under_another_partnership(ledger):
    entry = an_entry(partnership="beijing")
    await ledger.append([entry])
    elsewhere = next(
        slug
        for slug in ("seoul", "tokyo", "paris")
        if partition_of("jakarta", slug) != partition_of("jakarta", "beijing")
    )

    for partnership in ("beijing", elsewhere):
        with pytest.raises(NotAppended):
            await ledger.append([an_entry(entry.event_id, partnership, payload=b'{"other": 1}')])

    assert await ledger.end() == 1


async def test_a_batch_with_one_taken_id_stores_nothing(ledger):
    taken = an_entry()
    await ledger.append([taken])

    with pytest.raises(NotAppended):
        await ledger.append([an_entry(), taken, an_entry()])

    assert await ledger.end() == 1


async def test_the_largest_batch_stands_together(ledger):
    stored = await ledger.append([an_entry(payload=b"x" * 500) for _ in range(1000)])

    assert [each.position for each in stored] == list(range(1, 1001))


async def test_batches_that_are_read_back_at_once_each_get_their_own(ledger):
    batches = [[an_entry(payload=f"{batch} {number}".encode()) for number in range(20)] for batch in range(10)]

    stored = await asyncio.gather(*(ledger.append(each) for each in batches))

    for entries, found in zip(batches, stored, strict=True):
        assert [(each.subject, each.payload) for each in found] == [(each.subject, each.payload) for each in entries]
        assert found == [await ledger.at(each.position) for each in found]


async def test_an_id_cannot_stand_twice_in_one_batch(ledger):
    """The server compares with what is stored only; in two partitions both would pass."""
    event_id = uuid4()

    with pytest.raises(ValueError, match="twice"):
        await ledger.append([an_entry(event_id, "beijing"), an_entry(event_id, "seoul")])

    assert await ledger.end() == 0


async def test_an_append_that_stands_on_a_partition_fails_once_that_has_moved(ledger):
    (first,) = await ledger.append([an_entry()])
    stands_at = await ledger.partition_stands_at("jakarta", partition_of("jakarta", "beijing"))
    await ledger.append([an_entry(partition_stands_at=stands_at)])

    with pytest.raises(NotAppended):
        await ledger.append([an_entry(partition_stands_at=stands_at)])

    assert stands_at == first.position


async def test_an_append_that_stands_on_a_partition_still_refuses_a_taken_id(ledger):
    entry = an_entry()
    (stored,) = await ledger.append([entry])

    with pytest.raises(NotAppended):
        await ledger.append([an_entry(entry.event_id, partition_stands_at=stored.position)])


async def test_of_many_with_the_same_id_one_is_stored(ledger):
    event_id = uuid4()
    tries = [ledger.append([an_entry(event_id, payload=str(number).encode())]) for number in range(50)]

    outcomes = await asyncio.gather(*tries, return_exceptions=True)

    assert sum(isinstance(each, list) for each in outcomes) == 1
    assert await ledger.end() == 1


async def test_what_was_acknowledged_stands_after_the_server_was_killed(nats_server, ledger):
    acknowledged = []
    for _ in range(20):
        acknowledged += await ledger.append([an_entry(payload=uuid4().bytes.hex().encode())])

    nats_server.kill()
    nats_server.start()

    again = await nats_server.connect()
    assert [await again.at(each.position) for each in acknowledged] == acknowledged
    await again.close()


async def test_an_append_begun_while_the_server_is_away_is_stored_when_it_is_back(nats_server, ledger):
    ledger.one_try_seconds = 0.5
    nats_server.kill()
    pending = asyncio.create_task(ledger.append([an_entry()]))

    nats_server.start()

    (stored,) = await pending
    assert await ledger.at(stored.position) == stored
    assert await ledger.end() == 1


async def test_what_is_not_there_is_not_found(ledger):
    assert await ledger.find("jakarta", uuid4()) is None
    assert await ledger.at(7) is None
    assert await ledger.partition_stands_at("jakarta", "1.1") == 0
