"""How many deliveries are pending and how many have failed, for the status and the metrics."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import structlog

from services.scoring.delivery.matching import queries
from shared.postgres.pool import DATABASE_ERRORS, Pool

COUNT_AGAIN_SECONDS = 10.0
log = structlog.get_logger()


class Counts:
    """What was counted last, of all homes."""

    def __init__(self) -> None:
        self.pending = 0
        self.failed = 0

    async def keep_counting(self, pool: Pool) -> None:
        """Count now and then, for ever."""
        while True:
            try:
                row = await queries.deliveries_of_all(pool)
                self.pending, self.failed = row["pending"], row["failed"]
            except (*DATABASE_ERRORS, OSError, TimeoutError) as error:
                log.warning("the deliveries cannot be counted just now", error=repr(error))
            await asyncio.sleep(COUNT_AGAIN_SECONDS)

    def of_home(self, pool: Pool) -> Callable[[str], Awaitable[dict[str, Any]]]:
        """Return what counts the deliveries of a home now."""

        async def count(home: str) -> dict[str, Any]:
            row = await queries.deliveries_of_home(pool, home=home)
            return {"deliveries": {"pending": row["pending"], "failed": row["failed"]}}

        return count
