"""Rows become events, or findings that say where, what and what to do."""

import json
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.ingest.check import Likeness, RowFinding, Standing, check_share, check_sheet, whole
from services.ingest.columns import ColumnMapping
from services.ingest.files import Format, Line, Sheet
from services.ingest.importing import state_after
from shared.domain.events import imported_id
from shared.domain.occurred import parse_occurred
from shared.wire.canonical import digest
from shared.wire.envelope import decode
from tests.support.build import a_context, an_id
from tests.support.tables import HEADINGS, a_csv, a_row, check_file

OCCURRED = st.sampled_from(
    [
        "2017",
        "2018",
        "2019",
        "2017/2018",
        "2018-05",
        "2018-05/2018-06",
        "2018-02-28",
        "2018-05-22",
        "2018-05-22/2019-01-03",
    ]
)
STANDING = st.lists(
    st.builds(
        lambda slug, indicator, occurred: Standing(slug, indicator, occurred, f"{slug} {indicator} {occurred}"),
        st.sampled_from(["hanoi", "tokyo"]),
        st.sampled_from(["visit", "aid"]),
        OCCURRED,
    ),
    max_size=12,
)


def check(raw: bytes, **context):
    return check_file(raw, Format.CSV, a_context(**context))


def data_of(checked) -> list[dict]:
    return [json.loads(each.payload)["data"] for each in checked.rows]


def only(checked) -> RowFinding:
    (finding,) = checked.findings
    return finding


def test_a_row_becomes_the_event_that_a_client_would_post():
    headings = ("No", "Kemitraan", "Indicator", "Waktu Kegiatan", "Direction", "Hasil", "Judul", "Title (EN)", "Pelaku")
    row = (
        "1",
        "Kota Hanoi",
        "Kegiatan Bersama",
        "22 s.d. 28 Oktober 2019",
        "timbal-balik",
        "Held",
        "Festival",
        "A festival",
    )
    checked = check(a_csv((*row, "Sekolah; dunia usaha"), headings=headings), names={"kota hanoi": ["hanoi"]})

    assert data_of(checked) == [
        {
            "batch": "impor-2019",
            "partnership": "hanoi",
            "indicator": "joint_event",
            "occurred": "2019-10-22/2019-10-28",
            "direction": "mutual",
            "outcome": "held",
            "title": {"id": "Festival", "en": "A festival"},
            "actors": ["school", "business"],
        }
    ]


def test_an_event_carries_its_import_and_an_id_of_its_own():
    checked = check(a_csv(a_row(), a_row(Judul="Yang lain")))

    events = [decode(each.payload, 1, a_context().posted_at, a_context().posted_at.tzinfo) for each in checked.rows]
    assert [event.import_id for event in events] == [an_id(7)] * 2
    assert [event.id for event in events] == [imported_id(an_id(7), row) for row in (2, 3)]


def test_the_hash_is_over_the_hashes_of_the_events_in_order():
    checked = check(a_csv(a_row(), a_row(Judul="Yang lain")))

    assert checked.hash == digest("".join(digest(each.payload) for each in checked.rows).encode())


@pytest.mark.parametrize(
    ("changes", "column", "text"),
    [
        ({"Kota": "Hanoy"}, "Kota", "Hanoy"),
        ({"Kota": ""}, "Kota", ""),
        ({"Indikator": "rapat"}, "Indikator", "rapat"),
        ({"Tanggal": "awal 2019"}, "Tanggal", "awal 2019"),
        ({"Tanggal": "2099"}, "Tanggal", "2099"),
        ({"Arah": "ke sana"}, "Arah", "ke sana"),
        ({"Hasil": ""}, "Hasil", ""),
        ({"Judul": "x" * 301}, "Judul", "x" * 200),
        ({"Judul": "a\u202eb"}, "Judul", "a\u202eb"),
    ],
)
def test_a_wrong_cell_is_named_by_row_column_and_text(changes, column, text):
    checked = check(a_csv(a_row(), a_row(**changes)))

    finding = only(checked)
    assert (finding.row, finding.column, finding.kind, finding.text) == (3, column, "error", text)
    assert finding.remedy
    assert checked.rows == []


def test_a_name_of_two_partnerships_is_no_name():
    checked = check(a_csv(a_row(Kota="Pusat")), names={"pusat": ["hanoi", "tokyo"]})

    assert only(checked).remedy == "Use one of hanoi, tokyo."


@pytest.mark.parametrize("missing", HEADINGS)
def test_a_missing_column_is_an_error_of_the_row_of_headings(missing):
    headings = [heading for heading in HEADINGS if heading != missing]
    row = [value for heading, value in zip(HEADINGS, a_row(), strict=True) if heading != missing]

    assert [(each.row, each.kind) for each in check(a_csv(row, headings=headings)).findings] == [(1, "error")]


def test_an_unknown_column_is_said_to_be_left_out():
    checked = check(a_csv((*a_row(), "x"), headings=(*HEADINGS, "Catatan")))

    assert (only(checked).kind, only(checked).column, len(checked.rows)) == ("note", "Catatan", 1)


def test_two_columns_for_one_thing_are_an_error():
    checked = check(a_csv((*a_row(), "hanoi"), headings=(*HEADINGS, "Kemitraan")))

    assert (only(checked).kind, only(checked).column) == ("error", "Kemitraan")


