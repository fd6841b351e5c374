"""Reports' tables: every event, and the versions of activities and partnerships under both clocks."""

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from pathlib import Path
from typing import Any
from uuid import UUID

import shared.projection
from shared.domain.access import Principal, partnerships_in_order
from shared.domain.amend import Activity, Partnership
from shared.domain.book import Touched
from shared.domain.codes import Direction, Indicator, Mode, Outcome
from shared.domain.diagnosis import Deed
from shared.domain.events import ActivityFacts, ActivityRecorded, Event, ImportCompleted, PartnershipFacts
from shared.domain.occurred import parse_occurred
from shared.domain.rating import Fact
from shared.domain.rulings import RULING_TYPES
from shared.postgres.migrate import Migration, migrations_in
from shared.postgres.pool import Connection, Pool
from shared.postgres.queries import load_queries
from shared.projection.parking import Read
from shared.projection.scope import Scope
from shared.wire.envelope import decode

SCHEMA = "reports"
OF_THE_BOOK = ("0002_book", "0004_staged_activity", "0005_amended")
NOT_IN_THE_LEDGER = ("report_bytes", "job")
"""Tables of what was made from the ledger and is kept, and of work under way: neither is computed anew."""
EVENT_COLUMNS = (
    "position",
    "home",
    "event_id",
    "type",
    "partnership",
    "author",
    "recorded_at",
    "recorded_on",
    "payload",
    "import_id",
)
ACTIVITY_COLUMNS = (
    "activities",
    "from_positions",
    "until_positions",
    "partnerships",
    "batches",
    "indicators",
    "directions",
    "outcomes",
    "modes",
    "first_days",
    "last_days",
    "stated_on",
    "withdrawn_by",
    "facts",
)
STAGED_COLUMNS = (
    "imports",
    "activities",
    "partnerships",
    "batches",
    "indicators",
    "directions",
    "outcomes",
    "modes",
    "first_days",
    "last_days",
    "facts",
)
KINDS = {
    number + 10 * row: (indicator, direction, mode)
    for row, (indicator, mode) in enumerate(
        [*((each, Mode.UNKNOWN) for each in Indicator), (Indicator.JOINT_EVENT, Mode.IN_PERSON)]
    )
    for number, direction in enumerate(Direction)
}
"""What tells which cells an activity lights, by the number that the table's column `kind` has for it."""
NIL = UUID(int=0)
PARTNERSHIP_COLUMNS = ("partnerships", "from_positions", "until_positions", "facts", "ended_on")
queries = load_queries(__file__)


def migrations() -> list[Migration]:
    """Return what makes reports' schema; it keeps versions of its own in place of the book."""
    common = migrations_in(Path(shared.projection.__file__).with_name("migrations"))
    own = migrations_in(Path(__file__).with_name("migrations"))
    return [each for each in common if each.name not in OF_THE_BOOK] + own


@dataclass(frozen=True, slots=True)
class Version:
    """What the ledger says of an activity or a partnership from one position until another, None while it holds."""

    of: Activity | Partnership
    from_position: int
    until_position: int | None = None


async def write_events(connection: Connection, read: Sequence[Read]) -> None:
    """Keep events as stored. What concerns a whole home may be there already: every worker writes it."""
    of_partnerships = [event_row(each) for each in read if each.event.partnership is not None]
    of_homes = [event_row(each) for each in read if each.event.partnership is None]
    if of_partnerships:
        await connection.copy_records_to_table("event", records=of_partnerships, columns=EVENT_COLUMNS)
    if of_homes:
        rows = [dict(zip(EVENT_COLUMNS, row, strict=True)) for row in of_homes]
        await queries.write_event_of_home(connection, rows)


def event_row(read: Read) -> tuple[object, ...]:
    """Return an event and its entry as the values of `EVENT_COLUMNS`."""
    event = read.event
    return (
        event.position,
        event.home,
        event.id,
        event.type,
        event.partnership,
        event.author,
        event.recorded_at,
        event.recorded_on,
        read.entry.payload,
        event.import_id,
    )


