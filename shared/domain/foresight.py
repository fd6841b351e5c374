"""What will become of a partnership's rating if nothing happens, and what would keep or raise it. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cache, lru_cache
from itertools import combinations
from uuid import UUID

from shared.domain.cells import CELLS, Cell, lit_by
from shared.domain.codes import Direction, Indicator, Outcome, RatingCode
from shared.domain.rating import Fact, History, NextChange, Rating, rate
from shared.domain.rubric import Rubric

BEST_FIRST = tuple(RatingCode)
MOST_WAYS = 12
"""So many of the smallest sets are named; with equal weights there can be hundreds that are as good."""
MOST_KEPT = 4_096
"""Of ten cells 1,024 can be dark; under one rubric, that is all there is to work out."""


@dataclass(frozen=True, slots=True)
class Idea:
    """An activity that would have to be held: what it is, and the cells that it lights."""

    indicator: Indicator
    direction: Direction
    in_person: bool
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Way:
    """Dark cells that would be enough if they were lit, and the fewest activities that light them all."""

    cells: tuple[Cell, ...]
    ideas: tuple[Idea, ...]


@dataclass(frozen=True, slots=True)
class Target:
    """What a rating needs on a day: `missing` points, and the smallest sets of cells that give them.

    The activities must be held, with an effective day up to and including `by`. `cells` is how many cells the smallest
    sets have; `ways` are the first of them in the study's order.
    """

    rating: RatingCode
    by: date
    missing: int
    cells: int
    ways: tuple[Way, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """A planned activity: what it would change if it were held as planned. It is never counted."""

    activity: UUID
    on: date
    lights: tuple[Cell, ...]
    rating_without: RatingCode
    rating_with: RatingCode
    next_change_with: NextChange | None


@dataclass(frozen=True, slots=True)
class Foresight:
    """What comes of itself: each fall until the last, and the dormancy day; `keep` and `raise_` say what would help."""

    falls: tuple[NextChange, ...]
    dormant_on: date | None
    keep: Target | None
    raise_: Target | None
    plans: tuple[Plan, ...]


def foresee(history: History, rubric: Rubric, on: date) -> Foresight:
    """Look ahead from a day. Facts with an effective day after it are plans, whatever was said of their outcome."""
    rated = rate(history, rubric, on)
    falls = tuple(_falls(history, rubric, rated))
    return Foresight(
        falls=falls,
        dormant_on=rated.dormant_on if not rated.dormant else None,
        keep=_target(rated, rubric, rated.rating, falls[0].on) if falls else None,
        raise_=_target(rated, rubric, _better(rated.rating), on) if rated.rating is not BEST_FIRST[0] else None,
        plans=tuple(_plan(history, rubric, fact) for fact in _planned(history, on)),
    )


def _falls(history: History, rubric: Rubric, rated: Rating) -> Iterator[NextChange]:
    """What is counted on the day asked for goes dark step by step; nothing later is looked at."""
    counted = {activity for state in rated.cells.values() for activity in state.activities}
    alone = replace(history, facts=tuple(fact for fact in history.facts if fact.activity in counted))
    change = rated.next_change
    while change is not None:
        yield change
        change = rate(alone, rubric, change.on).next_change


def _better(rating: RatingCode) -> RatingCode:
    return BEST_FIRST[BEST_FIRST.index(rating) - 1]


def _target(rated: Rating, rubric: Rubric, rating: RatingCode, on: date) -> Target:
    """Return what `rating` would need on a day; what goes dark by then does not help any more."""
    dark = tuple(cell for cell in CELLS if (goes := rated.cells[cell].goes_dark) is None or goes <= on)
    lit = sum(rubric.weight(cell) for cell in CELLS if cell not in dark)
    missing = _threshold(rubric, rating) - lit
    count, ways = _ways(dark, tuple(rubric.weight(cell) for cell in dark), missing, travel=rubric.travel)
    return Target(rating, on, missing, count, ways)


@lru_cache(MOST_KEPT)
def _ways(
    dark: tuple[Cell, ...], weights: tuple[int, ...], missing: int, *, travel: bool
) -> tuple[int, tuple[Way, ...]]:
    """Return how many cells the smallest sets have, and the first of those: they depend on nothing else."""
    smallest = _smallest(dark, dict(zip(dark, weights, strict=True)), missing)
    ways = tuple(Way(cells, _fewest(cells, travel=travel)) for cells in smallest[:MOST_WAYS])
    return len(smallest[0]) if smallest else 0, ways


def _threshold(rubric: Rubric, rating: RatingCode) -> int:
    return rubric.thresholds.aktif if rating is RatingCode.AKTIF else rubric.thresholds.kurang_aktif


def _smallest(dark: Sequence[Cell], weights: Mapping[Cell, int], missing: int) -> list[tuple[Cell, ...]]:
    for size in range(1, len(dark) + 1):
        enough = [cells for cells in combinations(dark, size) if sum(weights[cell] for cell in cells) >= missing]
        if enough:
            return enough
    return []


@lru_cache(MOST_KEPT)
def _fewest(cells: tuple[Cell, ...], *, travel: bool) -> tuple[Idea, ...]:
    """Return the fewest activities that light all these cells; of several, those that light least besides."""
    wanted = set(cells)
    ideas = [idea for idea in _ideas(travel=travel) if wanted & set(idea.cells)]
    for size in range(1, len(cells) + 1):
        enough = [
            chosen for chosen in combinations(ideas, size) if wanted <= {cell for idea in chosen for cell in idea.cells}
        ]
        if enough:
            return min(enough, key=lambda chosen: sum(len(idea.cells) for idea in chosen))
    raise AssertionError("every cell has an activity that lights it")


@cache
def _ideas(*, travel: bool) -> tuple[Idea, ...]:
    ideas = []
    for indicator in Indicator:
        for direction in Direction:
            for in_person in (False, True) if indicator is Indicator.JOINT_EVENT and travel else (False,):
                cells = lit_by(indicator, direction, in_person=in_person, travel=travel)
                ideas.append(Idea(indicator, direction, in_person, cells))
    return tuple(ideas)


def _planned(history: History, on: date) -> list[Fact]:
    planned = [fact for fact in history.facts if fact.outcome is Outcome.PLANNED and fact.last > on]
    return sorted(planned, key=lambda fact: (fact.last, fact.activity))


def _plan(history: History, rubric: Rubric, planned: Fact) -> Plan:
    day = planned.last
    as_held = replace(planned, outcome=Outcome.HELD, stated_on=day)
    others = tuple(fact for fact in history.facts if fact.activity != planned.activity)
    without = rate(replace(history, facts=others), rubric, day)
    with_it = rate(replace(history, facts=(*others, as_held)), rubric, day)
    lights = tuple(cell for cell in CELLS if with_it.cells[cell].activities and not without.cells[cell].activities)
    return Plan(planned.activity, day, lights, without.rating, with_it.rating, with_it.next_change)
