"""What is told of partnerships is what the plainest reading of the whole log tells, however much is left out of looking."""

import os
import random
from datetime import date

from hypothesis import given, settings
from hypothesis.strategies import integers

from services.scoring.standing import HeldFacts, Standing
from services.scoring.watches import Raised, Watches
from shared.domain.amend import Activity
from shared.domain.book import Book, fold
from shared.domain.events import Event, ImportCompleted
from shared.domain.foresight import foresee
from shared.domain.rating import History, fact_of
from tests.support.build import a_partnership, an_activity, an_id
from tests.support.lives import Life, events_of, lives, read_from
from tests.support.plain_alerts import PlainAlerts

LONG = os.environ.get("FAULTS") == "long"


class Worker:
    """What scoring keeps in memory of a home, without tables."""

    def __init__(self) -> None:
        self.book = Book()
        self.standing = Standing({}, [], None)
        self.watches = Watches(None)
        self.told = []

    def read(self, event: Event) -> None:
        if event.partnership is not None:
            self.standing.facts.setdefault(event.partnership, HeldFacts())
        changed = fold(self.book, event)
        imported = []
        if isinstance(event.data, ImportCompleted):
            imported = sorted({each.facts.partnership for each in changed})
            self.standing.forget_facts(imported)
            self.standing.facts |= {slug: self._facts(slug) for slug in imported}
            changed = []
        to_grade = self.standing.take(event, changed, imported)
        to_look_at = self.watches.take(event, changed, imported, self.standing)
        for slug in to_grade:
            self.standing.regrade(event, slug)
        for slug in to_look_at:
            raised = self.watches.look(event, slug, self.standing)
            if raised:
                self._check_foresight(slug, raised)
            for each in raised.alerts if raised else ():
                named = (
                    each.kind.value,
                    each.rule,
                    each.by_law,
                    each.crossed,
                    each.due,
                    raised.on,
                    each.id,
                    each.about,
                )
                self.told.append((event.position, slug, *named))

    def _check_foresight(self, slug: str, raised: Raised) -> None:
        facts, rubric = self.standing.facts[slug], raised.now.rating.rubric
        whole = foresee(History(slug, None, facts.that_count(rubric, raised.on)), rubric, raised.on)
        assert (whole.falls, whole.keep, whole.raise_) == (
            raised.foresight.falls,
            raised.foresight.keep,
            raised.foresight.raise_,
        )

    def _facts(self, slug: str) -> HeldFacts:
        activities = (each for each in self.book.activities.values() if isinstance(each, Activity))
        return HeldFacts(
            fact_of(each) for each in activities if each.facts.partnership == slug and each.withdrawn_by is None
        )


def told_by(reader, events):
    for event in events:
        reader.read(event)
    return reader.told


@settings(max_examples=400 if LONG else 15, deadline=None)
@given(seed=integers(0, 10**9))
def test_what_is_told_is_what_the_plain_loop_tells(seed):
    events = events_of(lives(seed, 200))
    told = told_by(Worker(), events)

    assert sorted(told, key=str) == sorted(told_by(PlainAlerts(), events), key=str)
    ids, about = [each[-2] for each in told], [each[-1] for each in told if each[-1]]
    assert len(set(ids)) == len(ids)
    assert len(set(about)) == len(about)
    assert set(about) <= set(ids)


def test_the_plain_loop_tells_of_every_kind_by_every_rule():
    told = [each for seed in range(4) for each in told_by(PlainAlerts(), events_of(lives(seed, 500)))]

    assert {(kind, rule) for _, _, kind, rule, *_ in told} == {
        *(("rating_fell", "rating"), ("rating_rose", "rating"), ("will_fall", "fall")),
        *((kind, rule) for kind in ("dormant", "revived") for rule in ("dormancy", "silence")),
        *(("withdrawn", f"withdrawn/{rule}") for rule in ("rating", "dormancy", "silence", "fall")),
    }


def told_of(*steps):
    """What is told of Hanoi, as (event type, kind, rule, crossed); a step is a day to close up to, or something posted."""
    life, postings = Life(random.Random(1)), []
    life.day = date(2020, 2, 1)
    for step in steps:
        if isinstance(step, date):
            postings += [life.close(1) for _ in range((step - life.day).days)]
        else:
            postings += [life.posting(*each) for each in step]
    events = events_of(read_from(postings))
    types = {event.position: event.type for event in events}
    return [(types[at], kind, rule, crossed) for at, _, kind, rule, _, crossed, *_ in told_by(Worker(), events)]


