"""A home as the worker keeps it in memory: registry, rulings, held activities by day, and how each partnership stands."""

from bisect import bisect_left, bisect_right, insort
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from services.scoring.grade import Grade, Held, leaves_as_it_is, look_again_on, look_again_when_in_force_on
from shared.domain.amend import Activity, Partnership
from shared.domain.cells import CELLS
from shared.domain.codes import Outcome
from shared.domain.events import DayClosed, Event, RubricAdopted
from shared.domain.foresight import Foresight, foresee
from shared.domain.months import subtract_months
from shared.domain.rating import Fact, History, Judgement, Rating, fact_of, rate
from shared.domain.rubric import Rubric
from shared.domain.rulings import RULING_TYPES, judgements_by_partnership, rubric_in_force
from shared.wire.rating_document import rating_document


class HeldFacts:
    """The facts of one partnership that can count, by the day they take effect."""

    def __init__(self, facts: Iterable[Fact] = ()) -> None:
        self._by_activity = {fact.activity: fact for fact in facts if fact.outcome is Outcome.HELD}
        self._by_day = sorted(self._by_activity.values(), key=_by_day)

    def put(self, activity: Activity) -> Fact | None:
        """Take an activity as it now stands in place of what it was; return what it was, None where it did not count."""
        before = self._by_activity.pop(activity.id, None)
        if before is not None:
            del self._by_day[bisect_left(self._by_day, _by_day(before), key=_by_day)]
        if activity.withdrawn_by is None and activity.facts.outcome is Outcome.HELD:
            fact = fact_of(activity)
            self._by_activity[fact.activity] = fact
            insort(self._by_day, fact, key=_by_day)
        return before

    def with_instead(self, replaced: Mapping[UUID, Fact | None]) -> "HeldFacts":
        """Return other facts: each of the activities named replaced by the fact beside it."""
        others = (fact for activity, fact in self._by_activity.items() if activity not in replaced)
        return HeldFacts([*others, *(fact for fact in replaced.values() if fact is not None)])

    def next_after(self, day: date) -> date:
        """Return the next day after this one on which a fact takes effect: one can be recorded before its day is today."""
        index = bisect_right(self._by_day, day, key=_effective)
        return _effective(self._by_day[index]) if index < len(self._by_day) else date.max

    def last_by(self, day: date) -> Fact | None:
        """Return the last fact that took effect by this day."""
        index = bisect_right(self._by_day, day, key=_effective)
        return self._by_day[index - 1] if index else None

    def named(self, activities: Collection[UUID]) -> tuple[Fact, ...]:
        """Return the facts of these activities."""
        return tuple(self._by_activity[each] for each in activities)

    def that_count(self, rubric: Rubric, today: date) -> tuple[Fact, ...]:
        """Return the facts on which the rating of a day depends.

        Those that took effect before the longest window light no cell; of them the latest is needed all the same, for it
        may be the last activity there was.
        """
        longest = max(rubric.window(cell) for cell in CELLS)
        outside = bisect_right(self._by_day, subtract_months(today, longest), key=_effective)
        return tuple(self._by_day[max(0, outside - 1) :])


NEVER_LOOKED_AT = Held(None, date.min)


@dataclass(frozen=True, slots=True)
class Change:
    """Another grade: the event and the day that brought it, the rating right before and right after it.

    What is not in force has neither grade nor rating.
    """

    partnership: str
    event: Event
    on: date
    grade: Grade | None
    before: dict[str, Any] | None
    after: dict[str, Any] | None


@dataclass(slots=True)
class Found:
    """What an event found: the day, how many rulings, and what it replaced, by partnership."""

    today: date | None
    rulings: int
    partnerships: dict[str, Partnership] = field(default_factory=dict)
    facts: dict[str, dict[UUID, Fact | None]] = field(default_factory=dict)


