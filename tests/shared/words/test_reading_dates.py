"""Dates as people write them are read; what has two readings is asked about."""

from contextlib import suppress
from datetime import date, timedelta

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from shared.domain.occurred import EARLIEST_YEAR, LATEST_YEAR
from shared.words.dates import occurred_in_words
from shared.words.reading_dates import Ambiguous, Unreadable, read_occurred
from shared.words.words import LANGUAGES, Language

DAYS = st.dates(date(EARLIEST_YEAR, 1, 1), date(LATEST_YEAR, 12, 31))
PRECISIONS = st.sampled_from([4, 7, 10])
PARTS = st.builds(lambda day, length: day.isoformat()[:length], DAYS, PRECISIONS)
INTERVALS = st.builds(
    lambda day, days, length: (day.isoformat()[:length], (day + timedelta(days)).isoformat()[:length]),
    st.dates(date(EARLIEST_YEAR, 1, 1), date(LATEST_YEAR - 3, 1, 1)),
    st.integers(0, 1000),
    PRECISIONS,
).map(lambda ends: "/".join(dict.fromkeys(ends)))


@settings(max_examples=400, deadline=None)
@given(occurred=PARTS | INTERVALS, language=st.sampled_from(LANGUAGES))
@example(occurred="2019-10-22/2019-10-28", language="id")
def test_what_is_said_in_words_is_read_back(occurred: str, language: Language):
    assert read_occurred(occurred_in_words(occurred, language)) == occurred


@settings(max_examples=300, deadline=None)
@given(occurred=PARTS | INTERVALS)
def test_what_is_stored_is_read_as_it_stands(occurred: str):
    assert read_occurred(occurred) == occurred


@settings(max_examples=500, deadline=None)
@given(text=st.text(max_size=40) | st.from_regex(r"[0-9a-z ./-]{1,30}", fullmatch=True))
def test_whatever_is_written_is_read_asked_about_or_refused(text: str):
    with suppress(Unreadable):
        assert isinstance(read_occurred(text), str | Ambiguous)


@pytest.mark.parametrize(
    ("text", "occurred"),
    [
        ("22 s.d. 28 Oktober 2019", "2019-10-22/2019-10-28"),
        ("22 s/d 28 Oktober 2019", "2019-10-22/2019-10-28"),
        ("22 sd 28 Okt 2019", "2019-10-22/2019-10-28"),
        ("22 sampai dengan 28 Oktober 2019", "2019-10-22/2019-10-28"),
        ("22 hingga 28 Oktober 2019", "2019-10-22/2019-10-28"),
        ("22-28 Oktober 2019", "2019-10-22/2019-10-28"),
        ("22 - 28 October 2019", "2019-10-22/2019-10-28"),
        ("22–28 October 2019", "2019-10-22/2019-10-28"),
        ("22 to 28 October 2019", "2019-10-22/2019-10-28"),
        ("October 22-28, 2019", "2019-10-22/2019-10-28"),
        ("October 22 to 28, 2019", "2019-10-22/2019-10-28"),
        ("28 Nov - 1 Des 2019", "2019-11-28/2019-12-01"),
        ("28 November s.d. 1 Desember 2019", "2019-11-28/2019-12-01"),
        ("28 Desember 2018 - 3 Januari 2019", "2018-12-28/2019-01-03"),
        ("Nov 28 - Dec 1, 2019", "2019-11-28/2019-12-01"),
        ("Mei 1986", "1986-05"),
        ("Bulan Mei 1986", "1986-05"),
        ("Maret - April 2021", "2021-03/2021-04"),
        ("Maret-April 2021", "2021-03/2021-04"),
        ("2018-2019", "2018/2019"),
        ("2018/2019", "2018/2019"),
        ("2018 s.d. 2019", "2018/2019"),
        ("tahun 2018 sampai 2019", "2018/2019"),
        ("05/2019", "2019-05"),
        ("5-2019", "2019-05"),
        ("21 Juni 2007", "2007-06-21"),
        ("Kamis, 21 Juni 2007", "2007-06-21"),
        ("21st June 2007", "2007-06-21"),
        ("June 21, 2007", "2007-06-21"),
        ("21-Jun-2007", "2007-06-21"),
        ("17 Agt. 2019", "2019-08-17"),
        ("17 Nopember 2019", "2019-11-17"),
        ("22/10/2019", "2019-10-22"),
        ("10/22/2019", "2019-10-22"),
        ("22.10.2019", "2019-10-22"),
        ("05/05/2019", "2019-05-05"),
        ("22/10/2019 - 28/10/2019", "2019-10-22/2019-10-28"),
        ("2019-10-22 00:00:00", "2019-10-22"),
        ("  2019  ", "2019"),
    ],
)
def test_a_date_as_people_write_it(text: str, occurred: str):
    assert read_occurred(text) == occurred


def test_day_and_month_that_could_change_places_are_asked_about():
    assert read_occurred("03/04/2019") == Ambiguous("2019-04-03", "2019-03-04")
    assert read_occurred("03/04/2019 - 05/04/2019") == Ambiguous("2019-04-03/2019-04-05", "2019-03-04/2019-05-04")


def test_the_answer_decides():
    assert read_occurred("03/04/2019", day_first=True) == "2019-04-03"
    assert read_occurred("03/04/2019", day_first=False) == "2019-03-04"


def test_the_answer_changes_nothing_where_nothing_was_asked():
    assert read_occurred("22/10/2019", day_first=False) == "2019-10-22"


@pytest.mark.parametrize(
    "text",
    [
        "awal 2019",
        "sekitar Mei 1986",
        "early 2019",
        "ca. 2019",
        "2019?",
        "triwulan II 2019",
        "30 Februari 2019",
        "22 Oktober",
        "Oktober",
        "12",
        "22/10/19",
        "31/11/2019",
        "2019-13",
        "Rencana",
        "",
        "28 Oktober 2019 s.d. 22 Oktober 2019",
        "22, 25 Oktober 2019",
        "1 x 2019",
    ],
)
def test_what_is_no_date_is_refused_with_a_remedy(text: str):
    with pytest.raises(Unreadable):
        read_occurred(text)
