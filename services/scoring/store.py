"""Scoring's tables: the book, the rulings, the ratings of now."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import shared.projection
from services.scoring.standing import HeldFacts, Standing
from shared.domain.access import ALL_HOMES, Principal, partnerships_in_order
from shared.domain.events import EVENT_TYPES, Event
from shared.domain.occurred import parse_occurred
from shared.domain.rating import Fact
from shared.postgres.migrate import Migration, migrations_in
from shared.postgres.pool import Connection, Pool
from shared.postgres.queries import load_queries
from shared.projection.book_store import read_registry

SCHEMA = "scoring"
queries = load_queries(__file__)


def migrations() -> list[Migration]:
    """Return what makes scoring's schema."""
    own = Path(__file__).with_name("migrations")
    return migrations_in(Path(shared.projection.__file__).with_name("migrations")) + migrations_in(own)


async def read_standing(connection: Connection, home: str, position: int) -> Standing:
    """Return a home as it stands in the tables at a position, its facts left out until they are needed."""
    today: date | None = await queries.today_of(connection, home=home, position=position)
    registry = await read_registry(connection, home)
    return Standing(registry, {}, await _read_rulings(connection, home, position), today)


async def write_days(connection: Connection, home: str, days: Mapping[int, date]) -> None:
    """Keep from which position on each day was today."""
    if days:
        rows = [{"home": home, "position": position, "today": day} for position, day in days.items()]
        await queries.set_today(connection, rows)


async def _read_rulings(connection: Connection, home: str, position: int) -> list[Event]:
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
    document: dict[str, Any]


async def write_ruling(connection: Connection, event: Event) -> None:
    """Keep one ruling."""
    await queries.write_ruling(
        connection,
        home=event.home,
        position=event.position,
        event_id=event.id,
        type=event.type,
        partnership=event.partnership,
        author=event.author,
        recorded_at=event.recorded_at,
        recorded_on=event.recorded_on,
        data=event.data.model_dump(mode="json", exclude_unset=True),
    )


async def read_missing_facts(connection: Connection, home: str, standing: Standing, slugs: Collection[str]) -> None:
    """Add what the ratings of these partnerships are made of, where it is not there."""
    missing = sorted(set(slugs) - standing.facts.keys())
    if not missing:
        return
    facts: dict[str, list[Fact]] = {slug: [] for slug in missing}
    async for row in queries.rated_facts(connection, home=home, partnerships=missing):
        occurred = parse_occurred(row["occurred"])
        facts[row["partnership"]].append(Fact.read(row, occurred.first, occurred.last))
    standing.facts.update({slug: HeldFacts(each) for slug, each in facts.items()})


async def write_ratings(connection: Connection, home: str, rated: Sequence[Rated]) -> None:
    """Keep how partnerships stand now, and what brought them there; sorted, so that two writers never wait for each other."""
    in_order = sorted(rated, key=lambda each: each.partnership)
    await queries.write_ratings(
        connection,
        home=home,
        partnerships=[each.partnership for each in in_order],
        rated_on=[each.on for each in in_order],
        positions=[each.position for each in in_order],
        documents=[json.dumps(each.document) for each in in_order],
    )


async def drop_ratings(connection: Connection, home: str, slugs: Collection[str]) -> None:
    """Forget how partnerships stood that are no longer in force, or not yet."""
    if slugs:
        await queries.drop_rating(connection, home=home, partnerships=sorted(slugs))


async def read_ratings(pool: Pool, reader: Principal, partnership: str | None = None) -> list[Any]:
    """Return the rows of the ratings of now that a reader may see, all or one."""
    home = None if reader.home == ALL_HOMES else reader.home
    allowed = partnerships_in_order(reader)
    return [row async for row in queries.ratings(pool, home=home, partnership=partnership, allowed=allowed)]