@dataclass(slots=True)
class Standing:
    """A home as it stands after the events that were taken; `today` is None before any day of it was closed.

    `facts` and `held` have the partnerships that were looked at so far.
    """

    registry: dict[str, Partnership]
    rulings: list[Event]
    today: date | None
    facts: dict[str, HeldFacts] = field(default_factory=dict)
    held: dict[str, Held] = field(default_factory=dict)
    _judgements: Mapping[str, tuple[Judgement, ...]] | None = None
    _found: Found = field(default_factory=lambda: Found(None, 0))
    _forgotten: dict[str, HeldFacts] = field(default_factory=dict)

    def take(self, event: Event, changed: Iterable[Activity | Partnership], imported: Iterable[str]) -> Iterable[str]:
        """Bring the home up to an event, and return the partnerships whose grade that may have changed.

        `changed` is what it changed in the book; `imported` are the partnerships that got an import, their facts read
        since.
        """
        self._found = Found(self.today, len(self.rulings))
        for each in changed:
            self._put(each)
        if event.type in RULING_TYPES:
            self.rulings.append(event)
            self._judgements = None
        match event.data:
            case DayClosed(day=day):
                return self._begin(day + timedelta(days=1))
            case RubricAdopted():
                return list(self.registry)
            case _ if event.import_id is not None:
                return ()
        touched = {event.partnership, *imported, *map(slug_of, changed)}
        return sorted(slug for slug in touched if slug is not None and not self._surely_leaves(event, slug))

    def regrade(self, event: Event, slug: str) -> Change | None:
        """Rate a partnership anew, after an event was taken; return the change, None where its grade stays."""
        if slug not in self.registry:
            return None
        on = self.today or event.recorded_on
        rating = self.rate(slug, on)
        partnership, held = self.registry[slug], self.held.get(slug, NEVER_LOOKED_AT)
        if rating is None:
            self.held[slug] = Held(None, look_again_when_in_force_on(partnership, on))
        else:
            look_again = look_again_on(rating, partnership, self.judgements.get(slug, ()), on)
            self.held[slug] = Held(Grade.of(rating), min(look_again, self.facts[slug].next_after(on)))
        grade = self.held[slug].grade
        if grade == held.grade:
            return None
        before = self._as_found(slug, self._found.today or on) if held.grade is not None else None
        return Change(slug, event, on, grade, before, rating_document(rating, partnership) if rating else None)

    def rate(self, slug: str, on: date) -> Rating | None:
        """Rate a partnership on a day, None where it is not in force."""
        return _rate(self.registry[slug], self.facts[slug], self.rulings, self.judgements.get(slug, ()), on)

    def foresee(self, rating: Rating, on: date) -> Foresight:
        """Look ahead from a rating of a day; plans are not looked at.

        The newest activity of each cell says when it goes dark, so no other is needed.
        """
        newest = {state.activities[-1] for state in rating.cells.values() if state.activities}
        facts = self.facts[rating.partnership].named(newest)
        return foresee(History(rating.partnership, None, facts), rating.rubric, on)

    def _as_found(self, slug: str, on: date) -> dict[str, Any] | None:
        """Return how a partnership stood right before the event taken last."""
        partnership = self._found.partnerships.get(slug, self.registry[slug])
        facts = self._forgotten.get(slug) or self.facts[slug].with_instead(self._found.facts.get(slug, {}))
        rulings = self.rulings[: self._found.rulings]
        rating = _rate(partnership, facts, rulings, judgements_by_partnership(rulings).get(slug, ()), on)
        return rating_document(rating, partnership) if rating else None

    @property
    def has_begun_a_day(self) -> bool:
        """Say whether the event taken last began another day."""
        return self.today != self._found.today

    @property
    def judgements(self) -> Mapping[str, tuple[Judgement, ...]]:
        """The official judgements by partnership, as set and not lifted."""
        if self._judgements is None:
            self._judgements = judgements_by_partnership(self.rulings)
        return self._judgements

    def forget_facts(self, partnerships: Iterable[str]) -> None:
        """Let the facts of these be read anew: a whole import has entered the tables."""
        self._forgotten = {slug: self.facts.pop(slug) for slug in partnerships if slug in self.facts}

    def _begin(self, day: date) -> Iterable[str]:
        if self.today is not None and day <= self.today:
            return ()
        before, self.today = self.today, day
        if before is None or rubric_in_force(self.rulings, before) != rubric_in_force(self.rulings, day):
            return list(self.registry)
        return [slug for slug, held in self.held.items() if held.look_again_on <= day]

    def _put(self, changed: Activity | Partnership) -> None:
        slug = slug_of(changed)
        if isinstance(changed, Partnership):
            if slug in self.registry:
                self._found.partnerships[slug] = self.registry[slug]
            self.registry[slug] = changed
        elif slug in self.facts:
            self._found.facts.setdefault(slug, {})[changed.id] = self.facts[slug].put(changed)

    def _surely_leaves(self, event: Event, slug: str) -> bool:
        grade = self.held.get(slug, NEVER_LOOKED_AT).grade
        if grade is None or self.today is None or slug != event.partnership:
            return False
        return leaves_as_it_is(event, grade, travel=rubric_in_force(self.rulings, self.today).travel)


def _rate(
    partnership: Partnership, held: HeldFacts, rulings: Sequence[Event], judgements: tuple[Judgement, ...], on: date
) -> Rating | None:
    if not partnership.stands(on, on):
        return None
    rubric = rubric_in_force(rulings, on)
    facts = held.that_count(rubric, on)
    return rate(History(partnership.slug, partnership.facts.mou_date, facts, judgements), rubric, on)


def slug_of(changed: Activity | Partnership) -> str:
    """Return the partnership that a change of the book concerns."""
    return changed.facts.partnership if isinstance(changed, Activity) else changed.slug


def _by_day(fact: Fact) -> tuple[date, UUID]:
    return fact.effective, fact.activity


def _effective(fact: Fact) -> date:
    return fact.effective
