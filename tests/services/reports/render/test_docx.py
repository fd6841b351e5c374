"""Text documents: written into a template that the bureau may edit, with fields where somebody has to write."""

import io
import zipfile

import docx
import pytest

from services.reports.render.as_docx import TEMPLATE, render_docx
from services.reports.render.fixed_zip import with_fixed_dates
from services.reports.render.make_template import template
from services.reports.report import Paragraph, ToFill
from shared.wire.problems import Fault
from tests.support.report_values import ROWS, a_report, a_table

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"


def read_back(content):
    return docx.Document(io.BytesIO(content))


def rows_of(table):
    return [[cell.text for cell in row.cells] for row in table.rows]


def test_the_template_is_what_its_program_makes():
    assert TEMPLATE.read_bytes() == template()


def test_it_holds_the_report_block_by_block():
    document = read_back(render_docx(a_report()))
    said = [each.text for each in document.paragraphs]
    for text in (
        "Keaktifan kemitraan",
        "Semua kemitraan",
        "Dua puluh dua kemitraan.",
        "Catatan di bawah tabel.",
        "Tujuan",
    ):
        assert text in said
    assert said[-1].startswith("(…")
    assert "Kepala Biro Kerja Sama Daerah" in said
    assert rows_of(document.tables[0]) == [["Periode", "2017–2020"], ["Posisi", "137"]]
    assert rows_of(document.tables[1])[2] == ["Hanoi", "▲ kurang aktif", "2", "12,5%", "–", "hanoi"]
    assert len(document.tables) == 2 + 6, "a chart stands as its table"
    section = document.sections[0]
    assert section.first_page_header.paragraphs[0].text == "Pemerintah Provinsi DKI Jakarta"
    assert "Diketahui per 1 Maret 2021, posisi buku besar 137" in section.footer.paragraphs[0].text


def test_the_head_of_a_table_stands_again_on_each_page():
    document = read_back(render_docx(a_report()))
    assert document.tables[1].rows[0]._tr.find(f"{W}trPr/{W}tblHeader") is not None


def test_what_is_to_be_written_in_is_a_field_that_stands_out():
    document = read_back(render_docx(a_report(ToFill("results", 'Hasil <x> & "y"', "Isi hasil."))))
    controls = list(document.element.body.iter(f"{W}sdt"))
    assert [each.find(f"{W}sdtPr/{W}tag").get(f"{W}val") for each in controls] == ["aim", "results"]
    assert controls[1].find(f"{W}sdtPr/{W}alias").get(f"{W}val") == 'Hasil <x> & "y"'
    assert "".join(each.text for each in controls[1].iter(f"{W}t")) == "[Isi hasil.]"
    assert controls[1].find(f".//{W}highlight").get(f"{W}val") == "yellow"


def test_what_looks_like_a_command_of_the_template_is_text():
    written = "{{ 7*7 }} {% for x in y %} {# a #} <w:p/> &amp;"
    document = read_back(render_docx(a_report(Paragraph(written), a_table("t", [[written, *ROWS[0][1:]]]))))
    assert written in [each.text for each in document.paragraphs]
    assert rows_of(document.tables[-1])[1][0] == written


def test_a_long_table_is_cut_with_a_note():
    document = read_back(render_docx(a_report(a_table("t", ROWS * 700))))
    assert len(document.tables[-1]._tbl.findall(f"{W}tr")) == 2_001
    assert "2000 baris pertama dari 2100; semuanya ada dalam format lain dari laporan ini." in [
        each.text for each in document.paragraphs
    ]


def test_its_dates_are_the_day_of_known():
    document = read_back(render_docx(a_report()))
    assert {document.core_properties.created.isoformat(), document.core_properties.modified.isoformat()} == {
        "2021-03-01T00:00:00+00:00"
    }
    with zipfile.ZipFile(io.BytesIO(render_docx(a_report()))) as file:
        assert {(each.date_time, each.compress_type) for each in file.infolist()} == {
            ((1980, 1, 1, 0, 0, 0), zipfile.ZIP_STORED)
        }


def changed(old, new):
    """Return the template with some text of its body changed, as an editor of it might."""
    packed = io.BytesIO()
    with zipfile.ZipFile(TEMPLATE) as file, zipfile.ZipFile(packed, "w") as target:
        for name in file.namelist():
            body = file.read(name)
            if name == "word/document.xml":
                assert old.encode() in body
                body = body.replace(old.encode(), new.encode())
            target.writestr(name, body)
    return with_fixed_dates(packed.getvalue())


def test_the_bureaus_own_template_is_used(tmp_path):
    (tmp_path / "report.docx").write_bytes(changed("{{ subtitle }}", "RAHASIA {{ subtitle }}"))
    said = [each.text for each in read_back(render_docx(a_report(), tmp_path)).paragraphs]
    assert "RAHASIA 1 Januari 2017 – 31 Desember 2020" in said


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "No such file"),
        (b"no archive", "not a zip"),
        (changed("{{ subtitle }}", "{{ subtitel }}"), "subtitel"),
        (changed("{{ subtitle }}", "{{ subtitle | }}"), "expected token"),
        (changed("{%p endif %}", "{%p endwhile %}"), "endwhile"),
        (changed("{{ subtitle }}", "{{ ''.__class__.__mro__ }}"), "unsafe"),
    ],
    ids=["none", "no document", "unknown name", "half a command", "unknown command", "reaching out"],
)
def test_a_broken_template_is_said_to_be_broken_and_how(tmp_path, content, said):
    if content is not None:
        (tmp_path / "report.docx").write_bytes(content)
    with pytest.raises(Fault) as refused:
        render_docx(a_report(), tmp_path)
    problem = refused.value.problem
    assert (problem.status, problem.kind) == (500, "template-broken")
    assert said in problem.title
    assert "KEMBAR_REPORT_TEMPLATES" in problem.remedy
