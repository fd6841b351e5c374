"""Scoring's tables: the book, the rulings, the ratings of now."""

from collections.abc import Collection, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import shared.projection
from shared.domain.amend import Partnership
from shared.domain.events import EVENT_TYPES, Event, PartnershipFacts
from shared.domain.occurred import parse_occurred
from shared.domain.rating import Fact
from shared.postgres.migrate import Migration, migrations_in
from shared.postgres.pool import Connection, Pool
from shared.postgres.queries import load_queries

SCHEMA = "scoring"
queries = load_queries(__file__)


def migrations() -> list[Migration]:
    """Return what makes scoring's schema."""
    own = Path(__file__).with_name("migrations")
    return migrations_in(Path(shared.projection.__file__).with_name("migrations")) + migrations_in(own)


async def read_today(connection: Connection, home: str) -> date | None:
    """Return the home's today, None before any day was closed."""
    today: date | None = await queries.today_of(connection, home=home)
    return today


async def write_today(connection: Connection, home: str, today: date) -> None:
    """Move the home's calendar on."""
    await queries.set_today(connection, home=home, today=today)


async def read_rulings(connection: Connection, home: str) -> list[Event]:
    """Return all rulings of a home in order."""
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


async def read_registry(connection: Connection, home: str, slugs: Collection[str] | None) -> list[Partnership]:
    """Return these partnerships of a home; all for None."""
    wanted = None if slugs is None else sorted(slugs)
    return [
        Partnership(row["partnership"], PartnershipFacts.model_validate(row["facts"]), row["ended_on"])
        async for row in queries.registry(connection, home=home, partnerships=wanted)
    ]


async def read_facts(connection: Connection, home: str, slugs: Collection[str]) -> dict[str, list[Fact]]:
    """Return what ratings are made of, by partnership."""
    facts: dict[str, list[Fact]] = {slug: [] for slug in slugs}
    async for row in queries.rated_facts(connection, home=home, partnerships=sorted(slugs)):
        occurred = parse_occurred(row["occurred"])
        facts[row["partnership"]].append(Fact.read(row, occurred.first, occurred.last))
    return facts


async def write_ratings(connection: Connection, rows: Sequence[dict[str, Any]]) -> None:
    """Keep how partnerships stand now; sorted, so that two writers never wait for each other."""
    await queries.write_rating(connection, sorted(rows, key=lambda row: (row["home"], row["partnership"])))


async def drop_ratings(connection: Connection, home: str, slugs: Collection[str]) -> None:
    """Forget how partnerships stood that are no longer in force, or not yet."""
    await queries.drop_rating(connection, home=home, partnerships=sorted(slugs))


async def read_ratings(pool: Pool, home: str, partnership: str | None) -> list[Any]:
    """Return the rows of the home's ratings of now, all or one."""
    return [row async for row in queries.ratings(pool, home=home, partnership=partnership)]
