"""A report as a workbook: a sheet about it, then one per table, with real numbers and real dates.

Nothing that somebody wrote becomes a formula or a link. The workbook's own dates are the day of `known`.
"""

import io
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

from xlsxwriter import Workbook
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from services.reports.render.fixed_zip import with_fixed_dates
from services.reports.render.written import rating_of, rating_word
from services.reports.report import Column, ColumnKind, Paragraph, Report, Section, Table, ToFill
from services.reports.report import Facts as Pairs
from services.reports.visible import one_line, visible
from shared.wire.sheet import Value
from shared.words.dates import date_in_words
from shared.words.words import Words

LONGEST_CELL, LONGEST_NAME, MOST_ROWS = 32_767, 31, 1_048_575
EARLIEST = date(1900, 3, 1)
"""Before this day spreadsheets count days in two ways; such a day is written as text."""
_DAY_ZERO = date(1899, 12, 30)
_NOT_IN_NAMES = str.maketrans(dict.fromkeys("[]:*?/\\'", "-"))
_WIDTHS = {ColumnKind.NUMBER: 12, ColumnKind.SHARE: 10, ColumnKind.DAY: 14, ColumnKind.RATING: 16}
_NARROWEST, _WIDEST = 10, 60
_LOOKED_AT = 200
"""So many rows are looked at to know how wide a column should be."""
OPTIONS = {
    "in_memory": True,
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
    "nan_inf_to_errors": True,
}


@dataclass(frozen=True, slots=True)
class _Formats:
    head: Format
    title: Format
    name: Format
    text: Format
    to_fill: Format
    columns: Mapping[ColumnKind, Format]


def render_xlsx(report: Report) -> bytes:
    """Return the report as a workbook (Office Open XML)."""
    words, file = Words(report.language), io.BytesIO()
    with Workbook(file, OPTIONS) as book:
        _describe(book, report)
        formats = _formats(book, report)
        _write_about(book.add_worksheet(words.say("About")), report, formats, words)
        taken = {words.say("About").casefold()}
        for table in report.tables:
            sheet = book.add_worksheet(_sheet_name(table.id, taken))
            _write_table(sheet, table, formats, words)
    return with_fixed_dates(file.getvalue())


def _describe(book: Workbook, report: Report) -> None:
    stands = report.stands
    book.set_properties(
        {
            "title": one_line(report.title),
            "subject": one_line(report.subtitle),
            "author": one_line(report.home_name),
            "comments": f"{stands.known}, {stands.position}",
            "created": datetime.combine(stands.known_on, time()),
        }
    )


def _formats(book: Workbook, report: Report) -> _Formats:
    day = "[$-0421]d mmmm yyyy" if report.language == "id" else "[$-0809]d mmmm yyyy"
    wrapped: dict[str, Any] = {"valign": "top", "text_wrap": True}
    return _Formats(
        head=book.add_format({"bold": True, "bg_color": "#EDF0F3", "bottom": 1, "text_wrap": True, "valign": "top"}),
        title=book.add_format({"bold": True, "font_size": 14}),
        name=book.add_format({"bold": True, "valign": "top"}),
        text=book.add_format(wrapped),
        to_fill=book.add_format({**wrapped, "bg_color": "#FFF3D6", "italic": True}),
        columns={
            ColumnKind.TEXT: book.add_format(wrapped),
            ColumnKind.NUMBER: book.add_format({"valign": "top", "num_format": "#,##0.##"}),
            ColumnKind.SHARE: book.add_format({"valign": "top", "num_format": "0.0%"}),
            ColumnKind.DAY: book.add_format({"valign": "top", "num_format": day, "align": "left"}),
            ColumnKind.RATING: book.add_format({"valign": "top"}),
            ColumnKind.CODE: book.add_format({"valign": "top", "num_format": "@"}),
        },
    )


