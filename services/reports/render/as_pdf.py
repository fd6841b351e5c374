"""A report as PDF for the desk and the archive: PDF/A-3a and PDF/UA-1, its data attached inside.

The report goes to the layout as JSON, so nothing that somebody wrote is ever read as markup. The document's date is the
day of `known`; fonts come with the project: the same report is the same bytes everywhere.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any, assert_never

from services.reports.charts.draw import draw
from services.reports.charts.svg import THEMES
from services.reports.render.attached import Attached, data_of, tables_beyond
from services.reports.render.glyphs import displayable, drawable, shown
from services.reports.render.paper import needs_landscape, on_paper, widths
from services.reports.render.press import Press, the_press
from services.reports.render.written import SIGNS, is_number, rating_of, rating_word, written
from services.reports.report import Block, Chart, Column, Facts, Paragraph, Report, Section, Table, ToFill
from services.reports.visible import one_line, visible
from shared.wire.canonical import canonical, digest
from shared.wire.sheet import Value
from shared.words.dates import date_in_words
from shared.words.words import Words

MOST_ROWS, MOST_CELLS = 2_000, 20_000
"""So many rows of one table, and so many cells of all, are laid out, in 450 MB; a longer table is attached as CSV."""
_LONGEST_CELL, _LONGEST_HEAD = 2_000, 80
_LONG = 6
"""From so many sections on, a report begins with its contents."""
_SHORT_HASH = 16


def render_pdf(report: Report, press: Press | None = None) -> bytes:
    """Return the report as PDF. Raises `Fault` as `Press.pdf` does; it blocks, so call it in a thread."""
    return (press or the_press()).pdf(canonical(layout(report)))


def layout(report: Report) -> dict[str, Any]:
    """Return all that the layout says, in the report's language, as JSON."""
    words, stands = Words(report.language), report.stands
    data = data_of(report)
    rows = rows_laid_out(report)
    attached = [data, *tables_beyond(report, rows)]
    known = words.say("Known as of %(day)s", day=date_in_words(stands.known_on, report.language))
    position = words.say("ledger position %(position)s", position=stands.position)
    fingerprint = digest(data.text.encode())[len("sha256:") :][:_SHORT_HASH]
    return {
        "language": report.language,
        "date": [stands.known_on.year, stands.known_on.month, stands.known_on.day],
        "title": _line(report.title),
        "subtitle": _line(report.subtitle),
        "home_name": _line(report.home_name),
        "letterhead": _lines(report.letterhead),
        "signature": _lines(report.signature),
        "signed_at": _line(f"{report.home_name}, {date_in_words(stands.known_on, report.language)}"),
        "period": _period(report, words),
        "running_head": _line(_cut(f"{report.home_name} · {report.title}")),
        "running_foot": f"{known}, {position}. {words.say('Data hash')} {fingerprint}",
        "keywords": [f"position {stands.position}", f"sha256 {fingerprint}"],
        "has_contents": len(report.sections) >= _LONG,
        "words": _words(words),
        "sections": [_section(each, rows, words) for each in report.sections],
        "attached": [_attachment(each, is_source=each is data) for each in attached],
    }


def _words(words: Words) -> dict[str, str]:
    return {
        "page": words.say("Page"),
        "of": words.say("of"),
        "contents": words.say("Contents"),
        "table": words.say("Table"),
        "figure": words.say("Figure"),
        "name": words.say("Name and signature"),
        "none": words.say("None"),
    }


def _period(report: Report, words: Words) -> str:
    first, last = (date_in_words(day, report.language) for day in (report.stands.first, report.stands.last))
    return words.say("%(first)s to %(last)s", first=first, last=last)


def rows_laid_out(report: Report) -> int:
    """Return how many rows of a table are laid out: so many that all tables together have no more cells than may be."""
    tables = [each for section in report.sections for each in section.blocks if isinstance(each, Table)]
    rows = MOST_ROWS
    while rows > 1 and sum(min(len(each.rows), rows) * len(each.columns) for each in tables) > MOST_CELLS:
        rows -= rows // 10 or 1
    return rows


