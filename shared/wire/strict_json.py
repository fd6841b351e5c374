"""Read JSON at the door so that nothing in it can mean two things.

The standard library keeps the last of two equal keys, reads 1e400 as infinity and takes NaN; PostgreSQL and others cannot
keep U+0000 or half a surrogate pair. All of these are refused here, before anything else looks at the text.
"""

import json
import math
import re
from typing import Any, NoReturn

from shared.domain.unfit import Unfit

LARGEST_INTEGER = 2**53 - 1
"""RFC 8785 writes numbers as IEEE 754 doubles; a larger integer would change on the way."""
WRITTEN_WITH_AN_EXPONENT = 1e21
"""From here on the canonical form has an exponent; below, it would be read back as an integer too large to be exact."""
DEEPEST = 32
_HALF_OF_A_PAIR = re.compile("[\ud800-\udfff]")
_TOO_DEEP = (f"The JSON is nested more than {DEEPEST} deep.", "Send it flatter.")


class NotStrictJson(Unfit):
    """The bytes are not JSON that can be kept."""


def parse_json(raw: bytes) -> Any:  # noqa: ANN401 - JSON is what it is
    """Return the JSON value in UTF-8 `raw`.

    Raises `NotStrictJson` for broken JSON or UTF-8, duplicate keys, numbers that a double cannot hold, NaN and infinity,
    U+0000, lone surrogates, and nesting too deep to read.
    """
    try:
        text = raw.decode("utf-8")
        value = json.loads(
            text,
            object_pairs_hook=_object,
            parse_float=_float,
            parse_int=_integer,
            parse_constant=_constant,
        )
    except UnicodeDecodeError as error:
        raise NotStrictJson(f"The text is not UTF-8 (byte {error.start}).", "Save or send it as UTF-8.") from None
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise NotStrictJson(f"The text is not JSON: {error.msg} at {where}.", "Correct it there.") from None
    except RecursionError:
        raise NotStrictJson(*_TOO_DEEP) from None
    if text.count("[") + text.count("{") > DEEPEST:
        _refuse_what_is_too_deep(value, 1)
    # Written out, neither U+0000 nor half a pair gets through the decoding above: only an escape can bring them in.
    if "\\u" in text:
        _refuse_what_cannot_be_kept(value)
    return value


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise NotStrictJson(f"The key “{twice[:60]}” stands twice in one object.", "Keep one of them.")
    return members


def _float(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise NotStrictJson(f"The number {text[:30]} is too large to be kept.", "Send a smaller one.")
    if number.is_integer() and LARGEST_INTEGER < abs(number) < WRITTEN_WITH_AN_EXPONENT:
        raise NotStrictJson(f"The number {text[:30]} is too large to be kept exactly.", "Send it as text or smaller.")
    if number == 0 and re.search("[1-9]", re.split("[eE]", text)[0]):
        raise NotStrictJson(f"The number {text[:30]} is too small to be kept.", "Send 0 or a larger one.")
    return number


def _integer(text: str) -> int:
    if len(text) > 17 or abs(int(text)) > LARGEST_INTEGER:
        raise NotStrictJson(f"The number {text[:30]} is too large to be kept exactly.", "Send it as text or smaller.")
    return int(text)


def _constant(text: str) -> NoReturn:
    raise NotStrictJson(f"{text} is not a JSON number.", "Leave the value out where there is none.")


def _refuse_what_is_too_deep(value: object, depth: int) -> None:
    if not isinstance(value, dict | list):
        return
    if depth > DEEPEST:
        raise NotStrictJson(*_TOO_DEEP)
    for member in value.values() if isinstance(value, dict) else value:
        _refuse_what_is_too_deep(member, depth + 1)


def _refuse_what_cannot_be_kept(value: object) -> None:
    if isinstance(value, str):
        if "\0" in value:
            raise NotStrictJson("A text contains the character U+0000.", "Remove it.")
        if _HALF_OF_A_PAIR.search(value):
            raise NotStrictJson("A text contains half of a surrogate pair.", "Send the whole character.")
    elif isinstance(value, dict):
        for key, member in value.items():
            _refuse_what_cannot_be_kept(key)
            _refuse_what_cannot_be_kept(member)
    elif isinstance(value, list):
        for member in value:
            _refuse_what_cannot_be_kept(member)
