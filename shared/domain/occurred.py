"""When something happened, as precisely as it is known: the part of EDTF level 0 (ISO 8601-2) that the bureau uses.

A year, a month, a day, or an interval of two of these. Nothing is ever made more precise than it was written.
"""

import re
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from shared.domain.months import days_in_month
from shared.domain.unfit import Unfit

EARLIEST_YEAR, LATEST_YEAR = 1800, 2199
_PART = re.compile(r"(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?", re.ASCII)
_REMEDY = "Write a year (2019), a month (2019-05), a day (2019-05-22) or an interval of two of these (2018/2019)."


class NotADate(Unfit):
    """The text is no date of the subset."""


@dataclass(frozen=True, slots=True)
class Occurred:
    """A date as written, with the first and the last day that it can mean."""

    text: str
    first: date
    last: date


@lru_cache(maxsize=10_000)
def parse_occurred(text: str) -> Occurred:
    """Read an EDTF date of the subset.

    Raises `NotADate` for anything else, for days that do not exist, for years outside 1800 to 2199 (a slip of the
    keyboard: no partnership is older) and for intervals that end before they begin.
    """
    start, slash, end = text.partition("/")
    first, last = _days(start, text)
    if not slash:
        return Occurred(text, first, last)
    _, end_last = _days(end, text)
    if end_last < first:
        raise NotADate(f"“{text}” ends before it begins.", "Write the earlier date first.")
    return Occurred(text, first, end_last)


def _days(part: str, text: str) -> tuple[date, date]:
    match = _PART.fullmatch(part)
    if match is None:
        raise NotADate(f"“{text[:60]}” is not a date that can be kept.", _REMEDY)
    year, month, day = (int(group) if group else None for group in match.groups())
    if year is None or not EARLIEST_YEAR <= year <= LATEST_YEAR:
        problem = f"The year in “{text}” is not between {EARLIEST_YEAR} and {LATEST_YEAR}."
        raise NotADate(problem, "Correct the year.")
    if month is None:
        return date(year, 1, 1), date(year, 12, 31)
    if not 1 <= month <= 12:
        raise NotADate(f"“{text}” has a month {month:02d}; months are 01 to 12.", _REMEDY)
    length = days_in_month(year, month)
    if day is None:
        return date(year, month, 1), date(year, month, length)
    if not 1 <= day <= length:
        raise NotADate(f"“{text}” is not a day of the calendar: that month has {length} days.", "Correct the day.")
    return date(year, month, day), date(year, month, day)
