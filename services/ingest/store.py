"""Ingest's tables: the book by which it decides."""

from collections.abc import Sequence
from datetime import date
from itertools import groupby
from pathlib import Path

import shared.projection
from shared.domain.book import fold
from shared.domain.events import DayClosed
from shared.postgres.migrate import Migration, migrations_in
from shared.postgres.pool import Connection, Pool
from shared.postgres.queries import load_queries
from shared.projection.book_store import read_book, write_book
from shared.projection.run import Read

SCHEMA = "ingest"
queries = load_queries(__file__)


def migrations() -> list[Migration]:
    """Return what makes ingest's schema."""
    own = Path(__file__).with_name("migrations")
    return migrations_in(Path(shared.projection.__file__).with_name("migrations")) + migrations_in(own)


class BookProjector:
    """Keeps the book up to date with the ledger."""

    name = "ingest"

    async def project(self, connection: Connection, read: Sequence[Read]) -> None:
        """Bring the book up to these events."""
        for home, of_home in groupby(read, key=lambda each: each.event.home):
            events = [each.event for each in of_home]
            book = await read_book(connection, home, events)
            changed = [change for event in events for change in fold(book, event)]
            await write_book(connection, home, changed)
            for event in events:
                if isinstance(event.data, DayClosed):
                    await queries.close_day(connection, home=home, day=event.data.day)


async def read_slugs(pool: Pool, home: str) -> list[str]:
    """Return the slugs of all the home's partnerships."""
    return [row["partnership"] async for row in queries.slugs(pool, home=home)]


async def read_last_closed_day(pool: Pool, home: str) -> date | None:
    """Return the home's last closed day, None before the first."""
    day: date | None = await queries.last_closed_day(pool, home=home)
    return day
