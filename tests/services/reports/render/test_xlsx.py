"""Workbooks: real numbers and dates, nothing that runs, the same bytes."""

import io
import re
import zipfile
from datetime import date

from hypothesis import given, settings
from hypothesis import strategies as st
from python_calamine import CalamineWorkbook

from services.reports.render.as_xlsx import _sheet_name, render_xlsx
from services.reports.report import Column, ColumnKind, Table
from tests.support.report_values import a_report, a_table


def book_of(report):
    return CalamineWorkbook.from_filelike(io.BytesIO(render_xlsx(report)))


def members(report):
    with zipfile.ZipFile(io.BytesIO(render_xlsx(report))) as file:
        return {each: file.read(each).decode() for each in file.namelist()}


def test_it_has_a_sheet_about_the_report_and_one_for_each_table():
    book = book_of(a_report(a_table("activities")))
    assert book.sheet_names == ["Tentang", "ratings", *(f"drawn-{index}" for index in range(6)), "activities"]
    about = {row[0]: row[1] for row in book.get_sheet_by_name("Tentang").to_python() if row[0]}
    assert about["Periode"] in ("2017–2020", "1 Januari 2017 sampai dengan 31 Desember 2020")
    assert about["Posisi buku besar"] == "137"
    assert about["Tujuan"] == "Untuk diisi: Tuliskan tujuan kerja sama."


def test_numbers_are_numbers_and_days_are_days_and_what_is_not_reported_is_empty():
    rows = book_of(a_report()).get_sheet_by_name("ratings").to_python()
    assert rows[0] == ["Kemitraan", "Kategori", "Skor", "Bagian", "Nota kesepahaman", "Kode"]
    assert rows[1] == ["Seoul", "aktif", 7.0, 0.5, date(1984, 7, 25), "seoul"]
    assert rows[2] == ["Hanoi", "kurang aktif", 2.0, 0.125, "", "hanoi"]
    assert rows[3] == ["Paris", "tidak aktif", 0.0, "", date(2003, 1, 2), "paris"]


@settings(max_examples=80, deadline=None)
@given(days=st.lists(st.dates(date(1800, 1, 1), date(2199, 12, 31)), min_size=1, max_size=20))
def test_every_day_is_read_back_as_the_day_that_it_is(days):
    table = Table("t", "T", [Column("d", "Hari", ColumnKind.DAY)], [[each] for each in days])
    rows = book_of(a_report(table)).get_sheet_by_name("t").to_python()
    assert [row[0] if isinstance(row[0], date) else date.fromisoformat(row[0]) for row in rows[1:]] == days


def test_the_head_stays_in_view_and_the_rows_can_be_filtered():
    sheet = members(a_report())["xl/worksheets/sheet2.xml"]
    assert re.search(r'<pane [^>]*ySplit="1"[^>]*state="frozen"', sheet)
    assert '<autoFilter ref="A1:F4"/>' in sheet


def test_nothing_that_somebody_wrote_is_run_or_followed():
    rows = [
        ["=1+1", "@SUM(A1)", None, None, None, "https://example.org"],
        ["{=A1}", "+1", None, None, None, "mailto:x"],
    ]
    table = a_table("t", rows)
    parts = members(a_report(table))
    assert not any(re.search(r"<f[ >]|hyperlink", text) for name, text in parts.items() if "worksheets" in name)
    read = book_of(a_report(table)).get_sheet_by_name("t").to_python()
    assert [read[1][0], read[1][1], read[1][5]] == ["=1+1", "@SUM(A1)", "https://example.org"]


def test_its_dates_are_the_day_of_known_and_nothing_is_of_this_machine():
    core = members(a_report())["docProps/core.xml"]
    assert set(re.findall(r"W3CDTF\">([^<]+)<", core)) == {"2021-03-01T00:00:00Z"}
    with zipfile.ZipFile(io.BytesIO(render_xlsx(a_report()))) as file:
        assert {(each.date_time, each.compress_type) for each in file.infolist()} == {
            ((1980, 1, 1, 0, 0, 0), zipfile.ZIP_STORED)
        }


@given(wanted=st.lists(st.text(st.characters(codec="utf-8"), max_size=40), max_size=12))
def test_sheets_have_names_of_their_own_that_spreadsheets_take(wanted):
    taken = {"tentang"}
    names = [_sheet_name(each, taken) for each in wanted]
    assert len({each.casefold() for each in names}) == len(names)
    for name in names:
        assert 1 <= len(name) <= 31
        assert not set(name) & set("[]:*?/\\'")
        assert name.casefold() != "history"
