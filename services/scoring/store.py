"""Scoring's tables: the book, the rulings, the ratings of now."""

import json
from collections.abc import Collection, Mapping
from datetime import date
from pathlib import Path
from typing import Any

import shared.projection
from services.scoring.standing import HeldFacts, Standing
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


async def read_standing(connection: Connection, home: str) -> Standing:
    """Return a home as it stands in the tables, its facts left out until they are needed."""
    today: date | None = await queries.today_of(connection, home=home)
    registry = await read_registry(connection, home)
    return Standing(registry, {}, await _read_rulings(connection, home), today)


async def write_today(connection: Connection, home: str, today: date) -> None:
    """Move the home's calendar on."""
    await queries.set_today(connection, home=home, today=today)


async def _read_rulings(connection: Connection, home: str) -> list[Event]:
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
        async for row in queries.rulings(connection, home=home)
    ]


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


async def write_ratings(
    connection: Connection,
    home: str,
    rated_on: date,
    positions: Mapping[str, int],
    documents: Mapping[str, dict[str, Any]],
) -> None:
    """Keep how partnerships stand now, and what brought them there; sorted, so that two writers never wait for each other."""
    slugs = sorted(documents)
    await queries.write_ratings(
        connection,
        home=home,
        rated_on=rated_on,
        positions=[positions[slug] for slug in slugs],
        partnerships=slugs,
        documents=[json.dumps(documents[slug]) for slug in slugs],
    )


async def drop_ratings(connection: Connection, home: str, slugs: Collection[str]) -> None:
    """Forget how partnerships stood that are no longer in force, or not yet."""
    if slugs:
        await queries.drop_rating(connection, home=home, partnerships=sorted(slugs))


async def read_ratings(pool: Pool, home: str, partnership: str | None) -> list[Any]:
    """Return the rows of the home's ratings of now, all or one."""
    return [row async for row in queries.ratings(pool, home=home, partnership=partnership)]
