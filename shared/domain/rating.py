"""The rating: ten cells, their number, and what will become of them. A pure function of facts, rubric and day."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from operator import itemgetter
from typing import Any
from uuid import UUID

from shared.domain.amend import Activity
from shared.domain.cells import CELLS, Cell, lit_by
from shared.domain.codes import Direction, Indicator, Mode, Outcome, RatingCode
from shared.domain.months import add_months, first_day_outside, subtract_months
from shared.domain.occurred import parse_occurred
from shared.domain.rubric import Rubric


@dataclass(frozen=True, slots=True)
class Fact:
    """What a rating needs of an activity: an activity that was not withdrawn, as corrected.

    `first` and `last` are the days that its date can mean, `stated_on` the day on which that date was last stated.
    """

    activity: UUID
    indicator: Indicator
    direction: Direction
    outcome: Outcome
    mode: Mode
    first: date
    last: date
    stated_on: date

    @classmethod
    def read(cls, row: Mapping[str, Any], first: date, last: date) -> "Fact":
        """Return the fact that a row of a projection's table holds, codes as text."""
        return cls(
            activity=row["activity"],
            indicator=Indicator(row["indicator"]),
            direction=Direction(row["direction"]),
            outcome=Outcome(row["outcome"]),
            mode=Mode(row["mode"]),
            first=first,
            last=last,
            stated_on=row["stated_on"],
        )

    @property
    def effective(self) -> date:
        """The last day of its date, but never after the day on which it was recorded."""
        return min(self.last, self.stated_on)

    @property
    def earliest(self) -> date:
        """The first day of its date, but never after the day on which it was recorded."""
        return min(self.first, self.stated_on)


def cells_lit_by(fact: Fact, *, travel: bool) -> tuple[Cell, ...]:
    """Return the cells that a fact lights where it counts."""
    return lit_by(fact.indicator, fact.direction, in_person=fact.mode is Mode.IN_PERSON, travel=travel)


def fact_of(activity: Activity) -> Fact:
    """Return what a rating needs of an activity."""
    facts = activity.facts
    occurred = parse_occurred(facts.occurred)
    return Fact(
        activity=activity.id,
        indicator=facts.indicator,
        direction=facts.direction,
        outcome=facts.outcome,
        mode=facts.mode,
        first=occurred.first,
        last=occurred.last,
        stated_on=activity.stated_on,
    )


@dataclass(frozen=True, slots=True)
class Judgement:
    """The bureau's official rating, as set by the event `id` and not lifted."""

    id: UUID
    rating: RatingCode
    author: str
    reason: str
    valid_from: date
    valid_until: date | None


@dataclass(frozen=True, slots=True)
class History:
    """All that a rating is made from, as known at one position of the ledger. The order of `facts` plays no part."""

    partnership: str
    mou_date: date | None
    facts: tuple[Fact, ...]
    judgements: tuple[Judgement, ...] = ()


@dataclass(frozen=True, slots=True)
class CellState:
    """The activities that light a cell, oldest first, and the day it goes dark; neither where it is dark."""

    activities: tuple[UUID, ...]
    goes_dark: date | None


@dataclass(frozen=True, slots=True)
class NextChange:
    """The day the rating will change if nothing happens, and to what."""

    on: date
    rating: RatingCode


@dataclass(frozen=True, slots=True)
class Rating:
    """How a partnership stands.

    `uncertain` is the other rating that the first possible days of imprecise dates give, None where they agree.
    `official` stands beside the computed rating, never instead of it. `next_change` and the cells' `goes_dark` look ahead
    from the day asked for; over a period they are None.
    """

    partnership: str
    rating: RatingCode
    score: int
    cells: Mapping[Cell, CellState]
    provisional: bool
    dormant: bool
    dormant_on: date | None
    last_activity_on: date | None
    next_change: NextChange | None
    uncertain: RatingCode | None
    official: Judgement | None
    rubric: Rubric


