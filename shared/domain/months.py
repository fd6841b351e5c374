"""Calendar months on plain dates: a month is a calendar month, the day is cut to the month's length."""

import calendar
from datetime import date, timedelta
from functools import lru_cache


@lru_cache(maxsize=65_536)
def first_day_outside(effective: date, window_months: int) -> date:
    """Return the first day `on` whose window of `window_months` no longer reaches back to `effective`.

    The window is `on - months < effective`; because the day is cut to the month's length, adding the months to
    `effective` can land a day early (31 August 2020 + 18 months is 28 February 2022, whose window still holds it).
    """
    day = add_months(effective, window_months)
    return day if subtract_months(day, window_months) >= effective else day + timedelta(days=1)


@lru_cache(maxsize=65_536)
def add_months(day: date, months: int) -> date:
    """Return the same day `months` later (earlier if negative), cut to the month's length."""
    year, month0 = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month0 + 1, min(day.day, days_in_month(year, month0 + 1)))


def subtract_months(day: date, months: int) -> date:
    """Return the same day `months` earlier, cut to the month's length."""
    return add_months(day, -months)


def days_in_month(year: int, month: int) -> int:
    """Return 28 to 31."""
    return calendar.monthrange(year, month)[1]
