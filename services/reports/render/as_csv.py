"""A table of a report as CSV that spreadsheets open as what it is: UTF-8 with a byte order mark, CRLF, nothing that is run."""

import csv
import io
import re
from datetime import date

from services.reports.report import Report, Table, Value
from shared.wire.problems import Fault, Finding, Problem

BYTE_ORDER_MARK = "\ufeff"
_WOULD_BE_RUN = re.compile(r"[\t\r]|[\s\u00ad\u200b-\u200f\u2060\ufeff]*[-=+@＝＋－＠]")
"""A spreadsheet runs a cell that begins with one of these signs; some look past spaces, and read the wide signs too."""


def render_csv(report: Report, table: str | None = None) -> bytes:
    """Return the main table, or the one that is named. Raises `Fault` (422) where the report has none of this name."""
    return csv_of(table_named(report, table or report.main))


def csv_of(table: Table) -> bytes:
    """Return a table: a row of keys, then its rows; what is not reported is an empty cell."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow([harmless(each.key) for each in table.columns])
    writer.writerows([_written(each) for each in row] for row in table.rows)
    return (BYTE_ORDER_MARK + text.getvalue()).encode()


def table_named(report: Report, name: str) -> Table:
    """Return the table of this id. Raises `Fault` (422), which names those that there are."""
    for each in report.tables:
        if each.id == name:
            return each
    names = ", ".join(each.id for each in report.tables[:40])
    finding = Finding("table", f"This report has no table “{name[:60]}”.", f"Use one of {names}.")
    raise Fault(Problem(422, "invalid", "The report cannot be made as it was asked for.", finding.remedy, (finding,)))


def harmless(text: str) -> str:
    """Return a text as a spreadsheet shows it and never runs it: an apostrophe goes before what would begin a formula."""
    return f"'{text}" if _WOULD_BE_RUN.match(text) else text


def _written(value: Value) -> str | int | float | None:
    if isinstance(value, date):
        return value.isoformat()
    return harmless(value) if isinstance(value, str) else value