def test_dates_numbers_and_truths_of_a_sheet_are_read():
    headings = [*HEADINGS, "Peserta", "Nilai", "Mata uang", "People to people"]
    row = [*a_row(), 25.0, 1250.5, "idr", True]
    row[2] = date(2019, 5, 22)
    checked = check_sheet(Sheet([Line(1, headings), Line(2, row)]), a_context())

    (data,) = data_of(checked)
    assert (data["occurred"], data["participants"], data["value"], data["currency"], data["people_to_people"]) == (
        *("2019-05-22", 25, 1250.5, "IDR"),
        True,
    )


def test_a_year_in_a_number_is_a_year_and_another_number_no_date():
    years = check_sheet(Sheet([Line(1, HEADINGS), Line(2, [*a_row()[:2], 2019.0, *a_row()[3:]])]), a_context())
    serial = check_sheet(Sheet([Line(1, HEADINGS), Line(2, [*a_row()[:2], 43607.0, *a_row()[3:]])]), a_context())

    assert data_of(years)[0]["occurred"] == "2019"
    assert only(serial).text == "43607"


def test_an_ambiguous_date_is_asked_about_with_both_readings():
    finding = only(check(a_csv(a_row(Tanggal="03/04/2019"))))

    assert (finding.kind, finding.readings) == ("ambiguous", ("2019-04-03", "2019-03-04"))


def test_the_answer_to_an_ambiguous_date_reads_it():
    assert data_of(check(a_csv(a_row(Tanggal="03/04/2019")), day_first=True))[0]["occurred"] == "2019-04-03"


def test_a_row_that_says_the_same_as_another_is_a_likely_duplicate():
    checked = check(a_csv(a_row(), a_row()))

    assert (only(checked).kind, only(checked).row, only(checked).resembles) == ("duplicate", 3, "row 2")
    assert len(checked.rows) == 2


def test_what_stands_already_with_overlapping_dates_is_a_likely_duplicate():
    checked = check(a_csv(a_row(Tanggal="Mei 2019")), standing="hanoi visit 2019-05-22 the-one\nhanoi aid 2019 no")

    assert (only(checked).kind, only(checked).resembles) == ("duplicate", "the-one")


@settings(max_examples=300, deadline=None)
@given(standing=STANDING, indicator=st.sampled_from(["visit", "aid"]), occurred=OCCURRED)
def test_likeness_is_the_same_partnership_and_indicator_and_overlapping_dates(standing, indicator, occurred):
    new = parse_occurred(occurred)
    like = {
        each.activity
        for each in standing
        if (each.partnership, each.indicator) == ("hanoi", indicator)
        and parse_occurred(each.occurred).first <= new.last
        and new.first <= parse_occurred(each.occurred).last
    }

    found = Likeness(standing).find("hanoi", indicator, occurred)

    assert (found.activity in like) if found else not like


def test_a_mapping_says_what_columns_are_and_what_holds_for_all():
    mapping = ColumnMapping(
        columns={"Apa": "title.id", "Kota": None}, values={"partnership": "Tokyo", "mode": "daring"}
    )
    checked = check(a_csv(a_row(), headings=(*HEADINGS[:5], "Apa")), mapping=mapping)

    (data,) = data_of(checked)
    assert (data["partnership"], data["mode"], data["title"]) == ("tokyo", "online", {"id": "Kunjungan wali kota"})


@pytest.mark.parametrize(
    ("kinds", "dry_run", "keep_likely", "state"),
    [
        ([], False, False, "loading"),
        ([], True, False, "ready"),
        (["note"], False, False, "loading"),
        (["duplicate"], False, False, "asked"),
        (["duplicate"], False, True, "loading"),
        (["duplicate"], True, False, "ready"),
        (["ambiguous"], False, True, "asked"),
        (["ambiguous"], True, False, "asked"),
        (["error", "ambiguous"], True, True, "refused"),
    ],
)
def test_what_an_import_comes_to_after_its_check(kinds, dry_run, keep_likely, state):
    checked = check(a_csv(a_row()))
    checked.counts.update(kinds)

    assert state_after(checked, dry_run=dry_run, keep_likely=keep_likely) == state


ROWS_OF_ANY_KIND = st.lists(
    st.sampled_from(
        [
            *(a_row(Judul=f"Kunjungan {number}") for number in range(3)),
            a_row(Kota="Hanio"),
            a_row(Tanggal="03/04/2019"),
            a_row(Tanggal="22 Mei 2020", Indikator="?"),
            a_row(Tanggal="2018", Judul="Serupa"),
        ]
    ),
    min_size=1,
    max_size=12,
)


@settings(max_examples=60, deadline=None)
@given(rows=ROWS_OF_ANY_KIND, of=st.integers(1, 5))
def test_shares_of_a_file_come_to_the_same_as_the_whole(rows: list[list[str]], of: int):
    raw, context = a_csv(*rows), a_context(standing="hanoi visit 2018-05 what-stands")

    shares = [check_share(raw, Format.CSV, context, number, of) for number in range(of)]

    assert whole(shares) == check_file(raw, Format.CSV, context)


def test_a_row_that_says_the_same_as_one_in_another_share_is_found():
    raw = a_csv(a_row(), a_row(Judul="Lain"), a_row())

    checked = whole([check_share(raw, Format.CSV, a_context(), number, 3) for number in range(3)])

    assert (only(checked).row, only(checked).resembles) == (4, "row 2")


def test_a_file_that_cannot_be_taken_is_told_of_once_however_many_share_it():
    shares = [check_share(b"", Format.CSV, a_context(), number, 3) for number in range(3)]

    assert only(whole(shares)).problem == "The file is empty."
    assert whole(shares).counts == {"error": 1}
