"""The rating against a plain reading of its description, against examples, and against the study's own ratings."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cache
from itertools import permutations

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from cli.facts import JAKARTA, activity_events, partnership_events, published_ratings
from shared.domain.book import Book
from shared.domain.cells import CELLS, Cell
from shared.domain.codes import Direction, Indicator, Mode, Outcome, RatingCode
from shared.domain.rating import Fact, History, NextChange, Rating, fact_of, rate, rate_period
from shared.domain.rubric import JAKARTA_2020, CellRule, CellRules, Rubric, Thresholds
from tests.support.build import a_book, a_fact, a_history, a_judgement, a_rubric, an_activity, an_event, an_id

OUT, IN, MUTUAL = Direction.OUTBOUND, Direction.INBOUND, Direction.MUTUAL
VISIT_IN, VISIT_OUT = Cell(Indicator.VISIT, IN), Cell(Indicator.VISIT, OUT)
END_OF_2020 = date(2020, 12, 31)
ONE_DAY = timedelta(days=1)


# The description, read as slowly as it is written: every day is tried, nothing is calculated ahead.


@dataclass(frozen=True)
class Slow:
    """What the description says of one partnership under one rubric."""

    history: History
    rubric: Rubric

    def lit(self, on: date, *, earliest: bool = False, as_of: date | None = None) -> Mapping[Cell, set[Fact]]:
        """Return the facts that light each cell on a day, as if nothing had happened after `as_of`."""
        lit: dict[Cell, set[Fact]] = {cell: set() for cell in CELLS}
        for fact in self.history.facts:
            day = min(fact.first if earliest else fact.last, fact.stated_on)
            for cell in _cells_of(fact, self.rubric):
                window_begins_after = _months_before(on, _window(self.rubric, cell))
                if window_begins_after < day <= min(on, as_of or on):
                    lit[cell].add(fact)
        return lit

    def score(self, on: date, *, earliest: bool = False, as_of: date | None = None) -> int:
        lit = self.lit(on, earliest=earliest, as_of=as_of)
        return sum(_weight(self.rubric, cell) for cell in CELLS if lit[cell])

    def rating(self, on: date, *, earliest: bool = False, as_of: date | None = None) -> str:
        return _rating(self.rubric, self.score(on, earliest=earliest, as_of=as_of))

    def goes_dark(self, on: date) -> dict[Cell, date | None]:
        """Return the first later day on which each lit cell is dark, if nothing else happens."""
        waiting = {cell for cell, facts in self.lit(on).items() if facts}
        found: dict[Cell, date | None] = dict.fromkeys(CELLS)
        day = on
        while waiting:
            day += ONE_DAY
            lit = self.lit(day, as_of=on)
            for cell in [each for each in waiting if not lit[each]]:
                found[cell] = day
                waiting.remove(cell)
        return found

    def next_change(self, on: date) -> tuple[date, str] | None:
        """Return the first later day with another rating, if nothing else happens."""
        now, day = self.rating(on), on
        while self.score(day, as_of=on) > 0:
            day += ONE_DAY
            if self.rating(day, as_of=on) != now:
                return day, self.rating(day, as_of=on)
        return None

    def last_activity_on(self, on: date) -> date | None:
        """Return the last effective day of what was counted by then."""
        held = [fact for fact in self.history.facts if fact.outcome == "held"]
        return max((day for fact in held if (day := min(fact.last, fact.stated_on)) <= on), default=None)

    def dormant_on(self, on: date) -> date | None:
        """Return the first day on which the silence has lasted."""
        since = self.last_activity_on(on) or self.history.mou_date
        if since is None:
            return None
        day = since
        while _months_before(day, self.rubric.dormant_months) < since:
            day += ONE_DAY
        return day

    def provisional(self, on: date) -> bool:
        """Say whether the founding memorandum is younger than the rubric wants."""
        founded = self.history.mou_date
        return founded is not None and founded <= on < _months_after(founded, self.rubric.provisional_months)


def _cells_of(fact: Fact, rubric: Rubric) -> Iterator[Cell]:
    if fact.outcome != "held":
        return
    for way in (OUT, IN):
        if fact.direction in (way, "mutual"):
            yield Cell(fact.indicator, way)
            if fact.indicator == "joint_event" and fact.mode == "in_person" and rubric.travel:
                yield Cell(Indicator.VISIT, way)


def _weight(rubric: Rubric, cell: Cell) -> int:
    return getattr(rubric.cells[cell.indicator], cell.direction).weight if cell.indicator in rubric.cells else 1


def _window(rubric: Rubric, cell: Cell) -> int:
    own = (
        getattr(rubric.cells[cell.indicator], cell.direction).window_months if cell.indicator in rubric.cells else None
    )
    return rubric.window_months if own is None else own


def _rating(rubric: Rubric, score: int) -> str:
    if score >= rubric.thresholds.aktif:
        return "aktif"
    if score >= rubric.thresholds.kurang_aktif:
        return "kurang_aktif"
    return "tidak_aktif"


@cache
def _months_before(day: date, months: int) -> date:
    first = day.replace(day=1)
    for _ in range(months):
        first = (first - ONE_DAY).replace(day=1)
    return _cut(first, day.day)


@cache
def _months_after(day: date, months: int) -> date:
    first = day.replace(day=1)
    for _ in range(months):
        first = (first + timedelta(days=31)).replace(day=1)
    return _cut(first, day.day)


def _cut(first_of_month: date, day: int) -> date:
    last = (first_of_month + timedelta(days=31)).replace(day=1) - ONE_DAY
    return last if day > last.day else first_of_month.replace(day=day)


# Random histories around month ends and leap days, where calendars go wrong.

SHARP_DAYS = [date(2020, 2, 29), date(2020, 2, 28), date(2020, 3, 1), date(2020, 8, 31), date(2020, 12, 31)]
DAYS = st.one_of(st.sampled_from(SHARP_DAYS), st.dates(date(2019, 6, 1), date(2021, 6, 30)))
MONTHS = st.integers(1, 14)


@st.composite
def facts(draw: st.DrawFn) -> Fact:
    first = draw(DAYS)
    return a_fact(
        indicator=draw(st.sampled_from(Indicator)),
        direction=draw(st.sampled_from(Direction)),
        outcome=draw(st.sampled_from([Outcome.HELD, Outcome.HELD, Outcome.HELD, *Outcome])),
        mode=draw(st.sampled_from(Mode)),
        first=first,
        last=first + draw(st.sampled_from([0, 0, 0, 6, 30, 365])) * ONE_DAY,
        stated_on=first + draw(st.sampled_from([-20, 0, 3, 40, 800])) * ONE_DAY,
    )


CELL_RULES = st.builds(CellRule, weight=st.integers(0, 3), window_months=st.none() | MONTHS)
RULES = st.dictionaries(
    st.sampled_from(Indicator), st.builds(CellRules, outbound=CELL_RULES, inbound=CELL_RULES), max_size=3
)


@st.composite
def rubrics(draw: st.DrawFn) -> Rubric:
    cells = draw(RULES)
    best = sum(_weight(a_rubric(cells=cells), cell) for cell in CELLS)
    aktif = draw(st.integers(2, min(best, 6)))
    return a_rubric(
        cells=cells,
        thresholds=Thresholds(aktif=aktif, kurang_aktif=draw(st.integers(1, aktif - 1))),
        window_months=draw(MONTHS),
        provisional_months=draw(MONTHS),
        dormant_months=draw(MONTHS),
        travel=draw(st.booleans()),
    )


HISTORIES = st.builds(
    lambda held, mou_date: a_history(*held, mou_date=mou_date),
    st.lists(facts(), min_size=1, max_size=8),
    st.none() | DAYS,
)
ORACLE = settings(max_examples=300, deadline=None)


@ORACLE
@given(history=HISTORIES, rubric=rubrics(), on=DAYS)
def test_score_and_rating_and_cells_are_those_of_the_description(history: History, rubric: Rubric, on: date):
    slow = Slow(history, rubric)

    rating = rate(history, rubric, on)

    assert rating.score == slow.score(on)
    assert rating.rating == slow.rating(on)
    assert {cell: set(state.activities) for cell, state in rating.cells.items()} == _ids(slow.lit(on))


@ORACLE
@given(history=HISTORIES, rubric=rubrics(), on=DAYS)
def test_each_lit_cell_goes_dark_on_the_day_found_by_trying(history: History, rubric: Rubric, on: date):
    rating = rate(history, rubric, on)

    assert {cell: state.goes_dark for cell, state in rating.cells.items()} == Slow(history, rubric).goes_dark(on)


@ORACLE
@given(history=HISTORIES, rubric=rubrics(), on=DAYS)
def test_the_next_change_is_the_first_day_with_another_rating(history: History, rubric: Rubric, on: date):
    change = rate(history, rubric, on).next_change

    assert ((change.on, change.rating) if change else None) == Slow(history, rubric).next_change(on)


@ORACLE
@given(history=HISTORIES, rubric=rubrics(), on=DAYS)
def test_dormancy_and_newness_are_those_of_the_description(history: History, rubric: Rubric, on: date):
    slow = Slow(history, rubric)
    dormant_on = slow.dormant_on(on)

    rating = rate(history, rubric, on)

    assert rating.last_activity_on == slow.last_activity_on(on)
    assert rating.dormant_on == dormant_on
    assert rating.dormant == (dormant_on is not None and on >= dormant_on)
    assert rating.provisional == slow.provisional(on)


@ORACLE
@given(history=HISTORIES, rubric=rubrics(), on=DAYS)
def test_uncertain_names_the_rating_of_the_first_possible_days(history: History, rubric: Rubric, on: date):
    slow = Slow(history, rubric)
    by_first_days = slow.rating(on, earliest=True)

    rating = rate(history, rubric, on)

    assert rating.uncertain == (by_first_days if by_first_days != slow.rating(on) else None)


@settings(max_examples=60, deadline=None)
@given(history=HISTORIES, rubric=rubrics(), on=DAYS, chance=st.randoms(use_true_random=False))
def test_the_order_of_facts_plays_no_part(history: History, rubric: Rubric, on: date, chance):
    shuffled = list(history.facts)
    chance.shuffle(shuffled)

    assert rate(a_history(*shuffled, mou_date=history.mou_date), rubric, on) == rate(history, rubric, on)


@settings(max_examples=60, deadline=None)
@given(history=HISTORIES, more=HISTORIES, rubric=rubrics(), on=DAYS)
def test_another_activity_that_was_held_never_lowers_the_score(
    history: History, more: History, rubric: Rubric, on: date
):
    held = [each for each in more.facts if each.outcome is Outcome.HELD]
    before = rate(history, rubric, on)
    after = rate(replace(history, facts=(*history.facts, *held)), rubric, on)

    assert after.score >= before.score
    assert list(RatingCode).index(after.rating) <= list(RatingCode).index(before.rating)
    assert all(set(state.activities) <= set(after.cells[cell].activities) for cell, state in before.cells.items())


@ORACLE
@given(history=HISTORIES, rubric=rubrics(), first=DAYS, last=DAYS)
def test_a_period_counts_just_what_took_effect_in_it(history: History, rubric: Rubric, first: date, last: date):
    assume(first <= last)
    in_the_period = {cell: set[Fact]() for cell in CELLS}
    for fact in history.facts:
        for cell in _cells_of(fact, rubric):
            if first <= min(fact.last, fact.stated_on) <= last:
                in_the_period[cell].add(fact)

    rating = rate_period(history, rubric, first, last)

    assert {cell: set(state.activities) for cell, state in rating.cells.items()} == _ids(in_the_period)
    assert rating.score == sum(_weight(rubric, cell) for cell in CELLS if in_the_period[cell])
    assert rating.rating == _rating(rubric, rating.score)


def _ids(lit: Mapping[Cell, set[Fact]]) -> dict[Cell, set]:
    return {cell: {fact.activity for fact in lit[cell]} for cell in CELLS}


# Examples that can be checked by hand.


def test_the_grid_of_the_description_scores_six_and_is_aktif():
    lit = [
        (Indicator.CONTACT, MUTUAL),
        (Indicator.DOCUMENT, MUTUAL),
        (Indicator.VISIT, IN),
        (Indicator.JOINT_EVENT, OUT),
    ]
    history = a_history(*(a_fact(indicator=indicator, direction=direction) for indicator, direction in lit))

    rating = rate(history, JAKARTA_2020, END_OF_2020)

    assert (rating.score, rating.rating) == (6, RatingCode.AKTIF)


def test_forty_letters_light_one_cell():
    history = a_history(*(a_fact(indicator=Indicator.CONTACT, direction=OUT) for _ in range(40)))

    rating = rate(history, JAKARTA_2020, END_OF_2020)

    assert rating.score == 1
    assert len(rating.cells[Cell(Indicator.CONTACT, OUT)].activities) == 40


def test_a_partnership_without_facts_is_tidak_aktif_and_looks_forward_to_nothing():
    rating = rate(a_history(), JAKARTA_2020, END_OF_2020)

    assert (rating.score, rating.rating) == (0, RatingCode.TIDAK_AKTIF)
    assert rating.next_change is None
    assert rating.dormant_on is None
    assert rating.dormant is False


@pytest.mark.parametrize(
    ("on", "score"),
    [
        (date(2019, 5, 21), 0),
        (date(2019, 5, 22), 1),
        (date(2023, 5, 21), 1),
        (date(2023, 5, 22), 0),
    ],
)
def test_a_visit_counts_from_its_day_until_48_months_later(on: date, score: int):
    history = a_history(a_fact(on=date(2019, 5, 22)))

    assert rate(history, JAKARTA_2020, on).score == score


@pytest.mark.parametrize("outcome", [each for each in Outcome if each is not Outcome.HELD])
def test_only_what_was_held_counts(outcome: Outcome):
    history = a_history(a_fact(outcome=outcome))

    rating = rate(history, JAKARTA_2020, END_OF_2020)

    assert rating.score == 0
    assert rating.dormant_on is None


def test_a_year_takes_effect_on_its_last_day():
    history = a_history(a_fact(first=date(2019, 1, 1), last=date(2019, 12, 31), stated_on=date(2021, 3, 1)))

    assert rate(history, JAKARTA_2020, date(2019, 12, 30)).score == 0
    assert rate(history, JAKARTA_2020, date(2019, 12, 31)).score == 1


def test_a_year_that_is_not_over_takes_effect_on_the_day_it_was_recorded():
    history = a_history(a_fact(first=date(2019, 1, 1), last=date(2019, 12, 31), stated_on=date(2019, 6, 3)))

    assert rate(history, JAKARTA_2020, date(2019, 6, 2)).score == 0
    assert rate(history, JAKARTA_2020, date(2019, 6, 3)).score == 1


def test_the_activities_of_a_cell_stand_oldest_first():
    days = [date(2018, 3, 1), date(2019, 5, 22), date(2020, 1, 7)]
    oldest, middle, newest = (a_fact(on=day) for day in days)

    for order in permutations([oldest, middle, newest]):
        cell = rate(a_history(*order), JAKARTA_2020, END_OF_2020).cells[VISIT_IN]

        assert cell.activities == (oldest.activity, middle.activity, newest.activity)


def test_a_cell_goes_dark_48_months_after_its_newest_activity():
    history = a_history(a_fact(on=date(2018, 3, 1)), a_fact(on=date(2020, 1, 7)))

    rating = rate(history, JAKARTA_2020, END_OF_2020)

    assert rating.cells[VISIT_IN].goes_dark == date(2024, 1, 7)
    assert rating.cells[VISIT_OUT].goes_dark is None


def test_the_next_change_passes_over_days_on_which_the_rating_stays():
    history = a_history(
        a_fact(on=date(2017, 2, 1), indicator=Indicator.AID),
        a_fact(on=date(2018, 3, 1), indicator=Indicator.CONTACT),
        a_fact(on=date(2019, 4, 1), indicator=Indicator.DOCUMENT),
        a_fact(on=date(2020, 5, 1), indicator=Indicator.VISIT),
    )

    rating = rate(history, JAKARTA_2020, END_OF_2020)

    assert rating.score == 4
    assert rating.next_change == NextChange(date(2022, 3, 1), RatingCode.KURANG_AKTIF)


def test_a_partnership_falls_dormant_24_months_after_its_last_activity():
    history = a_history(a_fact(on=date(2018, 12, 31)), mou_date=date(2020, 1, 1))

    rating = rate(history, JAKARTA_2020, date(2020, 12, 30))

    assert (rating.dormant, rating.dormant_on) == (False, date(2020, 12, 31))
    assert rate(history, JAKARTA_2020, date(2020, 12, 31)).dormant is True


def test_a_partnership_without_activity_falls_dormant_24_months_after_its_memorandum():
    rating = rate(a_history(mou_date=date(2018, 6, 1)), JAKARTA_2020, END_OF_2020)

    assert (rating.dormant, rating.dormant_on) == (True, date(2020, 6, 1))


def test_what_happened_later_does_not_end_a_silence_before_it():
    history = a_history(a_fact(on=date(2016, 1, 1)), a_fact(on=date(2021, 1, 1)))

    assert rate(history, JAKARTA_2020, END_OF_2020).dormant_on == date(2018, 1, 1)


@pytest.mark.parametrize(
    ("on", "provisional"),
    [
        (date(2020, 10, 22), False),
        (date(2020, 10, 23), True),
        (date(2021, 10, 22), True),
        (date(2021, 10, 23), False),
    ],
)
def test_a_partnership_is_provisional_for_12_months_from_its_memorandum(on: date, provisional: bool):
    history = a_history(mou_date=date(2020, 10, 23))

    assert rate(history, JAKARTA_2020, on).provisional is provisional


def test_an_imprecise_date_at_the_edge_makes_the_rating_uncertain():
    year_2017 = a_fact(first=date(2017, 1, 1), last=date(2017, 12, 31), stated_on=date(2021, 3, 1))

    assert rate(a_history(year_2017), JAKARTA_2020, date(2020, 12, 31)).uncertain is None
    assert rate(a_history(year_2017), JAKARTA_2020, date(2021, 1, 1)).uncertain is RatingCode.TIDAK_AKTIF
    assert rate(a_history(year_2017), JAKARTA_2020, date(2017, 6, 1)).uncertain is RatingCode.KURANG_AKTIF


def test_a_period_is_its_own_window():
    before, first, last, after = (date(2016, 12, 31), date(2017, 1, 1), date(2020, 12, 31), date(2021, 1, 1))
    inside = [a_fact(on=first), a_fact(on=last)]
    history = a_history(a_fact(on=before), *inside, a_fact(on=after))

    rating = rate_period(history, JAKARTA_2020, first, last)

    assert rating.cells[VISIT_IN].activities == tuple(fact.activity for fact in inside)


def test_a_period_does_not_look_ahead():
    history = a_history(a_fact(on=date(2019, 5, 22)))

    rating = rate_period(history, JAKARTA_2020, date(2019, 1, 1), END_OF_2020)

    assert rating.score == 1
    assert rating.next_change is None
    assert all(state.goes_dark is None for state in rating.cells.values())


@pytest.mark.parametrize(
    ("on", "in_force"),
    [
        (date(2019, 12, 31), False),
        (date(2020, 1, 1), True),
        (date(2020, 6, 30), True),
        (date(2020, 7, 1), False),
    ],
)
def test_a_judgement_is_in_force_from_its_first_to_its_last_day(on: date, in_force: bool):
    judgement = a_judgement(valid_from=date(2020, 1, 1), valid_until=date(2020, 6, 30))

    official = rate(a_history(judgements=[judgement]), JAKARTA_2020, on).official

    assert official == (judgement if in_force else None)


def test_a_judgement_stands_beside_the_computed_rating():
    history = a_history(judgements=[a_judgement(rating=RatingCode.AKTIF)])

    rating = rate(history, JAKARTA_2020, END_OF_2020)

    assert rating.rating is RatingCode.TIDAK_AKTIF
    assert rating.official is not None
    assert rating.official.rating is RatingCode.AKTIF


def test_of_two_judgements_in_force_the_one_set_last_is_meant():
    first, second = a_judgement(valid_from=date(2020, 6, 1)), a_judgement(valid_from=date(2020, 1, 1))

    assert rate(a_history(judgements=[first, second]), JAKARTA_2020, END_OF_2020).official == second


def test_a_judgement_that_has_expired_leaves_an_earlier_one_in_force():
    lasting = a_judgement()
    expired = a_judgement(valid_until=date(2020, 3, 31))

    assert rate(a_history(judgements=[lasting, expired]), JAKARTA_2020, END_OF_2020).official == lasting


def test_a_fact_is_what_a_rating_needs_of_an_activity():
    recorded = an_event(
        "activity.recorded",
        an_activity(occurred="2018-11/2019", mode="online", direction="mutual", outcome="postponed"),
        event_id=an_id(7),
        recorded_on=date(2021, 3, 1),
    )
    activity = a_book(recorded).activities[an_id(7)]

    assert fact_of(activity) == Fact(
        activity=an_id(7),
        indicator=Indicator.VISIT,
        direction=MUTUAL,
        outcome=Outcome.POSTPONED,
        mode=Mode.ONLINE,
        first=date(2018, 11, 1),
        last=date(2019, 12, 31),
        stated_on=date(2021, 3, 1),
    )


# The facts of Jakarta, and what the study made of them.


@pytest.fixture(scope="module")
def jakarta() -> Book:
    sent = [*partnership_events(JAKARTA), *activity_events(JAKARTA)]
    return a_book(*(an_event(each["type"], each["data"], recorded_on=date(2022, 6, 1)) for each in sent))


@pytest.fixture(scope="module")
def ratings(jakarta: Book) -> dict[str, Rating]:
    return {slug: rate(_history_in(jakarta, slug), JAKARTA_2020, END_OF_2020) for slug in jakarta.partnerships}


def test_jakarta_has_22_partnerships_and_114_activities(jakarta: Book):
    assert len(jakarta.partnerships) == 22
    assert len(jakarta.activities) == 114


def test_the_rating_differs_from_the_study_on_exactly_three_partnerships(ratings: dict[str, Rating]):
    published = published_ratings(JAKARTA)

    differing = {slug: rating.score for slug, rating in ratings.items() if rating.rating != published[slug]}

    assert differing == {"hanoi": 6, "los-angeles": 3, "paris": 0}


def test_jakartas_ratings_are_those_of_the_description(jakarta: Book, ratings: dict[str, Rating]):
    for slug, rating in ratings.items():
        slow = Slow(_history_in(jakarta, slug), JAKARTA_2020)

        assert rating.score == slow.score(END_OF_2020)
        assert {cell: set(state.activities) for cell, state in rating.cells.items()} == _ids(slow.lit(END_OF_2020))
        assert rating.dormant_on == slow.dormant_on(END_OF_2020)


def test_only_shanghai_was_too_new_to_judge(ratings: dict[str, Rating]):
    assert [slug for slug, rating in ratings.items() if rating.provisional] == ["shanghai"]


def test_the_period_of_the_study_gives_the_ratings_of_its_last_day(jakarta: Book, ratings: dict[str, Rating]):
    for slug, rating in ratings.items():
        over_the_period = rate_period(_history_in(jakarta, slug), JAKARTA_2020, date(2017, 1, 1), END_OF_2020)

        assert (over_the_period.score, over_the_period.rating) == (rating.score, rating.rating)


def test_each_partnership_predicted_from_the_other_21_is_right_19_times(ratings: dict[str, Rating]):
    published = published_ratings(JAKARTA)
    scores = {slug: rating.score for slug, rating in ratings.items()}
    thresholds = [
        a_rubric(thresholds={"aktif": aktif, "kurang_aktif": kurang})
        for aktif in range(2, 11)
        for kurang in range(1, aktif)
    ]

    def right(rubric: Rubric, slugs: set[str]) -> set[str]:
        return {slug for slug in slugs if rubric.rating(scores[slug]) == published[slug]}

    predicted = set()
    for slug in scores:
        others = scores.keys() - {slug}
        most = max(len(right(rubric, others)) for rubric in thresholds)
        best = [rubric for rubric in thresholds if len(right(rubric, others)) == most]
        predictions = {rubric.rating(scores[slug]) for rubric in best}
        assert len(predictions) == 1, f"the choice among equally good thresholds decides {slug}"
        predicted |= right(best[0], {slug})

    assert len(predicted) == 19


def _history_in(book: Book, slug: str) -> History:
    activities = [each for each in book.activities.values() if each.facts.partnership == slug]
    return History(slug, book.partnerships[slug].facts.mou_date, tuple(fact_of(each) for each in activities))
