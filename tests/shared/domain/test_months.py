from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.domain.months import add_months, days_in_month, first_day_outside, subtract_months

DAYS = st.dates(date(1990, 1, 1), date(2110, 12, 31))


def _months_before(day: date, months: int) -> date:
    """Step back month by month, then cut the day to the length of the month that is reached."""
    first = day.replace(day=1)
    for _ in range(months):
        first = (first - timedelta(days=1)).replace(day=1)
    next_month = (first + timedelta(days=31)).replace(day=1)
    return first.replace(day=min(day.day, (next_month - first).days))


@settings(max_examples=120, deadline=None)
@given(effective=DAYS, window_months=st.integers(1, 60))
def test_the_first_day_outside_is_the_one_found_by_trying_day_by_day(effective: date, window_months: int):
    on = effective
    while _months_before(on, window_months) < effective:
        on += timedelta(days=1)

    assert first_day_outside(effective, window_months) == on


@pytest.mark.parametrize(
    ("effective", "window_months", "first_outside"),
    [
        (date(2016, 12, 31), 48, date(2020, 12, 31)),
        (date(2020, 2, 29), 48, date(2024, 2, 29)),
        (date(2020, 2, 29), 12, date(2021, 3, 1)),
        (date(2019, 2, 28), 12, date(2020, 2, 28)),
        (date(2020, 8, 31), 18, date(2022, 3, 1)),
        (date(2020, 8, 28), 18, date(2022, 2, 28)),
        (date(2021, 1, 31), 1, date(2021, 3, 1)),
        (date(2021, 1, 28), 1, date(2021, 2, 28)),
        (date(2021, 12, 31), 2, date(2022, 3, 1)),
        (date(2096, 2, 29), 48, date(2100, 3, 1)),
    ],
)
def test_a_month_end_leaves_the_window_on_the_day_that_the_definition_says(
    effective: date, window_months: int, first_outside: date
):
    assert first_day_outside(effective, window_months) == first_outside


@pytest.mark.parametrize(
    ("day", "months", "later"),
    [
        (date(2020, 1, 31), 1, date(2020, 2, 29)),
        (date(2021, 1, 31), 1, date(2021, 2, 28)),
        (date(2020, 2, 29), 12, date(2021, 2, 28)),
        (date(2020, 12, 31), 1, date(2021, 1, 31)),
        (date(2020, 11, 30), 3, date(2021, 2, 28)),
        (date(2020, 3, 31), -1, date(2020, 2, 29)),
        (date(2020, 1, 15), -1, date(2019, 12, 15)),
        (date(2020, 1, 15), 0, date(2020, 1, 15)),
    ],
)
def test_the_day_is_cut_to_the_length_of_the_month(day: date, months: int, later: date):
    assert add_months(day, months) == later


@settings(max_examples=200)
@given(day=DAYS, months=st.integers(0, 400))
def test_subtracting_months_is_stepping_back_month_by_month(day: date, months: int):
    assert subtract_months(day, months) == _months_before(day, months)


@pytest.mark.parametrize(
    ("year", "month", "days"),
    [(2020, 2, 29), (2021, 2, 28), (1900, 2, 28), (2000, 2, 29), (2100, 2, 28), (2021, 4, 30), (2021, 12, 31)],
)
def test_a_month_has_the_days_of_the_gregorian_calendar(year: int, month: int, days: int):
    assert days_in_month(year, month) == days
