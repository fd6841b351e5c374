"""From the outbox to deliveries: whom to tell of an alert, and when; in the transaction that takes it out of the outbox."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

from services.scoring.delivery.timing import Quiet, digest_after, outside_of
from shared.postgres.pool import Connection
from shared.postgres.queries import load_queries
from shared.process.settings import Settings
from shared.projection.homes import read_home
from shared.web.homes import is_home_released

MOST_AT_ONCE = 100
MOST_ROWS = 5_000
TOO_OLD = timedelta(days=7)
"""An alert that is older when it is taken up is told to nobody: its tables were built from nothing after a loss."""

queries = load_queries(__file__)


@dataclass(frozen=True, slots=True)
class Recipient:
    """A subscription that is to be told, and how it wants that."""

    subscription: UUID
    receiver: str
    digest: str
    quiet: Quiet | None


@dataclass(frozen=True, slots=True)
class Planned:
    """A message: its id, which follows from what it tells and to whom, and when it is due."""

    delivery: UUID
    recipient: Recipient
    due_at: datetime
    period_ends: datetime | None = None


def quiet_of(begins: time | None, ends: time | None) -> Quiet | None:
    """Return quiet hours as a value."""
    return Quiet(begins, ends) if begins is not None and ends is not None else None


def plan(alert: UUID, recipient: Recipient, now: datetime, zone: ZoneInfo) -> Planned:
    """Return the message that tells a recipient of an alert: at once, after quiet hours, or with the next digest."""
    if recipient.digest == "none":
        message = uuid5(alert, str(recipient.subscription))
        return Planned(message, recipient, outside_of(recipient.quiet, now, zone))
    ends = digest_after(now, zone, weekly=recipient.digest == "weekly")
    message = uuid5(recipient.subscription, f"{recipient.digest} {ends.isoformat()}")
    return Planned(message, recipient, outside_of(recipient.quiet, ends, zone), ends)


async def hand_out(connection: Connection, settings: Settings, now: datetime) -> int:
    """Turn what is in the outbox into deliveries; return how many alerts that were, 0 too where another does it just now."""
    async with connection.transaction():
        if not await queries.one_matches_at_a_time(connection):
            return 0
        raised = [row async for row in queries.raised(connection, most=MOST_AT_ONCE)]
        for row in raised:
            if now - row["raised_at"] <= TOO_OLD:
                await _hand_out_one(connection, row, settings, now)
        if raised:
            homes, alerts = [row["home"] for row in raised], [row["alert"] for row in raised]
            await queries.handed_out(connection, homes=homes, alerts=alerts)
    return len(raised)


async def _hand_out_one(connection: Connection, row: Any, settings: Settings, now: datetime) -> None:  # noqa: ANN401
    home = await read_home(connection, row["home"])
    zone = home.zone if home is not None else settings.zone
    if row["about"] is None:
        released = is_home_released(settings, row["home"], home)
        recipients = await match(connection, row, now.astimezone(zone), released=released)
    else:
        recipients = await _told_of(connection, row["home"], row["about"], now)
    for first in range(0, len(recipients), MOST_ROWS):
        await _write(connection, row, recipients[first : first + MOST_ROWS], now, zone)


async def match(
    connection: Connection,
    row: Any,  # noqa: ANN401
    now: datetime,
    *,
    released: bool,
) -> list[Recipient]:
    """Return who is to be told of an alert; `now` is in the home's zone."""
    scopes = [("all", ""), ("partnership", row["partnership"])]
    scopes += [(name, row[name]) for name in ("country", "issue") if row[name] is not None]
    scopes += sorted({("rating", row[each]) for each in ("rating_before", "rating_after") if row[each] is not None})
    found = queries.matched(
        connection,
        home=row["home"],
        scopes=[scope for scope, _ in scopes],
        values=[value for _, value in scopes],
        raised_at=row["raised_at"],
        kind=row["kind"],
        by_law=row["by_law"],
        crossed=row["crossed"],
        released=released,
        partnership=row["partnership"],
        today=now.date(),
    )
    return [_recipient(each) async for each in found]


async def _told_of(connection: Connection, home: str, about: UUID, now: datetime) -> list[Recipient]:
    """Take an alert back from whom nobody has tried to tell it; return who was told, or may have been."""
    named = {"home": home, "alert": about}
    await queries.drop_untold(connection, **named, now=now)
    digests = [each["delivery"] async for each in queries.untold_digests(connection, **named)]
    await queries.take_out_of_digests(connection, alert=about, digests=digests)
    await queries.drop_empty_digests(connection, digests=digests)
    return [_recipient(each) async for each in queries.told(connection, **named)]


def _recipient(row: Any) -> Recipient:  # noqa: ANN401
    quiet = quiet_of(row["quiet_from"], row["quiet_to"])
    return Recipient(row["subscription"], row["receiver"], row["digest"], quiet)


async def _write(
    connection: Connection,
    row: Any,  # noqa: ANN401
    recipients: Sequence[Recipient],
    now: datetime,
    zone: ZoneInfo,
) -> None:
    planned = [plan(row["alert"], each, now, zone) for each in recipients]
    alone = [each for each in planned if each.period_ends is None]
    if alone:
        await queries.write_deliveries(
            connection, home=row["home"], partnership=row["partnership"], alert=row["alert"], now=now, **_columns(alone)
        )
    gathered = [each for each in planned if each.period_ends is not None]
    while gathered:
        rows = queries.gather(connection, home=row["home"], alert=row["alert"], now=now, **_columns(gathered))
        done = {each["delivery"] async for each in rows}
        # A digest that is being sent takes no more: what came too late for it goes into the next one.
        gathered = [
            plan(row["alert"], each.recipient, each.period_ends, zone)
            for each in gathered
            if each.delivery not in done and each.period_ends is not None
        ]


def _columns(planned: Sequence[Planned]) -> dict[str, list[Any]]:
    return {
        "deliveries": [each.delivery for each in planned],
        "subscriptions": [each.recipient.subscription for each in planned],
        "receivers": [each.recipient.receiver for each in planned],
        "due_at": [each.due_at for each in planned],
    }
