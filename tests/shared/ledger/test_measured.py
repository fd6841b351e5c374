"""How appends went is counted by their way and reason; each nats-server is measured by what it says; traces stand beside."""

import asyncio
from contextlib import aclosing
from dataclasses import replace

import pytest
from prometheus_client import CollectorRegistry

from shared.ledger.disk import ServerMeasurements
from shared.ledger.follow import Checkpoint, follow_until
from shared.ledger.ledger import NotAppended
from shared.ledger.stream import jetstream_of, monitor_client
from shared.ledger.writer import FEW, Writer
from tests.shared.ledger.test_append import an_entry
from tests.support.engines import running_nats

TRACEPARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


async def test_appends_are_counted_by_their_way_and_by_why_they_were_not_stored(ledger):
    metrics = CollectorRegistry()
    writer = Writer(ledger, metrics)
    taken = an_entry()

    await writer.append([taken])
    await writer.append([an_entry() for _ in range(100)])
    with pytest.raises(NotAppended):
        await writer.append([replace(taken, payload=b'{"other": 1}')])
    await asyncio.gather(*(writer.append([an_entry()]) for _ in range(40)))

    def value(name, **labels):
        return metrics.get_sample_value(name, labels) or 0

    alone, group = (value("kembar_append_seconds_count", way=way) for way in ("alone", "group"))
    assert (alone + group, value("kembar_append_seconds_count", way="apart")) == (41, 1)
    assert alone == 1 + FEW
    assert value("kembar_appends_refused_total", reason="taken") == 1
    assert value("kembar_append_group_size_sum") == 40 - FEW
    assert value("kembar_appends_waiting") == 0


async def test_a_server_is_measured_by_what_it_says_and_not_at_all_while_it_says_nothing(nats_server):
    metrics = CollectorRegistry()
    measurements = ServerMeasurements(metrics)

    async def measure(url):
        async with monitor_client(2) as client:
            measurements.note(url, await jetstream_of(client, url))
        names = ("answers", "syncs", "used_bytes", "room_bytes")
        server = {"server": url.removeprefix("http://")}
        return [metrics.get_sample_value(f"kembar_nats_{name}", server) for name in names]

    url = nats_server.address.monitor_url
    answers, syncs, used, room = await measure(url)
    assert (answers, syncs) == (1, 1)
    assert used + room == 1_000_000_000_000 or used + room == 2**40
    with running_nats(lambda text: text.replace("sync_interval: always", 'sync_interval: "2m"')) as other:
        assert (await measure(other.address.monitor_url))[:2] == [1, 0]
    nats_server.kill()
    assert await measure(url) == [0, None, None, None]


async def test_a_trace_stands_beside_each_entry_and_comes_back_with_it(ledger):
    batch = [an_entry(), replace(an_entry(), traceparent=TRACEPARENT), replace(an_entry(), traceparent=TRACEPARENT)]

    stored = [*await ledger.append([replace(an_entry(), traceparent=TRACEPARENT)]), *await ledger.append(batch)]
    async with aclosing(follow_until(ledger, Checkpoint(), 4)) as lists:
        followed = [entry async for entries in lists for entry in entries]

    assert [each.traceparent for each in stored] == [TRACEPARENT, None, TRACEPARENT, TRACEPARENT]
    assert [each.traceparent for each in followed] == [each.traceparent for each in stored]
    assert followed == stored
    assert stored[0] == replace(stored[0], traceparent=None), "no copy has it, and a copy is the same"