async def read_registry(connection: Connection, home: str) -> dict[str, Partnership]:
    """Return the latest version of all partnerships of a home by their slugs."""
    return {row["partnership"]: _partnership(row) async for row in queries.latest_partnerships(connection, home=home)}


async def read_amended(connection: Connection, home: str, touched: Touched) -> list[Activity]:
    """Return the latest version of the activities that some events amend."""
    rows: list[Any] = []
    if touched.activities:
        activities = sorted(touched.activities)
        rows += [row async for row in queries.latest_activities(connection, home=home, activities=activities)]
    if touched.batches:
        batches = sorted(touched.batches)
        rows += [row async for row in queries.latest_activities_of_batches(connection, home=home, batches=batches)]
    return [_activity(row) for row in rows]


async def end_versions(connection: Connection, home: str, ended: Sequence[Version]) -> None:
    """End the versions in the tables at the `until_position` of these."""
    activities = [
        {"home": home, "activity": each.of.id, "until_position": each.until_position}
        for each in ended
        if isinstance(each.of, Activity)
    ]
    partnerships = [
        {"home": home, "partnership": each.of.slug, "until_position": each.until_position}
        for each in ended
        if isinstance(each.of, Partnership)
    ]
    if activities:
        await queries.end_activity_version(connection, activities)
    if partnerships:
        await queries.end_partnership_version(connection, partnerships)


async def write_versions(connection: Connection, home: str, versions: Sequence[Version]) -> None:
    """Keep versions that begin."""
    activities = [_activity_columns(each, each.of) for each in versions if isinstance(each.of, Activity)]
    partnerships = [_partnership_columns(each, each.of) for each in versions if isinstance(each.of, Partnership)]
    if activities:
        columns = zip(ACTIVITY_COLUMNS, zip(*activities, strict=True), strict=True)
        await queries.write_activity_versions(connection, home=home, **dict(columns))
    if partnerships:
        columns = zip(PARTNERSHIP_COLUMNS, zip(*partnerships, strict=True), strict=True)
        await queries.write_partnership_versions(connection, home=home, **dict(columns))


async def stage_activities(connection: Connection, home: str, events: Sequence[Event]) -> None:
    """Keep activities of imports that are not whole yet."""
    rows = [_staged_columns(event, event.data) for event in events if isinstance(event.data, ActivityRecorded)]
    if rows:
        columns = zip(STAGED_COLUMNS, zip(*rows, strict=True), strict=True)
        await queries.stage_activities(connection, home=home, **dict(columns))


async def begin_versions_of_import(connection: Connection, event: Event, data: ImportCompleted, scope: Scope) -> None:
    """Let the activities of an import that a scope holds be known from its completion on."""
    named = {"home": event.home, "import_id": data.import_id}
    await queries.complete_import(connection, **named, position=event.position, recorded_at=event.recorded_at)
    staged = queries.staged_partnerships(connection, **named)
    partnerships = [row["partnership"] async for row in staged if scope.holds(event.home, row["partnership"])]
    if partnerships:
        await queries.begin_versions_of_import(
            connection, **named, position=event.position, stated_on=event.recorded_on, partnerships=partnerships
        )
        await queries.write_partnerships_of_import(
            connection,
            home=event.home,
            position=event.position,
            recorded_at=event.recorded_at,
            partnerships=partnerships,
        )


def _columns_of_facts(facts: ActivityFacts) -> tuple[object, ...]:
    """Return what both tables hold of an activity, from its partnership to the last day that it can mean."""
    occurred = parse_occurred(facts.occurred)
    return (
        facts.partnership,
        facts.batch,
        facts.indicator.value,
        facts.direction.value,
        facts.outcome.value,
        facts.mode.value,
        occurred.first,
        occurred.last,
    )


def _staged_columns(event: Event, facts: ActivityRecorded) -> tuple[object, ...]:
    """Return the values of `STAGED_COLUMNS`."""
    return (
        event.import_id,
        event.id,
        *_columns_of_facts(facts),
        facts.model_dump_json(exclude_unset=True),
    )


def _activity_columns(version: Version, activity: Activity) -> tuple[object, ...]:
    """Return the values of `ACTIVITY_COLUMNS`."""
    facts = activity.facts
    return (
        activity.id,
        version.from_position,
        version.until_position,
        *_columns_of_facts(facts),
        activity.stated_on,
        activity.withdrawn_by,
        facts.model_dump_json(exclude_unset=True),
    )


