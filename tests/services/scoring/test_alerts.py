"""The alerts in the tables are those of the plain loop, whoever wrote them, in whatever batches."""

import os
import random
from itertools import pairwise
from typing import Any
from uuid import UUID

import pytest

from services.scoring.alerts import read_alert, read_alerts
from services.scoring.project import RatingProjector
from shared.domain.alerting import AlertKind
from shared.domain.book import Book, fold
from shared.ledger.subjects import PARTITIONS, partition_in
from shared.postgres.pool import open_pool
from shared.process.settings import Settings
from shared.projection.scope import EVERYTHING, Scope
from tests.support.build import a_partnership, a_principal, an_activity
from tests.support.lives import Life, events_of, lives, read_from
from tests.support.plain_alerts import PlainAlerts

LONG = os.environ.get("FAULTS") == "long"
READ = lives(11, 4_000 if LONG else 450)
EVENTS = events_of(READ)
TABLES = ("alert", "watch", "outbox", "calendar")


@pytest.fixture
async def pool(database):
    opened = await open_pool(Settings(postgres_dsn=database, postgres_connections=1), "scoring")
    yield opened
    await opened.close()


async def project(pool: Any, projector: RatingProjector, read: list[Any], scope: Scope = EVERYTHING) -> None:
    async with pool.acquire() as connection, connection.transaction():
        await projector.project(connection, read, scope)


async def project_all(pool: Any) -> None:
    """Bring the tables up to all events, in batches of any size, at times by a worker that has kept nothing."""
    chance, projector, waiting = random.Random(3), RatingProjector(), list(READ)
    while waiting:
        batch, waiting = waiting[: (size := chance.choice([1, 2, 9, 40]))], waiting[size:]
        if chance.random() < 0.2:
            projector.forget()
        await project(pool, projector, batch)


async def rows_of(pool: Any) -> dict[str, list[str]]:
    return {
        table: sorted(row[0] for row in await pool.fetch(f"SELECT each::text FROM {table} AS each")) for table in TABLES
    }


def plainly_told() -> list[tuple]:
    plain = PlainAlerts()
    for event in EVENTS:
        plain.read(event)
    return plain.told


@pytest.mark.timeout(1_200 if LONG else 300)
async def test_the_alerts_in_the_tables_are_those_of_the_plain_loop(pool):
    await project_all(pool)

    rows = await pool.fetch("SELECT * FROM alert ORDER BY position, alert")
    columns = ("position", "partnership", "kind", "rule", "by_law", "crossed", "due", "raised_on", "alert", "about")
    assert [
        (*(row[name] for name in columns[:5]), tuple(row["crossed"]), *(row[name] for name in columns[6:]))
        for row in rows
    ] == sorted(plainly_told(), key=lambda each: (each[0], each[-2]))
    assert len(rows) > 100
    waiting = await pool.fetch(
        "SELECT home, alert, partnership, position, raised_at FROM outbox ORDER BY position, alert"
    )
    assert waiting == await pool.fetch(
        "SELECT home, alert, partnership, position, raised_at FROM alert ORDER BY position, alert"
    )


async def test_workers_that_share_the_partitions_write_what_one_writes(pool):
    await project_all(pool)
    plain = await rows_of(pool)
    for (table,) in await pool.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'scoring'"):
        if table != "migration":
            await pool.execute(f'DELETE FROM "{table}"')
    chance = random.Random(8)
    shares = [frozenset(range(first, end)) for first, end in pairwise([0, 9, 30, PARTITIONS])]
    workers, reached = [RatingProjector() for _ in shares], [0] * len(shares)
    while min(reached) < len(READ):
        number = chance.choice([each for each, position in enumerate(reached) if position < len(READ)])
        until = min(reached[number] + chance.randrange(1, 120), len(READ))
        read = [
            each
            for each in READ[reached[number] : until]
            if partition_in(each.entry.subject) in (None, *shares[number])
        ]
        if read:
            await project(pool, workers[number], read, Scope(shares[number], stands_at=reached[number]))
        reached[number] = until

    assert await rows_of(pool) == plain


