"""Three nodes lose their leader under load: every acknowledged event stands, once, on those that are left."""

import asyncio
import contextlib
import os
import time

import pytest

from cli.drill.cluster import Cluster
from shared.ledger.ledger import CONNECTION_ERRORS, Ledger
from shared.ledger.stream import LedgerMisconfigured, create_stream
from tests.shared.ledger.test_append import an_entry
from tests.support.engines import START_SECONDS, Server, same_secrets, temporary_folder
from tests.support.waiting import until

KILLS = 6 if os.environ.get("FAULTS") == "long" else 1


@contextlib.contextmanager
def running_cluster():
    """Three nats-servers with the configuration of deploy/, that form one cluster on loopback."""
    with temporary_folder() as folder:
        cluster = Cluster(folder)
        try:
            for part in cluster.parts.values():
                part.start()
            for part in cluster.parts.values():
                part.wait_until_ready(START_SECONDS)
            yield cluster
        finally:
            for part in cluster.parts.values():
                part.process.kill()
                part.process.wait()


@pytest.mark.timeout(600)
async def test_a_cluster_that_loses_its_leader_under_load_loses_nothing(record_property):
    with running_cluster() as cluster:
        urls = cluster.urls
        maker = await Ledger.connect(urls, "prepare", same_secrets())
        await until(lambda: made(maker))
        ledger = await Ledger.connect(urls, "ingest", same_secrets())
        acknowledged, silences, done = [], [], asyncio.Event()

        async def post():
            while not done.is_set():
                began = time.monotonic()
                acknowledged.extend(await ledger.append([an_entry()]))
                silences.append(time.monotonic() - began)

        posting = [asyncio.create_task(post()) for _ in range(8)]
        for _ in range(KILLS):
            before = len(acknowledged)
            await until(lambda before=before: count_is_above(acknowledged, before + 50))
            await until(lambda: cluster.leader() is not None)
            leader = Server(cluster.parts[cluster.leader()])
            leader.kill()
            before = len(acknowledged)
            await until(lambda before=before: count_is_above(acknowledged, before + 50))
            leader.start()
        done.set()
        await asyncio.gather(*posting)

        positions = [each.position for each in acknowledged]
        stood = [await ledger.at(position) for position in positions]
        lost = sum(
            found is None or found.payload != each.payload for found, each in zip(stood, acknowledged, strict=True)
        )
        record_property("leaders_killed", KILLS)
        record_property("acknowledged", len(positions))
        record_property("lost", lost)
        record_property("longest_silence_in_s", round(max(silences), 1))
        assert lost == 0
        assert len(set(positions)) == len(positions)
        ids = [found.subject for found in stood]
        assert len(set(ids)) == len(ids)
        await maker.close()
        await ledger.close()


async def made(maker) -> bool:
    try:
        await create_stream(maker.client, replicas=3)
    except (LedgerMisconfigured, *CONNECTION_ERRORS):
        return False
    return True


async def count_is_above(things, count) -> bool:
    return len(things) > count
