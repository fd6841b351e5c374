"""A table of a report as CSV."""

from services.reports.report import Report, Table
from shared.wire.problems import Fault, Finding, Problem
from shared.wire.sheet import sheet_of


def render_csv(report: Report, table: str | None = None) -> bytes:
    """Return the main table, or the one that is named. Raises `Fault` (422) where the report has none of this name."""
    return csv_of(table_named(report, table or report.main))


def csv_of(table: Table) -> bytes:
    """Return a table: a row of keys, then its rows; what is not reported is an empty cell."""
    return sheet_of((each.key for each in table.columns), table.rows)


def table_named(report: Report, name: str) -> Table:
    """Return the table of this id. Raises `Fault` (422), which names those that there are."""
    for each in report.tables:
        if each.id == name:
            return each
    names = ", ".join(each.id for each in report.tables[:40])
    finding = Finding("table", f"This report has no table “{name[:60]}”.", f"Use one of {names}.")
    raise Fault(Problem(422, "invalid", "The report cannot be made as it was asked for.", finding.remedy, (finding,)))