def _section(section: Section, rows: int, words: Words) -> dict[str, Any]:
    """Return a section; it lies across the page where one of its tables needs that."""
    blocks = [_block(each, rows, words) for each in section.blocks]
    is_wide = any(each.get("is_wide", False) for each in blocks)
    return {"heading": _line(section.heading), "blocks": blocks, "is_wide": is_wide}


def _block(block: Block, rows: int, words: Words) -> dict[str, Any]:
    match block:
        case Paragraph():
            return {"type": "paragraph", "paragraphs": [_text(each) for each in block.text.split("\n\n")]}
        case Facts():
            return {"type": "facts", "pairs": [[_line(name), _text(said)] for name, said in block.pairs]}
        case ToFill():
            return {"type": "to_fill", "label": _line(block.label), "hint": _line(block.hint)}
        case Chart():
            return _chart(block, words)
        case Table():
            return _table(block, rows, words)
        case _:
            assert_never(block)


def _chart(chart: Chart, words: Words) -> dict[str, Any]:
    """Return a chart; its table is not laid out beside it, but stands in the data and in the other formats."""
    title, description = displayable(one_line(chart.title)), displayable(one_line(chart.description))
    svg = drawable(draw(chart.drawing, title=title, description=description, language=words.language))
    return {"type": "chart", "title": _line(title), "description": description, "svg": svg, "width": _width_of(svg)}


def _width_of(svg: str) -> float:
    return float(svg.partition(' width="')[2].partition('"')[0])


def _table(table: Table, most: int, words: Words) -> dict[str, Any]:
    paper = on_paper(table, words)
    rows = [
        [_cell(value, column, words) for value, column in zip(row, paper.columns, strict=True)]
        for row in paper.rows[:most]
    ]
    texts = [[_as_text(each) for each in row] for row in rows]
    headings = [replace(each, heading=_line(_cut(each.heading))) for each in paper.columns]
    return {
        "type": "table",
        "caption": _line(paper.caption),
        "columns": [
            {"heading": each.heading, "kind": each.kind.value, "is_number": is_number(each)} for each in headings
        ],
        "rows": rows,
        "notes": [*_lines(paper.notes), *_left_out(table, most, words)],
        "is_wide": needs_landscape(headings, texts),
        "widths": [_widths(headings, texts, is_wide=each) for each in (False, True)],
    }


def _widths(columns: Sequence[Column], texts: Sequence[Sequence[str]], *, is_wide: bool) -> dict[str, Any]:
    found = widths(columns, texts, is_wide=is_wide)
    return {"size": found.size, "columns": [round(each, 1) for each in found.columns]}


def _as_text(cell: str | list[str]) -> str:
    return cell if isinstance(cell, str) else " ".join(cell[:2])


def _cell(value: Value, column: Column, words: Words) -> str | list[str]:
    code = rating_of(value, column)
    if code:
        return [SIGNS[code], rating_word(code, words), THEMES["print"].ratings[code]]
    return _text(written(value, column, words)[:_LONGEST_CELL])


def _left_out(table: Table, most: int, words: Words) -> Iterator[str]:
    if len(table.rows) > most:
        yield words.say(
            "The first %(shown)s of %(rows)s rows; all of them are attached to this document as %(file)s.",
            shown=most,
            rows=len(table.rows),
            file=f"{table.id}.csv",
        )


def _attachment(each: Attached, *, is_source: bool) -> dict[str, str]:
    relationship = "source" if is_source else "supplement"
    return {
        "name": each.name,
        "text": each.text,
        "media_type": each.media_type,
        "description": _line(each.description),
        "relationship": relationship,
    }


def _cut(text: str) -> str:
    """Return a text that stands at the head of every page, or of every page of a table."""
    return text if len(text) <= _LONGEST_HEAD else text[: _LONGEST_HEAD - 1] + "…"


def _text(text: str) -> str:
    return shown(visible(text))


def _line(text: str) -> str:
    return shown(one_line(text))


def _lines(texts: Sequence[str]) -> list[str]:
    return [_line(each) for each in texts]