def _partnership_columns(version: Version, partnership: Partnership) -> tuple[object, ...]:
    """Return the values of `PARTNERSHIP_COLUMNS`."""
    facts = partnership.facts.model_dump_json(exclude_unset=True)
    return partnership.slug, version.from_position, version.until_position, facts, partnership.ended_on


@dataclass(frozen=True, slots=True)
class Known:
    """All that ratings are made of, as it was known at one position."""

    position: int
    partnerships: list[Partnership]
    facts: defaultdict[str, list[Fact]]
    rulings: list[Event]
    last_posted_at: dict[str, datetime]


async def read_position(pool: Pool, known: datetime) -> int:
    """Return the last position recorded by a moment, 0 where there is none."""
    position: int = await queries.position_known_at(pool, known=known)
    return position


async def read_known(
    pool: Pool, reader: Principal, position: int, zone: tzinfo, partnership: str | None = None
) -> Known:
    """Return what was known of the reader's home at a position, as far as it may see it; of one partnership, if named."""
    known = await _read_all_but_facts(pool, reader, position, zone, partnership)
    rows = queries.facts_as_known(pool, **_seen_by(reader, position), partnership=partnership)
    await asyncio.to_thread(_add_facts, known, [row async for row in rows])
    return known


def _add_facts(known: Known, rows: Sequence[Any]) -> None:
    """Of many rows this takes long, so it is done in a thread."""
    for row in rows:
        known.facts[row["partnership"]].append(Fact.read(row, row["first_day"], row["last_day"]))


async def read_newest(pool: Pool, reader: Principal, position: int, zone: tzinfo, day: date) -> Known:
    """Return the same of all partnerships, but of the facts only those that decide ratings for a day.

    Of each kind that is the newest that took effect by then. Facts without an activity of their own, the nil UUID, say
    by which days the others could have taken effect at the earliest. So every rating is as from all facts, by any rubric;
    of the activities behind a cell the newest only is there.
    """
    known = await _read_all_but_facts(pool, reader, position, zone, None)
    recorded_on: date | None = await queries.day_of_position(pool, position=position)
    slugs = [each.slug for each in known.partnerships]
    asked = {"home": reader.home, "position": position, "day": min(day, recorded_on or day), "partnerships": slugs}
    newest = queries.newest_facts_as_known(pool, **asked, kinds=list(KINDS))
    straddling = queries.straddling_facts_as_known(pool, **asked)
    await asyncio.to_thread(_add_newest_facts, known, [row async for row in newest], [row async for row in straddling])
    return known


def _add_newest_facts(known: Known, newest: Sequence[Any], straddling: Sequence[Any]) -> None:
    for row in newest:
        facts = known.facts[row["partnership"]]
        facts.append(_fact_of_kind(row["kind"], row["activity"], row["earliest"], row["effective"]))
        if row["latest_earliest"] is not None:
            facts.append(_fact_of_kind(row["kind"], NIL, row["latest_earliest"], date.max))
    for row in straddling:
        known.facts[row["partnership"]].append(_fact_of_kind(row["kind"], NIL, row["latest_earliest"], date.max))


def _fact_of_kind(number: int, activity: UUID, first: date, last: date) -> Fact:
    indicator, direction, mode = KINDS[number]
    return Fact(activity, indicator, direction, Outcome.HELD, mode, first, last, last)


async def count_facts(pool: Pool, reader: Principal, position: int, partnership: str | None, most: int) -> int:
    """Return of how many facts `read_known` would make ratings, counted no further than `most`."""
    asked = _seen_by(reader, position)
    counted: int = await queries.count_facts_as_known(pool, **asked, partnership=partnership, most=most)
    return counted


def _seen_by(reader: Principal, position: int) -> dict[str, Any]:
    """Return what every query is held to: the reader's home, the partnerships it may see, the position."""
    return {"home": reader.home, "position": position, "allowed": partnerships_in_order(reader)}


