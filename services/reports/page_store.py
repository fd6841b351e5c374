"""What the pages read beyond the ratings: news, months, activities and events that are looked for."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from typing import Any
from uuid import UUID

from services.reports.store import KINDS, ActivityRow, activity_row, deed_of
from shared.domain.access import Principal, partnerships_in_order
from shared.domain.amend import Partnership
from shared.domain.diagnosis import Deed
from shared.domain.events import ActivityFacts, PartnershipFacts
from shared.postgres.pool import Pool
from shared.postgres.queries import load_queries

NEWS_TYPES = (
    "activity.recorded",
    "partnership.registered",
    "partnership.changed",
    "partnership.ended",
    "milestone.reached",
    "programme.agreed",
    "rating.set",
    "rating.lifted",
    "rubric.adopted",
    "import.completed",
    "report.issued",
)
"""What everybody who may read is told of as it comes; corrections and retractions stand in the ledger's own list."""
NEWS_REACH_BACK = 20_000
MOST_LOOKED_AT = 5_000
"""Of the activities that have what is asked for, so many are looked at."""
queries = load_queries(__file__, "pages.sql")


@dataclass(frozen=True, slots=True)
class News:
    """Something that was recorded; `facts` of an activity, as corrected since."""

    position: int
    event_id: UUID
    type: str
    partnership: str | None
    recorded_at: datetime
    facts: ActivityFacts | None


async def read_news(pool: Pool, reader: Principal, position: int, most: int) -> list[News]:
    """Return what was last recorded that the reader may see, the latest first."""
    rows = queries.latest_news(
        pool,
        home=reader.home,
        allowed=partnerships_in_order(reader),
        position=position,
        types=list(NEWS_TYPES),
        back=NEWS_REACH_BACK,
        most=most,
    )
    return [
        News(
            row["position"],
            row["event_id"],
            row["type"],
            row["partnership"],
            row["recorded_at"],
            ActivityFacts.model_validate(row["facts"]) if row["facts"] is not None else None,
        )
        async for row in rows
    ]


async def read_months(
    pool: Pool, home: str, partnerships: Sequence[str], position: int, first: date, last: date
) -> dict[str, dict[str, int]]:
    """Return how many activities counted in each month (`2020-12`) of a period, by partnership."""
    rows = queries.counted_by_month(
        pool,
        home=home,
        partnerships=list(partnerships),
        position=position,
        kinds=list(KINDS),
        first=first,
        last=last,
    )
    counted: dict[str, dict[str, int]] = {each: {} for each in partnerships}
    async for row in rows:
        counted[row["partnership"]][row["month"]] = row["counted"]
    return counted


@dataclass(frozen=True, slots=True)
class Filters:
    """Which activities are looked for; what is None is not asked for."""

    partnership: str | None = None
    indicator: str | None = None
    direction: str | None = None
    outcome: str | None = None
    text: str | None = None
    ids: Sequence[UUID] | None = None
    first: date | None = None
    last: date | None = None
    but: Sequence[UUID] | None = None


async def find_activities(
    pool: Pool, reader: Principal, position: int, filters: Filters, *, withdrawn: bool, most: int, skipped: int = 0
) -> tuple[list[ActivityRow], int]:
    """Return the activities that have all that is asked for, the latest first, and how many do, counted no further than
    `MOST_LOOKED_AT`.
    """
    rows = [
        row
        async for row in queries.activities_found(
            pool,
            home=reader.home,
            allowed=partnerships_in_order(reader),
            position=position,
            withdrawn=withdrawn,
            partnership=filters.partnership,
            indicator=filters.indicator,
            direction=filters.direction,
            outcome=filters.outcome,
            text=filters.text,
            ids=filters.ids,
            but=filters.but,
            first=filters.first,
            last=filters.last,
            looked_at=MOST_LOOKED_AT,
            most=most,
            skipped=skipped,
        )
    ]
    return [activity_row(each) for each in rows], rows[0]["found"] if rows else 0


async def read_timeline(
    pool: Pool, reader: Principal, position: int, partnership: str, first: date | None, last: date, most: int
) -> list[ActivityRow]:
    """Return what one partnership did in a period, at most so much, the latest; without `first`, what was planned too."""
    rows = queries.timeline_as_known(
        pool,
        home=reader.home,
        allowed=partnerships_in_order(reader),
        position=position,
        partnership=partnership,
        first=first,
        last=last,
        most=most,
    )
    return [activity_row(row) async for row in rows]


async def read_documents(
    pool: Pool, reader: Principal, position: int, partnership: str, last: date, zone: tzinfo, most: int
) -> list[Deed]:
    """Return the documents that one partnership signed by a day, at most so many, the latest."""
    rows = queries.documents_as_known(
        pool,
        home=reader.home,
        allowed=partnerships_in_order(reader),
        position=position,
        partnership=partnership,
        last=last,
        most=most,
    )
    return [deed_of(row, zone) async for row in rows]


async def read_names(pool: Pool, reader: Principal, position: int) -> dict[str, dict[str, str]]:
    """Return what the partnerships are called that the reader may see, by language, by their slugs."""
    rows = queries.names_as_known(pool, home=reader.home, allowed=partnerships_in_order(reader), position=position)
    return {row["partnership"]: row["name"] async for row in rows}


async def find_partnerships(pool: Pool, reader: Principal, position: int, text: str, most: int) -> list[Partnership]:
    """Return the partnerships that have a text in what the registry says of them."""
    rows = queries.partnerships_found(
        pool,
        home=reader.home,
        allowed=partnerships_in_order(reader),
        position=position,
        text=text,
        most=most,
    )
    return [
        Partnership(row["partnership"], PartnershipFacts.model_validate(row["facts"]), row["ended_on"])
        async for row in rows
    ]


@dataclass(frozen=True, slots=True)
class StoredEvent:
    """An event as the ledger holds it: `payload` is its bytes."""

    position: int
    event_id: UUID
    type: str
    partnership: str | None
    author: str
    recorded_at: datetime
    payload: bytes


async def read_stored(
    pool: Pool,
    reader: Principal,
    position: int,
    *,
    before: int | None,
    event_type: str | None,
    partnership: str | None,
    most: int,
) -> list[StoredEvent]:
    """Return events as the ledger holds them, as far as the reader may see them, the latest first."""
    rows = queries.events_stored(
        pool,
        home=reader.home,
        allowed=partnerships_in_order(reader),
        position=position,
        before=before,
        type=event_type,
        partnership=partnership,
        most=most,
    )
    return [_stored(row) async for row in rows]


async def read_one_stored(pool: Pool, reader: Principal, position: int, event_id: UUID) -> StoredEvent | None:
    """Return the event of this id, None where there is none that the reader may see."""
    row = await queries.event_stored(
        pool, home=reader.home, allowed=partnerships_in_order(reader), position=position, event_id=event_id
    )
    return _stored(row) if row is not None else None


def _stored(row: Any) -> StoredEvent:  # noqa: ANN401
    return StoredEvent(
        row["position"],
        row["event_id"],
        row["type"],
        row["partnership"],
        row["author"],
        row["recorded_at"],
        bytes(row["payload"]),
    )
