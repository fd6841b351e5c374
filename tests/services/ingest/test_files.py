"""Files are read into rows; what is no plain table is an error within seconds."""

import json
import struct
import time

import pytest

from services.ingest.checking import WORTH_SHARING_BYTES, check_apart
from services.ingest.files import CannotRead, Format, read_file
from tests.support.build import a_context
from tests.support.tables import HEADINGS, a_csv, a_row, a_sheet, an_xlsx, check_file, many_rows

SECONDS = 10.0


def cells(raw: bytes, file_format: Format = Format.CSV):
    return [(line.number, list(line.cells)) for line in read_file(raw, file_format).lines]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_the_delimiter_is_found(delimiter):
    assert cells(a_csv(a_row(Judul="Air, dan; lagi"), delimiter=delimiter))[1][1][5] == "Air, dan; lagi"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
def test_the_encoding_is_found(encoding):
    raw = a_csv(a_row(Judul="Malmö–Jakarta")).decode().encode(encoding)

    assert cells(raw)[1][1][5] == "Malmö–Jakarta"


def test_rows_keep_their_numbers_where_others_are_empty():
    raw = a_csv(["", ""], a_row(), ["", " "], a_row())

    assert [number for number, _ in cells(raw)] == [1, 3, 5]


def test_json_lines_may_be_the_data_of_events():
    line = {"partnership": "hanoi", "title": {"en": "A visit"}, "actors": ["embassy"]}

    assert cells(json.dumps(line).encode(), Format.JSONL) == [
        (0, ["partnership", "title.en", "actors"]),
        (1, ["hanoi", "A visit", ["embassy"]]),
    ]


def test_a_workbook_is_read():
    assert cells(an_xlsx(a_sheet([HEADINGS, a_row()])), Format.XLSX) == [(1, list(HEADINGS)), (2, a_row())]


A_FORMULA = "<f>A1&amp;B1</f><v>x</v>"
EMPTY_ROWS = "".join(f'<row r="{number}"><c r="A{number}" s="1"/></row>' for number in range(3, 1_000_003))
BAD = {
    "no file": b"",
    "binary": b"\x00\x01\x02",
    "a quotation mark that is never closed": b'Kota,Judul\n"Hanoi,x',
    "too many rows": b"Kota\n" + b"x\n" * 101_000,
    "too many columns": b"Kota" + b",x" * 300,
}


def a_bomb_that_lies(size_bytes: int = 30_000_000) -> bytes:
    """Return a workbook of which one part says that it unpacks to a thousand bytes."""
    honest = an_xlsx(a_sheet([HEADINGS, a_row()]), **{"xl/sharedStrings.xml": b"<sst><si><t>" + b"a" * size_bytes})
    return honest.replace(struct.pack("<I", size_bytes + 12), struct.pack("<I", 1_000))


def of_beginnings(tag: str) -> bytes:
    """Return a workbook whose sheet begins a tag hundreds of thousands of times, and never ends one."""
    return an_xlsx("<worksheet><sheetData><f/>" + tag * 300_000)


BAD_WORKBOOKS = {
    "a zip bomb that lies about its size": a_bomb_that_lies(),
    "beginnings of rows": of_beginnings("<row "),
    "beginnings of cells": of_beginnings('<c r="A1" '),
    "beginnings of merged cells": of_beginnings("<mergeCell "),
    "a cell of many places": an_xlsx("<worksheet><f/><c " + 'r="A1" ' * 300_000),
    "a formula that never comes": an_xlsx("<worksheet><f/>" + '<c r="A1">' + " " * 2_000_000),
    "no workbook": b"Kota,Judul",
    "a damaged one": an_xlsx(a_sheet([HEADINGS, a_row()]))[:-300],
    "an old one": bytes.fromhex("d0cf11e0a1b11ae1") + b"\0" * 600,
    "a zip bomb": an_xlsx(a_sheet([HEADINGS, a_row()]), xl__media__a=b"\0" * 300_000_000),
    "macros": an_xlsx(a_sheet([HEADINGS, a_row()]), xl__vbaProject_bin=b"x"),
    "the last corner": an_xlsx(
        a_sheet([HEADINGS]).replace("</sheetData>", '<row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData>')
    ),
    "not XML": an_xlsx("<worksheet><sheetData><row"),
    "nothing in it": an_xlsx(a_sheet([])),
    "laughs": an_xlsx(
        '<!DOCTYPE l [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]>' + a_sheet([HEADINGS, a_row(Judul="&b;")])
    ),
}


@pytest.mark.parametrize("raw", BAD.values(), ids=BAD)
def test_a_file_that_is_no_table_is_refused(raw):
    with pytest.raises(CannotRead):
        read_file(raw, Format.CSV)


@pytest.mark.parametrize("raw", BAD_WORKBOOKS.values(), ids=BAD_WORKBOOKS)
async def test_a_workbook_that_is_none_is_an_error_within_seconds(raw):
    started = time.monotonic()

    checked = await check_apart(raw, Format.XLSX, a_context())

    assert checked.counts["error"]
    assert checked.rows == []
    assert time.monotonic() - started < SECONDS


def test_a_million_empty_rows_are_left_out():
    sheet = a_sheet([HEADINGS, a_row()]).replace("</sheetData>", f"{EMPTY_ROWS}</sheetData>")
    started = time.monotonic()

    assert len(cells(an_xlsx(sheet), Format.XLSX)) == 2
    assert time.monotonic() - started < SECONDS


def errors(sheet: str) -> list[tuple[int, str, str]]:
    checked = check_file(an_xlsx(sheet), Format.XLSX, a_context())
    assert checked.rows == []
    return [(each.row, each.column, each.text) for each in checked.findings]


def test_a_formula_is_an_error_with_its_place_and_its_text():
    assert errors(a_sheet([HEADINGS, a_row(Judul=A_FORMULA)])) == [(2, "F2", "=A1&amp;B1")]


def test_merged_cells_are_an_error_with_their_place():
    merged = '<mergeCells count="1"><mergeCell ref="A2:A3"/></mergeCells>'

    assert errors(a_sheet([HEADINGS, a_row(), a_row()], merged)) == [(2, "A2:A3", "")]


def test_a_merged_title_above_the_table_does_no_harm():
    merged = '<mergeCells count="1"><mergeCell ref="A1:F1"/></mergeCells>'
    raw = an_xlsx(a_sheet([["Daftar kegiatan 2019"], HEADINGS, a_row()], merged))

    assert len(check_file(raw, Format.XLSX, a_context()).rows) == 1


async def test_a_large_file_is_checked_in_shares_with_what_the_whole_would_give():
    raw = a_csv(*many_rows(WORTH_SHARING_BYTES // 50))

    checked = await check_apart(raw, Format.CSV, a_context())

    assert len(raw) >= WORTH_SHARING_BYTES
    assert checked == check_file(raw, Format.CSV, a_context())


async def test_a_check_that_takes_too_long_is_ended():
    checked = await check_apart(a_csv(*many_rows(60_000)), Format.CSV, a_context(), longest_seconds=0.2)

    assert [each.problem for each in checked.findings] == ["The file could not be checked within 0 seconds."]
