"""However a replay is cut into batches, and whatever a worker has kept, the tables say what the plain fold says."""

import asyncio
import random
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime, timedelta
from itertools import islice, pairwise
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis.strategies import integers

from cli.bench.history import HOME, history, slug
from services.ingest.store import BookProjector
from services.reports.project import EventProjector
from services.scoring.project import RatingProjector
from shared.domain.book import Book, fold
from shared.domain.events import home_opened_id
from shared.ledger.ledger import Entry, Stored
from shared.ledger.subjects import PARTITIONS, partition_in, subject_of
from shared.postgres.pool import open_pool
from shared.process.settings import Settings
from shared.projection.parking import Read, project_or_park, read_entries, read_parked, try_parked_again
from shared.projection.scope import ALL_PARTITIONS, Scope
from shared.wire.envelope import Posting, decode, encode
from tests.support.build import an_activity, an_id, rubric_data

PROJECTORS = {"ingest": BookProjector, "scoring": RatingProjector, "reports": EventProjector}
RECORDED_AT = datetime(2026, 11, 21, 3, tzinfo=UTC)
IMPORTED = [an_id(), an_id()]
JUDGEMENT = an_id()
STAGED = an_id()


def what_is_rare() -> list[tuple[str, dict[str, Any], UUID]]:
    """What a made-up history leaves out: imports and their reversal, endings, changes, rulings."""
    activity = an_activity(partnership=slug(3), batch="import-1", occurred="2007-01-20/2007-02-03")
    return [
        ("home.opened", {"name": {"id": "Jakarta"}, "time_zone": "Asia/Jakarta"}, home_opened_id(HOME)),
        ("home.changed", {"changes": {"letterhead": ["Balai Kota"]}, "reason": "Moved in"}, an_id()),
        ("activity.recorded", activity, IMPORTED[0]),
        ("activity.recorded", {**activity, "partnership": slug(4)}, IMPORTED[1]),
        ("rating.set", _judgement(5), JUDGEMENT),
        ("rating.set", _judgement(6), an_id()),
        ("import.reversed", {"batch": "import-1", "reason": "A slip"}, an_id()),
        ("activity.recorded", {**activity, "occurred": "2006-11"}, an_id()),
        ("partnership.ended", {"partnership": slug(7), "ended_on": "2007-01-05", "reason": "Agreed"}, an_id()),
        ("partnership.changed", {"partnership": slug(8), "changes": {"country": "ID"}, "reason": "A slip"}, an_id()),
        ("rating.lifted", {"partnership": slug(5), "judgement": str(JUDGEMENT), "reason": "A slip"}, an_id()),
        ("rubric.adopted", {"rubric": rubric_data(window_months=3), "valid_from": "2007-02-01"}, an_id()),
        ("home.changed", {"changes": {"letterhead": None, "language": "en"}, "reason": "Moved out"}, an_id()),
        ("import.reversed", {"batch": "import-1", "reason": "Once more"}, an_id()),
    ]


def _judgement(number: int) -> dict[str, Any]:
    return {"partnership": slug(number), "rating": "tidak_aktif", "reason": "Silence", "valid_from": "2007-01-02"}


def staged() -> list[Posting]:
    """An import of three rows, and its completion."""
    rows = [an_activity(partnership=slug(number), batch="import-2", occurred="2007-02-11") for number in (1, 2, 2)]
    postings = [
        Posting(an_id(), HOME, "activity.recorded", row, row["partnership"], "jakarta/bureau", RECORDED_AT, STAGED)
        for row in rows
    ]
    completion = {"import": str(STAGED), "batch": "import-2", "rows": 3, "hash": f"sha256:{0:064}"}
    return [*postings, Posting(an_id(), HOME, "import.completed", completion, None, "jakarta/bureau", RECORDED_AT)]


def postings(count: int = 700) -> list[Posting]:
    """A history of some hundred events or more, what is rare spread over its beginning."""
    postings = list(history(count))
    for number, posting in enumerate(staged()):
        postings.insert(400 + 60 * number, posting)
    for number, (event_type, data, event_id) in enumerate(what_is_rare()):
        posting = Posting(event_id, HOME, event_type, data, data.get("partnership"), "jakarta/bureau", RECORDED_AT)
        postings.insert(150 + 41 * number, posting)
    return postings


