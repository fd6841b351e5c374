"""What stands inside a PDF beside its pages: the report's data as JSON, and tables too long for pages as CSV."""

from dataclasses import dataclass

from services.reports.render.as_csv import csv_of
from services.reports.render.as_json import render_json
from services.reports.report import Report


@dataclass(frozen=True, slots=True)
class Attached:
    """A file inside the document."""

    name: str
    media_type: str
    description: str
    text: str


def data_of(report: Report) -> Attached:
    """Return the report's data: the very bytes of its JSON format."""
    return Attached("data.json", "application/json", report.title, render_json(report).decode())


def tables_beyond(report: Report, most_rows: int) -> list[Attached]:
    """Return the tables that have more rows than are laid out, whole, as their CSV has them."""
    return [
        Attached(f"{each.id}.csv", "text/csv", each.caption, csv_of(each).decode())
        for each in report.tables
        if len(each.rows) > most_rows
    ]
