"""The kinds of value that events are made of: lines, texts, slugs, days, dates of occurrence, hashes."""

import re
import unicodedata
from datetime import date
from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints

from shared.domain.occurred import NotADate, parse_occurred
from shared.domain.unfit import Unfit

_JOINERS_AND_MARKS = "\u00ad\u200c\u200d\u200e\u200f"
"""Invisible, and yet part of how words are written; other invisible characters hide or turn round what stands beside them."""
_ALLOWED = "\n\t" + _JOINERS_AND_MARKS
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


_ZONES_OF_THE_MACHINE = ("localtime", "posixrules")
_INVISIBLE = ("Cc", "Cf", "Co", "Zl", "Zp")


def _is_no_character(character: str) -> bool:
    return ord(character) & 0xFFFE == 0xFFFE or 0xFDD0 <= ord(character) <= 0xFDEF


def _printable(text: str) -> str:
    if text.isprintable() and text.isascii():  # most are, and need no look at each character
        return text
    for character in text:
        if (unicodedata.category(character) in _INVISIBLE or _is_no_character(character)) and character not in _ALLOWED:
            raise Unfit(f"It has a character that cannot be seen (U+{ord(character):04X}).", "Remove it.")
    if not text.strip(_JOINERS_AND_MARKS + " \n\t"):
        raise Unfit("It has no text that can be seen.", "Fill it in, or leave it out.")
    return text


def _one_line(text: str) -> str:
    if "\n" in text or "\t" in text:
        raise Unfit("It must be one line.", "Replace line breaks and tabs by spaces.")
    return _printable(text)


def _day(value: object) -> date:
    if isinstance(value, date):
        return value
    if not isinstance(value, str) or not _DAY.fullmatch(value):
        raise Unfit("It must be one day.", "Write it as 2019-05-22.")
    try:
        return parse_occurred(value).first
    except NotADate as error:
        raise Unfit(error.problem, "Write a day as 2019-05-22.") from error


def _occurred(value: str) -> str:
    return parse_occurred(value).text


def _time_zone(value: str) -> str:
    remedy = "Use one of the IANA's names, such as Asia/Jakarta."
    if value in _ZONES_OF_THE_MACHINE:
        raise Unfit(f"“{value}” is another zone on every machine.", remedy)
    try:
        return ZoneInfo(value).key
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise Unfit(f"There is no time zone “{value[:60]}”.", remedy) from error


Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=300), AfterValidator(_one_line)]
Text = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=20_000), AfterValidator(_printable)
]
Slug = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=60)]
Country = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")]
Organisation = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2,3}-[A-Z0-9_]+-[A-Za-z0-9._-]+$", max_length=80)]
Currency = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]
Hash = Annotated[str, StringConstraints(pattern=r"^sha256:[0-9a-f]{64}$")]
MediaType = Annotated[str, StringConstraints(pattern=r"^[a-z0-9.+-]+/[a-z0-9.+-]+$", max_length=100)]
Day = Annotated[date, BeforeValidator(_day)]
OccurredText = Annotated[str, AfterValidator(_occurred)]
TimeZone = Annotated[str, StringConstraints(max_length=60), AfterValidator(_time_zone)]
Latitude = Annotated[float, Field(strict=True, ge=-90, le=90, allow_inf_nan=False)]
Longitude = Annotated[float, Field(strict=True, ge=-180, le=180, allow_inf_nan=False)]
Flag = Annotated[bool, Field(strict=True)]
Count = Annotated[int, Field(strict=True, ge=0, le=1_000_000_000)]