def _read(posting: Posting, position: int) -> Read:
    recorded_at = RECORDED_AT + timedelta(seconds=position)
    payload = encode(posting)
    subject = subject_of(posting.home, posting.id, posting.partnership)
    return Read(decode(payload, position, recorded_at, UTC), Stored(position, recorded_at, subject, payload))


EVENTS = [_read(posting, position) for position, posting in enumerate(postings(), 1)]


@asynccontextmanager
async def tables(database: str, schema: str) -> AsyncIterator[Any]:
    pool = await open_pool(Settings(postgres_dsn=database, postgres_connections=1), schema)
    try:
        yield pool
    finally:
        await pool.close()


async def rows_in(pool: Any, schema: str) -> dict[str, list[dict[str, Any]]]:
    """Every row of every table; at which batch's end a rating was written plays no part."""
    names = await pool.fetch("SELECT tablename FROM pg_tables WHERE schemaname = $1 ORDER BY tablename", schema)
    found = {}
    for (name,) in names:
        rows = [dict(row) for row in await pool.fetch(f'SELECT * FROM "{name}"')]
        if name == "rating":
            rows = [{column: value for column, value in row.items() if column != "position"} for row in rows]
        found[name] = sorted(rows, key=repr)
    return found


async def one_by_one(pool: Any, schema: str) -> dict[str, list[dict[str, Any]]]:
    """The tables after a transaction per event, by a worker that has kept nothing; then they are emptied."""
    for read in EVENTS:
        async with pool.acquire() as connection, connection.transaction():
            await PROJECTORS[schema]().project(connection, [read])
    found = await rows_in(pool, schema)
    await empty(pool, found)
    return found


async def empty(pool: Any, names: Iterable[str]) -> None:
    for name in set(names) - {"migration"}:
        await pool.execute(f'DELETE FROM "{name}"')


async def project_and_fail(pool: Any, projector: Any, read: list[Read]) -> None:
    async with pool.acquire() as connection, connection.transaction():
        await projector.project(connection, read)
        raise ConnectionError("before the commit")


@pytest.mark.parametrize("schema", PROJECTORS)
async def test_a_worker_that_keeps_what_it_wrote_writes_what_one_that_reads_it_back_writes(database, schema):
    async with tables(database, schema) as pool:
        plain = await one_by_one(pool, schema)

        projector, waiting = PROJECTORS[schema](), iter(EVENTS)
        while batch := list(islice(waiting, 60)):
            async with pool.acquire() as connection, connection.transaction():
                await projector.project(connection, batch)

        assert await rows_in(pool, schema) == plain


@pytest.mark.parametrize("schema", PROJECTORS)
async def test_what_was_kept_of_a_batch_that_failed_is_forgotten(database, schema):
    async with tables(database, schema) as pool:
        plain = await one_by_one(pool, schema)

        projector = PROJECTORS[schema]()
        for first in range(0, len(EVENTS), 100):
            with pytest.raises(ConnectionError):
                await project_and_fail(pool, projector, EVENTS[first : first + 80])
            projector.forget()
            async with pool.acquire() as connection, connection.transaction():
                await projector.project(connection, EVENTS[first : first + 100])

        assert await rows_in(pool, schema) == plain


@pytest.mark.parametrize("schema", ["ingest", "scoring"])
async def test_what_was_kept_is_forgotten_when_the_worker_begins_anew(database, schema):
    (late,) = [read for read in EVENTS if read.event.type == "partnership.changed"]
    behind = next(number for number, read in enumerate(EVENTS) if read.event.position > late.event.position + 20)
    before = [read for read in EVENTS[:behind] if read is not late]
    async with tables(database, schema) as pool:
        plain = await one_by_one(pool, schema)
        projector, another = PROJECTORS[schema](), PROJECTORS[schema]()

        for worker, read in ((projector, before[:60]), (projector, before[60:]), (another, [late])):
            async with pool.acquire() as connection, connection.transaction():
                await worker.project(connection, read)
        projector.forget()
        async with pool.acquire() as connection, connection.transaction():
            await projector.project(connection, EVENTS[behind:])

        assert await rows_in(pool, schema) == plain


