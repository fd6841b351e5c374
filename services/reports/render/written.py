"""Values of tables as people read them, in the report's language; what is not reported is a dash, never a zero."""

from datetime import date

from babel.numbers import format_decimal, format_percent

from services.reports.report import Column, ColumnKind
from services.reports.visible import visible
from shared.domain.codes import RatingCode
from shared.wire.sheet import Value
from shared.words.codes import RATING_WORDS
from shared.words.dates import date_in_words
from shared.words.words import Language, Words

NOT_REPORTED = "–"
SIGNS = {RatingCode.AKTIF: "●", RatingCode.KURANG_AKTIF: "▲", RatingCode.TIDAK_AKTIF: "■"}
_RATINGS = {code.value: code for code in RatingCode}


def written(value: Value, column: Column, words: Words) -> str:
    """Return a value as text. A share is of one; a rating is its sign and its word, and other text stays as it is."""
    match value:
        case None | "":
            return NOT_REPORTED
        case date():
            return date_in_words(value, words.language)
        case bool():
            return visible(str(value))
        case int() | float():
            return _number(value, column.kind, words.language)
    code = rating_of(value, column)
    return f"{SIGNS[code]} {rating_word(code, words)}" if code else visible(value)


def rating_of(value: Value, column: Column) -> RatingCode | None:
    """Return the rating that a value is, None where it is none."""
    if column.kind is not ColumnKind.RATING or not isinstance(value, str):
        return None
    return _RATINGS.get(value)


def rating_word(code: RatingCode, words: Words) -> str:
    """Return a rating's word."""
    return words.say(RATING_WORDS[code])


def is_number(column: Column) -> bool:
    """Say whether a column's values stand under one another at the right."""
    return column.kind in (ColumnKind.NUMBER, ColumnKind.SHARE)


def _number(value: float, kind: ColumnKind, language: Language) -> str:
    if kind is ColumnKind.SHARE:
        return format_percent(value, "#,##0.#%", locale=language)
    if kind is ColumnKind.CODE:
        return str(value)
    return format_decimal(value, "#,##0.##", locale=language)
