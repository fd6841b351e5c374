"""Read dates as people write them, in Indonesian and English: 22 s.d. 28 Oktober 2019, Mei 1986, 2018-2019, 05/2019.

What can be read in two ways is answered with both readings; nothing is ever guessed or made more precise.
"""

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from shared.domain.occurred import NotADate, parse_occurred
from shared.domain.unfit import Unfit

LONGEST = 100

_NAMES = (
    ("januari", "january", "jan"),
    ("februari", "pebruari", "february", "feb", "peb"),
    ("maret", "march", "mar", "mrt"),
    ("april", "apr"),
    ("mei", "may"),
    ("juni", "june", "jun"),
    ("juli", "july", "jul"),
    ("agustus", "august", "agu", "agt", "ags", "agst", "aug"),
    ("september", "sept", "sep"),
    ("oktober", "october", "okt", "oct"),
    ("november", "nopember", "nov", "nop"),
    ("desember", "december", "des", "dec"),
)
_MONTHS = {name: number for number, names in enumerate(_NAMES, 1) for name in names}
_WEEKDAYS = (
    "senin|selasa|rabu|kamis|jumat|jum'at|sabtu|minggu|ahad|"
    "monday|tuesday|wednesday|thursday|friday|saturday|sunday|mon|tue|wed|thu|fri|sat|sun"
)
_WEEKDAY = re.compile(rf"\b(?:hari\s+)?(?:{_WEEKDAYS})\b\.?,?\s*(?=\d)")
_WORDS_BEFORE = re.compile(r"^(?:(?:pada|tanggal|tgl|bulan|tahun|dari|mulai|from|in|on|between|antara)\b\.?\s*)+")
_UNTIL = re.compile(
    r"\s*(?:\bs\s*[./]?\s*d\b\.?|\bsampai(?:\s+dengan)?\b|\bhingga\b|\buntil\b|\btill\b|\bto\b|[–—‒])\s*"
)
_HYPHEN = re.compile(r"\s+-\s*|\s*-\s+")
_VAGUE = re.compile(
    r"\b(?:awal|akhir|pertengahan|sekitar|kira-kira|kurang lebih|early|late|mid|middle|end|beginning|around|about|circa|"
    r"approximately|ca|c|semester|triwulan|kuartal|quarter|q[1-4]|sejak|since|before|after|sebelum|sesudah|setelah)\b|[?~]"
)
_NUMERIC = re.compile(r"(\d{1,2})([./-])(\d{1,2})\2(\d{4})")
_DAY = re.compile(r"(\d{1,2})(?:st|nd|rd|th)?[\s.-]+([a-z]+)\.?,?[\s-]+(\d{4})")
_DAY_AFTER_MONTH = re.compile(r"([a-z]+)\.?\s+(\d{1,2})(?:st|nd|rd|th)?,?\s+(\d{4})")
_MONTH = re.compile(r"([a-z]+)\.?,?[\s-]+(\d{4})")
_MONTH_IN_NUMBERS = re.compile(r"(\d{1,2})[./-](\d{4})")
_DAY_WITHOUT_YEAR = re.compile(r"(\d{1,2})(?:st|nd|rd|th)?[\s.-]+([a-z]+)\.?")
_MONTH_WITH_DAY = re.compile(r"([a-z]+)\.?\s+(\d{1,2})(?:st|nd|rd|th)?")
_NAME = re.compile(r"([a-z]+)\.?")
_NUMBER = re.compile(r"(\d{1,2})(?:st|nd|rd|th)?")
_YEARS = re.compile(r"(\d{4})\s*[-/]\s*(\d{4})")
_ISO_MONTH_OR_DAY = re.compile(r"\d{4}-\d{2}(?:-\d{2})?")
_DAYS_TIGHT = re.compile(r"(\d{1,2})-(\d{1,2})((?:[\s.-]+)[a-z].*)")
_MONTHS_TIGHT = re.compile(r"([a-z]+)\.?[-/]([a-z]+)\.?(\s+\d{4})")
_DAYS_TIGHT_AFTER_MONTH = re.compile(r"([a-z]+)\.?\s+(\d{1,2})-(\d{1,2}),?\s+(\d{4})")
_MIDNIGHT = re.compile(r"[ t]00:00(?::00(?:\.0+)?)?z?$")

_REMEDY = "Write it as 22 Oktober 2019, 22 s.d. 28 Oktober 2019, Oktober 2019, 2019, or 2019-10-22."


@dataclass(frozen=True, slots=True)
class Ambiguous:
    """A date with two readings, each EDTF; somebody must say which is meant."""

    day_first: str
    month_first: str


class Unreadable(Unfit):
    """The text is no date that can be kept."""


@lru_cache(maxsize=20_000)
def read_occurred(text: str, *, day_first: bool | None = None) -> str | Ambiguous:
    """Return what is written as EDTF, as precise as it is written; `day_first` says how 03/04/2019 is meant.

    Raises `Unreadable` for what is no date, what names no year, and what is only about a time (awal 2019).
    """
    words = _plain(text)
    if _VAGUE.search(words):
        problem = f"“{text.strip()[:60]}” says only about when it was."
        raise Unreadable(problem, "Write the year, the month or the day that is certain, such as 2019.")
    readings = [_read(words, first) for first in ((True, False) if day_first is None else (day_first,))]
    kept = {reading for reading in readings if reading is not None}
    if not kept and day_first is not None:
        # Only one reading is a day of the calendar: 22/10/2019 cannot be meant otherwise.
        kept = {reading for reading in (_read(words, not day_first),) if reading is not None}
    try:
        checked = {parse_occurred(reading).text: reading for reading in kept}
    except NotADate as error:
        raise Unreadable(error.problem, error.remedy) from error
    if not checked:
        raise Unreadable(f"“{text.strip()[:60]}” cannot be read as a date.", _REMEDY)
    if len(checked) == 1:
        return checked.popitem()[0]
    assert readings[0] is not None
    assert readings[1] is not None
    return Ambiguous(readings[0], readings[1])


