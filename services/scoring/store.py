"""Scoring's tables but those of alerts: the book, the rulings, the ratings of now."""

import json
from collections.abc import Collection, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import shared.projection
from services.scoring.grade import Grade, Held
from services.scoring.history import KeptChange
from services.scoring.standing import NEVER_LOOKED_AT, Change, HeldFacts, Standing
from shared.domain.access import ALL_HOMES, Principal, Role, partnerships_in_order
from shared.domain.codes import Milestone
from shared.domain.events import EVENT_TYPES, Event, MilestoneReached
from shared.domain.foresight import Foresight, foresee
from shared.domain.occurred import parse_occurred
from shared.domain.rating import Fact, History
from shared.domain.rulings import rubric_in_force
from shared.postgres.migrate import Migration, migrations_in
from shared.postgres.pool import Connection, Pool
from shared.postgres.queries import load_queries
from shared.projection.book_store import read_registry
from shared.wire.rating_document import as_shown_to, summary_of

SCHEMA = "scoring"
NOT_IN_THE_LEDGER = (
    "outbox",
    "published",
    "acknowledgement",
    "attempt",
    "digest_alert",
    "delivery",
    "snooze",
    "webhook_secret",
    "subscription",
)
"""What was handed on, and to whom, is not built anew; what refers to another stands before it."""
NO_JUDGEMENT = '"official":null'
"""How it stands in a rating as it is kept that there is none; within a text its quotes would be escaped."""
CARRIED_OVER = ("outbox",)
"""Of these, what only the rebuilt tables have come to is taken over."""
queries = load_queries(__file__)


def migrations() -> list[Migration]:
    """Return what makes scoring's schema."""
    own = Path(__file__).with_name("migrations")
    return migrations_in(Path(shared.projection.__file__).with_name("migrations")) + migrations_in(own)


async def read_standing(connection: Connection, home: str, position: int) -> Standing:
    """Return a home as it stands in the tables at a position, its facts left out until they are needed."""
    today: date | None = await queries.today_of(connection, home=home, position=position)
    registry = await read_registry(connection, home)
    return Standing(registry, await read_rulings(connection, home, position), today)


async def read_day_in_time(connection: Connection, home: str, position: int) -> date | None:
    """Return the day after the last that was closed in time, up to a position; None before any."""
    day: date | None = await queries.day_in_time(connection, home=home, position=position)
    return day


async def write_days(connection: Connection, home: str, days: Mapping[int, date], in_time: Container[int]) -> None:
    """Keep from which position on each day was today, and whether it began in time."""
    if days:
        rows = [
            {"home": home, "position": position, "today": day, "live": position in in_time}
            for position, day in days.items()
        ]
        await queries.set_today(connection, rows)


async def read_rulings(connection: Connection, home: str, position: int) -> list[Event]:
    """Return what the home's bureau had ruled up to a position, in order."""
    return [
        Event(
            position=row["position"],
            recorded_at=row["recorded_at"],
            recorded_on=row["recorded_on"],
            id=row["event_id"],
            home=home,
            type=row["type"],
            author=row["author"],
            partnership=row["partnership"],
            data=EVENT_TYPES[row["type"]].model_validate(row["data"]),
        )
        async for row in queries.rulings(connection, home=home, position=position)
    ]


@dataclass(frozen=True, slots=True)
class Rated:
    """How a partnership stands on a day, and the position of the event that brought it there."""

    partnership: str
    on: date
    position: int
    recorded_at: datetime
    document: dict[str, Any]


async def write_rulings(connection: Connection, events: Sequence[Event]) -> None:
    """Keep rulings, of which another worker may have kept some already."""
    rows = [
        {
            "home": event.home,
            "position": event.position,
            "event_id": event.id,
            "type": event.type,
            "partnership": event.partnership,
            "author": event.author,
            "recorded_at": event.recorded_at,
            "recorded_on": event.recorded_on,
            "data": event.data.model_dump(mode="json", exclude_unset=True),
        }
        for event in events
    ]
    if rows:
        await queries.write_ruling(connection, rows)


async def write_memoranda(connection: Connection, events: Iterable[Event]) -> None:
    """Keep the memoranda that were signed or renewed, and until when each holds."""
    rows = [
        {
            "home": event.home,
            "position": event.position,
            "event_id": event.id,
            "partnership": event.data.partnership,
            "recorded_at": event.recorded_at,
            "valid_until": event.data.valid_until,
        }
        for event in events
        if isinstance(event.data, MilestoneReached) and event.data.milestone in (Milestone.SIGNING, Milestone.RENEWAL)
    ]
    if rows:
        await queries.write_memorandum(connection, rows)


async def write_changes(connection: Connection, home: str, changes: Sequence[Change]) -> None:
    """Keep what has changed, for ever."""
    if changes:
        await queries.write_changes(
            connection,
            home=home,
            partnerships=[each.partnership for each in changes],
            positions=[each.event.position for each in changes],
            event_ids=[each.event.id for each in changes],
            event_types=[each.event.type for each in changes],
            recorded_at=[each.event.recorded_at for each in changes],
            changed_on=[each.on for each in changes],
            grades=[json.dumps(each.grade.document()) if each.grade else None for each in changes],
            before=[json.dumps(each.before) if each.before else None for each in changes],
            after=[json.dumps(each.after) if each.after else None for each in changes],
        )


