"""What would be otherwise: any law or any facts, replayed over history without writing anything. Pure."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from itertools import groupby

from shared.domain.cells import CELLS, Cell
from shared.domain.codes import Outcome, RatingCode
from shared.domain.months import first_day_outside
from shared.domain.rating import History, cells_lit_by, rate
from shared.domain.rubric import JAKARTA_2020, Rubric, Thresholds

Law = Sequence[tuple[date, Rubric]]
"""Rubrics, each with the day from which it holds, in order; before the first the default holds."""


def in_force(law: Law, on: date) -> Rubric:
    """Return the rubric that holds on a day."""
    return next((rubric for since, rubric in reversed(law) if since <= on), JAKARTA_2020)


@dataclass(frozen=True, slots=True)
class Step:
    """From `on` to the next step, the rating is this, by these lit cells."""

    on: date
    rating: RatingCode
    score: int
    lit: frozenset[Cell]


def steps(history: History, law: Law, first: date, last: date) -> list[Step]:
    """Return how a partnership stood from `first` to `last`: a step for each day on which rating or cells changed."""
    found: list[Step] = []
    for rubric, begins, ends in _stretches(law, first, last):
        for day, lit in _course(history, rubric, begins, ends):
            score = sum(rubric.weight(cell) for cell in lit)
            step = Step(day, rubric.rating(score), score, lit)
            if not found or (step.rating, step.score, step.lit) != (found[-1].rating, found[-1].score, found[-1].lit):
                found.append(step)
    return found


def _stretches(law: Law, first: date, last: date) -> Iterator[tuple[Rubric, date, date]]:
    """Yield which rubric holds from when to when."""
    begins = sorted({first, *(since for since, _ in law if first < since <= last)})
    for day, following in zip(begins, [*begins[1:], last + timedelta(days=1)], strict=True):
        yield in_force(law, day), day, following - timedelta(days=1)


def _course(history: History, rubric: Rubric, first: date, last: date) -> Iterator[tuple[date, frozenset[Cell]]]:
    """Yield the lit cells on the first day, and on each on which a cell is lit or goes dark."""
    turns: dict[date, dict[Cell, bool]] = {first: {}}
    for cell, days in _days_by_cell(history, rubric).items():
        for begins, ends in _lit(days, rubric.window(cell)):
            if begins <= last and ends > first:
                turns.setdefault(max(begins, first), {})[cell] = True
                if ends <= last:
                    turns.setdefault(ends, {})[cell] = False
    lit: set[Cell] = set()
    for day in sorted(turns):
        for cell, is_lit in turns[day].items():
            (lit.add if is_lit else lit.discard)(cell)
        yield day, frozenset(lit)


def _days_by_cell(history: History, rubric: Rubric) -> dict[Cell, list[date]]:
    days: dict[Cell, list[date]] = defaultdict(list)
    for fact in history.facts:
        if fact.outcome is Outcome.HELD:
            for cell in cells_lit_by(fact, travel=rubric.travel):
                days[cell].append(fact.effective)
    return days


def _lit(days: Sequence[date], window_months: int) -> Iterator[tuple[date, date]]:
    """Yield from which day a cell is lit, and the day it goes dark, for each stretch in which it does not."""
    begins = ends = date.min
    for day in sorted(set(days)):
        if day > ends:
            if begins < ends:
                yield begins, ends
            begins = day
        ends = first_day_outside(day, window_months)
    if begins < ends:
        yield begins, ends


@dataclass(frozen=True, slots=True)
class Difference:
    """From `first` to `last` the rating would have been `then` instead of `was`; the cells say why."""

    first: date
    last: date
    was: RatingCode
    then: RatingCode
    lit_only_then: frozenset[Cell]
    lit_only_before: frozenset[Cell]


def differences(was: Sequence[Step], then: Sequence[Step], last: date) -> list[Difference]:
    """Return the stretches, up to `last`, on which two courses of a rating differ; both begin on the same day.

    Of a stretch in which cells change while the ratings stay, the cells on its first day are told.
    """
    days = sorted({step.on for step in (*was, *then)})
    pairs = [(day, _at(was, day), _at(then, day)) for day in days]
    found: list[Difference] = []
    runs = [list(run) for _, run in groupby(pairs, key=lambda each: (each[1].rating, each[2].rating))]
    for number, run in enumerate(runs):
        day, before, after = run[0]
        if before.rating is after.rating:
            continue
        end = runs[number + 1][0][0] - timedelta(days=1) if number + 1 < len(runs) else last
        found.append(Difference(day, end, before.rating, after.rating, after.lit - before.lit, before.lit - after.lit))
    return found


def _at(course: Sequence[Step], day: date) -> Step:
    return next(step for step in reversed(course) if step.on <= day)


@dataclass(frozen=True, slots=True)
class Pair:
    """A partnership whose official rating is known, and the computed one."""

    partnership: str
    official: RatingCode
    computed: RatingCode
    score: int


@dataclass(frozen=True, slots=True)
class Agreement:
    """How computed ratings agree with official ones: all pairs, in the order of the partnerships' slugs."""

    pairs: tuple[Pair, ...]

    @property
    def agreeing(self) -> int:
        """How many are the same."""
        return sum(each.official is each.computed for each in self.pairs)

    @property
    def matrix(self) -> Mapping[RatingCode, Mapping[RatingCode, int]]:
        """How many partnerships of each official rating have each computed one."""
        counts = Counter((each.official, each.computed) for each in self.pairs)
        return {official: {computed: counts[official, computed] for computed in RatingCode} for official in RatingCode}