def _plain(text: str) -> str:
    """Return the text in small letters, without what only surrounds a date."""
    if len(text) > LONGEST:
        raise Unreadable(f"“{text.strip()[:60]}…” is too long for a date.", _REMEDY)
    words = " ".join(text.replace("\u2010", "-").replace("\u2011", "-").lower().split()).strip(" ,;")
    words = _MIDNIGHT.sub("", words)
    words = _WEEKDAY.sub("", words)
    return _WORDS_BEFORE.sub("", words)


def _read(words: str, day_first: bool) -> str | None:
    """Return the reading with the day or the month first, None where there is none."""
    whole = _one(words, day_first)
    if whole is not None:
        return whole
    for start, end in _halves(words):
        interval = _interval(start, end, day_first)
        if interval is not None:
            return interval
    return None


def _halves(words: str) -> list[tuple[str, str]]:
    """Return the ways to part the text into a beginning and an end, the surest first."""
    halves = []
    for mark in (_UNTIL, _HYPHEN):
        parts = mark.split(words)
        if len(parts) == 2:
            halves.append((parts[0], parts[1]))
    if words.count("/") == 1:
        start, _, end = words.partition("/")
        halves.append((start, end))
    if match := _DAYS_TIGHT_AFTER_MONTH.fullmatch(words):
        month, first, last, year = match.groups()
        halves.append((f"{month} {first}", f"{month} {last} {year}"))
    if match := _DAYS_TIGHT.fullmatch(words):
        first, last, rest = match.groups()
        halves.append((first, last + rest))
    if match := _MONTHS_TIGHT.fullmatch(words):
        first, last, year = match.groups()
        halves.append((first, last + year))
    return halves


def _interval(start: str, end: str, day_first: bool) -> str | None:
    """Read both ends; a beginning without month or year takes those of the end."""
    last = _one(end, day_first)
    if last is None or "/" in last:
        return _end_without_month(start, end, day_first)
    first = _one(start, day_first) or _completed(start, last)
    if first is None or "/" in first:
        return None
    return first if first == last else f"{first}/{last}"


def _end_without_month(start: str, end: str, day_first: bool) -> str | None:
    """Read “October 22 - 28, 2019”: the end takes the month of the beginning."""
    before, after = _MONTH_WITH_DAY.fullmatch(start), re.fullmatch(r"(\d{1,2}),?\s+(\d{4})", end)
    if before is None or after is None or before[1] not in _MONTHS:
        return None
    first = _one(f"{before[2]} {before[1]} {after[2]}", day_first)
    last = _one(f"{after[1]} {before[1]} {after[2]}", day_first)
    return f"{first}/{last}" if first and last else None


def _completed(start: str, last: str) -> str | None:
    if match := _NUMBER.fullmatch(start):
        return _day(int(match[1]), int(last[5:7]), last[:4]) if len(last) == 10 else None
    if match := _DAY_WITHOUT_YEAR.fullmatch(start):
        month = _MONTHS.get(match[2])
        return _day(int(match[1]), month, last[:4]) if month and len(last) == 10 else None
    if match := _MONTH_WITH_DAY.fullmatch(start):
        month = _MONTHS.get(match[1])
        return _day(int(match[2]), month, last[:4]) if month and len(last) == 10 else None
    if match := _NAME.fullmatch(start):
        month = _MONTHS.get(match[1])
        return f"{last[:4]}-{month:02d}" if month and len(last) == 7 else None
    return None


def _one(words: str, day_first: bool) -> str | None:
    """Read a year, a month, a day, or two years."""
    words = words.strip(" ,")
    if re.fullmatch(r"\d{4}", words) or _ISO_MONTH_OR_DAY.fullmatch(words):
        return words
    if match := _YEARS.fullmatch(words):
        return f"{match[1]}/{match[2]}" if match[1] != match[2] else match[1]
    if match := _NUMERIC.fullmatch(words):
        first, second = int(match[1]), int(match[3])
        day, month = (first, second) if day_first else (second, first)
        return _day(day, month, match[4])
    if (match := _DAY.fullmatch(words)) and match[2] in _MONTHS:
        return _day(int(match[1]), _MONTHS[match[2]], match[3])
    if (match := _DAY_AFTER_MONTH.fullmatch(words)) and match[1] in _MONTHS:
        return _day(int(match[2]), _MONTHS[match[1]], match[3])
    if (match := _MONTH.fullmatch(words)) and match[1] in _MONTHS:
        return f"{match[2]}-{_MONTHS[match[1]]:02d}"
    if (match := _MONTH_IN_NUMBERS.fullmatch(words)) and 1 <= int(match[1]) <= 12:
        return f"{match[2]}-{int(match[1]):02d}"
    return None


def _day(day: int, month: int | None, year: str) -> str | None:
    """Return the day, None where the calendar has none such."""
    number = int(year)
    if month is None or not 1 <= month <= 12 or number < 1 or not 1 <= day <= monthrange(number, month)[1]:
        return None
    return date(number, month, day).isoformat()