@pytest.mark.parametrize("schema", ["ingest", "scoring"])
async def test_the_book_in_the_tables_is_the_fold_of_the_events(database, schema):
    book = Book()
    for event, _ in EVENTS:
        fold(book, event)

    async with tables(database, schema) as pool:
        async with pool.acquire() as connection, connection.transaction():
            await PROJECTORS[schema]().project(connection, EVENTS)
        activities = await pool.fetch("SELECT * FROM activity")
        partnerships = await pool.fetch("SELECT * FROM partnership")

    assert {row["activity"]: (row["facts"], row["stated_on"], row["withdrawn_by"]) for row in activities} == {
        each.id: (each.facts.model_dump(mode="json", exclude_unset=True), each.stated_on, each.withdrawn_by)
        for each in book.activities.values()
    }
    assert {row["partnership"]: (row["facts"], row["ended_on"]) for row in partnerships} == {
        each.slug: (each.facts.model_dump(mode="json", exclude_unset=True), each.ended_on)
        for each in book.partnerships.values()
    }
    assert date(2007, 1, 5) in {row["ended_on"] for row in partnerships}


@settings(
    max_examples=5, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(seed=integers(0, 10**6))
@pytest.mark.parametrize("schema", PROJECTORS)
def test_several_workers_each_at_its_own_pace_write_what_one_writes(schema, database, seed):
    asyncio.run(check_shares(schema, database, random.Random(seed)))


async def check_shares(schema: str, database: str, chance: random.Random) -> None:
    """Cut the partitions into shares, bring each up by itself in batches of any size, and compare."""
    cuts = sorted(chance.sample(range(1, PARTITIONS), chance.randrange(1, 5)))
    shares = [frozenset(range(first, end)) for first, end in pairwise([0, *cuts, PARTITIONS])]
    async with tables(database, schema) as pool:
        async with pool.acquire() as connection, connection.transaction():
            await PROJECTORS[schema]().project(connection, EVENTS)
        plain = await rows_in(pool, schema)
        await empty(pool, plain)
        projectors = [PROJECTORS[schema]() for _ in shares]
        reached = [0] * len(shares)
        while min(reached) < len(EVENTS):
            number = chance.choice([each for each, position in enumerate(reached) if position < len(EVENTS)])
            until = min(reached[number] + chance.randrange(1, 300), len(EVENTS))
            read = [each for each in EVENTS[reached[number] : until] if is_in(shares[number], each)]
            if chance.random() < 0.2:
                projectors[number].forget()
            if read:
                scope = Scope(shares[number], stands_at=reached[number])
                async with pool.acquire() as connection, connection.transaction():
                    await projectors[number].project(connection, read, scope)
            reached[number] = until
        found = await rows_in(pool, schema)
        await empty(pool, found)
    assert found == plain


def is_in(partitions: frozenset[int], read: Read) -> bool:
    number = partition_in(read.entry.subject)
    return number is None or number in partitions


@pytest.mark.parametrize("schema", PROJECTORS)
async def test_what_waited_stands_in_the_end_as_if_it_had_not(schema, database, ledger):
    entries = [
        Entry(each.home, each.id, subject_of(each.home, each.id, each.partnership), encode(each)) for each in postings()
    ]
    stored = await ledger.append(entries)
    bad = next(each.position for each in stored if str(IMPORTED[0]) in each.subject)
    projector = PROJECTORS[schema]()

    class Choosy:
        """The projector as it is before it is mended."""

        name = schema

        def forget(self):
            projector.forget()

        async def project(self, connection, read, scope):
            await projector.project(connection, read, scope)
            assert all(each.event.position != bad for each in read)

    async with tables(database, schema) as pool:
        async with pool.acquire() as connection, connection.transaction():
            await projector.project(connection, read_entries(stored, UTC, ALL_PARTITIONS))
        plain = await rows_in(pool, schema)
        await empty(pool, plain)

        projector.forget()
        for first in range(0, len(stored), 100):
            read = read_entries(stored[first : first + 100], UTC, ALL_PARTITIONS)
            async with pool.acquire() as connection, connection.transaction():
                await project_or_park(connection, Choosy(), read, ALL_PARTITIONS)
        waiting = await read_parked(pool)
        async with pool.acquire() as connection, connection.transaction():
            let_go = await try_parked_again(connection, ledger, projector, UTC, ALL_PARTITIONS, len(stored))

        assert {each.partnership for each in waiting} == {slug(3)}
        assert [each.position for each in waiting if each.error] == [bad]
        assert let_go == len(waiting) > 20
        assert await rows_in(pool, schema) == plain
