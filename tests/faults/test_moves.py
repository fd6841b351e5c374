"""Workers come, go, are killed and stand still under load: the others take over, and every row is as one would have it.

The short form runs with all tests; `./kembar faults` runs the long one.
"""

import asyncio
import os
import signal
import time
from itertools import islice

from cli.bench.workers import seconds_until_reached, seconds_until_shared, send, tables_of, workers_on
from cli.embedded.reach import engines_environment, settings_from
from shared.ledger.ledger import Entry
from shared.ledger.subjects import subject_of
from shared.postgres.pool import open_pool
from shared.process.settings import Settings
from shared.process.tasks import end
from shared.projection.parking import read_entries
from shared.projection.scope import ALL_PARTITIONS
from shared.wire.envelope import encode
from tests.services.test_projections import PROJECTORS, postings, rows_in
from tests.support.engines import fresh_database, laid_out

ROUNDS = 8 if os.environ.get("FAULTS") == "long" else 1
EVENTS = 12_000 if ROUNDS > 1 else 4_000
AT_ONCE, PAUSE_SECONDS = 8, 0.1
OF_THE_MOMENT = {"checkpoint", "worker", "migration", "published"}
"""Tables that say who works, and how far others were told: not what stands in the ledger."""


class Feed:
    """Appends a history bit by bit, for as long as it is let."""

    def __init__(self, ledger):
        self._ledger = ledger
        self._waiting = iter(postings(EVENTS))
        self.position = 0

    async def run(self):
        while await self.feed():  # noqa: ASYNC110
            await asyncio.sleep(PAUSE_SECONDS)

    async def feed(self):
        """Append some; return the position of the last, 0 where there is nothing more."""
        entries = [
            Entry(each.home, each.id, subject_of(each.home, each.id, each.partnership), encode(each))
            for each in islice(self._waiting, AT_ONCE)
        ]
        if not entries:
            return 0
        self.position = max(self.position, (await self._ledger.append(entries))[-1].position)
        return self.position


async def test_however_workers_come_and_go_every_row_is_as_one_would_have_it(
    nats_server, ledger, database, postgres, tmp_path, record_property
):
    environment = engines_environment(nats_server.address, database, laid_out(tmp_path))
    took = {}
    feed = Feed(ledger)
    async with tables_of(settings_from(environment)) as tables:
        with workers_on(tmp_path, environment) as workers:
            feeding = asyncio.create_task(feed.run())
            for _ in range(ROUNDS):
                await come_and_go(workers, tables, feed, took)
            await end(feeding)
            await seconds_until_reached(tables, await ledger.end(), time.monotonic())
        found = {schema: await without_the_moment(pool, schema) for schema, pool in tables.items()}

    for name, seconds in took.items():
        record_property(name, ", ".join(f"{each:.1f} s" for each in seconds))
    record_property("events", await ledger.end())
    for schema, plain in (await folded(ledger, postgres)).items():
        assert found[schema].keys() == plain.keys()
        for table, rows in plain.items():
            assert found[schema][table] == rows, f"{schema}.{table}"


async def come_and_go(workers, tables, feed, took):
    """One is there, one is added, the first killed, a third added, the second made to stand still and let go on, ended."""

    async def until_shared(name, among):
        since = time.monotonic()
        took.setdefault(f"{name}: until all is shared", []).append(await seconds_until_shared(tables, among, since))
        read = await seconds_until_reached(tables, feed.position, since)
        took.setdefault(f"{name}: until all that was posted by then is in the tables", []).append(read)

    first = workers.add()
    await until_shared("begun", 1)
    second = workers.add()
    await until_shared("added", 2)
    send(first, signal.SIGKILL)
    await until_shared("killed", 1)
    third = workers.add()
    await until_shared("added", 2)
    send(second, signal.SIGSTOP)
    await until_shared("hung", 1)
    send(second, signal.SIGCONT)
    await until_shared("let go on", 2)
    send(third, signal.SIGTERM)
    await until_shared("ended in order", 1)
    if ROUNDS > 1:
        await asyncio.to_thread(second.stop)


async def without_the_moment(pool, schema):
    return {name: rows for name, rows in (await rows_in(pool, schema)).items() if name not in OF_THE_MOMENT}


async def folded(ledger, postgres):
    """The tables that one transaction with all events makes, by a projector that has kept nothing."""
    stored = await ledger._get_many(1, await ledger.end())
    plain = {}
    async with fresh_database(postgres) as database:
        settings = Settings(postgres_dsn=database, postgres_connections=1)
        for schema, projector in PROJECTORS.items():
            async with await open_pool(settings, schema) as pool:
                async with pool.acquire() as connection, connection.transaction():
                    await projector().project(connection, read_entries(stored, settings.zone, ALL_PARTITIONS))
                plain[schema] = await without_the_moment(pool, schema)
    return plain