Official = Mapping[str, RatingCode]


def backtest(histories: Mapping[str, History], official: Official, rubric: Rubric, on: date) -> Agreement:
    """Compare the ratings by a rubric on a day with the official ones, as far as both are there."""
    return Agreement(
        tuple(
            Pair(slug, official[slug], (rated := rate(histories[slug], rubric, on)).rating, rated.score)
            for slug in sorted(official.keys() & histories.keys())
        )
    )


def leave_one_out(
    histories: Mapping[str, History], official: Official, rubrics: Sequence[Rubric], on: date
) -> Agreement:
    """Predict each official rating by the rubric that agrees best with all others.

    Of rubrics that agree equally well the first is taken. So the result says how a rubric fitted to what is known does on
    what is not.
    """
    tables = [backtest(histories, official, rubric, on).pairs for rubric in rubrics]
    agreeing = [sum(each.official is each.computed for each in table) for table in tables]
    predicted = []
    for index in range(len(tables[0]) if tables else 0):
        others = [
            count - (table[index].official is table[index].computed)
            for count, table in zip(agreeing, tables, strict=True)
        ]
        predicted.append(tables[others.index(max(others))][index])
    return Agreement(tuple(predicted))


def thresholds_for(rubric: Rubric) -> Iterator[Rubric]:
    """Yield the rubric, then the same with every other pair of thresholds that can be reached."""
    yield rubric
    for aktif in range(2, sum(rubric.weight(cell) for cell in CELLS) + 1):
        for kurang_aktif in range(1, aktif):
            varied = rubric.model_copy(update={"thresholds": Thresholds(aktif=aktif, kurang_aktif=kurang_aktif)})
            if varied != rubric:
                yield varied


def variations(rubric: Rubric) -> Iterator[Rubric]:
    """Yield the rubric, then those near it: other windows, thresholds, and the travel rule turned round.

    Windows of single cells and weights stay as they are. Windows go two years either way in half years, the threshold of
    `aktif` from 2 to 5 and that of `kurang_aktif` from 1 to one below.
    """
    yield rubric
    best = sum(rubric.weight(cell) for cell in CELLS)
    for months in (rubric.window_months + change for change in range(-24, 25, 6)):
        for aktif in range(2, min(5, best) + 1):
            for kurang_aktif in range(1, aktif):
                for travel in (rubric.travel, not rubric.travel):
                    thresholds = Thresholds(aktif=aktif, kurang_aktif=kurang_aktif)
                    changed = {"window_months": months, "thresholds": thresholds, "travel": travel}
                    if months >= 1 and (varied := rubric.model_copy(update=changed)) != rubric:
                        yield varied


@dataclass(frozen=True, slots=True)
class Stability:
    """Of all variations of a rubric, how many give each rating; `share` is that of the rubric's own rating."""

    partnership: str
    rating: RatingCode
    counts: Mapping[RatingCode, int]

    @property
    def share(self) -> Fraction:
        """Between 0 and 1; 1 is a rating that none of the variations changes."""
        return Fraction(self.counts[self.rating], sum(self.counts.values()))


def sweep(histories: Iterable[History], rubric: Rubric, on: date) -> list[Stability]:
    """Return how stable each rating is under the variations of a rubric, the least stable first."""
    varied = list(variations(rubric))
    found = []
    for history in histories:
        scores: dict[tuple[int, bool], int] = {}
        counts: Counter[RatingCode] = Counter()
        for each in varied:
            key = (each.window_months, each.travel)
            if key not in scores:
                scores[key] = rate(history, each, on).score
            counts[each.rating(scores[key])] += 1
        own = rubric.rating(scores[rubric.window_months, rubric.travel])
        found.append(Stability(history.partnership, own, {code: counts[code] for code in RatingCode}))
    return sorted(found, key=lambda each: (each.share, each.partnership))
