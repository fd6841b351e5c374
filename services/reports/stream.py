"""What comes after a page was shown, as it comes: how many events, and up to which position. For whoever may see them.

One task reads what is new once, for all who listen, and remembers the last of it; nobody who listens holds a connection of
the database, and a slow one fills no memory. A stream ends by itself after two minutes, so that the rights of whoever comes
back with the last position are asked for again.
"""

import asyncio
import json
import re
import time
from collections import deque
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Annotated

import structlog
from fastapi import APIRouter, Depends, Header, Query, Request
from fastapi.responses import StreamingResponse

from services.reports.answers import Reader
from services.reports.page_store import NEWS_TYPES, queries
from shared.domain.access import Principal, partnerships_of
from shared.postgres.pool import DATABASE_ERRORS, Pool
from shared.projection.progress import Progress
from shared.web.seats import Seats, whose_seat

MOST_LISTENERS = 400
REMEMBERED = 2_000
LASTS_SECONDS = 120.0
QUIET_SECONDS = 15.0
"""So often something is sent, so that whatever is between knows that the line is open."""
LONGEST_WAIT_SECONDS = 3_600.0
LOOK_AGAIN_SECONDS = 1.0

router = APIRouter(prefix="/reports/v1", tags=["reports"], include_in_schema=False)
log = structlog.get_logger()


class Listeners:
    """All who listen in one process, and the last events that any of them may want."""

    def __init__(self, seats: Seats | None = None) -> None:
        self.position = 0
        self.seats = seats or Seats(MOST_LISTENERS)
        self._recent: deque[tuple[int, str, str | None]] = deque(maxlen=REMEMBERED)
        self._moved = asyncio.Event()

    def count_after(self, place: int, reader: Principal) -> int:
        """Return how many events after a position a reader may see, of those that are remembered."""
        own = partnerships_of(reader)
        return sum(
            position > place and home == reader.home and (own is None or partnership is None or partnership in own)
            for position, home, partnership in self._recent
        )

    async def moved_beyond(self, place: int, seconds: float) -> bool:
        """Wait until there is something after a position; False where there is not in time, or all is over."""
        moved = self._moved
        if self.position <= place and not self.seats.is_over:
            with suppress(TimeoutError):  # asyncio.wait_for can lose a cancellation that comes with the news
                async with asyncio.timeout(seconds):
                    await moved.wait()
        return self.position > place and not self.seats.is_over

    async def keep_reading(self, pool: Pool, progress: Progress) -> None:
        """Read what comes, for all who listen, for ever; through restarts of the database."""
        while True:  # the first time what came last, for whoever listened elsewhere and goes on here
            try:
                if await progress.reach(self.position + 1, LONGEST_WAIT_SECONDS):
                    await self._read(pool, progress.checkpoint.position)
            except (*DATABASE_ERRORS, OSError, TimeoutError) as error:
                log.warning("what is new cannot be read just now", error=repr(error))
                await asyncio.sleep(LOOK_AGAIN_SECONDS)

    async def _read(self, pool: Pool, until: int) -> None:
        since = max(self.position, until - REMEMBERED)
        found = queries.events_after(pool, since=since, position=until, types=list(NEWS_TYPES), most=REMEMBERED)
        self._recent.extend([(row["position"], row["home"], row["partnership"]) async for row in found])
        self.position = until
        self._wake()

    def end(self) -> None:
        """Let nobody listen any more: the program stops."""
        self.seats.close()
        self._wake()

    def _wake(self) -> None:
        moved, self._moved = self._moved, asyncio.Event()
        moved.set()


async def take_a_seat(request: Request, reader: Reader) -> AsyncIterator[Principal]:
    """Yield who listens, while there is room. Raises `Fault` (429, 503) where there is none."""
    listeners: Listeners = request.app.state.listeners
    with listeners.seats.taken(whose_seat(request, reader)):
        yield reader


@router.get("/stream")
async def stream(
    request: Request,
    listener: Annotated[Principal, Depends(take_a_seat)],
    after: Annotated[int | None, Query(ge=0, le=2**53)] = None,
    last_event_id: Annotated[str | None, Header()] = None,
) -> StreamingResponse:
    """Send how many events came after a position, and which is the last, as server-sent events (`recorded`).

    Begins after `after`, or after the event that `Last-Event-ID` names, else now. Ends after two minutes; come back with the
    last id.
    """
    listeners: Listeners = request.app.state.listeners
    progress: Progress = request.app.state.progress
    resumed = int(last_event_id) if last_event_id and re.fullmatch("[0-9]{1,15}", last_event_id) else None
    place = next((each for each in (resumed, after) if each is not None), progress.checkpoint.position)
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(_told(listeners, listener, place), media_type="text/event-stream", headers=headers)


async def _told(listeners: Listeners, listener: Principal, place: int) -> AsyncIterator[str]:
    yield "retry: 2000\n: listening\n\n"
    ends = time.monotonic() + LASTS_SECONDS
    while not listeners.seats.is_over and (left := ends - time.monotonic()) > 0:
        if not await listeners.moved_beyond(place, min(QUIET_SECONDS, left)):
            yield ": still here\n\n"
            continue
        count, place = listeners.count_after(place, listener), listeners.position
        if count:
            said = json.dumps({"count": count, "position": place})
            yield f"id: {place}\nevent: recorded\ndata: {said}\n\n"
