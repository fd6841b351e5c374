"""A report as JSON, for programs: codes and numbers, in the one canonical form (RFC 8785)."""

from typing import Any

from services.reports.report import Chart, Paragraph, Report, ToFill
from shared.wire.canonical import canonical


def render_json(report: Report) -> bytes:
    """Return the report's data, its question, and what somebody has to write in, as canonical JSON."""
    return canonical(report_document(report))


def report_document(report: Report) -> dict[str, Any]:
    """Return the report as JSON has it: what tables show stands under `data` as codes and numbers."""
    stands = report.stands
    return {
        "kind": report.kind,
        "lang": report.language,
        "home": {"slug": report.home, "name": report.home_name},
        "title": report.title,
        "subtitle": report.subtitle,
        "question": dict(report.question),
        "stands": {
            "from": stands.first.isoformat(),
            "to": stands.last.isoformat(),
            "known": stands.known,
            "known_on": stands.known_on.isoformat(),
            "position": stands.position,
            "rubric": stands.rubric,
        },
        "tables": [{"id": each.id, "caption": each.caption, "rows": len(each.rows)} for each in report.tables],
        "charts": [block.id for section in report.sections for block in section.blocks if isinstance(block, Chart)],
        "prose": [
            block.text for section in report.sections for block in section.blocks if isinstance(block, Paragraph)
        ],
        "to_fill": [
            {"id": block.id, "label": block.label, "hint": block.hint}
            for section in report.sections
            for block in section.blocks
            if isinstance(block, ToFill)
        ],
        "data": dict(report.data),
    }
