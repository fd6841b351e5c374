"""Tables on paper: what does not help a reader is left out, and said; widths are found for the rest.

Widths are in points, and counted in letters first: what a column needs is its longest word.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from services.reports.report import Column, ColumnKind, Table
from shared.words.words import Words

MANY_COLUMNS = 6
PORTRAIT, LANDSCAPE = 470.0, 717.0
SIZES = (8.5, 7.5, 6.5)
"""Of the letters in tables, the largest first."""
_LETTER = 0.56
"""The width of a letter, of its size; a little more than the average."""
_INSET = 8.5
_DAY_AND_MONTH = len("25 Desember")


def on_paper(table: Table, words: Words) -> Table:
    """Return the table without columns that say nothing in any row, and, where there are many, without codes and details.

    Notes below it say which; the data of the report hold them.
    """
    if len(table.columns) <= MANY_COLUMNS or not table.rows:
        return table
    said = [any(row[index] not in (None, "") for row in table.rows) for index in range(len(table.columns))]
    codes = [column.kind is ColumnKind.CODE or column.detail for column in table.columns]
    kept = [index for index, is_said in enumerate(said) if is_said and not codes[index]]
    if not kept:
        return table
    silent = [each.heading for each, is_said in zip(table.columns, said, strict=True) if not is_said]
    coded = [
        each.heading for each, is_said, is_code in zip(table.columns, said, codes, strict=True) if is_said and is_code
    ]
    notes = [
        *([words.say("Not reported in any row: %(columns)s.", columns=", ".join(silent))] if silent else []),
        *([words.say("In the data only: %(columns)s.", columns=", ".join(coded))] if coded else []),
    ]
    return replace(
        table,
        columns=[table.columns[index] for index in kept],
        rows=[[row[index] for index in kept] for row in table.rows],
        notes=[*table.notes, *notes],
    )


@dataclass(frozen=True, slots=True)
class Widths:
    """The width of each column, and the size of the letters."""

    size: float
    columns: Sequence[float]


def needs_landscape(columns: Sequence[Column], rows: Sequence[Sequence[str]]) -> bool:
    """Say whether the columns do not fit beside one another on an upright page, even in smaller letters."""
    return sum(_needs(columns, rows, SIZES[1])) > PORTRAIT


def widths(columns: Sequence[Column], rows: Sequence[Sequence[str]], *, is_wide: bool) -> Widths:
    """Return widths that fill the page, with letters as large as they can be: each what it needs, and a share of the rest."""
    room = LANDSCAPE if is_wide else PORTRAIT
    size = next((each for each in SIZES if sum(_needs(columns, rows, each)) <= room), SIZES[-1])
    needs = _needs(columns, rows, size)
    if sum(needs) > room:
        return Widths(size, [each * room / sum(needs) for each in needs])
    wishes = [_wish(index, rows, need, size) for index, need in enumerate(needs)]
    spare = (room - sum(needs)) / (sum(wishes) or 1)
    if sum(wishes) == 0:
        return Widths(size, [each * room / sum(needs) for each in needs])
    return Widths(size, [need + wish * spare for need, wish in zip(needs, wishes, strict=True)])


def _needs(columns: Sequence[Column], rows: Sequence[Sequence[str]], size: float) -> list[float]:
    return [_need(column, [row[index] for row in rows], size) for index, column in enumerate(columns)]


def _need(column: Column, texts: Sequence[str], size: float) -> float:
    head = max((len(word) for word in column.heading.split()), default=1) * 1.06
    if column.kind is ColumnKind.RATING:
        body = max(map(len, texts), default=1) + 1
    elif column.kind is ColumnKind.DAY:
        body = min(_DAY_AND_MONTH, max(map(len, texts), default=1))
    else:
        body = max((len(part) for text in texts for word in text.split() for part in word.split("\u200b")), default=1)
    return max(head, body) * size * _LETTER + _INSET


def _wish(index: int, rows: Sequence[Sequence[str]], need: float, size: float) -> float:
    """Return how much more a column would take to set each of its texts in one line; long ones count for less."""
    longest = max((len(row[index]) for row in rows), default=0) * size * _LETTER + _INSET
    return max(0.0, min(longest, 260.0) - need)
