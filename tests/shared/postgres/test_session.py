"""A session of its own ends at once, whatever has become of its line."""

import asyncio
from contextlib import suppress

from shared.postgres.pool import DATABASE_ERRORS, open_pool, open_session
from tests.support.alerts import settings_of


async def test_a_session_that_the_server_ended_while_it_listened_is_left_at_once_and_without_complaint(database):
    settings = settings_of(database)
    pool = await open_pool(settings, "scoring")
    async with asyncio.timeout(10):
        for _ in range(5):
            async with open_session(settings, "scoring") as session:
                await session.add_listener("kembar_scoring", lambda *_: None)
                await pool.execute("SELECT pg_terminate_backend($1)", session.get_server_pid())
                with suppress(*DATABASE_ERRORS):
                    await session.fetchval("SELECT 1")
    await pool.close()
