"""Write the passing of time into the ledger: once a day, per home, `day.closed`.

The id of a day's closing is derived from home and day, so any number of tickers write it once.
"""

import asyncio
from datetime import date, datetime, timedelta

import structlog

from services.ingest.store import read_last_closed_day
from shared.domain.events import day_closed_id
from shared.ledger.ledger import CONNECTION_ERRORS, Entry, Ledger, LedgerFull, NotAppended, OutcomeUnknown
from shared.ledger.subjects import subject_of
from shared.postgres.pool import DATABASE_ERRORS, Pool
from shared.process.clock import Clock
from shared.process.settings import Settings
from shared.wire.envelope import Posting, encode

LOOK_AGAIN_SECONDS = 20.0
AUTHOR = "kembar"

log = structlog.get_logger()


def days_to_close(last_closed: date | None, today: date) -> list[date]:
    """Return the days that are over and not closed yet, in order; of a new ledger only yesterday."""
    yesterday = today - timedelta(days=1)
    first = yesterday if last_closed is None else last_closed + timedelta(days=1)
    return [first + timedelta(days=number) for number in range((yesterday - first).days + 1)]


async def keep_closing_days(ledger: Ledger, pool: Pool, settings: Settings, clock: Clock) -> None:
    """Close every day that is over, for ever."""
    while True:
        try:
            await close_days(ledger, pool, settings, clock)
        except (*CONNECTION_ERRORS, *DATABASE_ERRORS, OutcomeUnknown, LedgerFull) as error:
            log.warning("a day could not be closed yet", error=repr(error))
        await asyncio.sleep(LOOK_AGAIN_SECONDS)


async def close_days(ledger: Ledger, pool: Pool, settings: Settings, clock: Clock) -> None:
    """Close every day of the home that is over and not closed yet."""
    now = clock()
    today = now.astimezone(settings.zone).date()
    for day in days_to_close(await read_last_closed_day(pool, settings.home), today):
        entry = _closing(settings.home, day, now)
        if await ledger.find(entry.home, entry.event_id) is None:
            try:
                await ledger.append([entry])
            except NotAppended:
                log.info("the day was closed by another", home=settings.home, day=day.isoformat())


def _closing(home: str, day: date, now: datetime) -> Entry:
    event_id = day_closed_id(home, day)
    posting = Posting(event_id, home, "day.closed", {"day": day.isoformat()}, None, AUTHOR, now)
    return Entry(home, event_id, subject_of(home, event_id, None), encode(posting))