async def read_missing(connection: Connection, home: str, standing: Standing, slugs: Collection[str]) -> None:
    """Add what the ratings of these partnerships are made of, and how they stand, where it is not there."""
    await _read_missing_facts(connection, home, standing, slugs)
    missing = sorted(set(slugs) - standing.held.keys())
    standing.held.update(dict.fromkeys(missing, NEVER_LOOKED_AT))
    if missing:
        async for row in queries.last_grades(connection, home=home, partnerships=missing):
            grade = Grade.read(row["grade"]) if row["grade"] is not None else None
            standing.held[row["partnership"]] = Held(grade, date.min)


async def _read_missing_facts(connection: Connection, home: str, standing: Standing, slugs: Collection[str]) -> None:
    missing = sorted(set(slugs) - standing.facts.keys())
    if not missing:
        return
    facts = await _read_facts(connection, home, missing)
    standing.facts.update({slug: HeldFacts(each) for slug, each in facts.items()})


async def _read_facts(connection: Connection, home: str, slugs: Sequence[str]) -> dict[str, list[Fact]]:
    facts: dict[str, list[Fact]] = {slug: [] for slug in slugs}
    async for row in queries.rated_facts(connection, home=home, partnerships=slugs):
        occurred = parse_occurred(row["occurred"])
        facts[row["partnership"]].append(Fact.read(row, occurred.first, occurred.last))
    return facts


async def write_ratings(connection: Connection, home: str, rated: Sequence[Rated]) -> None:
    """Keep how partnerships stand now, and what brought them there; sorted, so that two writers never wait for each other."""
    in_order = sorted(rated, key=lambda each: each.partnership)
    await queries.write_ratings(
        connection,
        home=home,
        partnerships=[each.partnership for each in in_order],
        rated_on=[each.on for each in in_order],
        positions=[each.position for each in in_order],
        recorded_at=[each.recorded_at for each in in_order],
        documents=[as_json(each.document) for each in in_order],
        summaries=[as_json(summary_of(each.document)) for each in in_order],
    )


async def drop_ratings(connection: Connection, home: str, slugs: Collection[str]) -> None:
    """Forget how partnerships stood that are no longer in force, or not yet."""
    if slugs:
        await queries.drop_rating(connection, home=home, partnerships=sorted(slugs))


def as_json(document: Mapping[str, Any]) -> str:
    """Return a document as it is kept and sent, without white space."""
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"))


@dataclass(frozen=True, slots=True)
class KeptRating:
    """How a partnership stands now: the JSON as it is kept, and the event that brought it there."""

    home: str
    on: date
    position: int
    json: str


async def read_ratings(
    pool: Pool | Connection, reader: Principal, partnership: str | None = None, *, newest: bool = False
) -> list[KeptRating]:
    """Return the ratings of now that a reader may see, all or one; with `newest`, the newest activity of each cell only."""
    rows = (queries.summaries if newest else queries.ratings)(
        pool,
        home=None if reader.home == ALL_HOMES else reader.home,
        partnership=partnership,
        allowed=partnerships_in_order(reader),
    )
    return [KeptRating(row["home"], row["rated_on"], row["position"], row["document"]) async for row in rows]


def ratings_as_json(kept: Sequence[KeptRating], reader: Principal, position: int) -> str:
    """Return the ratings of now as they are answered. They stay the text they are: to read and write it takes longest."""
    items = ",".join(rating_as_json(each, reader) for each in kept)
    return f'{{"items":[{items}],"position":{position}}}'


def rating_as_json(kept: KeptRating, reader: Principal, **more: Any) -> str:  # noqa: ANN401
    """Return a rating as its reader may see it: what is kept, and what is said beside it."""
    shown = kept.json
    if reader.role is Role.PUBLIC and NO_JUDGEMENT not in shown:
        shown = as_json(as_shown_to(reader, json.loads(shown)))
    beside = as_json({"home": kept.home, "on": kept.on.isoformat(), "position": kept.position, **more})
    return f"{shown.removesuffix('}')},{beside.removeprefix('{')}"


async def read_foresight(pool: Pool, reader: Principal, slug: str) -> tuple[KeptRating, Foresight] | None:
    """Return how a partnership stands and what will become of it, both of one moment; None where it is not in force."""
    async with pool.acquire() as connection, connection.transaction(isolation="repeatable_read", readonly=True):
        kept = await read_ratings(connection, reader, slug)
        if not kept:
            return None
        registry = await read_registry(connection, reader.home)
        facts = await _read_facts(connection, reader.home, [slug])
        # Another worker may have come further with the rulings than this partnership's has.
        rubric = rubric_in_force(await read_rulings(connection, reader.home, kept[0].position), kept[0].on)
    history = History(slug, registry[slug].facts.mou_date, tuple(facts[slug]))
    return kept[0], foresee(history, rubric, kept[0].on)


async def read_changes(pool: Pool, home: str, slug: str, before: int | None, most: int) -> list[KeptChange]:
    """Return how a partnership's rating changed before a position, the latest first."""
    rows = queries.changes_before(pool, home=home, partnership=slug, position=before, most=most)
    return [
        KeptChange(
            position=row["position"],
            event_id=row["event_id"],
            event_type=row["event_type"],
            recorded_at=row["recorded_at"],
            on=row["changed_on"],
            grade_before=Grade.read(row["grade_before"]) if row["grade_before"] else None,
            grade=Grade.read(row["grade"]) if row["grade"] else None,
            before=row["before"],
            after=row["after"],
        )
        async for row in rows
    ]


async def is_registered(pool: Pool, home: str, slug: str) -> bool:
    """Say whether the home has, or had, a partnership of this name."""
    return bool(await queries.is_registered(pool, home=home, partnership=slug))
