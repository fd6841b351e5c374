"""The formats of a report: what renders each, its media type, the end of its file's name."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from services.reports.render.as_csv import render_csv
from services.reports.render.as_json import render_json
from services.reports.render.as_page import SECURITY, render_page
from services.reports.report import Report


class Format(StrEnum):
    """How a report can be had."""

    JSON = "json"
    CSV = "csv"
    HTML = "html"


@dataclass(frozen=True, slots=True)
class Rendering:
    """How a format is made: a pure function from the report to bytes, their media type, and what a browser is told."""

    render: Callable[[Report], bytes]
    media_type: str
    headers: Mapping[str, str] = field(default_factory=dict)


FORMATS: Mapping[Format, Rendering] = {
    Format.JSON: Rendering(render_json, "application/json"),
    Format.CSV: Rendering(render_csv, "text/csv; charset=utf-8"),
    Format.HTML: Rendering(render_page, "text/html; charset=utf-8", SECURITY),
}


def render(report: Report, form: Format) -> bytes:
    """Return the report in a format. The same report gives the same bytes, on any machine, at any time."""
    return FORMATS[form].render(report)


def file_name(report: Report, form: Format) -> str:
    """Return what the file is called: ASCII, and another for every question that differs in more than its moment."""
    stands, partnership = report.stands, report.question.get("partnership")
    parts = [report.home, report.kind, *([partnership] if partnership else []), stands.first, stands.last]
    return "_".join([*map(str, parts), f"known-{stands.known_on}", report.language]) + f".{form}"
