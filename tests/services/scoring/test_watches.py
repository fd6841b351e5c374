"""What is told of partnerships is what the plainest reading of the whole log tells, however much is left out of looking."""

import os

from hypothesis import given, settings
from hypothesis.strategies import integers

from services.scoring.standing import HeldFacts, Standing
from services.scoring.watches import Raised, Watches
from shared.domain.amend import Activity
from shared.domain.book import Book, fold
from shared.domain.events import Event, ImportCompleted
from shared.domain.foresight import foresee
from shared.domain.rating import History, fact_of
from tests.support.lives import events_of, lives
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
