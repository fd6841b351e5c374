"""Keep a book in a service's own tables: read what some events touch, put back what changed."""

from collections.abc import Iterable, Sequence
from typing import Any

from shared.domain.amend import Activity, Partnership
from shared.domain.book import Book, Touched
from shared.domain.events import ActivityFacts, Event, PartnershipFacts
from shared.postgres.pool import Connection, Pool
from shared.postgres.queries import load_queries

queries = load_queries(__file__)


async def read_book(connection: Connection | Pool, home: str, events: Iterable[Event]) -> Book:
    """Return the book of what the events touch, as it stood before them."""
    touched = Touched()
    for event in events:
        touched.add(event.data)
    return await read_touched(connection, home, touched)


async def read_touched(connection: Connection | Pool, home: str, touched: Touched) -> Book:
    """Return the book of these partnerships, activities and imports."""
    book = Book()
    if touched.partnerships:
        async for row in queries.partnerships_in_book(connection, home=home, partnerships=sorted(touched.partnerships)):
            facts = PartnershipFacts.model_validate(row["facts"])
            book.partnerships[row["partnership"]] = Partnership(row["partnership"], facts, row["ended_on"])
    rows: list[Any] = []
    if touched.activities:
        rows += [
            row async for row in queries.activities_in_book(connection, home=home, activities=list(touched.activities))
        ]
    for batch in sorted(touched.batches):
        rows += [row async for row in queries.activities_of_batch(connection, home=home, batch=batch)]
    for row in rows:
        facts_of = ActivityFacts.model_validate(row["facts"])
        book.activities[row["activity"]] = Activity(row["activity"], facts_of, row["stated_on"], row["withdrawn_by"])
    return book


async def write_book(connection: Connection, home: str, changed: Sequence[Activity | Partnership]) -> None:
    """Put what changed back; the last state of each counts. Sorted, so that two writers never wait for each other."""
    partnerships = {each.slug: each for each in changed if isinstance(each, Partnership)}
    activities = {each.id: each for each in changed if isinstance(each, Activity)}
    await queries.write_partnership(
        connection,
        [
            {
                "home": home,
                "partnership": each.slug,
                "facts": each.facts.model_dump(mode="json", exclude_unset=True),
                "ended_on": each.ended_on,
            }
            for _, each in sorted(partnerships.items())
        ],
    )
    await queries.write_activity(
        connection,
        [
            {
                "home": home,
                "activity": each.id,
                "partnership": each.facts.partnership,
                "batch": each.facts.batch,
                "facts": each.facts.model_dump(mode="json", exclude_unset=True),
                "stated_on": each.stated_on,
                "withdrawn_by": each.withdrawn_by,
            }
            for _, each in sorted(activities.items())
        ],
    )
