"""Reports' tables: every event, and the versions of activities and partnerships under both clocks."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from pathlib import Path
from typing import Any
from uuid import UUID

import shared.projection
from shared.domain.amend import Activity, Partnership
from shared.domain.book import Book, Touched
from shared.domain.events import ActivityFacts, Event, PartnershipFacts
from shared.domain.rating import Fact
from shared.domain.rulings import RULING_TYPES
from shared.postgres.migrate import Migration, migrations_in
from shared.postgres.pool import Connection, Pool
from shared.postgres.queries import load_queries
from shared.wire.envelope import decode

SCHEMA = "reports"
queries = load_queries(__file__)


def migrations() -> list[Migration]:
    """Return what makes reports' schema; it keeps versions of its own in place of the book."""
    common = migrations_in(Path(shared.projection.__file__).with_name("migrations"))
    own = migrations_in(Path(__file__).with_name("migrations"))
    return [each for each in common if each.name != "0002_book"] + own


async def write_events(connection: Connection, rows: Sequence[dict[str, Any]]) -> None:
    """Keep events as stored."""
    await queries.write_event(connection, rows)


async def read_latest(connection: Connection, home: str, touched: Touched) -> Book:
    """Return the latest version of what some events touch."""
    book = Book()
    slugs, activities, batches = sorted(touched.partnerships), sorted(touched.activities), sorted(touched.batches)
    async for row in queries.latest_partnerships(connection, home=home, partnerships=slugs):
        book.partnerships[row["partnership"]] = _partnership(row)
    if activities or batches:
        async for row in queries.latest_activities(connection, home=home, activities=activities, batches=batches):
            facts = ActivityFacts.model_validate(row["facts"])
            book.activities[row["activity"]] = Activity(row["activity"], facts, row["stated_on"], row["withdrawn_by"])
    return book


async def end_and_write_versions(
    connection: Connection, ended: Sequence[dict[str, Any]], written: Sequence[dict[str, Any]]
) -> None:
    """End the versions that other versions follow, and write those that begin."""
    await queries.end_activity_version(connection, [row for row in ended if "activity" in row])
    await queries.end_partnership_version(connection, [row for row in ended if "activity" not in row])
    await queries.write_activity_version(connection, [row for row in written if "activity" in row])
    await queries.write_partnership_version(connection, [row for row in written if "activity" not in row])


@dataclass(frozen=True, slots=True)
class Known:
    """All that ratings are made of, as it was known at one position."""

    position: int
    partnerships: list[Partnership]
    facts: dict[str, list[Fact]]
    rulings: list[Event]
    last_posted_at: dict[str, datetime]


async def read_position(pool: Pool, known: datetime) -> int:
    """Return the last position recorded by a moment, 0 where there is none."""
    position: int = await queries.position_known_at(pool, known=known)
    return position


async def read_known(pool: Pool, home: str, position: int, zone: tzinfo, partnership: str | None = None) -> Known:
    """Return what was known of a home at a position; facts of one partnership only, if one is named."""
    facts: dict[str, list[Fact]] = defaultdict(list)
    async for row in queries.facts_as_known(pool, home=home, position=position, partnership=partnership):
        facts[row["partnership"]].append(Fact.read(row, row["first_day"], row["last_day"]))
    rulings = queries.rulings_as_known(pool, home=home, position=position, types=list(RULING_TYPES))
    return Known(
        position=position,
        partnerships=[
            _partnership(row)
            async for row in queries.partnerships_as_known(pool, home=home, position=position)
            if partnership in (None, row["partnership"])
        ],
        facts=facts,
        rulings=[decode(row["payload"], row["position"], row["recorded_at"], zone) async for row in rulings],
        last_posted_at={
            row["partnership"]: row["last_posted_at"]
            async for row in queries.coverage_as_known(pool, home=home, position=position)
        },
    )


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
    home: str,
    position: int,
    *,
    partnership: str | None = None,
    first: date | None = None,
    last: date | None = None,
    before: tuple[date, int] | None = None,
    withdrawn: bool = False,
    most: int = 10_000,
) -> list[ActivityRow]:
    """Return activities whose dates touch the period, as known at a position, latest first, after the cursor `before`."""
    before_day, before_position = before or (None, None)
    rows = queries.activities_as_known(
        pool,
        home=home,
        position=position,
        partnership=partnership,
        first=first,
        last=last,
        before_day=before_day,
        before_position=before_position,
        withdrawn=withdrawn,
        most=most,
    )
    return [
        ActivityRow(
            id=row["activity"],
            facts=ActivityFacts.model_validate(row["facts"]),
            effective=min(row["last_day"], row["stated_on"]),
            last_day=row["last_day"],
            position=row["position"],
            recorded_at=row["recorded_at"],
            author=row["author"],
            corrected=row["from_position"] != row["position"] and row["withdrawn_by"] is None,
            withdrawn_by=row["withdrawn_by"],
        )
        async for row in rows
    ]


def _partnership(row: Any) -> Partnership:  # noqa: ANN401
    return Partnership(row["partnership"], PartnershipFacts.model_validate(row["facts"]), row["ended_on"])