def _write_about(sheet: Worksheet, report: Report, formats: _Formats, words: Words) -> None:
    """Write what the report is, and everything in it that is no table, one thing per row."""
    sheet.set_column(0, 0, 28)
    sheet.set_column(1, 1, 90)
    rows = [*_frame(report, words), *(row for each in report.sections for row in _prose(each, words))]
    sheet.write_string(0, 0, one_line(report.title)[:LONGEST_CELL], formats.title)
    for line, (name, said, is_to_fill) in enumerate(rows, 1):
        sheet.write_string(line, 0, one_line(name)[:LONGEST_CELL], formats.name)
        sheet.write_string(line, 1, visible(said)[:LONGEST_CELL], formats.to_fill if is_to_fill else formats.text)


def _frame(report: Report, words: Words) -> list[tuple[str, str, bool]]:
    stands = report.stands
    first, last, known = (date_in_words(each, report.language) for each in (stands.first, stands.last, stands.known_on))
    return [
        ("", report.subtitle, False),
        (words.say("Government"), report.home_name, False),
        (words.say("Period"), words.say("%(first)s to %(last)s", first=first, last=last), False),
        (words.say("As known on"), known, False),
        (words.say("Ledger position"), str(stands.position), False),
    ]


def _prose(section: Section, words: Words) -> list[tuple[str, str, bool]]:
    rows = [(section.heading, "", False)]
    for block in section.blocks:
        match block:
            case Paragraph():
                rows.append(("", block.text, False))
            case Pairs():
                rows += [(name, said, False) for name, said in block.pairs]
            case ToFill():
                rows.append((block.label, words.say("To be written in: %(hint)s", hint=block.hint), True))
            case Table():
                rows.append((words.say("Table"), f"{block.id}: {block.caption}", False))
            case _:
                rows.append((words.say("Figure"), f"{block.table.id}: {block.title}. {block.description}", False))
    return rows


def _sheet_name(wanted: str, taken: set[str]) -> str:
    """Return a name that no other sheet has, of characters that a sheet's name may have."""
    base = one_line(wanted).translate(_NOT_IN_NAMES).strip()[:LONGEST_NAME] or "-"
    name, count = base, 1
    while name.casefold() in taken or name.casefold() == "history":  # which spreadsheets keep for themselves
        count += 1
        name = f"{base[: LONGEST_NAME - len(str(count)) - 1]}-{count}"
    taken.add(name.casefold())
    return name


def _write_table(sheet: Worksheet, table: Table, formats: _Formats, words: Words) -> None:
    for index, column in enumerate(table.columns):
        sheet.set_column(index, index, _width(table, index), formats.columns[column.kind])
        sheet.write_string(0, index, one_line(column.heading)[:LONGEST_CELL], formats.head)
    sheet.freeze_panes(1, 1)
    rows = table.rows[:MOST_ROWS]
    if table.columns:
        sheet.autofilter(0, 0, len(rows), len(table.columns) - 1)
    for line, row in enumerate(rows, 1):
        for index, (value, column) in enumerate(zip(row, table.columns, strict=True)):
            _write(sheet, line, index, value, column, formats, words)
    for line, note in enumerate(table.notes, len(rows) + 2):
        sheet.write_string(line, 0, one_line(note)[:LONGEST_CELL])
    sheet.repeat_rows(0)
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)


def _write(
    sheet: Worksheet, line: int, index: int, value: Value, column: Column, formats: _Formats, words: Words
) -> None:
    """Write a value as what it is; an empty cell is what was not reported."""
    if value is None or value == "":
        return
    cell = formats.columns[column.kind]
    if isinstance(value, str):
        code = rating_of(value, column)
        said = rating_word(code, words) if code else visible(value)
        sheet.write_string(line, index, said[:LONGEST_CELL], cell)
    elif not isinstance(value, date):
        sheet.write_number(line, index, value, cell)
    elif value >= EARLIEST:
        sheet.write_number(line, index, (value - _DAY_ZERO).days, formats.columns[ColumnKind.DAY])
    else:
        sheet.write_string(line, index, value.isoformat(), formats.columns[ColumnKind.TEXT])


def _width(table: Table, index: int) -> int:
    column = table.columns[index]
    values = [row[index] for row in table.rows[:_LOOKED_AT]]
    longest = max((len(each) for each in values if isinstance(each, str)), default=0)
    wanted = max(len(column.heading) + 3, longest + 1, _WIDTHS.get(column.kind, _NARROWEST))
    return min(wanted, _WIDEST)
