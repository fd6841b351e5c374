"""Write the passing of time into the ledger: once a day, per home, `day.closed`.

The id of a day's closing is derived from home and day, so any number of tickers write it once.
"""

import asyncio
from dataclasses import replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import structlog

from services.ingest.homes import LEDGER_ITSELF, open_own_home
from services.ingest.store import read_last_closed_days
from shared.domain.events import day_closed_id
from shared.ledger.ledger import CONNECTION_ERRORS, Entry, Ledger, LedgerFull, NotAppended, OutcomeUnknown
from shared.ledger.subjects import subject_of
from shared.postgres.pool import DATABASE_ERRORS, Pool
from shared.process.clock import Clock
from shared.process.settings import Settings
from shared.process.traces import begin
from shared.projection.homes import read_homes
from shared.projection.progress import Progress
from shared.wire.envelope import Posting, encode

LOOK_AGAIN_SECONDS = 20.0
CATCH_UP_SECONDS = 20.0

log = structlog.get_logger()


def days_to_close(last_closed: date | None, today: date) -> list[date]:
    """Return the days that are over and not closed yet, in order; of a new ledger only yesterday."""
    yesterday = today - timedelta(days=1)
    first = yesterday if last_closed is None else last_closed + timedelta(days=1)
    return [first + timedelta(days=number) for number in range((yesterday - first).days + 1)]


async def keep_closing_days(ledger: Ledger, pool: Pool, progress: Progress, settings: Settings, clock: Clock) -> None:
    """Close every day that is over, for ever; open the installation's own home before its first.

    Tables that are computed anew name no day that was closed since: each would be looked for in the ledger. So they are
    waited for.
    """
    while True:
        try:
            await open_own_home(ledger, settings, clock())
            ends_at = await ledger.end()
            if ends_at == 1 or await progress.reach(
                ends_at, CATCH_UP_SECONDS
            ):  # of a new ledger nothing can be missing
                await close_days(ledger, pool, settings, clock)
        except (*CONNECTION_ERRORS, *DATABASE_ERRORS, OutcomeUnknown, LedgerFull) as error:
            log.warning("a day could not be closed yet", error=repr(error))
        await asyncio.sleep(LOOK_AGAIN_SECONDS)


async def close_days(ledger: Ledger, pool: Pool, settings: Settings, clock: Clock) -> None:
    """Close every day of every home that is over there and not closed yet."""
    now = clock()
    closed = await read_last_closed_days(pool)
    zones = {settings.home: settings.zone} | {home.slug: home.zone for home in await read_homes(pool)}
    for home, zone in zones.items():
        for day in days_to_close(closed.get(home), now.astimezone(zone).date()):
            await _close(ledger, _closing(home, day, now, zone))


async def _close(ledger: Ledger, entry: Entry) -> None:
    if await ledger.find(entry.home, entry.event_id) is None:
        try:
            with begin("close a day", "producer") as closing:
                await ledger.append([replace(entry, traceparent=closing.traceparent)])
        except NotAppended:
            log.info("the day was closed by another", home=entry.home)


def _closing(home: str, day: date, now: datetime, zone: ZoneInfo) -> Entry:
    event_id = day_closed_id(home, day)
    data = {"day": day.isoformat()}
    posting = Posting(event_id, home, "day.closed", data, None, LEDGER_ITSELF, now, time_zone=zone.key)
    return Entry(home, event_id, subject_of(home, event_id, None), encode(posting))
