from datetime import date

import pytest
from edtf import parse_edtf
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from shared.domain.occurred import NotADate, Occurred, parse_occurred

DAYS = st.dates(date(1800, 1, 1), date(2199, 12, 31))
PARTS = st.builds(lambda day, length: day.isoformat()[:length], DAYS, st.sampled_from([4, 7, 10]))


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("2019", date(2019, 1, 1), date(2019, 12, 31)),
        ("2019-05", date(2019, 5, 1), date(2019, 5, 31)),
        ("2020-02", date(2020, 2, 1), date(2020, 2, 29)),
        ("1900-02", date(1900, 2, 1), date(1900, 2, 28)),
        ("2019-05-22", date(2019, 5, 22), date(2019, 5, 22)),
        ("2020-02-29", date(2020, 2, 29), date(2020, 2, 29)),
        ("2018/2019", date(2018, 1, 1), date(2019, 12, 31)),
        ("2019-11-28/2019-12-01", date(2019, 11, 28), date(2019, 12, 1)),
        ("2021-03/2021-04", date(2021, 3, 1), date(2021, 4, 30)),
        ("2018-12/2019", date(2018, 12, 1), date(2019, 12, 31)),
        ("2019-05-22/2019-05-22", date(2019, 5, 22), date(2019, 5, 22)),
        ("1800", date(1800, 1, 1), date(1800, 12, 31)),
        ("2199-12-31", date(2199, 12, 31), date(2199, 12, 31)),
    ],
)
def test_a_date_keeps_its_text_and_knows_the_days_it_can_mean(text: str, first: date, last: date):
    assert parse_occurred(text) == Occurred(text, first, last)


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "19",
        "201",
        "20190",
        "2019-5",
        "2019-5-2",
        "2019-00",
        "2019-13",
        "2019-21",
        "2019-02-00",
        "2019-02-29",
        "1900-02-29",
        "2019-04-31",
        "20190522",
        "2019-05-22T09:00:00Z",
        "22-05-2019",
        "22/05/2019",
        "2019?",
        "2019~",
        "201X",
        "2019-XX",
        "/2019",
        "2019/",
        "2019/..",
        "../2019",
        "2018/2019/2020",
        "2019/2018",
        "2019-05/2019-04",
        "2019-05-22/2019-05-21",
        "2020/2019-12-31",
        "1799",
        "2200",
        "0000",
        "1799/1801",
        "2199/2200",
        "-2019",
        " 2019",
        "2019\n",
        "２０１９",
        "last year",
    ],
)
def test_what_is_no_date_of_the_subset_is_refused_with_a_remedy(text: str):
    with pytest.raises(NotADate) as refused:
        parse_occurred(text)

    assert any(verb in str(refused.value) for verb in ("Write a year", "Correct the", "Write the earlier date first"))


def test_a_refusal_shows_no_more_than_the_beginning_of_a_long_text():
    with pytest.raises(NotADate) as refused:
        parse_occurred("x" * 10_000)

    assert len(str(refused.value)) < 300


@settings(max_examples=200, deadline=None)
@given(text=PARTS)
def test_a_single_date_means_the_days_that_edtf_says(text: str):
    oracle = parse_edtf(text)

    occurred = parse_occurred(text)

    assert occurred.first == date(*oracle.lower_strict()[:3])
    assert occurred.last == date(*oracle.upper_strict()[:3])


@settings(max_examples=150, deadline=None)
@given(start=PARTS, end=PARTS)
def test_an_interval_means_the_days_that_edtf_says(start: str, end: str):
    assume(parse_occurred(start).first <= parse_occurred(end).last)
    oracle = parse_edtf(f"{start}/{end}")

    occurred = parse_occurred(f"{start}/{end}")

    assert occurred.first == date(*oracle.lower_strict()[:3])
    assert occurred.last == date(*oracle.upper_strict()[:3])


@settings(max_examples=150)
@given(start=PARTS, end=PARTS)
def test_an_interval_that_ends_before_it_begins_is_refused(start: str, end: str):
    assume(parse_occurred(start).first > parse_occurred(end).last)

    with pytest.raises(NotADate, match="ends before it begins"):
        parse_occurred(f"{start}/{end}")


@settings(max_examples=300)
@given(year=st.integers(1800, 2199), month=st.integers(0, 14), day=st.integers(0, 33))
def test_a_day_is_accepted_just_when_the_calendar_has_it(year: int, month: int, day: int):
    text = f"{year:04d}-{month:02d}-{day:02d}"
    try:
        in_the_calendar = date(year, month, day)
    except ValueError:
        in_the_calendar = None

    if in_the_calendar is None:
        with pytest.raises(NotADate):
            parse_occurred(text)
    else:
        assert parse_occurred(text) == Occurred(text, in_the_calendar, in_the_calendar)
