"""What is answered as known at a position is what the log cut there says; and the newest facts rate as all facts do."""

import random
from datetime import UTC, timedelta

import pytest

from services.reports.compose import compose_ratings
from services.reports.project import EventProjector
from services.reports.question import Question
from services.reports.store import Known, read_known, read_newest
from shared.domain.book import Book, fold
from shared.domain.rating import fact_of
from shared.domain.rulings import RULING_TYPES
from shared.postgres.pool import open_pool
from shared.process.settings import Settings
from shared.wire.rating_document import summary_of
from tests.support.build import a_principal, a_rubric
from tests.support.lives import FIRST_DAY, lives

READ = lives(2021, 600)
RUBRICS = [None, a_rubric(window_months=7), a_rubric(window_months=30, travel=False)]


@pytest.fixture
async def pool(database):
    """Reports' tables, with all that was read."""
    opened = await open_pool(Settings(postgres_dsn=database, postgres_connections=1), "reports")
    async with opened.acquire() as connection, connection.transaction():
        await EventProjector().project(connection, READ)
    yield opened
    await opened.close()


def known_of_the_log(position: int) -> Known:
    """What the events up to a position say, read one after the other."""
    book, rulings, posted, staged = Book(), [], {}, {}
    for event in (each.event for each in READ[:position]):
        fold(book, event)
        if event.type in RULING_TYPES:
            rulings.append(event)
        if event.import_id is not None:
            staged.setdefault(event.import_id, set()).add(event.partnership)
        elif event.type == "import.completed":
            posted |= dict.fromkeys(staged.pop(event.data.import_id), event.recorded_at)
        elif event.type.startswith("activity.") and event.partnership is not None:
            posted[event.partnership] = event.recorded_at
    partnerships = sorted(book.partnerships.values(), key=lambda each: each.slug)
    standing = [each for each in book.activities.values() if each.withdrawn_by is None]
    facts = {each.slug: [fact_of(a) for a in standing if a.facts.partnership == each.slug] for each in partnerships}
    return Known(position, partnerships, facts, rulings, posted)


def some_questions() -> list[tuple[int, Question]]:
    """Positions, and days and periods before and after what was recorded by then."""
    chance = random.Random(11)
    asked = []
    for _ in range(40):
        position = chance.randrange(1, len(READ) + 1)
        day = FIRST_DAY + timedelta(days=chance.randrange(-200, 3_000))
        period = (day, day + timedelta(days=chance.randrange(900))) if chance.random() < 0.4 else (None, None)
        asked.append((position, Question(None if period[0] else day, *period, None, None)))
    return asked


async def test_a_rating_as_known_at_a_position_is_that_of_the_log_cut_there(pool):
    for position, question in some_questions():
        known = await read_known(pool, a_principal(), position, UTC)

        assert compose_ratings(known, question) == compose_ratings(known_of_the_log(position), question)


async def test_the_newest_facts_rate_as_all_facts_do_by_any_rubric(pool):
    scores = set()
    for position, question in some_questions():
        newest = await read_newest(pool, a_principal(), position, UTC, question.day)
        for rubric in RUBRICS:
            answer = compose_ratings(newest, question, rubric, newest=True)
            in_full = compose_ratings(known_of_the_log(position), question, rubric)

            assert answer["items"] == [summary_of(each) for each in in_full["items"]]
            scores |= {each["score"] for each in answer["items"]}
    assert scores >= set(range(8))


async def test_a_home_is_read_without_the_facts_of_another(pool):
    newest = await read_newest(pool, a_principal(home="surabaya"), len(READ), UTC, FIRST_DAY + timedelta(days=900))

    assert (newest.partnerships, newest.facts) == ([], {})
