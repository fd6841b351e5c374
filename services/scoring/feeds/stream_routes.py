"""The live stream of alerts: server-sent events, resumed where they ended, held to what the reader may see by then."""

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Annotated

import structlog
from fastapi import APIRouter, Depends, Request
from fastapi.sse import EventSourceResponse, ServerSentEvent

from services.scoring.feeds.asked import After, Kinds, OnePartnership, Thresholds, id_of
from services.scoring.feeds.listening import Listeners
from services.scoring.feeds.store import Place, ToldAlert, Wanted, wanted_by
from shared.domain.access import Action, Principal
from shared.postgres.pool import DATABASE_ERRORS
from shared.web.rules import HomeAsked, Requires
from shared.web.seats import whose_seat
from shared.wire.problems import Fault

LOOK_AGAIN_SECONDS = 2.0
"""So often the rights of whoever listens are looked at again."""

router = APIRouter(prefix="/scoring/v1", tags=["scoring"])
log = structlog.get_logger()
may_read = Requires(Action.READ, across=True)


@dataclass(slots=True)
class Seat:
    """Somebody who listens, and the place up to which they have had all they want."""

    request: Request
    home: str | None
    partnership: str | None
    kinds: frozenset[str] | None
    by_law_only: bool
    wanted: Wanted
    place: Place
    news: asyncio.Event
    looked_at_seconds: float

    async def look_again(self) -> bool:
        """Hold to what the reader may see now; False where that is nothing any more."""
        if time.monotonic() - self.looked_at_seconds < LOOK_AGAIN_SECONDS:
            return True
        try:
            reader = await may_read.again(self.request, self.home)
        except Fault:
            return False
        self.wanted = wanted_by(reader, self.partnership, self.kinds, by_law_only=self.by_law_only)
        self.looked_at_seconds = time.monotonic()
        return True


async def take_a_seat(
    request: Request,
    reader: Annotated[Principal, Depends(may_read)],
    after: After,
    kinds: Kinds,
    partnership: OnePartnership = None,
    thresholds: Thresholds = False,
    home: HomeAsked = None,
) -> AsyncIterator[Seat]:
    """Yield a seat among those who listen; raise `Fault` (429, 503) where there is none."""
    listeners: Listeners = request.app.state.listeners
    place = after or Place.after(request.app.state.progress.checkpoint.position)
    with listeners.admitted(whose_seat(request, reader)) as news:
        wanted = wanted_by(reader, partnership, kinds, by_law_only=not thresholds)
        yield Seat(request, home, partnership, kinds, not thresholds, wanted, place, news, time.monotonic())


@router.get("/alerts/stream", response_class=EventSourceResponse)
async def stream(request: Request, seat: Annotated[Seat, Depends(take_a_seat)]) -> AsyncIterable[ServerSentEvent]:
    """Send each alert as it is raised, as an event with its kind as name, its document as data, and an id to resume by.

    Begins now, or after the event that `Last-Event-ID` names. A comment comes every 15 seconds. The stream ends when the
    reader's rights do, and when the service stops; come back with the last id.
    """
    yield ServerSentEvent(id=id_of(seat.place), comment="listening", retry=2_000)
    if request.scope.get("kembar.head"):
        return
    try:
        async for each in _told(request, seat):
            yield ServerSentEvent(id=id_of(each.place), event=each.kind, raw_data=each.json)
    except (*DATABASE_ERRORS, OSError) as error:
        log.warning("a stream of alerts ends", error=repr(error))


async def _told(request: Request, seat: Seat) -> AsyncGenerator[ToldAlert, None]:
    """Yield what somebody wants, until the rights end or the service does."""
    listeners: Listeners = request.app.state.listeners
    pool = request.app.state.runtime.pool
    while not listeners.seats.is_over and await seat.look_again():
        seat.news.clear()
        alerts, place = await listeners.next(pool, seat.wanted, seat.place)
        for each in alerts:
            if listeners.seats.is_over or not await seat.look_again():
                return
            if seat.wanted.holds(each):
                yield each
        if place > seat.place:
            seat.place = place
        else:
            await _any(seat.news)


async def _any(news: asyncio.Event) -> None:
    """Wait for news, but not so long that the rights could end meanwhile."""
    with suppress(TimeoutError):  # asyncio.wait_for can lose a cancellation that comes with the news
        async with asyncio.timeout(LOOK_AGAIN_SECONDS):
            await news.wait()
