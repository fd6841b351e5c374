"""Rows as CSV that spreadsheets open as what they are: UTF-8 with a byte order mark, CRLF, nothing that is run."""

import csv
import io
import re
from collections.abc import Iterable, Sequence
from datetime import date

Value = str | int | float | date | None
"""What stands in a table; None is not reported: an empty cell here, a dash where it is shown, never a zero."""
BYTE_ORDER_MARK = "\ufeff"
_WOULD_BE_RUN = re.compile(r"[\t\r]|[\s\u00ad\u200b-\u200f\u2060\ufeff]*[-=+@＝＋－＠]")
"""A spreadsheet runs a cell that begins with one of these signs; some look past spaces, and read the wide signs too."""


def sheet_of(keys: Iterable[str], rows: Iterable[Sequence[Value]]) -> bytes:
    """Return a row of keys, then the rows; what is not reported (None) is an empty cell."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow([harmless(each) for each in keys])
    writer.writerows([_written(each) for each in row] for row in rows)
    return (BYTE_ORDER_MARK + text.getvalue()).encode()


def harmless(text: str) -> str:
    """Return a text as a spreadsheet shows it and never runs it: an apostrophe goes before what would begin a formula."""
    return f"'{text}" if _WOULD_BE_RUN.match(text) else text


def _written(value: Value) -> str | int | float | None:
    if isinstance(value, date):
        return value.isoformat()
    return harmless(value) if isinstance(value, str) else value
