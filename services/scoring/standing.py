"""What ratings are made of, as the worker keeps it in memory: a home's registry, its rulings, its held activities by day."""

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from shared.domain.amend import Activity, Partnership
from shared.domain.cells import CELLS
from shared.domain.codes import Outcome
from shared.domain.events import Event
from shared.domain.months import subtract_months
from shared.domain.rating import Fact, fact_of
from shared.domain.rubric import Rubric


class HeldFacts:
    """The facts of one partnership that can count, by the day they take effect."""

    def __init__(self, facts: Iterable[Fact] = ()) -> None:
        self._by_activity = {fact.activity: fact for fact in facts if fact.outcome is Outcome.HELD}
        self._by_day = sorted(self._by_activity.values(), key=_by_day)

    def put(self, activity: Activity) -> None:
        """Take an activity as it now stands in place of what it was."""
        before = self._by_activity.pop(activity.id, None)
        if before is not None:
            del self._by_day[bisect_left(self._by_day, _by_day(before), key=_by_day)]
        if activity.withdrawn_by is None and activity.facts.outcome is Outcome.HELD:
            fact = fact_of(activity)
            self._by_activity[fact.activity] = fact
            insort(self._by_day, fact, key=_by_day)

    def that_count(self, rubric: Rubric, today: date) -> tuple[Fact, ...]:
        """Return the facts on which the rating of a day depends.

        Those that took effect before the longest window light no cell; of them the latest is needed all the same, for it
        may be the last activity there was.
        """
        longest = max(rubric.window(cell) for cell in CELLS)
        outside = bisect_right(self._by_day, subtract_months(today, longest), key=_effective)
        return tuple(self._by_day[max(0, outside - 1) :])


@dataclass(slots=True)
class Standing:
    """A home as it stands; `today` is None before any event of it was read.

    `facts` holds the partnerships that were rated so far.
    """

    registry: dict[str, Partnership]
    facts: dict[str, HeldFacts]
    rulings: list[Event]
    today: date | None

    def put(self, changed: Iterable[Activity | Partnership]) -> None:
        """Take activities as they now stand; partnerships stand in the registry already."""
        for each in changed:
            if isinstance(each, Activity) and each.facts.partnership in self.facts:
                self.facts[each.facts.partnership].put(each)

    def forget_facts(self, partnerships: Iterable[str]) -> None:
        """Let the facts of these be read anew: a whole import has entered the tables."""
        for slug in partnerships:
            self.facts.pop(slug, None)


def _by_day(fact: Fact) -> tuple[date, UUID]:
    return fact.effective, fact.activity


def _effective(fact: Fact) -> date:
    return fact.effective
