"""PDF: for the archive and for everybody, with its data inside; what breaks a worker harms no one else."""

import io
import json
from dataclasses import replace
from datetime import date

import psutil
import pytest
from pypdf import PdfReader

from services.reports.charts.values import ReciprocityBars
from services.reports.render.as_csv import csv_of
from services.reports.render.as_json import render_json
from services.reports.render.as_pdf import MOST_CELLS, layout, render_pdf, rows_laid_out
from services.reports.render.glyphs import characters
from services.reports.render.press import MOST_BYTES, Press
from services.reports.report import Chart, Paragraph, Section
from services.reports.visible import visible
from shared.wire.canonical import canonical
from shared.wire.problems import Fault
from tests.support.report_values import COLUMNS, ROWS, a_report, a_table


@pytest.fixture(scope="module")
def press():
    """A press of one worker, for all tests here."""
    press = Press(1)
    yield press
    press.close()


@pytest.fixture(scope="module")
def reader(press):
    """The PDF of a report with every kind of block, read back."""
    return PdfReader(io.BytesIO(render_pdf(a_report(), press)))


def text_of(reader):
    return " ".join("\n".join(page.extract_text() for page in reader.pages).split())


def many(rows):
    return a_table("activities", [[f"Kota {index}", *ROWS[0][1:]] for index in range(rows)])


def test_it_claims_pdf_a_3a_and_pdf_ua_1(reader):
    claims = reader.xmp_metadata.rdf_root.toxml()
    for claim in ("<pdfaid:part>3</", "<pdfaid:conformance>A</", "<pdfuaid:part>1</"):
        assert claim in claims


def test_it_is_tagged_in_its_language_with_words_for_every_chart(reader):
    catalogue = reader.trailer["/Root"]
    assert catalogue["/Lang"] == "id"
    assert catalogue["/MarkInfo"]["/Marked"]
    assert catalogue["/ViewerPreferences"]["/DisplayDocTitle"]
    structure = structure_of(reader)
    described = [each["/Alt"] for each in structure if each.get("/S") == "/Figure"]
    assert len(described) == 6
    assert all(each == "Seoul aktif, Hanoi kurang aktif." for each in described)
    kinds = {each.get("/S") for each in structure}
    assert {"/Table", "/TH", "/TD", "/H1", "/P", "/Caption"} <= kinds


def structure_of(reader):
    """Return every element of the tags."""
    found, waiting = [], [reader.trailer["/Root"]["/StructTreeRoot"]]
    while waiting:
        node = waiting.pop().get_object()
        if isinstance(node, dict):
            found.append(node)
            below = node.get("/K", [])
            waiting += below if isinstance(below, list) else [below]
    return found


def test_its_fonts_are_inside_and_come_with_the_project(reader):
    names = set()
    for page in reader.pages:
        for font in page["/Resources"]["/Font"].values():
            names.add(font.get_object()["/BaseFont"].partition("+")[2])
    assert names
    assert all(name.startswith(("NotoSans", "Inter")) for name in names), names


def test_its_date_is_the_day_of_known(reader):
    assert reader.metadata.creation_date.date() == date(2021, 3, 1)
    assert reader.metadata.title == "Keaktifan kemitraan"


def test_its_pages_say_who_which_period_as_known_when_and_which_page(reader):
    said = text_of(reader)
    for words in (
        "Pemerintah Provinsi DKI Jakarta",
        "Jakarta · Keaktifan kemitraan",
        "1 Januari 2017 sampai dengan 31 Desember 2020",
        "Diketahui per 1 Maret 2021, posisi buku besar 137",
        f"Halaman 1 dari {len(reader.pages)}",
        "▲ kurang aktif",
        "12,5%",
        "25 Juli 1984",
        "Tuliskan tujuan kerja sama.",
        "Kepala Biro Kerja Sama Daerah",
        "Nama dan tanda tangan",
    ):
        assert words in said, words


def test_the_data_inside_are_the_bytes_of_the_json_format(reader):
    assert reader.attachments.keys() == {"data.json"}
    assert reader.attachments["data.json"] == [render_json(a_report())]


def test_a_long_table_is_cut_with_a_note_and_stands_inside_whole(press):
    table = many(2_600)
    report = a_report(table)
    reader = PdfReader(io.BytesIO(render_pdf(report, press)))
    assert reader.attachments["activities.csv"] == [csv_of(table)]
    assert "2000 baris pertama dari 2600" in reader.pages[-1].extract_text()
    assert "Kemitraan" in reader.pages[20].extract_text()


def test_a_table_without_rows_says_that_there_is_none(press):
    said = text_of(PdfReader(io.BytesIO(render_pdf(a_report(a_table("empty", [])), press))))
    assert "Kode Tidak ada Catatan di bawah tabel." in said


