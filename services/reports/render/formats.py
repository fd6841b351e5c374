"""The formats of a report: what renders each, its media type, the end of its file's name."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from services.reports.render.as_csv import render_csv
from services.reports.render.as_json import render_json
from services.reports.report import Report


class Format(StrEnum):
    """How a report can be had."""

    JSON = "json"
    CSV = "csv"


@dataclass(frozen=True, slots=True)
class Rendering:
    """How a format is made: a pure function from the report to bytes, and the media type of these."""

    render: Callable[[Report], bytes]
    media_type: str


FORMATS: Mapping[Format, Rendering] = {
    Format.JSON: Rendering(render_json, "application/json"),
    Format.CSV: Rendering(render_csv, "text/csv; charset=utf-8"),
}


def render(report: Report, form: Format) -> bytes:
    """Return the report in a format. The same report gives the same bytes, on any machine, at any time."""
    return FORMATS[form].render(report)


def file_name(report: Report, form: Format) -> str:
    """Return what the file is called: ASCII, and another for every question that differs in more than its moment."""
    stands, partnership = report.stands, report.question.get("partnership")
    parts = [report.home, report.kind, *([partnership] if partnership else []), stands.first, stands.last]
    return "_".join([*map(str, parts), f"known-{stands.known_on}", report.language]) + f".{form}"
