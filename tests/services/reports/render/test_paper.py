"""How values are written on paper, what is left out there, and how wide columns are."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.reports.render.glyphs import NO_GLYPH, displayable, shown
from services.reports.render.paper import LANDSCAPE, PORTRAIT, on_paper, widths
from services.reports.render.written import written
from services.reports.report import Column, ColumnKind, Table
from services.reports.visible import REPLACED, one_line, visible
from shared.words.words import Words

KINDS = st.sampled_from(ColumnKind)


@pytest.mark.parametrize(
    ("value", "kind", "indonesian", "english"),
    [
        (None, ColumnKind.NUMBER, "–", "–"),
        ("", ColumnKind.TEXT, "–", "–"),
        (0, ColumnKind.NUMBER, "0", "0"),
        (1234567.5, ColumnKind.NUMBER, "1.234.567,5", "1,234,567.5"),
        (2020, ColumnKind.CODE, "2020", "2020"),
        (0.125, ColumnKind.SHARE, "12,5%", "12.5%"),
        (date(2007, 6, 21), ColumnKind.DAY, "21 Juni 2007", "21 June 2007"),
        ("kurang_aktif", ColumnKind.RATING, "▲ kurang aktif", "▲ less active"),
        ("belum ada", ColumnKind.RATING, "belum ada", "belum ada"),
        ("aktif", ColumnKind.TEXT, "aktif", "aktif"),
    ],
)
def test_a_value_is_written_as_people_there_write_it(value, kind, indonesian, english):
    column = Column("x", "X", kind)
    assert [written(value, column, Words("id")), written(value, column, Words("en"))] == [indonesian, english]


@given(st.text())
def test_what_is_shown_holds_nothing_that_hides_and_changes_nothing_else(text):
    said = visible(text)
    assert not {"\u202e", "\u2066", "\x07", "\x1b", "\ufffe"} & set(said)
    assert said == visible(said)
    if text.isprintable():
        assert said == text
    assert "\n" not in one_line(text)


def test_an_override_is_replaced_by_a_sign_that_is_seen():
    assert visible("a\u202eb\x00c\td\r\ne") == f"a{REPLACED}b{REPLACED}c d\ne"


def test_a_character_without_a_glyph_is_a_square_and_other_scripts_stay():
    assert displayable("Kyiv Київ جدة Ω — 北 😀") == f"Kyiv Київ جدة Ω — {NO_GLYPH} {NO_GLYPH}"


@given(st.text(st.sampled_from("ab \u00e9"), max_size=200))
def test_a_long_word_may_break_and_nothing_else_is_changed(text):
    assert shown(text).replace("\u200b", "") == text
    assert all(len(part) <= 20 for word in shown(text).split(" ") for part in word.split("\u200b"))


@given(
    kinds=st.lists(KINDS, min_size=1, max_size=14),
    texts=st.lists(st.text("ab ", max_size=60), max_size=8),
    is_wide=st.booleans(),
)
def test_columns_fill_the_page_and_none_vanishes(kinds, texts, is_wide):
    columns = [Column(str(index), "Judul kolom", kind) for index, kind in enumerate(kinds)]
    rows = [[text] * len(columns) for text in texts]
    found = widths(columns, rows, is_wide=is_wide)
    assert sum(found.columns) == pytest.approx(LANDSCAPE if is_wide else PORTRAIT)
    assert min(found.columns) > 10


def test_a_wide_table_leaves_out_what_nobody_reported_and_codes_and_says_so():
    columns = [Column(f"c{index}", f"Kolom {index}") for index in range(8)]
    columns += [Column("value", "Nilai", ColumnKind.NUMBER), Column("event", "Peristiwa", ColumnKind.CODE)]
    columns += [Column("place", "Tempat", detail=True)]
    rows = [["a"] * 7 + [0, None, "x", "di sana"], ["b"] * 7 + [None, None, "y", None]]
    table = on_paper(Table("t", "T", columns, rows, ("Catatan.",)), Words("en"))

    assert [each.heading for each in table.columns] == [f"Kolom {index}" for index in range(8)]
    assert table.rows == [["a"] * 7 + [0], ["b"] * 7 + [None]]
    assert table.notes == ["Catatan.", "Not reported in any row: Nilai.", "In the data only: Peristiwa, Tempat."]


def test_a_narrow_table_is_left_as_it_is():
    table = Table("t", "T", [Column("a", "A"), Column("b", "B", ColumnKind.CODE)], [[None, "x"]])
    assert on_paper(table, Words("id")) is table
