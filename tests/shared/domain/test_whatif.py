"""Replays against a reading day by day, and the study's own ratings."""

from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cli.facts import JAKARTA, activity_events, partnership_events, published_ratings
from shared.domain.cells import CELLS
from shared.domain.codes import RatingCode
from shared.domain.rating import History, fact_of, rate
from shared.domain.rubric import JAKARTA_2020, Rubric
from shared.domain.whatif import (
    backtest,
    differences,
    in_force,
    leave_one_out,
    steps,
    sweep,
    thresholds_for,
    variations,
)
from tests.shared.domain.test_rating import DAYS, HISTORIES, rubrics
from tests.support.build import a_book, a_fact, a_history, a_rubric, an_event, an_id

ONE_DAY = timedelta(days=1)
THOROUGH = settings(max_examples=40, deadline=None)
LAWS = st.lists(st.tuples(DAYS, rubrics()), max_size=2).map(lambda law: sorted(law, key=lambda each: each[0]))
END_OF_2020 = date(2020, 12, 31)


@THOROUGH
@given(history=HISTORIES, law=LAWS, first=DAYS, length=st.integers(0, 900))
def test_the_steps_are_those_of_a_reading_day_by_day(history: History, law, first: date, length: int):
    last = first + length * ONE_DAY
    found = steps(history, law, first, last)

    day, standing = first, None
    for step in found:
        while day < step.on:
            assert _stands(history, in_force(law, day), day) == standing
            day += 17 * ONE_DAY
        standing = (step.rating, step.score, step.lit)
        assert _stands(history, in_force(law, step.on), step.on) == standing
        if step.on > first:
            assert _stands(history, in_force(law, step.on - ONE_DAY), step.on - ONE_DAY) != standing
        day = step.on
    assert _stands(history, in_force(law, last), last) == standing


def _stands(history: History, rubric: Rubric, day: date):
    rated = rate(history, rubric, day)
    return rated.rating, rated.score, frozenset(cell for cell in CELLS if rated.cells[cell].activities)


@THOROUGH
@given(history=HISTORIES, law=LAWS, rubric=rubrics(), first=DAYS, length=st.integers(0, 900), days=st.data())
def test_two_courses_differ_just_where_it_is_said(history, law, rubric, first, length, days):
    last = first + length * ONE_DAY
    other = [(date.min, rubric)]
    found = differences(steps(history, law, first, last), steps(history, other, first, last), last)

    for _ in range(20):
        day = first + days.draw(st.integers(0, length)) * ONE_DAY
        was, then = rate(history, in_force(law, day), day).rating, rate(history, rubric, day).rating
        said = [each for each in found if each.first <= day <= each.last]
        assert [(each.was, each.then) for each in said] == ([] if was is then else [(was, then)])


def test_a_stricter_rubric_says_from_when_to_when_and_by_which_cells():
    visit = a_fact(on=date(2019, 5, 22))
    was = steps(a_history(visit), [], date(2019, 1, 1), date(2024, 12, 31))
    then = steps(a_history(visit), [(date.min, a_rubric(window_months=24))], date(2019, 1, 1), date(2024, 12, 31))

    (found,) = differences(was, then, date(2024, 12, 31))

    assert (found.first, found.last) == (date(2021, 5, 22), date(2023, 5, 21))
    assert (found.was, found.then) == (RatingCode.KURANG_AKTIF, RatingCode.TIDAK_AKTIF)
    assert found.lit_only_before == {cell for cell in CELLS if cell in was[1].lit}
    assert found.lit_only_then == frozenset()


@pytest.fixture(scope="module")
def jakarta() -> dict[str, History]:
    events = [
        an_event(each["type"], each["data"], event_id=an_id(), recorded_on=date(2021, 3, 1))
        for each in (*partnership_events(JAKARTA), *activity_events(JAKARTA))
    ]
    book = a_book(*events)
    return {
        slug: History(
            slug,
            each.facts.mou_date,
            tuple(fact_of(activity) for activity in book.activities.values() if activity.facts.partnership == slug),
        )
        for slug, each in book.partnerships.items()
    }


def test_the_default_rubric_agrees_with_the_study_on_19_of_22(jakarta):
    found = backtest(jakarta, _official(), JAKARTA_2020, END_OF_2020)

    assert (found.agreeing, len(found.pairs)) == (19, 22)
    assert {each.partnership for each in found.pairs if each.official is not each.computed} == {
        "hanoi",
        "los-angeles",
        "paris",
    }
    matrix = found.matrix
    assert sum(matrix[official][computed] for official in RatingCode for computed in RatingCode) == 22
    assert matrix[RatingCode.KURANG_AKTIF][RatingCode.AKTIF] == 2
    assert matrix[RatingCode.KURANG_AKTIF][RatingCode.TIDAK_AKTIF] == 1


@pytest.mark.parametrize(("candidates", "agreeing"), [(thresholds_for, 19), (variations, 18)])
def test_each_predicted_from_the_other_21(jakarta, candidates, agreeing):
    found = leave_one_out(jakarta, _official(), list(candidates(JAKARTA_2020)), END_OF_2020)

    assert (found.agreeing, len(found.pairs)) == (agreeing, 22)


def test_each_is_predicted_by_the_rubric_that_fits_all_others_best():
    histories = {
        "one": a_history(a_fact(on=date(2018, 6, 1))),
        "two": a_history(a_fact(on=date(2018, 6, 1))),
        "three": a_history(a_fact(on=date(2020, 6, 1))),
    }
    official = {"one": RatingCode.TIDAK_AKTIF, "two": RatingCode.KURANG_AKTIF, "three": RatingCode.KURANG_AKTIF}
    long, short = a_rubric(), a_rubric(window_months=24)

    found = leave_one_out(histories, official, [long, short], END_OF_2020)

    predicted = {each.partnership: each.computed for each in found.pairs}
    assert predicted == {
        "one": RatingCode.KURANG_AKTIF,  # two and three fit the long window
        "two": RatingCode.TIDAK_AKTIF,  # one and three fit the short one
        "three": RatingCode.KURANG_AKTIF,
    }


def test_a_sweep_counts_what_each_variation_says(jakarta):
    varied = list(variations(JAKARTA_2020))
    found = sweep(jakarta.values(), JAKARTA_2020, END_OF_2020)

    assert len(found) == 22
    assert varied[0] == JAKARTA_2020
    assert len(varied) == len({each.model_dump_json() for each in varied}) > 100
    for each in (found[0], found[-1]):
        ratings = [rate(jakarta[each.partnership], rubric, END_OF_2020).rating for rubric in varied]
        assert {code: ratings.count(code) for code in RatingCode} == each.counts
        assert each.rating is ratings[0]
        assert each.share == ratings.count(ratings[0]) / len(ratings) or 0 < each.share < 1
    assert found[0].share <= found[-1].share


def _official() -> dict[str, RatingCode]:
    return {slug: RatingCode(code) for slug, code in published_ratings(JAKARTA).items()}
