"""A report as a value: what is asked, and the sections that are read, the same for every format.

A report is composed once, by pure functions, and then rendered to a page, a PDF, a workbook, a text document, CSV or JSON.
Nothing in it depends on the clock, on the machine, or on the order in which rows were read.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any

from services.reports.charts.values import Drawing
from shared.wire.sheet import Value
from shared.words.words import Language


class ColumnKind(StrEnum):
    """How the values of a column are written."""

    TEXT = "text"
    NUMBER = "number"
    SHARE = "share"
    DAY = "day"
    RATING = "rating"
    CODE = "code"


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its name in data, its heading in the report's language, how its values are written.

    A `detail` stands in data, and is left out where a line has no room for it.
    """

    key: str
    heading: str
    kind: ColumnKind = ColumnKind.TEXT
    detail: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under columns; `notes` stand below it."""

    id: str
    caption: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[Value]]
    notes: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Prose."""

    text: str


@dataclass(frozen=True, slots=True)
class Facts:
    """Names and what they are, one per line."""

    pairs: Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class ToFill:
    """What the ledger does not know: a marked field that somebody writes in; `hint` says what belongs there."""

    id: str
    label: str
    hint: str


@dataclass(frozen=True, slots=True)
class Chart:
    """A drawing with its title, a description for whoever cannot see it, and the same as a table."""

    id: str
    title: str
    description: str
    drawing: Drawing
    table: Table


Block = Paragraph | Facts | Table | ToFill | Chart


@dataclass(frozen=True, slots=True)
class Section:
    """A heading and what stands under it."""

    id: str
    heading: str
    blocks: Sequence[Block]


@dataclass(frozen=True, slots=True)
class Stands:
    """What a report holds: the period, the moment up to which it knows, and the position that this is."""

    first: date
    last: date
    known: str
    known_on: date
    position: int
    rubric: str


@dataclass(frozen=True, slots=True)
class Report:
    """A whole report in one language. `data` is the same as codes and numbers, for programs; `main` names its main table.

    `known_on` of `stands` is the document's date. `letterhead` and `signature` are lines of the home's settings. `question`
    is what was asked, as JSON, with the moment and the position that it was answered at: asked again, it gives the same.
    """

    kind: str
    language: Language
    home: str
    home_name: str
    letterhead: Sequence[str]
    signature: Sequence[str]
    title: str
    subtitle: str
    stands: Stands
    sections: Sequence[Section]
    main: str
    data: Mapping[str, Any]
    question: Mapping[str, Any] = field(default_factory=dict)

    @property
    def tables(self) -> list[Table]:
        """All tables in the order in which they stand, those of charts among them; each has an id of its own."""
        blocks = [block for section in self.sections for block in section.blocks]
        return [
            block.table if isinstance(block, Chart) else block for block in blocks if isinstance(block, Table | Chart)
        ]
