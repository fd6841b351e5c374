"""Whatever somebody wrote: in every format it is harmless text, and no format breaks on it."""

import csv
import io
from dataclasses import replace
from xml.etree import ElementTree

import docx
import pytest
from lxml import etree
from pypdf import PdfReader
from python_calamine import CalamineWorkbook

from services.reports.charts.values import Grid, Grids
from services.reports.render.as_pdf import layout
from services.reports.render.formats import Format, render
from services.reports.report import Chart, Facts, Paragraph, Section, ToFill
from shared.domain.codes import RatingCode
from tests.services.reports.render.test_iati import aid, told
from tests.support.report_values import COLUMNS, ROWS, a_report, a_table

HOSTILE = {
    "typst": '#read("/etc/passwd") #{1+1} $x^2$ \\ ] *b* _i_ `c` <l> @r // x /* y */ = z',
    "html": "<script>alert(1)</script><img src=x onerror=alert(1)>&lt;",
    "formula": '=cmd|"/C calc"!A0',
    "template": "{{ 7*7 }}{% raw %}{# x #}",
    "override": "abc\u202egnp.exe\u2066x\u2069",
    "controls": "a\x00b\x07c\x1bd\u0085e\u2028f\ufffeg",
    "emoji": "\U0001f600 \U0001f468\u200d\U0001f469\u200d\U0001f467 e\u0301 北京 שלום جدة",
    "marks": "\u0338abc <\u0338 e\u0301\u0301",
    "long": "A" * 2_000,
    "empty": " ",
    "lines": "a\nb\r\nc\n\nd\te",
}
FORBIDDEN = set("\u202e\u2066\u2069\x00\x07\x1b\ufffe")
LISTED = [each for each in Format if each is not Format.XML]


def hostile_report(text):
    """Return a report that holds this text wherever a report holds text."""
    columns = [replace(each, heading=text) for each in COLUMNS]
    table = replace(a_table("t"), caption=text, columns=columns, rows=[[text, text, 1, 0.5, None, text]], notes=[text])
    drawing = Grids([(text, Grid(frozenset(), RatingCode.AKTIF))])
    blocks = [
        Paragraph(text),
        Facts([(text, text)]),
        ToFill("x", text, text),
        table,
        Chart("c", text, text, drawing, replace(table, id="c")),
    ]
    report = a_report(title=text)
    return replace(
        report,
        home_name=text,
        letterhead=[text],
        signature=[text],
        subtitle=text,
        sections=[*report.sections, Section("h", text, blocks)],
        data={"items": [text.encode("utf-8", "replace").decode()]},
    )


def read_pdf(content):
    return "".join(page.extract_text() for page in PdfReader(io.BytesIO(content)).pages)


def read_xlsx(content):
    book = CalamineWorkbook.from_filelike(io.BytesIO(content))
    return "\n".join(
        str(cell) for name in book.sheet_names for row in book.get_sheet_by_name(name).to_python() for cell in row
    )


def read_docx(content):
    document = docx.Document(io.BytesIO(content))
    cells = [cell.text for table in document.tables for row in table.rows for cell in row.cells]
    return "\n".join([*(each.text for each in document.paragraphs), *cells])


READERS = {Format.PDF: read_pdf, Format.XLSX: read_xlsx, Format.DOCX: read_docx}


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("form", READERS)
def test_what_somebody_wrote_is_harmless_text_in_documents(form, name):
    said = READERS[form](render(hostile_report(HOSTILE[name]), form))
    assert not FORBIDDEN & set(said)
    if name in ("typst", "html", "formula", "template"):
        wanted = HOSTILE[name]
        squeezed = "".join(said.replace("\u200b", "").split())
        assert "".join(wanted.split()) in squeezed
    if name == "long":
        assert said.replace("\u200b", "").replace("\n", "").count("A") >= 2_000


@pytest.mark.parametrize("name", HOSTILE)
def test_what_somebody_wrote_is_never_part_of_the_layout(name):
    """The layout's program is one file; the report comes beside it, and the drawings in it are well-formed."""
    laid_out = layout(hostile_report(HOSTILE[name]))
    drawings = [block["svg"] for each in laid_out["sections"] for block in each["blocks"] if block["type"] == "chart"]
    for svg in drawings:
        tags = {each.tag.rpartition("}")[2] for each in ElementTree.fromstring(svg).iter()}
        assert tags <= {"svg", "title", "desc", "g", "text", "rect", "circle", "path"}


@pytest.mark.parametrize("name", [each for each in HOSTILE if each != "controls"])
def test_what_somebody_wrote_is_a_cell_of_csv_that_nothing_runs(name):
    content = render(replace(hostile_report(HOSTILE[name]), main="t"), Format.CSV).decode("utf-8-sig")
    first = list(csv.reader(io.StringIO(content, newline="")))[1][0]
    assert not first.lstrip().startswith(("=", "+", "-", "@"))
    assert first.removeprefix("'") == HOSTILE[name]


@pytest.mark.parametrize("name", HOSTILE)
def test_what_somebody_wrote_is_a_narrative_of_iati(name):
    text = HOSTILE[name]
    tree = etree.fromstring(render(told(aid(title={"en": text}, description={"id": text})), Format.XML))
    said = tree.xpath("string(//title/narrative)")
    assert not FORBIDDEN & set(said)
    assert len(tree) == 1


@pytest.mark.parametrize("form", LISTED)
def test_ten_thousand_rows_are_written(form):
    rows = [[f"Kota {index}", *ROWS[index % 3][1:]] for index in range(10_000)]
    content = render(replace(a_report(a_table("rows", rows)), main="rows"), form)
    assert content
    if form is Format.XLSX:
        book = CalamineWorkbook.from_filelike(io.BytesIO(content))
        assert book.get_sheet_by_name("rows").total_height >= 10_001
    if form is Format.PDF:
        attached = PdfReader(io.BytesIO(content)).attachments["rows.csv"][0]
        assert attached.count(b"\r\n") == 10_001
