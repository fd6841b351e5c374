"""CSV: what was written reads back, and no spreadsheet runs it."""

import csv
import io
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.wire.sheet import harmless, sheet_of

DANGEROUS = ("=", "+", "-", "@", "\t", "\r")
texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))


def rows_of(content: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))


@given(
    st.lists(texts, min_size=1, max_size=4), st.sampled_from(["", " ", "\u00a0", "\t", "=", "+1", "-1", "@sum", "\r"])
)
def test_any_text_reads_back_and_begins_no_formula(drawn, start):
    written = [start + each for each in drawn]

    _, row = rows_of(sheet_of([f"c{number}" for number in range(len(written))], [written]))

    assert [
        each.removeprefix("'") if each != text else each for each, text in zip(row, written, strict=True)
    ] == written
    assert not any(each.startswith(DANGEROUS) or each.lstrip().startswith(DANGEROUS) for each in row)


@pytest.mark.parametrize("text", ["=1+1", "+62", "-5", "@A1", "\tx", "\r=1", "  =1", "\u200b=1", "\u3000=1", "＝1"])
def test_what_would_be_run_gets_an_apostrophe(text):
    assert harmless(text) == "'" + text


@pytest.mark.parametrize("text", ["Hanoi", "a=b", "'=1", "5 - 3", ""])
def test_other_text_stays_as_it_is(text):
    assert harmless(text) == text


def test_numbers_days_and_what_is_not_reported_are_written_plainly():
    content = sheet_of("abcd", [[-5, 0.25, date(2020, 12, 31), None]])

    assert content == "\ufeffa,b,c,d\r\n-5,0.25,2020-12-31,\r\n".encode()
