"""What the forms need of reports' tables: one event, the versions of an activity, what is like another, an import."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from typing import Any
from uuid import UUID

from shared.domain.access import Principal, partnerships_in_order
from shared.domain.amend import Activity
from shared.domain.events import ActivityFacts, Event
from shared.domain.occurred import parse_occurred
from shared.postgres.pool import Pool
from shared.postgres.queries import load_queries
from shared.wire.canonical import digest
from shared.wire.envelope import decode

MOST_LIKE = 5
queries = load_queries(__file__, "posting.sql")


@dataclass(frozen=True, slots=True)
class StoredEvent:
    """An event, and the hash of the bytes that stand in the ledger."""

    event: Event
    hash: str


@dataclass(frozen=True, slots=True)
class ActivityVersion:
    """What the ledger said of an activity from an event on: who posted that, when, why, and the hash of its bytes.

    `type` is the event's; that of the completion of an import where the activity came with one.
    """

    facts: ActivityFacts
    stated_on: date
    withdrawn_by: UUID | None
    event_id: UUID
    type: str
    position: int
    recorded_at: datetime
    author: str
    reason: str | None
    hash: str


@dataclass(frozen=True, slots=True)
class KnownActivity:
    """An activity with all its versions, the first first."""

    id: UUID
    versions: list[ActivityVersion]

    @property
    def now(self) -> ActivityVersion:
        """The version that stands."""
        return self.versions[-1]

    @property
    def stands_by(self) -> UUID:
        """The event by which it stands: its own, or the last that amended it."""
        return self.id if len(self.versions) == 1 else self.now.event_id

    def activity(self) -> Activity:
        """Return it as the ratings take it."""
        return Activity(self.id, self.now.facts, self.now.stated_on, self.now.withdrawn_by)


@dataclass(frozen=True, slots=True)
class LikeActivity:
    """An activity that another may be a repetition of."""

    id: UUID
    facts: ActivityFacts


async def read_event(pool: Pool, reader: Principal, event_id: UUID, position: int, zone: tzinfo) -> StoredEvent | None:
    """Return an event that the reader may see, None where there is none up to the position."""
    row = await queries.event_(pool, **_seen_by(reader), event_id=event_id, position=position)
    if row is None:
        return None
    return StoredEvent(decode(row["payload"], row["position"], row["recorded_at"], zone), digest(row["payload"]))


async def read_versions(pool: Pool, reader: Principal, activity: UUID, position: int) -> KnownActivity | None:
    """Return all versions of an activity up to a position, None where there is none that the reader may see."""
    rows = queries.versions_of_activity(pool, **_seen_by(reader), activity=activity, position=position)
    versions = [_version(row, activity) async for row in rows]
    return KnownActivity(activity, versions) if versions else None


async def read_like(
    pool: Pool, reader: Principal, data: Mapping[str, Any], most: int = MOST_LIKE
) -> list[LikeActivity]:
    """Return what counts already for the same partnership and indicator with overlapping dates, the most alike first."""
    occurred = parse_occurred(data["occurred"])
    rows = queries.activities_like(
        pool,
        **_seen_by(reader),
        partnership=data["partnership"],
        indicator=data["indicator"],
        occurred=data["occurred"],
        direction=data.get("direction"),
        first=occurred.first,
        last=occurred.last,
        most=most,
    )
    return [LikeActivity(row["activity"], ActivityFacts.model_validate(row["facts"])) async for row in rows]


async def read_batch(pool: Pool, reader: Principal, batch: str) -> frozenset[UUID]:
    """Return the activities of an import that count."""
    rows = queries.activities_of_batch(pool, **_seen_by(reader), batch=batch)
    return frozenset([row["activity"] async for row in rows])


def _version(row: Any, activity: UUID) -> ActivityVersion:  # noqa: ANN401
    own = row["type"] in ("activity.recorded", "import.completed")
    payload = row["recorded_as"] if own else row["payload"]
    event = decode(payload, row["from_position"], row["recorded_at"], row["recorded_at"].tzinfo)
    return ActivityVersion(
        facts=ActivityFacts.model_validate(row["facts"]),
        stated_on=row["stated_on"],
        withdrawn_by=row["withdrawn_by"],
        event_id=activity if own else row["event_id"],
        type=row["type"],
        position=row["recorded_position"] if own else row["from_position"],
        recorded_at=row["recorded_at"],
        author=row["recorded_by"] if own else row["author"],
        reason=getattr(event.data, "reason", None),
        hash=digest(payload),
    )


def _seen_by(reader: Principal) -> dict[str, Any]:
    return {"home": reader.home, "allowed": partnerships_in_order(reader)}
