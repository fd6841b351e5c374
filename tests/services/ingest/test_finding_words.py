"""What a check finds can be said in Indonesian, whatever stands in the file."""

import pytest

from services.ingest.check import check_share
from services.ingest.files import Format
from services.ingest.finding_words import FINDING_WORDS, finding_in_words, is_known
from shared.words.words import Words
from tests.support.build import a_context
from tests.support.tables import a_csv, a_row

ROWS = [
    a_row(Kota="Hanoy"),
    a_row(Indikator="hadiah"),
    a_row(Tanggal="awal 2019"),
    a_row(Tanggal="03/04/2019"),
    a_row(Tanggal="31 Februari 2019"),
    a_row(Tanggal="2031"),
    a_row(Tanggal="kemarin"),
    a_row(Tanggal="2020 - 2019"),
    a_row(Tanggal="1700"),
    a_row(Judul="x" * 301),
    a_row(Judul=""),
    a_row(Hasil=""),
    a_row(Judul="a\u200bb"),
]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: " ".join(map(str, row))[:40])
def test_each_finding_of_a_row_is_known_and_said(row):
    share = check_share(a_csv(row), Format.CSV, a_context())

    assert share.findings
    for each in share.findings:
        assert is_known(each.problem), each.problem
        assert is_known(each.remedy), each.remedy
        assert finding_in_words(each.problem, Words("id")) != each.problem
        assert finding_in_words(each.problem, Words("en")) == each.problem


@pytest.mark.parametrize("raw", [b"", b"a;b\n1;2\n", b'a,"b\n', b"\xff\xfe\x00", b"kota,kota\n1,2\n"])
def test_each_finding_of_a_file_is_known(raw):
    for each in check_share(raw, Format.CSV, a_context()).findings:
        assert is_known(each.problem), each.problem
        assert is_known(each.remedy), each.remedy


def test_what_is_filled_in_stays_as_it_is():
    said = finding_in_words("“Rok (2019). [x]” cannot be read as a date.", Words("id"))

    assert said == "“Rok (2019). [x]” tidak terbaca sebagai tanggal."
    assert finding_in_words("Something else.", Words("id")) == "Something else."
    assert len(set(FINDING_WORDS)) == len(FINDING_WORDS)
