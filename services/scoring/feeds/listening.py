"""Who listens to the alerts as they are raised: how many may, and how each is given what it has not had.

One task reads each new alert once, for all who listen, and keeps the last few in memory. Somebody who is further behind
reads pages of the tables. Nobody holds a connection of the database while waiting, and nobody's slowness fills memory:
what a listener has not taken yet is a place in the order, not a queue.
"""

import asyncio
from bisect import bisect_right
from collections.abc import Iterator
from contextlib import contextmanager

import structlog

from services.scoring.feeds.store import EVERYTHING, Place, ToldAlert, Wanted, read_alerts_after
from shared.postgres.pool import DATABASE_ERRORS, Pool
from shared.projection.progress import Progress
from shared.web.seats import Seats

MOST_LISTENERS = 500
REMEMBERED = 1_000
PAGE = 100
LOOK_AGAIN_SECONDS = 1.0
LONGEST_WAIT_SECONDS = 3_600.0

log = structlog.get_logger()


class Recent:
    """The last alerts, all that lie between two places; in order."""

    def __init__(self, remembered: int = REMEMBERED) -> None:
        self.begins_after = Place.after(0)
        self.ends_at = Place.after(0)
        self._alerts: list[ToldAlert] = []
        self._remembered = remembered

    def begin(self, place: Place) -> None:
        """Remember from a place on."""
        self._alerts.clear()
        self.begins_after = self.ends_at = place

    def add(self, alerts: list[ToldAlert], ends_at: Place) -> None:
        """Add all alerts up to a place; the oldest beyond those that are remembered are forgotten."""
        self._alerts.extend(alerts)
        self.ends_at = ends_at
        if (beyond := len(self._alerts) - self._remembered) > 0:
            self.begins_after = self._alerts[beyond - 1].place
            del self._alerts[:beyond]

    def after(self, place: Place, wanted: Wanted) -> list[ToldAlert]:
        """Return what is wanted of the alerts after a place that lies within."""
        first = bisect_right(self._alerts, place, key=lambda each: each.place)
        return [each for each in self._alerts[first:] if wanted.holds(each)]


class Listeners:
    """All who listen in one process."""

    def __init__(self, seats: Seats | None = None) -> None:
        self.recent = Recent()
        self.seats = seats or Seats(MOST_LISTENERS)
        self._news: set[asyncio.Event] = set()

    @contextmanager
    def admitted(self, whom: str) -> Iterator[asyncio.Event]:
        """Admit one more listener of an account; yields what is set whenever there may be news.

        Raises `Fault`: 503 where too many listen, 429 where too many of this account do.
        """
        news = asyncio.Event()
        with self.seats.taken(whom):
            self._news.add(news)
            try:
                yield news
            finally:
                self._news.discard(news)

    async def next(self, pool: Pool, wanted: Wanted, place: Place) -> tuple[list[ToldAlert], Place]:
        """Return some of the next alerts after a place, and the place up to which they are all."""
        if place >= self.recent.begins_after:
            ends_at = max(place, self.recent.ends_at)
            return self.recent.after(place, wanted), ends_at
        until = self.recent.begins_after.position
        alerts = await read_alerts_after(pool, wanted, place, until, PAGE)
        return alerts, alerts[-1].place if len(alerts) == PAGE else Place.after(until)

    async def keep_telling(self, pool: Pool, progress: Progress) -> None:
        """Read what was raised, for all who listen, for ever; through restarts of the database."""
        while not await progress.reach(1, LONGEST_WAIT_SECONDS):
            pass
        self.recent.begin(Place.after(progress.checkpoint.position))
        while True:
            try:
                await progress.reach(self.recent.ends_at.position + 1, LONGEST_WAIT_SECONDS)
                await self._tell(pool, progress.checkpoint.position)
            except (*DATABASE_ERRORS, OSError, TimeoutError) as error:
                log.warning("alerts cannot be read just now", error=repr(error))
                await asyncio.sleep(LOOK_AGAIN_SECONDS)

    async def _tell(self, pool: Pool, until: int) -> None:
        if not self._news:
            self.recent.begin(Place.after(until))
        while self.recent.ends_at < Place.after(until):
            alerts = await read_alerts_after(pool, EVERYTHING, self.recent.ends_at, until, REMEMBERED)
            self.recent.add(alerts, alerts[-1].place if len(alerts) == REMEMBERED else Place.after(until))
            if alerts:
                self._wake()

    def end(self) -> None:
        """Let nobody listen any more: the program stops."""
        self.seats.close()
        self._wake()

    def _wake(self) -> None:
        for news in self._news:
            news.set()
