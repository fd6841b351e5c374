"""Days are closed by what the tables say, so tables that are behind are waited for."""

import asyncio
import contextlib

from services.ingest.ticker import keep_closing_days
from shared.ledger.follow import Checkpoint
from shared.postgres.pool import open_pool
from shared.process.settings import Settings
from shared.process.tasks import end
from shared.projection.progress import Progress
from tests.shared.ledger.test_append import an_entry
from tests.support.engines import PRESENT
from tests.support.waiting import until


async def test_no_day_is_closed_before_the_tables_have_come_to_the_end_of_the_ledger(ledger, database):
    progress = Progress("ingest")
    settings = Settings(postgres_dsn=database, postgres_connections=2)
    await ledger.append([an_entry()])
    async with await open_pool(settings, "ingest") as pool, _closing(ledger, pool, progress, settings):
        await until(lambda: stands_at(ledger, 2))  # the home is opened
        with contextlib.suppress(TimeoutError):
            await until(lambda: stands_at(ledger, 3), timeout_seconds=0.5)
        assert await ledger.end() == 2

        await progress.advance(Checkpoint(2, "", PRESENT))

        await until(lambda: stands_at(ledger, 3))
        assert b"day.closed" in (await ledger._get_many(3, 1))[0].payload


async def test_of_a_new_ledger_yesterday_is_closed_at_once(ledger, database):
    settings = Settings(postgres_dsn=database, postgres_connections=2)
    async with await open_pool(settings, "ingest") as pool, _closing(ledger, pool, Progress("ingest"), settings):
        await until(lambda: stands_at(ledger, 2))


@contextlib.asynccontextmanager
async def _closing(ledger, pool, progress, settings):
    task = asyncio.create_task(keep_closing_days(ledger, pool, progress, settings, lambda: PRESENT))
    try:
        yield
    finally:
        await end(task)


async def stands_at(ledger, position):
    return await ledger.end() == position