async def _read_all_but_facts(
    pool: Pool, reader: Principal, position: int, zone: tzinfo, partnership: str | None
) -> Known:
    partnerships = await read_partnerships(pool, reader, position, partnership)
    slugs = [each.slug for each in partnerships]
    coverage = queries.coverage_as_known(pool, home=reader.home, position=position, partnerships=slugs)
    return Known(
        position=position,
        partnerships=partnerships,
        facts=defaultdict(list),
        rulings=await read_events(pool, reader, position, zone, RULING_TYPES),
        last_posted_at={row["partnership"]: row["last_posted_at"] async for row in coverage},
    )


async def read_partnerships(pool: Pool, reader: Principal, position: int, partnership: str | None) -> list[Partnership]:
    """Return the registry as known at a position, as far as the reader may see it; one entry only, if one is named."""
    asked = _seen_by(reader, position)
    if partnership is not None:
        asked["allowed"] = [partnership] if asked["allowed"] is None or partnership in asked["allowed"] else []
    return [_partnership(row) async for row in queries.partnerships_as_known(pool, **asked)]


async def read_events(
    pool: Pool, reader: Principal, position: int, zone: tzinfo, types: Sequence[str], partnership: str | None = None
) -> list[Event]:
    """Return the events of some types that the reader may see up to a position, in order; of one partnership, if named."""
    rows = queries.events_as_known(pool, **_seen_by(reader, position), types=list(types), partnership=partnership)
    return [decode(row["payload"], row["position"], row["recorded_at"], zone) async for row in rows]


@dataclass(frozen=True, slots=True)
class ActivityRow:
    """An activity as known at a position, with who recorded it when."""

    id: UUID
    facts: ActivityFacts
    effective: date
    last_day: date
    position: int
    recorded_at: datetime
    author: str
    corrected: bool
    withdrawn_by: UUID | None


async def read_activities(
    pool: Pool,
    reader: Principal,
    position: int,
    *,
    partnership: str | None = None,
    first: date | None = None,
    last: date | None = None,
    before: tuple[date, int] | None = None,
    withdrawn: bool = False,
    most: int = 10_000,
) -> list[ActivityRow]:
    """Return activities that the reader may see, whose dates touch the period, as known at a position.

    The latest come first; those before the cursor `before` are left out.
    """
    before_day, before_position = before or (None, None)
    rows = queries.activities_as_known(
        pool,
        home=reader.home,
        allowed=partnerships_in_order(reader),
        position=position,
        partnership=partnership,
        first=first,
        last=last,
        before_day=before_day,
        before_position=before_position,
        withdrawn=withdrawn,
        most=most,
    )
    return [activity_row(row) async for row in rows]


def activity_row(row: Any) -> ActivityRow:  # noqa: ANN401
    """Return the activity of a row of a query."""
    return ActivityRow(
        id=row["activity"],
        facts=ActivityFacts.model_validate(row["facts"]),
        effective=min(row["last_day"], row["stated_on"]),
        last_day=row["last_day"],
        position=row["position"],
        recorded_at=row["recorded_at"],
        author=row["author"],
        corrected=row["from_position"] != row["known_from"] and row["withdrawn_by"] is None,
        withdrawn_by=row["withdrawn_by"],
    )


@dataclass(frozen=True, slots=True)
class DeedRows:
    """Activities with all that is known of them, as rows: to make facts of many takes long."""

    rows: Sequence[Any]
    zone: tzinfo

    def deeds(self) -> list[Deed]:
        """Return the activities; those of an import were posted when it was whole."""
        return [deed_of(row, self.zone) for row in self.rows]


@dataclass(frozen=True, slots=True)
class Where:
    """Which activities are meant: as known at a position, of one partnership or all, that took effect in a period."""

    reader: Principal
    position: int
    partnership: str | None
    first: date | None
    last: date

    @property
    def asked(self) -> dict[str, Any]:
        """The values of a query's parameters."""
        period = {"partnership": self.partnership, "first": self.first, "last": self.last}
        return {**_seen_by(self.reader, self.position), **period}


async def read_deeds(pool: Pool, where: Where, zone: tzinfo) -> DeedRows:
    """Return the activities that are meant, those taken back left out."""
    return DeedRows([row async for row in queries.deeds_as_known(pool, **where.asked)], zone)