async def test_an_alert_says_what_was_known_when_it_was_raised(pool):
    titles, book = {}, Book()
    for event in EVENTS:
        fold(book, event)
        titles |= {
            (event.position, str(each.id)): each.facts.title.model_dump(exclude_none=True)
            for each in book.activities.values()
        }
    await project_all(pool)

    documents = [row["document"] for row in await pool.fetch("SELECT document FROM alert ORDER BY position, alert")]
    said = {each["id"]: each for each in documents}
    last = [(each["position"], each["last_activity"]) for each in documents if each["last_activity"]]
    assert [each["title"] for _, each in last] == [titles[position, each["id"]] for position, each in last]
    assert len({str(each["title"]) for _, each in last}) > 3
    withdrawn = [each for each in documents if each["kind"] == "withdrawn"]
    assert withdrawn
    for each in withdrawn:
        about = {name: value for name, value in said[each["withdraws"]["id"]].items() if name != "withdraws"}
        assert each["withdraws"] == about
        assert each["rule"] == f"withdrawn/{about['rule']}"
    fell = [each for each in documents if each["kind"] == "rating_fell"]
    assert all(each["score"]["before"] >= 0 and each["rating"]["before"] != each["rating"]["after"] for each in fell)


async def test_a_title_that_is_corrected_later_in_the_same_batch_is_not_known_yet(pool):
    life, activity = Life(random.Random(1)), UUID(int=7)
    title = {"activity": str(activity), "changes": {"title": {"en": "The vice mayor visits"}}, "reason": "A slip"}
    postings = [
        life.posting("partnership.registered", a_partnership(), "hanoi"),
        life.posting("activity.recorded", an_activity(occurred="2012-05-22"), "hanoi", activity),
        life.close(1),
        life.posting("activity.corrected", title, "hanoi"),
        life.close(30),
    ]
    await project(pool, RatingProjector(), read_from(postings))

    documents = [row["document"] for row in await pool.fetch("SELECT document FROM alert ORDER BY position, rule")]
    assert [(each["rule"], each["last_activity"]["title"]["en"]) for each in documents] == [
        ("dormancy", "The mayor visits"),
        ("silence", "The mayor visits"),
        ("silence", "The vice mayor visits"),
    ]


async def test_alerts_are_read_in_pages_by_those_who_may_see_them(pool):
    await project_all(pool)
    up_to, bureau = READ[-1].event.position, a_principal("bureau")
    every = await read_alerts(pool, bureau, up_to=up_to, most=10_000)

    pages, before = [], None
    while page := await read_alerts(pool, bureau, up_to=up_to, before=before, most=30):
        pages += page
        before = page[-1].mark
    assert pages == every == sorted(every, key=lambda each: each.mark, reverse=True)
    middle = every[len(every) // 2]
    assert (
        await read_alerts(pool, bureau, up_to=up_to, after=middle.mark, most=7)
        == every[::-1][len(every) - len(every) // 2 :][:7]
    )
    assert await read_alerts(pool, bureau, up_to=middle.position - 1, most=10_000) == [
        each for each in every if each.position < middle.position
    ]

    embassy = a_principal("embassy", partnerships=frozenset({"city-1"}))
    theirs = await read_alerts(pool, embassy, up_to=up_to, most=10_000)
    assert {each.partnership for each in theirs} == {"city-1"}
    others = next(each for each in every if each.partnership != "city-1")
    assert await read_alert(pool, embassy, others.alert, up_to=up_to) is None
    assert await read_alert(pool, bureau, others.alert, up_to=up_to) == others
    withdrawn = await read_alerts(pool, bureau, up_to=up_to, kinds=["withdrawn"], by_law_only=True, most=10_000)
    assert {(each.kind, each.by_law) for each in withdrawn} == {(AlertKind.WITHDRAWN, True)}
