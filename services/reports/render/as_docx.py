"""A report as a text document to go on writing in: what the ledger does not know stands out as fields to fill in.

It is written into a template that the bureau may edit in Word (`KEMBAR_REPORT_TEMPLATES`). Text goes in as text: what
looks like a command of the template, or like markup, is shown as it stands. Charts stand as their tables.
"""

import io
from collections.abc import Iterator, Sequence
from datetime import datetime, time
from pathlib import Path
from typing import Any, assert_never
from zipfile import BadZipFile

from docx.opc.exceptions import OpcError
from docxtpl import DocxTemplate
from jinja2 import StrictUndefined, TemplateError
from jinja2.sandbox import SandboxedEnvironment
from lxml.etree import LxmlError

from services.reports.render.fixed_zip import with_fixed_dates
from services.reports.render.paper import on_paper
from services.reports.render.written import written
from services.reports.report import Block, Chart, Facts, Paragraph, Report, Table, ToFill
from services.reports.visible import one_line, visible
from shared.wire.problems import Fault, Problem
from shared.words.dates import date_in_words
from shared.words.words import Words

TEMPLATE = Path(__file__).with_name("report.docx")
MOST_ROWS = 2_000
"""So many rows of a table are written; whoever needs more needs a workbook."""
_CONTROL_LENGTH = 60
"""The names of Word's content controls are cut off beyond this."""


def render_docx(report: Report, folder: Path | None = None) -> bytes:
    """Return the report as a Word document, in `report.docx` of the folder of templates, or in the one that comes along.

    Raises `Fault` (500) where the template of that folder is not there, is no Word document, or names what there is not:
    it is the bureau's own, and the problem says what is wrong with it.
    """
    if folder is None:
        return _rendered(report, TEMPLATE)
    file = folder / TEMPLATE.name
    try:
        return _rendered(report, file)
    except (OSError, KeyError, ValueError, BadZipFile, OpcError, TemplateError, LxmlError) as error:
        raise Fault(_broken(file, error)) from error


def _rendered(report: Report, file: Path) -> bytes:
    document = DocxTemplate(io.BytesIO(file.read_bytes()))
    # The template is the bureau's, and still it is run in a sandbox: it lays out, and reaches nothing else.
    environment = SandboxedEnvironment(autoescape=True, undefined=StrictUndefined)
    document.render(context(report), environment, autoescape=True)
    _describe(document, report)
    filled = io.BytesIO()
    document.save(filled)
    return with_fixed_dates(filled.getvalue())


def context(report: Report) -> dict[str, Any]:
    """Return all that a template can show, in the report's language."""
    words, stands = Words(report.language), report.stands
    first, last, known = (date_in_words(each, report.language) for each in (stands.first, stands.last, stands.known_on))
    known_as_of = words.say("Known as of %(day)s", day=known)
    position = words.say("ledger position %(position)s", position=stands.position)
    return {
        "title": one_line(report.title),
        "subtitle": one_line(report.subtitle),
        "home_name": one_line(report.home_name),
        "letterhead": [one_line(each) for each in report.letterhead],
        "signature": [one_line(each) for each in report.signature],
        "signed_at": one_line(f"{report.home_name}, {known}"),
        "period": words.say("%(first)s to %(last)s", first=first, last=last),
        "foot": f"{known_as_of}, {position}",
        "words": {"page": words.say("Page"), "of": words.say("of")},
        "sections": [
            {"heading": one_line(each.heading), "blocks": list(_blocks(each.blocks, words))} for each in report.sections
        ],
    }


def _blocks(blocks: Sequence[Block], words: Words) -> Iterator[dict[str, Any]]:
    for block in blocks:
        match block:
            case Paragraph():
                yield {"type": "paragraph", "paragraphs": [visible(each) for each in block.text.split("\n\n")]}
            case Facts():
                yield {"type": "facts", "pairs": [[one_line(name), visible(said)] for name, said in block.pairs]}
            case ToFill():
                label = one_line(block.label)[:_CONTROL_LENGTH]
                yield {"type": "to_fill", "id": block.id, "label": label, "hint": one_line(block.hint)}
            case Chart():
                yield _table(block.table, words, block.title)
            case Table():
                yield _table(block, words, block.caption)
            case _:
                assert_never(block)


def _table(table: Table, words: Words, caption: str) -> dict[str, Any]:
    table = on_paper(table, words)
    shown = table.rows[:MOST_ROWS]
    rows = [[written(value, column, words) for value, column in zip(row, table.columns, strict=True)] for row in shown]
    notes = [one_line(each) for each in table.notes]
    if len(table.rows) > len(shown):
        told = words.say(
            "The first %(shown)s of %(rows)s rows; all of them stand in the report's other formats.",
            shown=len(shown),
            rows=len(table.rows),
        )
        notes.append(told)
    headings = [one_line(each.heading) for each in table.columns]
    return {"type": "table", "caption": one_line(caption), "headings": headings, "rows": rows, "notes": notes}


def _describe(document: DocxTemplate, report: Report) -> None:
    properties = document.docx.core_properties
    made = datetime.combine(report.stands.known_on, time())
    properties.title, properties.subject = one_line(report.title)[:255], one_line(report.subtitle)[:255]
    properties.author = properties.last_modified_by = one_line(report.home_name)[:255]
    properties.created, properties.modified, properties.revision = made, made, 1
    properties.language = report.language


def _broken(file: Path, error: Exception) -> Problem:
    said = one_line(str(error))[:300] or type(error).__name__
    title = f"The template {file.name} of this installation cannot be used: {said}"
    remedy = (
        "Correct it in the folder that KEMBAR_REPORT_TEMPLATES names, or unset that to use the one that comes along."
    )
    return Problem(500, "template-broken", title, remedy)
