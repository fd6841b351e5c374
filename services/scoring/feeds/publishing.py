"""Publish every alert on NATS, under `alerts.<home>.<partnership>.<kind>`, at least once, with its id.

It follows the tables, never the ledger, one alert after the other and not too many a second; where NATS does not take
them it waits, and nothing else waits for it.
"""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta

import structlog

from services.scoring.feeds.store import EVERYTHING, Place, ToldAlert, Wanted, queries, read_alerts_after
from shared.ledger.alert_stream import NeverPublished, NotPublished, publish_alert, subject_of_alert
from shared.ledger.ledger import CONNECTION_ERRORS, Ledger
from shared.postgres.pool import DATABASE_ERRORS, Connection, Pool
from shared.process.clock import Clock
from shared.projection.progress import Progress

AT_ONCE = 50
BETWEEN_SECONDS = 0.1
"""At most 500 alerts a second: each is a sync of the disk that the ledger writes to as well."""
LOOK_AGAIN_SECONDS = 5.0
NOT_OLDER = timedelta(days=7)
"""What was raised earlier is not published: tables that are built from nothing do not tell what everybody knows."""

log = structlog.get_logger()


async def keep_publishing(ledger: Ledger, pool: Pool, progress: Progress, clock: Clock) -> None:
    """Publish for ever, through lost connections; of several processes one publishes at a time."""
    while True:
        try:
            until = progress.checkpoint.position
            if await publish_next(ledger, pool, until, clock):
                await asyncio.sleep(BETWEEN_SECONDS)
            else:
                await progress.reach(until + 1, LOOK_AGAIN_SECONDS)
        except (NotPublished, *CONNECTION_ERRORS, *DATABASE_ERRORS) as error:
            log.warning("alerts are published later", error=repr(error))
            await asyncio.sleep(LOOK_AGAIN_SECONDS)


async def publish_next(ledger: Ledger, pool: Pool, until: int, clock: Clock) -> bool:
    """Publish the next alerts up to a position; False where there is none left, or another process is at it.

    What is published and how far that is noted in one transaction. A process that is killed between the two publishes
    again, which the stream knows by the ids.
    """
    since = clock() - NOT_OLDER
    await queries.begin_publishing(pool)
    async with pool.acquire() as connection, connection.transaction(isolation="repeatable_read"):
        row = await queries.take_turn(connection)
        if row is None:
            return False
        published = Place(row["position"], row["alert"])
        await _note_what_is_held_back(connection)
        late = await _publish_what_was_let_go(ledger, connection, published, since)
        alerts = await read_alerts_after(connection, EVERYTHING, published, until, AT_ONCE, since)
        await _publish(ledger, alerts)
        reached = alerts[-1].place if len(alerts) == AT_ONCE else max(published, Place.after(until))
        await _note(connection, "", "", reached)
    return late or len(alerts) == AT_ONCE


async def _note_what_is_held_back(connection: Connection) -> None:
    """Remember how far those are published whose events wait: their alerts come later, behind the others.

    Whoever parked an event moved the checkpoint on in the same transaction, so it is seen here before what stands after it.
    """
    for row in [row async for row in queries.held_back(connection)]:
        await _note(connection, row["home"], row["partnership"], Place.after(row["position"]))


async def _publish_what_was_let_go(ledger: Ledger, connection: Connection, published: Place, since: datetime) -> bool:
    let_go = [row async for row in queries.let_go(connection)]
    for row in let_go:
        home, partnership = row["home"], row["partnership"]
        wanted = Wanted(home, partnership or None)
        place = Place(row["position"], row["alert"])
        alerts = await read_alerts_after(connection, wanted, place, published.position, AT_ONCE, since)
        await _publish(ledger, alerts)
        if len(alerts) == AT_ONCE:
            await _note(connection, home, partnership, alerts[-1].place)
        else:
            await queries.forget_published(connection, home=home, partnership=partnership)
    return bool(let_go)


async def _note(connection: Connection, home: str, partnership: str, place: Place) -> None:
    await queries.write_published(
        connection, home=home, partnership=partnership, position=place.position, alert=place.alert
    )


async def _publish(ledger: Ledger, alerts: Sequence[ToldAlert]) -> None:
    for each in alerts:
        subject = subject_of_alert(each.home, each.partnership, each.kind)
        try:
            await publish_alert(ledger, each.place.alert, subject, each.json.encode())
        except NeverPublished as error:
            log.error("an alert is too large for NATS", alert=str(each.place.alert), error=str(error))