def recorded(*days, slug="hanoi", import_id=None, **more):
    return [
        ("activity.recorded", an_activity(partnership=slug, occurred=day, **more), slug, an_id(), import_id)
        for day in days
    ]


def imported(*days):
    import_id = an_id()
    completion = {"import": str(import_id), "batch": "import-1", "rows": len(days), "hash": f"sha256:{0:064}"}
    return [*recorded(*days, import_id=import_id, batch="import-1"), ("import.completed", completion, None)]


REGISTERED = [("partnership.registered", a_partnership(mou_date="2004-06-01"), "hanoi")]
TEN_YEARS = [f"{year}-{month:02}-05" for year in range(2008, 2018) for month in (2, 5, 9)]


def test_history_is_told_once_as_it_stands_on_the_first_day_closed_in_time():
    told = told_of(REGISTERED, recorded(*TEN_YEARS), date(2020, 2, 3))

    assert told == [
        ("day.closed", "dormant", "dormancy", ()),
        ("day.closed", "dormant", "silence", tuple(range(1, 29))),
    ]


def test_an_import_of_ten_years_tells_one_difference():
    told = told_of(REGISTERED, date(2020, 2, 3), imported(*TEN_YEARS))

    assert [each[1:3] for each in told if each[0] == "import.completed"] == [
        ("withdrawn", "withdrawn/silence"),
        ("rating_rose", "rating"),
        ("dormant", "silence"),
    ]


def test_a_late_posting_withdraws_what_was_unfounded_once_and_tells_nothing_besides():
    told = told_of(
        REGISTERED, recorded("2020-01-20"), date(2022, 1, 21), recorded("2022-01-05"), recorded("2022-01-06")
    )

    assert told[-5:] == [
        ("day.closed", "dormant", "dormancy", ()),
        ("day.closed", "dormant", "silence", (24,)),
        ("activity.recorded", "withdrawn", "withdrawn/dormancy", ()),
        ("activity.recorded", "withdrawn", "withdrawn/silence", (24,)),
        # Up to 23 months the silence was as long as was told, and this activity has ended it.
        ("activity.recorded", "revived", "silence", (23,)),
    ]


def test_an_activity_after_the_day_of_an_alert_does_not_belie_it():
    told = told_of(REGISTERED, recorded("2020-01-20"), date(2022, 1, 21), date(2022, 1, 25), recorded("2022-01-24"))

    assert [each for each in told if each[0] == "activity.recorded"] == [
        ("activity.recorded", "revived", "dormancy", (24,))
    ]


def test_a_revival_that_is_taken_back_is_withdrawn_and_dormancy_is_not_told_again():
    (letter,) = recorded("2022-01-24")
    taken_back = ("activity.retracted", {"activity": str(letter[3]), "reason": "It was another city's"}, "hanoi")
    told = told_of(
        REGISTERED,
        recorded("2020-01-20"),
        date(2022, 1, 25),
        [letter],
        date(2022, 1, 28),
        [taken_back],
        date(2022, 2, 2),
    )

    assert told[-2:] == [
        ("activity.recorded", "revived", "dormancy", (24,)),
        ("activity.retracted", "withdrawn", "withdrawn/dormancy", (24,)),
    ]


def test_an_outage_is_told_as_one_difference_once_all_days_are_closed():
    away = [("day.closed", {"day": f"2020-{month:02}-{day:02}"}, None) for month in (3, 4, 5) for day in range(1, 30)]
    life = Life(random.Random(1))
    life.day = date(2020, 2, 29)
    before = [life.posting(*each) for each in [*REGISTERED, *recorded("2020-01-20")]] + [life.close(1)]
    life.day = date(2020, 5, 30)
    events = events_of(read_from([*before, *(life.posting(*each) for each in away)]))

    told = told_by(Worker(), events)

    assert [(kind, crossed, on) for _, _, kind, _, _, crossed, _, on, *_ in told] == [
        ("dormant", (1,), date(2020, 3, 1)),
        ("dormant", (2, 3, 4), date(2020, 5, 30)),
    ]


def test_what_has_ended_is_told_no_more():
    ended = [("partnership.ended", {"partnership": "hanoi", "ended_on": "2020-03-01", "reason": "Agreed"}, "hanoi")]
    told = told_of(
        REGISTERED, recorded("2020-01-20"), date(2020, 2, 25), ended, date(2020, 6, 1), recorded("2020-05-01")
    )

    assert told == [("day.closed", "dormant", "silence", (1,))]
