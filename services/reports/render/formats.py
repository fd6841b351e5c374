"""The formats of a report: what renders each, its media type, the end of its file's name."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from services.reports.asked import Kind
from services.reports.render.as_csv import render_csv
from services.reports.render.as_docx import render_docx
from services.reports.render.as_iati import render_iati
from services.reports.render.as_json import render_json
from services.reports.render.as_page import SECURITY, render_page
from services.reports.render.as_pdf import render_pdf
from services.reports.render.as_xlsx import render_xlsx
from services.reports.report import Report

OFFICE = "application/vnd.openxmlformats-officedocument"


class Format(StrEnum):
    """How a report can be had."""

    PDF = "pdf"
    XLSX = "xlsx"
    DOCX = "docx"
    CSV = "csv"
    JSON = "json"
    HTML = "html"
    XML = "xml"


@dataclass(frozen=True, slots=True)
class Rendering:
    """How a format is made: a pure function from the report to bytes, their media type, and what a browser is told."""

    render: Callable[[Report], bytes]
    media_type: str
    headers: Mapping[str, str] = field(default_factory=dict)


FORMATS: Mapping[Format, Rendering] = {
    Format.PDF: Rendering(render_pdf, "application/pdf"),
    Format.XLSX: Rendering(render_xlsx, f"{OFFICE}.spreadsheetml.sheet"),
    Format.DOCX: Rendering(render_docx, f"{OFFICE}.wordprocessingml.document"),
    Format.CSV: Rendering(render_csv, "text/csv; charset=utf-8"),
    Format.JSON: Rendering(render_json, "application/json"),
    Format.HTML: Rendering(render_page, "text/html; charset=utf-8", SECURITY),
    Format.XML: Rendering(render_iati, "application/xml"),
}


OF_ONE_KIND: Mapping[Format, Kind] = {Format.XML: Kind.AID}
"""Formats that tell of one kind only."""


def formats_of(kind: str) -> list[Format]:
    """Return the formats in which a kind of report can be had."""
    return [form for form in FORMATS if OF_ONE_KIND.get(form, kind) == kind]


def render(report: Report, form: Format, templates: Path | None = None) -> bytes:
    """Return the report in a format. The same report gives the same bytes, on any machine, at any time.

    `templates` is the folder of the bureau's own templates, None where it has none. Blocks while a PDF is laid out. Raises
    `Fault`: 422 where the kind has no such format, 500 for a broken template, 503 where a PDF takes too much.
    """
    if form is Format.DOCX:
        return render_docx(report, templates)
    return FORMATS[form].render(report)


def file_name(report: Report, form: Format) -> str:
    """Return what the file is called: ASCII, and another for every question that differs in more than its moment."""
    stands, partnership = report.stands, report.question.get("partnership")
    parts = [report.home, report.kind, *([partnership] if partnership else []), stands.first, stands.last]
    return "_".join([*map(str, parts), f"known-{stands.known_on}", report.language]) + f".{form}"