def rate(history: History, rubric: Rubric, on: date) -> Rating:
    """Rate a partnership on a day: a cell's window is `on - months < effective <= on`."""
    months = {cell: rubric.window(cell) for cell in CELLS}
    windows = {cell: (subtract_months(on, months[cell]) + timedelta(days=1), on) for cell in CELLS}
    rated, newest = _rate_over(history, rubric, windows, on)
    cells = {
        cell: CellState(state.activities, _goes_dark(newest.get(cell), months[cell]))
        for cell, state in rated.cells.items()
    }
    return replace(rated, cells=cells, next_change=_next_change(cells, rubric, rated.rating, rated.score))


def rate_period(history: History, rubric: Rubric, first: date, last: date) -> Rating:
    """Rate a partnership over a period: every cell's window is the period itself, `first <= effective <= last`."""
    rated, _ = _rate_over(history, rubric, dict.fromkeys(CELLS, (first, last)), last)
    return rated


def _rate_over(
    history: History, rubric: Rubric, windows: Mapping[Cell, tuple[date, date]], day: date
) -> tuple[Rating, dict[Cell, date]]:
    """Return the rating, without what looks ahead, and the day of the newest activity of each lit cell."""
    held = sorted((_timed(fact, rubric) for fact in history.facts if fact.outcome is Outcome.HELD), key=_by_day)
    lighting: dict[Cell, list[UUID]] = {cell: [] for cell in CELLS}
    newest: dict[Cell, date] = {}
    lit_at_the_earliest: set[Cell] = set()
    for effective, activity, earliest, lit in held:
        for cell in lit:
            first, last = windows[cell]
            if first <= effective <= last:
                lighting[cell].append(activity)
                newest[cell] = effective
            if first <= earliest <= last:
                lit_at_the_earliest.add(cell)
    cells = {cell: CellState(tuple(activities), None) for cell, activities in lighting.items()}
    latest_score = sum(rubric.weight(cell) for cell in CELLS if lighting[cell])
    rating = rubric.rating(latest_score)
    otherwise = rubric.rating(sum(rubric.weight(cell) for cell in lit_at_the_earliest))
    last_activity_on = next((effective for effective, *_ in reversed(held) if effective <= day), None)
    dormant_on = _dormant_on(last_activity_on or history.mou_date, rubric)
    rated = Rating(
        partnership=history.partnership,
        rating=rating,
        score=latest_score,
        cells=cells,
        provisional=_is_provisional(history.mou_date, rubric, day),
        dormant=dormant_on is not None and dormant_on <= day,
        dormant_on=dormant_on,
        last_activity_on=last_activity_on,
        next_change=None,
        uncertain=otherwise if otherwise is not rating else None,
        official=_judgement_in_force(history.judgements, day),
        rubric=rubric,
    )
    return rated, newest


Timed = tuple[date, UUID, date, tuple[Cell, ...]]
"""A fact's effective day, its activity, its earliest day and the cells that it lights: each worked out once."""
_by_day = itemgetter(0, 1)


def _timed(fact: Fact, rubric: Rubric) -> Timed:
    return fact.effective, fact.activity, fact.earliest, cells_lit_by(fact, travel=rubric.travel)


def _goes_dark(newest: date | None, window_months: int) -> date | None:
    return None if newest is None else first_day_outside(newest, window_months)


def _next_change(cells: Mapping[Cell, CellState], rubric: Rubric, rating: RatingCode, score: int) -> NextChange | None:
    lit = sorted((state.goes_dark, cell) for cell, state in cells.items() if state.goes_dark is not None)
    for index, (day, cell) in enumerate(lit):
        score -= rubric.weight(cell)
        if index + 1 < len(lit) and lit[index + 1][0] == day:
            continue
        if (then := rubric.rating(score)) is not rating:
            return NextChange(day, then)
    return None


def _dormant_on(silent_since: date | None, rubric: Rubric) -> date | None:
    """Silence is counted from the last effective day; without any activity, from the founding memorandum."""
    return None if silent_since is None else first_day_outside(silent_since, rubric.dormant_months)


def _is_provisional(mou_date: date | None, rubric: Rubric, day: date) -> bool:
    return mou_date is not None and mou_date <= day < add_months(mou_date, rubric.provisional_months)


def _judgement_in_force(judgements: Iterable[Judgement], day: date) -> Judgement | None:
    """The one set last; `judgements` come in the order in which they were set."""
    in_force = [each for each in judgements if each.valid_from <= day <= (each.valid_until or date.max)]
    return in_force[-1] if in_force else None
