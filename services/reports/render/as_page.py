"""A report as a page: in the site's frame, or alone as a file that needs nothing but a browser."""

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import assert_never

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from services.reports.charts.draw import draw
from services.reports.render.paper import on_paper
from services.reports.render.written import is_number, rating_of, written
from services.reports.report import Block, Chart, Column, Facts, Paragraph, Report, Section, Table, ToFill
from services.reports.visible import visible
from shared.wire.sheet import Value
from shared.words.words import Words

FOLDER = Path(__file__).parents[1] / "templates"
MOST_ROWS = 2_000
"""So many rows of a table stand on a page; all of them are in its CSV."""
templates = Environment(
    loader=FileSystemLoader(FOLDER), autoescape=True, undefined=StrictUndefined, keep_trailing_newline=True
)
STYLE = (FOLDER / "report.css").read_text("utf-8")


def _security() -> dict[str, str]:
    """Return what a browser is told of a report that stands alone: its own style, and nothing else, is used."""
    found = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
    return {"Content-Security-Policy": f"default-src 'none'; style-src 'sha256-{found}'; base-uri 'none'"}


SECURITY = _security()


@dataclass(frozen=True, slots=True)
class CellView:
    """A value as it is written, and the class of its cell."""

    text: str
    sort: str


@dataclass(frozen=True, slots=True)
class TableView:
    """A table as the page shows it; `more` says that not all rows are there."""

    id: str
    caption: str
    columns: Sequence[CellView]
    rows: Sequence[Sequence[CellView]]
    notes: Sequence[str]
    more: str | None


@dataclass(frozen=True, slots=True)
class BlockView:
    """What stands under a heading; only what it is of is filled."""

    paragraph: str | None = None
    pairs: Sequence[tuple[str, str]] | None = None
    table: TableView | None = None
    to_fill: ToFill | None = None
    picture: Markup | None = None
    title: str | None = None


@dataclass(frozen=True, slots=True)
class SectionView:
    """A heading and what stands under it."""

    id: str
    heading: str
    blocks: Sequence[BlockView]


def render_page(report: Report) -> bytes:
    """Return the report as an HTML file that stands alone."""
    words = Words(report.language)
    page = templates.get_template("report_alone.html").render(
        report=report,
        sections=sections_view(report),
        style=Markup(STYLE),  # noqa: S704 - our own file
        say=words.say,
    )
    return page.encode()


def sections_view(report: Report) -> list[SectionView]:
    """Return the sections as templates lay them out."""
    words = Words(report.language)
    return [_section(each, words) for each in report.sections]


def _section(section: Section, words: Words) -> SectionView:
    blocks = [view for block in section.blocks for view in _views(block, words)]
    return SectionView(section.id, visible(section.heading), blocks)


def _views(block: Block, words: Words) -> list[BlockView]:
    match block:
        case Paragraph():
            return [BlockView(paragraph=visible(block.text))]
        case Facts():
            return [BlockView(pairs=[(visible(name), visible(text)) for name, text in block.pairs])]
        case Table():
            return [BlockView(table=_table(block, words))]
        case ToFill():
            return [BlockView(to_fill=block)]
        case Chart():
            return [_chart(block, words), BlockView(table=_table(block.table, words))]
        case _:
            assert_never(block)


def _chart(chart: Chart, words: Words) -> BlockView:
    svg = draw(chart.drawing, title=chart.title, description=chart.description, language=words.language)
    return BlockView(picture=Markup(svg), title=visible(chart.title))  # noqa: S704 - all text in it is escaped


def _table(whole: Table, words: Words) -> TableView:
    table = on_paper(whole, words)
    shown = table.rows[:MOST_ROWS]
    more = words.say("%(shown)s of %(rows)s rows; all are in the CSV.", shown=len(shown), rows=len(table.rows))
    return TableView(
        id=table.id,
        caption=visible(table.caption),
        columns=[CellView(visible(each.heading), _sort(None, each)) for each in table.columns],
        rows=[[_cell(*pair, words) for pair in zip(row, table.columns, strict=True)] for row in shown],
        notes=[visible(each) for each in table.notes],
        more=more if len(shown) < len(table.rows) else None,
    )


def _cell(value: Value, column: Column, words: Words) -> CellView:
    return CellView(written(value, column, words), _sort(value, column))


def _sort(value: Value, column: Column) -> str:
    code = rating_of(value, column)
    if code is not None:
        return code.value
    return "number" if is_number(column) else column.kind.value