async def count_deeds(pool: Pool, where: Where, most: int) -> int:
    """Return how many activities are meant, counted no further than `most`."""
    counted: int = await queries.count_deeds_as_known(pool, **where.asked, most=most)
    return counted


async def read_moment(pool: Pool, position: int) -> datetime | None:
    """Return the moment at which a position was recorded, None before the first."""
    moment: datetime | None = await queries.moment_of_position(pool, position=position)
    return moment


async def read_counted(pool: Pool, reader: Principal, position: int, first: date, last: date) -> dict[str, int]:
    """Return how many activities counted in a period, by partnership."""
    rows = queries.counted_as_known(pool, **_seen_by(reader, position), kinds=list(KINDS), first=first, last=last)
    return {row["partnership"]: row["counted"] async for row in rows}


async def read_counted_by_month(
    pool: Pool, home: str, position: int, partnerships: Sequence[str], first: date, last: date
) -> dict[str, dict[str, int]]:
    """Return how many activities counted in each month (`2020-12`) of a period in which any did, by partnership."""
    asked = {"home": home, "position": position, "partnerships": list(partnerships), "kinds": list(KINDS)}
    counted: dict[str, dict[str, int]] = defaultdict(dict)
    async for row in queries.counted_by_month_as_known(pool, **asked, first=first, last=last):
        counted[row["partnership"]][row["month"]] = row["counted"]
    return counted


async def read_entries(
    pool: Pool, reader: Principal, position: int, first: date, last: date, most: int
) -> Sequence[Any]:
    """Return the rows of the activities of a period, held or not, at most so many."""
    rows = queries.entries_as_known(pool, **_seen_by(reader, position), first=first, last=last, most=most)
    return [row async for row in rows]


async def read_dated_documents(pool: Pool, reader: Principal, position: int, zone: tzinfo) -> list[Deed]:
    """Return the signed documents that name a last day."""
    rows = queries.dated_documents_as_known(pool, **_seen_by(reader, position))
    return [deed_of(row, zone) async for row in rows]


@dataclass(frozen=True, slots=True)
class MovedRows:
    """Versions that began or ended between two positions, as rows: to make facts of many takes long."""

    of_activities: Sequence[Any]
    of_partnerships: Sequence[Any]

    def versions(self) -> list[Version]:
        """Return the versions."""
        return [
            *(Version(_activity(row), row["from_position"], row["until_position"]) for row in self.of_activities),
            *(Version(_partnership(row), row["from_position"], row["until_position"]) for row in self.of_partnerships),
        ]


async def read_moved(pool: Pool, reader: Principal, after: int, position: int, most: int) -> MovedRows:
    """Return the versions of activities, at most so many, and of partnerships that began or ended after a position."""
    asked = {**_seen_by(reader, position), "after": after}
    of_activities = queries.activity_versions_moved(pool, **asked, most=most)
    of_partnerships = queries.partnership_versions_moved(pool, **asked)
    return MovedRows([row async for row in of_activities], [row async for row in of_partnerships])


async def read_events_at(pool: Pool, home: str, positions: Sequence[int], zone: tzinfo) -> list[Event]:
    """Return the events at these positions, in order."""
    rows = queries.events_at(pool, home=home, positions=list(positions))
    return [decode(row["payload"], row["position"], row["recorded_at"], zone) async for row in rows]


def deed_of(row: Any, zone: tzinfo) -> Deed:  # noqa: ANN401
    """Return the activity of a row; one of an import was posted when that was whole."""
    activity = Activity(row["activity"], ActivityFacts.model_validate(row["facts"]), row["stated_on"])
    return Deed(activity, row["recorded_at"].astimezone(zone).date())


def _activity(row: Any) -> Activity:  # noqa: ANN401
    return Activity(row["activity"], ActivityFacts.model_validate(row["facts"]), row["stated_on"], row["withdrawn_by"])


def _partnership(row: Any) -> Partnership:  # noqa: ANN401
    return Partnership(row["partnership"], PartnershipFacts.model_validate(row["facts"]), row["ended_on"])
