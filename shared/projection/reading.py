"""Read from a standby of PostgreSQL where one is set, and from the primary while that one is away or too far behind.

What a reader was told once is there the next time too: whoever answers goes back to the standby only when it stands where
the primary stood. A standby cannot be listened to, so the primary says when there is something new.
"""

import asyncio
import time
from typing import Any, cast

import structlog

from shared.ledger.follow import Checkpoint
from shared.postgres.pool import (
    DATABASE_ERRORS,
    ENDED_BY_THE_STANDBY,
    SERVER_IS_AWAY,
    Pool,
    open_pool_of_standby,
)
from shared.process.settings import Settings
from shared.projection.progress import Progress, read_checkpoint

ANSWERS_WITHIN_SECONDS = 2.0
BEHIND_SECONDS = 3.0
"""A standby that does not come to where the primary stood so long ago is not read from: sooner than any reader has waited in
vain."""
LOOK_AGAIN_SECONDS = 0.5
CATCHING_UP_SECONDS = 0.01
log = structlog.get_logger()


class Reading:
    """A standby and its primary, asked through the same door as one pool; what the one cannot answer, the other does."""

    def __init__(self, settings: Settings, schema: str, primary: Pool) -> None:
        self._settings = settings
        self._schema = schema
        self._primary = primary
        self._standby: Pool | None = None
        self.away: str | None = "It was not asked yet."

    @property
    def as_pool(self) -> Pool:
        """The same for whoever reads by named queries: these take a connection, ask once, and give it back."""
        return cast(Pool, self)

    async def acquire(self) -> "_Asked":
        """Return what takes one question; there is nothing to give back."""
        return _Asked(self)

    async def release(self, asked: "_Asked") -> None:
        """Do nothing: each question has given its connection back."""

    async def ask(self, how: str, sql: str, values: tuple[Any, ...]) -> Any:  # noqa: ANN401
        """Ask the standby, unless it is away; what it could not answer is asked of the primary."""
        if self.away is None and self._standby is not None:
            try:
                return await _ask(self._standby, how, sql, values)
            except SERVER_IS_AWAY as error:
                self.fall_back(repr(error))
            except ENDED_BY_THE_STANDBY as error:
                log.info("a question to the standby was in its way", schema=self._schema, error=repr(error))
        return await _ask(self._primary, how, sql, values)

    async def look(self) -> Checkpoint | None:
        """Ask the standby how far it is; None where it does not say so in time, and then it is away."""
        try:
            async with asyncio.timeout(ANSWERS_WITHIN_SECONDS):
                if self._standby is None:
                    self._standby = await open_pool_of_standby(self._settings, self._schema, ANSWERS_WITHIN_SECONDS)
                return await read_checkpoint(self._standby, self._schema)
        except (*SERVER_IS_AWAY, *DATABASE_ERRORS) as error:
            self.leave(repr(error))
            return None

    def come_back(self) -> None:
        """Read from the standby from now on."""
        if self.away is not None:
            log.info("reading from the standby", schema=self._schema)
        self.away = None

    def leave(self, why: str) -> None:
        """Read from the primary; what the standby was asked and has not answered is asked there again at once."""
        self.fall_back(why)
        if self._standby is not None:
            standby, self._standby = self._standby, None
            standby.terminate()

    def close(self) -> None:
        """Close what leads to the standby; the primary's pool is its owner's."""
        if self._standby is not None:
            self._standby.terminate()

    def fall_back(self, why: str) -> None:
        """Read from the primary from now on."""
        if self.away is None:
            log.warning("reading from the primary: the standby is away", schema=self._schema, why=why)
        self.away = why


class _Asked:
    """A connection as named queries use one."""

    def __init__(self, reading: Reading) -> None:
        self._reading = reading

    async def fetch(self, sql: str, *values: Any) -> Any:  # noqa: ANN401
        """Return all rows."""
        return await self._reading.ask("fetch", sql, values)

    async def fetchrow(self, sql: str, *values: Any) -> Any:  # noqa: ANN401
        """Return the first row, None where there is none."""
        return await self._reading.ask("fetchrow", sql, values)

    async def fetchval(self, sql: str, *values: Any) -> Any:  # noqa: ANN401
        """Return the first value of the first row, None where there is none."""
        return await self._reading.ask("fetchval", sql, values)


async def _ask(pool: Pool, how: str, sql: str, values: tuple[Any, ...]) -> Any:  # noqa: ANN401
    async with pool.acquire() as connection:
        return await getattr(connection, how)(sql, *values)


async def watch_reading(reading: Reading, primary: Progress, progress: Progress) -> None:
    """Keep `progress` as those tables have it that are read from, for ever.

    `primary` says how far the primary is, and is kept by another task.
    """
    async with asyncio.TaskGroup() as group:
        group.create_task(_follow_primary(reading, primary, progress))
        group.create_task(_follow_standby(reading, primary, progress))


async def _follow_primary(reading: Reading, primary: Progress, progress: Progress) -> None:
    """While the standby is away, what the primary has is what can be read: that must not wait for a standby's silence."""
    while True:
        if reading.away is not None:
            await progress.advance(primary.checkpoint)
        progress.trouble = primary.trouble
        await primary.reach(primary.checkpoint.position + 1, LOOK_AGAIN_SECONDS)


async def _follow_standby(reading: Reading, primary: Progress, progress: Progress) -> None:
    pace = Pace()
    while True:
        there = primary.checkpoint.position
        found = await reading.look()
        if found is None:
            await asyncio.sleep(LOOK_AGAIN_SECONDS)
        elif pace.is_too_slow(found.position, there, time.monotonic()):
            reading.fall_back(f"It has not come to position {pace.awaited} for more than {BEHIND_SECONDS:.0f} s.")
            await asyncio.sleep(LOOK_AGAIN_SECONDS)
        elif found.position >= progress.checkpoint.position:
            reading.come_back()
            await progress.advance(found)
            if found.position < there:
                await asyncio.sleep(CATCHING_UP_SECONDS)
            else:
                await primary.reach(there + 1, LOOK_AGAIN_SECONDS)
        else:
            await asyncio.sleep(CATCHING_UP_SECONDS)


class Pace:
    """Whether a standby keeps up: it comes to where the primary stood, in time."""

    def __init__(self) -> None:
        self.awaited = 0
        self._since_seconds = 0.0

    def is_too_slow(self, standby: int, primary: int, now_seconds: float) -> bool:
        """Say whether the standby has been waited for too long, by any clock that only goes forward."""
        if standby >= self.awaited:
            self.awaited, self._since_seconds = primary, now_seconds
        return standby < self.awaited and now_seconds - self._since_seconds > BEHIND_SECONDS
