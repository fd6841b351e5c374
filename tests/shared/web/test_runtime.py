"""A service ends when it is told to, whatever its tasks make of being cancelled."""

import asyncio
from contextlib import suppress

from shared.postgres.pool import open_pool
from shared.process.settings import Settings
from shared.projection.progress import Progress
from shared.web.runtime import Runtime


async def test_a_task_that_loses_a_cancellation_is_cancelled_again(nats_server, ledger, database):
    pool = await open_pool(Settings(postgres_dsn=database), "scoring")
    runtime = Runtime(await nats_server.connect(), pool, Progress("scoring"))
    begun, lost = asyncio.Event(), asyncio.Event()

    async def lose_the_first():
        with suppress(asyncio.CancelledError):
            begun.set()
            await asyncio.Event().wait()
        lost.set()
        await asyncio.Event().wait()

    runtime.start(lose_the_first())
    await begun.wait()

    await asyncio.wait_for(runtime.stop(), 10)

    assert lost.is_set()
