"""The kinds of value that events are made of: lines, texts, slugs, days, dates of occurrence, hashes."""

import re
from datetime import date
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints

from shared.domain.occurred import parse_occurred

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


def _printable(text: str) -> str:
    for character in text:
        if (ord(character) < 32 and character not in "\n\t") or ord(character) == 127:
            raise ValueError(f"has a control character (U+{ord(character):04X}); remove it")
    return text


def _one_line(text: str) -> str:
    if "\n" in text or "\t" in text:
        raise ValueError("must be one line; replace line breaks and tabs by spaces")
    return _printable(text)


def _day(value: object) -> date:
    if isinstance(value, date):
        return value
    if not isinstance(value, str) or not _DAY.fullmatch(value):
        raise ValueError("must be a day written as 2019-05-22")
    return parse_occurred(value).first


def _occurred(value: str) -> str:
    return parse_occurred(value).text


Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=300), AfterValidator(_one_line)]
Text = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=20_000), AfterValidator(_printable)
]
Slug = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=60)]
Country = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")]
Currency = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]
Hash = Annotated[str, StringConstraints(pattern=r"^sha256:[0-9a-f]{64}$")]
MediaType = Annotated[str, StringConstraints(pattern=r"^[a-z0-9.+-]+/[a-z0-9.+-]+$", max_length=100)]
Day = Annotated[date, BeforeValidator(_day)]
OccurredText = Annotated[str, AfterValidator(_occurred)]
Flag = Annotated[bool, Field(strict=True)]
Count = Annotated[int, Field(strict=True, ge=0, le=1_000_000_000)]
