"""At every position the ratings, and their changes, are what a slow reading of the whole log says."""

import os
import random
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import pytest

from services.scoring.grade import Grade
from services.scoring.project import RatingProjector
from shared.domain.book import Book, fold
from shared.domain.events import DayClosed, Event
from shared.domain.rating import History, Rating, fact_of, rate
from shared.domain.rulings import RULING_TYPES, judgements_by_partnership, rubric_in_force
from shared.postgres.pool import open_pool
from shared.process.settings import Settings
from shared.wire.rating_document import rating_document, summary_of
from tests.support.build import HOME
from tests.support.lives import lives

LONG = os.environ.get("FAULTS") == "long"
EVENTS = 10_000 if LONG else 700


class Oracle:
    """The ratings of today, each time computed from everything."""

    def __init__(self) -> None:
        self.book = Book()
        self.rulings: list[Event] = []
        self.today = None
        self.stands: dict[str, Rating] = {}
        self.changes: list[dict[str, Any]] = []
        self.documents: dict[str, dict[str, Any]] = {}

    def read(self, event: Event) -> None:
        fold(self.book, event)
        if event.type in RULING_TYPES:
            self.rulings.append(event)
        if isinstance(event.data, DayClosed):
            self.today = event.data.day + timedelta(days=1)
        before, self.stands = self.stands, {each.partnership: each for each in self._rate_all()}
        for slug in sorted(before.keys() | self.stands.keys()):
            was, now = before.get(slug), self.stands.get(slug)
            if (Grade.of(was) if was else None) != (Grade.of(now) if now else None):
                self.changes.append(
                    {
                        "partnership": slug,
                        "position": event.position,
                        "event_id": event.id,
                        "event_type": event.type,
                        "changed_on": self.today,
                        "before": self.documents[slug] if was else None,
                        "after": self._document(now) if now else None,
                    }
                )
        self.documents = {slug: self._document(each) for slug, each in self.stands.items()}

    def _rate_all(self) -> Iterable[Rating]:
        judgements = judgements_by_partnership(self.rulings)
        rubric = rubric_in_force(self.rulings, self.today)
        for slug, partnership in self.book.partnerships.items():
            if partnership.stands(self.today, self.today):
                facts = (
                    fact_of(each)
                    for each in self.book.activities.values()
                    if each.facts.partnership == slug and each.withdrawn_by is None
                )
                history = History(slug, partnership.facts.mou_date, tuple(facts), judgements.get(slug, ()))
                yield rate(history, rubric, self.today)

    def _document(self, rating: Rating) -> dict[str, Any]:
        return rating_document(rating, self.book.partnerships[rating.partnership])


@pytest.mark.timeout(3_600 if LONG else 300)
async def test_ratings_and_their_changes_are_those_of_the_whole_log_at_every_position(database):
    read, chance, oracle = lives(2020, EVENTS), random.Random(7), Oracle()
    pool = await open_pool(Settings(postgres_dsn=database, postgres_connections=1), "scoring")
    projector = RatingProjector()
    while read:
        batch, read = read[: (size := chance.choice([1, 1, 2, 3, 9, 40]))], read[size:]
        for each in batch:
            oracle.read(each.event)
        if chance.random() < 0.1:
            projector.forget()
        async with pool.acquire() as connection, connection.transaction():
            await projector.project(connection, batch)

        rows = {row["partnership"]: row for row in await pool.fetch("SELECT * FROM rating WHERE home = $1", HOME)}
        assert {slug: row["document"] for slug, row in rows.items()} == oracle.documents
        assert {slug: row["summary"] for slug, row in rows.items()} == {
            slug: summary_of(each) for slug, each in oracle.documents.items()
        }
        assert {row["rated_on"] for row in rows.values()} <= {oracle.today}
        await check_changes(pool, oracle, since=batch[0].event.position)
    await check_changes(pool, oracle, since=0)
    assert {each["event_type"] for each in oracle.changes} >= {
        *("activity.recorded", "activity.corrected", "activity.retracted", "import.completed", "import.reversed"),
        *("rating.set", "rating.lifted", "rubric.adopted", "partnership.changed", "partnership.ended", "day.closed"),
    }
    await pool.close()


async def check_changes(pool: Any, oracle: Oracle, since: int) -> None:
    rows = await pool.fetch("SELECT * FROM rating_change WHERE position >= $1 ORDER BY position, partnership", since)
    expected = [each for each in oracle.changes if each["position"] >= since]
    assert [{name: row[name] for name in each} for row, each in zip(rows, expected, strict=True)] == expected
