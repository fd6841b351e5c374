"""Keep a book in a service's own tables: read what some events touch, put back what changed."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from shared.domain.amend import Activity, Partnership
from shared.domain.book import Book, Touched
from shared.domain.events import ActivityFacts, Event, PartnershipFacts
from shared.postgres.pool import Connection, Pool
from shared.postgres.queries import load_queries

queries = load_queries(__file__)


async def read_book(
    connection: Connection, home: str, events: Iterable[Event], registry: dict[str, Partnership]
) -> Book:
    """Return the book of what the events touch, as it stood before them; `registry` is its partnerships, all of the home's."""
    touched = Touched()
    for event in events:
        touched.add(event.data)
    amended = await read_touched(connection, home, replace(touched, partnerships=set()))
    return Book(registry, amended.activities)


async def read_touched(connection: Connection | Pool, home: str, touched: Touched) -> Book:
    """Return the book of these partnerships, activities and imports."""
    book = Book()
    if touched.partnerships:
        async for row in queries.partnerships_in_book(connection, home=home, partnerships=sorted(touched.partnerships)):
            book.partnerships[row["partnership"]] = _partnership(row)
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


async def read_registry(connection: Connection | Pool, home: str) -> dict[str, Partnership]:
    """Return all partnerships of a home by their slugs."""
    return {row["partnership"]: _partnership(row) async for row in queries.registry_in_book(connection, home=home)}


async def write_book(connection: Connection, home: str, changed: Sequence[Activity | Partnership]) -> None:
    """Put what changed back; the last state of each counts. Sorted, so that two writers never wait for each other."""
    partnerships = sorted({each.slug: each for each in changed if isinstance(each, Partnership)}.items())
    activities = sorted({each.id: each for each in changed if isinstance(each, Activity)}.items())
    if partnerships:
        await queries.write_partnerships(
            connection,
            home=home,
            partnerships=[slug for slug, _ in partnerships],
            facts=[facts_as_json(each.facts) for _, each in partnerships],
            ended_on=[each.ended_on for _, each in partnerships],
        )
    if activities:
        await queries.write_activities(
            connection,
            home=home,
            activities=[activity for activity, _ in activities],
            partnerships=[each.facts.partnership for _, each in activities],
            batches=[each.facts.batch for _, each in activities],
            facts=[facts_as_json(each.facts) for _, each in activities],
            stated_on=[each.stated_on for _, each in activities],
            withdrawn_by=[each.withdrawn_by for _, each in activities],
        )


def facts_as_json(facts: ActivityFacts | PartnershipFacts) -> str:
    """Return facts as they are kept in a column, without what was left out."""
    return facts.model_dump_json(exclude_unset=True)


def _partnership(row: Any) -> Partnership:  # noqa: ANN401
    return Partnership(row["partnership"], PartnershipFacts.model_validate(row["facts"]), row["ended_on"])
