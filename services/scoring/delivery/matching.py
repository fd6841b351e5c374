"""From the outbox to deliveries: whom to tell of an alert, and when; in the transaction that takes it out of the outbox."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from operator import itemgetter
from typing import Any
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

from services.scoring.delivery.timing import Quiet, digest_after, outside_of
from shared.postgres.pool import Connection, Pool
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


async def hand_out(connection: Connection, settings: Settings, now: datetime) -> list[str]:
    """Turn what is in the outbox into deliveries; return the kinds of those alerts, none too where another does it just now."""
    if not await queries.anything_raised(connection):
        return []
    async with connection.transaction():
        if not await queries.one_matches_at_a_time(connection):
            return []
        raised = [row async for row in queries.raised(connection, most=MOST_AT_ONCE)]
        homes = {slug: await home_of(connection, slug, settings) for slug in {row["home"] for row in raised}}
        young = [row for row in raised if now - row["raised_at"] <= TOO_OLD]
        for rows in runs_without_a_withdrawal_of_their_own(young):
            await write(connection, rows, await _told(connection, rows, homes, now), homes, now)
        if raised:
            named = {"homes": [row["home"] for row in raised], "alerts": [row["alert"] for row in raised]}
            await queries.handed_out(connection, **named)
    return [row["kind"] for row in raised]


@dataclass(frozen=True, slots=True)
class AtHome:
    """What must be known of a home to tell of it: its zone, and whether the public may read."""

    zone: ZoneInfo
    released: bool


async def home_of(connection: Connection | Pool, slug: str, settings: Settings) -> AtHome:
    """Return what must be known of a home."""
    home = await read_home(connection, slug)
    return AtHome(home.zone if home is not None else settings.zone, is_home_released(settings, slug, home))


Told = list[tuple[int, Recipient]]
"""Who is to be told, each with the place of the alert in the list."""


def runs_without_a_withdrawal_of_their_own(rows: Sequence[Any]) -> Iterator[list[Any]]:
    """Cut alerts into runs, in order, so that what one of them withdraws stands before its run: it must be written first."""
    run: list[Any] = []
    for row in rows:
        if row["about"] in {each["alert"] for each in run}:
            yield run
            run = []
        run.append(row)
    if run:
        yield run


async def _told(connection: Connection, rows: Sequence[Any], homes: Mapping[str, AtHome], now: datetime) -> Told:
    """Return who is to be told of a run of alerts, in their order, whatever they say."""
    news = [turn for turn, row in enumerate(rows) if row["about"] is None]
    withdrawals = [turn for turn, row in enumerate(rows) if row["about"] is not None]
    told = await match(connection, [rows[turn] for turn in news], homes, now) if news else []
    taken_back = await _told_of(connection, [rows[turn] for turn in withdrawals], now) if withdrawals else []
    in_order = [(news[turn], each) for turn, each in told] + [(withdrawals[turn], each) for turn, each in taken_back]
    return sorted(in_order, key=itemgetter(0))


async def match(connection: Connection, rows: Sequence[Any], homes: Mapping[str, AtHome], now: datetime) -> Told:
    """Return who is to be told of these alerts, one alert after the other."""
    found = queries.matched(
        connection,
        homes=[row["home"] for row in rows],
        alerts=[row["alert"] for row in rows],
        released=[homes[row["home"]].released for row in rows],
        today=[now.astimezone(homes[row["home"]].zone).date() for row in rows],
    )
    return [(row["turn"], _recipient(row)) async for row in found]


async def _told_of(connection: Connection, rows: Sequence[Any], now: datetime) -> Told:
    """Take alerts back from whom nobody has tried to tell them; return who was told, or may have been."""
    named = {"homes": [row["home"] for row in rows], "alerts": [row["about"] for row in rows]}
    await queries.drop_untold(connection, **named, now=now)
    if digests := [each["delivery"] async for each in queries.untold_digests(connection, **named)]:
        await queries.take_out_of_digests(connection, alerts=named["alerts"], digests=digests)
        await queries.drop_empty_digests(connection, digests=digests)
    return [(each["turn"], _recipient(each)) async for each in queries.told(connection, **named)]


def _recipient(row: Any) -> Recipient:  # noqa: ANN401
    quiet = quiet_of(row["quiet_from"], row["quiet_to"])
    return Recipient(row["subscription"], row["receiver"], row["digest"], quiet)


async def write(
    connection: Connection, rows: Sequence[Any], told: Told, homes: Mapping[str, AtHome], now: datetime
) -> None:
    """Write what tells these alerts, each message when it is due."""
    planned = [
        (rows[turn], plan(rows[turn]["alert"], each, now, homes[rows[turn]["home"]].zone)) for turn, each in told
    ]
    alone = [(row, each) for row, each in planned if each.period_ends is None]
    for first in range(0, len(alone), MOST_ROWS):
        part = alone[first : first + MOST_ROWS]
        named = {
            "homes": [row["home"] for row, _ in part],
            "partnerships": [row["partnership"] for row, _ in part],
            "alerts": [row["alert"] for row, _ in part],
            "traceparents": [row["traceparent"] for row, _ in part],
        }
        await queries.write_deliveries(connection, now=now, **named, **_columns([each for _, each in part]))
    for row in rows if any(each.period_ends is not None for _, each in planned) else ():
        gathered = [each for of, each in planned if of is row and each.period_ends is not None]
        await _gather(connection, row, gathered, homes[row["home"]].zone, now)


async def _gather(
    connection: Connection,
    row: Any,  # noqa: ANN401
    gathered: Sequence[Planned],
    zone: ZoneInfo,
    now: datetime,
) -> None:
    """Put an alert into digests, into the next one where the one of now is being sent and takes no more."""
    while gathered:
        found = queries.gather(connection, home=row["home"], alert=row["alert"], now=now, **_columns(gathered))
        done = {each["delivery"] async for each in found}
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