def test_a_long_report_begins_with_its_contents(press):
    report = a_report()
    sections = [Section(f"s{index}", f"Bab ke-{index}", []) for index in range(7)]
    long = PdfReader(io.BytesIO(render_pdf(replace(report, sections=sections), press)))
    assert "Daftar isi" in long.pages[0].extract_text()
    assert "Daftar isi" not in text_of(PdfReader(io.BytesIO(render_pdf(report, press))))


@pytest.mark.parametrize("tables", [1, 3, 9])
def test_all_tables_together_have_no_more_cells_than_may_be_laid_out(tables):
    report = a_report(*[many(1_900) for _ in range(tables)])
    laid_out = json.loads(canonical(layout(report)))
    cells = [
        len(block["rows"]) * len(block["columns"])
        for section in laid_out["sections"]
        for block in section["blocks"]
        if block["type"] == "table"
    ]
    assert sum(cells) <= MOST_CELLS
    assert rows_laid_out(report) * len(COLUMNS) * tables > 0.8 * min(MOST_CELLS, 1_900 * tables * len(COLUMNS)) - 60
    assert len(laid_out["attached"]) == 1 + (tables if rows_laid_out(report) < 1_900 else 0)


HEAVY = canonical(layout(a_report(many(1_900))))


def test_a_report_that_takes_too_much_memory_is_refused_and_would_not_be_without_the_limit():
    for most_bytes, is_refused in ((150 * 2**20, True), (MOST_BYTES, False)):
        press = Press(1, most_bytes=most_bytes)
        if is_refused:
            with pytest.raises(Fault) as refused:
                press.pdf(HEAVY)
            assert (refused.value.problem.status, refused.value.problem.kind) == (503, "not-laid-out")
            assert "XLSX" in refused.value.problem.remedy
            small = render_pdf(a_report(), press)
            assert small.startswith(b"%PDF")
        else:
            assert press.pdf(HEAVY).startswith(b"%PDF")
        press.close()


def test_a_report_that_takes_too_long_is_refused_and_the_next_one_waits_for_nothing():
    press = Press(1, seconds=0.05)
    for _ in range(2):
        with pytest.raises(Fault) as refused:
            press.pdf(HEAVY)
        assert (refused.value.problem.status, refused.value.problem.kind) == (503, "not-laid-out")
    press.close()


def test_who_finds_all_workers_busy_is_told_when_to_come_back():
    with pytest.raises(Fault) as refused:
        Press(0, seconds=0.01).pdf(b"{}")
    assert (refused.value.problem.kind, refused.value.problem.retry_after_seconds) == ("press-is-busy", 60)


def test_what_cannot_be_laid_out_is_a_fault_of_ours_and_the_worker_goes_on(press):
    with pytest.raises(Fault) as refused:
        press.pdf(b'{"date": [2020, 1, 1]}')
    assert (refused.value.problem.status, refused.value.problem.kind) == (500, "not-laid-out")
    assert render_pdf(a_report(), press).startswith(b"%PDF")


def test_every_character_that_is_let_through_can_be_shown_in_text_and_in_drawings(press):
    every = visible("".join(sorted(characters() - {"\n"})))
    drawing = ReciprocityBars([(each, 1, 1) for each in every])
    report = a_report(Paragraph(" ".join(every)), Chart("c", "x", "y", drawing, a_table("z")))
    assert len(every) > 5_000
    assert render_pdf(report, press).startswith(b"%PDF")


def workers():
    """Return the processes that lay out PDF for this one."""
    return {each.pid for each in psutil.Process().children() if "pdf_worker.py" in " ".join(each.cmdline())}


def test_a_worker_keeps_nothing_of_a_long_report_that_would_leave_no_room_for_the_next():
    others, small = workers(), Press(1, most_bytes=150 * 2**20)  # room for one of these, and not for three
    used = set()
    for number in range(3):
        rows = [[f"Kota {number}-{row}", *ROWS[0][1:]] for row in range(600)]
        assert render_pdf(a_report(a_table("t", rows)), small).startswith(b"%PDF")
        used |= workers() - others
    small.close()
    assert len(used) == 1


def test_a_worker_is_replaced_after_its_reports_and_writes_the_same_bytes(press):
    often = Press(1, reports_per_worker=1)
    assert render_pdf(a_report(), often) == render_pdf(a_report(), often) == render_pdf(a_report(), press)
    often.close()


def test_a_worker_that_breaks_after_earlier_reports_is_replaced_and_the_report_is_laid_out(press):
    """What it kept of them may have been too much; a fresh one has room."""
    used, before = Press(1), set(psutil.Process().children())
    first = render_pdf(a_report(), used)
    (worker,) = set(psutil.Process().children()) - before
    worker.kill()
    psutil.wait_procs([worker], timeout=0.2)

    assert render_pdf(a_report(), used) == first
    used.close()
