"""Keep a book in a service's own tables: read what some events touch, put back what changed."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any, NamedTuple
from uuid import UUID

from shared.domain.amend import Activity, Partnership
from shared.domain.book import Book, Touched, fold
from shared.domain.events import ActivityFacts, ActivityRecorded, Event, ImportCompleted, PartnershipFacts
from shared.postgres.pool import Connection, Pool
from shared.postgres.queries import load_queries
from shared.projection.scope import Scope

queries = load_queries(__file__)


class BroughtUp(NamedTuple):
    """What changed in a book, and at which position: `changed` one by one, `imported` the partnerships that got an import.

    `before` are the activities that events amended, as they stood before all of them.
    """

    changed: list[tuple[int, Activity | Partnership]]
    imported: list[str]
    before: Mapping[UUID, Activity] = MappingProxyType({})


async def bring_up(
    connection: Connection, home: str, run: Sequence[Event], registry: dict[str, Partnership], scope: Scope
) -> BroughtUp:
    """Bring what the scope holds of the book's tables up to one of the `runs_between_completions`.

    The registry of the home is brought up too.
    """
    completion = run[0]
    if isinstance(completion.data, ImportCompleted):
        return BroughtUp([], await _complete(connection, completion, completion.data, scope))
    book = await read_book(connection, home, run, registry, scope)
    before = dict(book.activities)
    changed = [(event.position, change) for event in run for change in fold(book, event)]
    await write_book(connection, home, [change for _, change in changed])
    await _stage(connection, home, book)
    return BroughtUp(changed, [], before)


def runs_between_completions(events: Sequence[Event]) -> Iterator[Sequence[Event]]:
    """Yield the events in runs, the completion of an import alone.

    What stands after it is too much to be read into a book: tables take a whole import over by one statement.
    """
    first = 0
    for index, event in enumerate(events):
        if isinstance(event.data, ImportCompleted):
            if first < index:
                yield events[first:index]
            yield [event]
            first = index + 1
    if first < len(events):
        yield events[first:]


async def _stage(connection: Connection, home: str, book: Book) -> None:
    staged = [event for events in book.staged.values() for event in events]
    if not staged:
        return
    recorded = [event.data for event in staged if isinstance(event.data, ActivityRecorded)]
    await queries.stage_activities(
        connection,
        home=home,
        imports=[event.import_id for event in staged],
        activities=[event.id for event in staged],
        partnerships=[data.partnership for data in recorded],
        batches=[data.batch for data in recorded],
        facts=[facts_as_json(data) for data in recorded],
    )


async def _complete(connection: Connection, event: Event, data: ImportCompleted, scope: Scope) -> list[str]:
    staged = queries.staged_partnerships(connection, home=event.home, import_id=data.import_id)
    partnerships = [row["partnership"] async for row in staged if scope.holds(event.home, row["partnership"])]
    if partnerships:
        await queries.complete_staged_activities(
            connection,
            home=event.home,
            import_id=data.import_id,
            partnerships=partnerships,
            stated_on=event.recorded_on,
        )
    return partnerships


async def read_book(
    connection: Connection, home: str, events: Iterable[Event], registry: dict[str, Partnership], scope: Scope
) -> Book:
    """Return the book of what the events touch in a scope, as it stood before them; `registry` is its partnerships."""
    touched = Touched()
    for event in events:
        touched.add(event.data)
    amended = await read_touched(connection, home, replace(touched, partnerships=set()))
    return Book(registry, in_scope(amended.activities.values(), home, scope))


def in_scope(activities: Iterable[Activity], home: str, scope: Scope) -> dict[UUID, Activity]:
    """Return those of the activities, by their ids, whose partnership the scope holds."""
    return {each.id: each for each in activities if scope.holds(home, each.facts.partnership)}


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
        book.activities[row["activity"]] = Activity(
            row["activity"], facts_of, row["stated_on"], row["withdrawn_by"], row["amended_by"]
        )
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
            amended_by=[each.amended_by for _, each in activities],
        )


def facts_as_json(facts: ActivityFacts | PartnershipFacts) -> str:
    """Return facts as they are kept in a column, without what was left out."""
    return facts.model_dump_json(exclude_unset=True)


def _partnership(row: Any) -> Partnership:  # noqa: ANN401
    return Partnership(row["partnership"], PartnershipFacts.model_validate(row["facts"]), row["ended_on"])
