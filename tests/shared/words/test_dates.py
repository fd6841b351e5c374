"""Dates as people there write them."""

from datetime import date

import pytest

from shared.words.dates import date_in_words, occurred_in_words


def test_a_day_in_both_languages():
    assert date_in_words(date(2007, 6, 21), "id") == "21 Juni 2007"
    assert date_in_words(date(2007, 6, 21), "en") == "21 June 2007"


@pytest.mark.parametrize(
    ("text", "indonesian"),
    [
        ("2019", "2019"),
        ("1986-05", "Mei 1986"),
        ("2019-10-22", "22 Oktober 2019"),
        ("2019-10-22/2019-10-28", "22–28 Oktober 2019"),
        ("2018/2019", "2018–2019"),
        ("2019-11-28/2019-12-01", "28 November 2019 – 1 Desember 2019"),
        ("2021-03/2021-04", "Maret 2021 – April 2021"),
    ],
)
def test_a_date_is_said_as_precisely_as_it_was_written(text, indonesian):
    assert occurred_in_words(text, "id") == indonesian
