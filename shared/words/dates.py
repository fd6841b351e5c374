"""Dates as people write them: 21 Juni 2007, Mei 1986, 22–28 Oktober 2019."""

from datetime import date
from functools import lru_cache

from babel.dates import format_date

from shared.domain.occurred import parse_occurred
from shared.words.words import Language


@lru_cache(maxsize=10_000)
def date_in_words(day: date, language: Language) -> str:
    """Return a day in words: 21 Juni 2007, 21 June 2007."""
    return format_date(day, "d MMMM y", locale=language)


@lru_cache(maxsize=10_000)
def date_abbreviated(day: date, language: Language) -> str:
    """Return a day where there is little room: 21 Jun 2007."""
    return format_date(day, "d MMM y", locale=language)


@lru_cache(maxsize=10_000)
def occurred_in_words(text: str, language: Language) -> str:
    """Return an EDTF date in words, as precise as it was written: 2019, Mei 1986, 22–28 Oktober 2019."""
    start, slash, end = text.partition("/")
    if not slash:
        return _part_in_words(start, language)
    if len(start) == len(end) == 10 and start[:7] == end[:7]:
        return f"{int(start[8:])}–{_part_in_words(end, language)}"
    if len(start) == len(end) == 4:
        return f"{start}–{end}"
    return f"{_part_in_words(start, language)} – {_part_in_words(end, language)}"


def _part_in_words(part: str, language: Language) -> str:
    pattern = {4: "y", 7: "MMMM y", 10: "d MMMM y"}[len(part)]
    return format_date(parse_occurred(part).first, pattern, locale=language)


def month_abbreviated(month: str, language: Language) -> str:
    """Return the short name of a month written as 2019-10: Okt, Oct."""
    return format_date(date.fromisoformat(f"{month}-01"), "MMM", locale=language)
