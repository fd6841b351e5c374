"""A home is opened once, its zone stays, and what it says of itself is what was said last."""

from typing import Any

import pytest
from pydantic import ValidationError

from shared.domain.homes import Home, home_after
from tests.support.build import an_event

OPENED = an_event("home.opened", {"name": {"en": "Jakarta"}, "time_zone": "Asia/Jakarta", "letterhead": ["Balai Kota"]})


UNFIT = (
    {"country": "Indonesia"},
    {"organisation": "Jakarta"},
    {"organisation": "ID-KDN-3 1"},
    {"organisation": "ID-KDN-31/2"},
    {"signature": ["x"] * 7},
)


def changed(**changes: Any):
    return an_event("home.changed", {"changes": changes, "reason": "A slip"})


def after(*events) -> Home:
    home = None
    for each in events:
        home = home_after(home, each)
    assert home is not None
    return home


def test_a_home_is_what_its_opening_says():
    home = after(OPENED)

    assert (home.slug, home.time_zone, home.facts.name.en, home.facts.language) == (
        "jakarta",
        "Asia/Jakarta",
        "Jakarta",
        "id",
    )
    assert home.facts.released


def test_a_second_opening_changes_nothing():
    assert after(OPENED, an_event("home.opened", {"name": {"en": "Other"}, "time_zone": "Asia/Tokyo"})) == after(OPENED)


def test_only_what_is_named_changes_and_null_takes_it_back():
    home = after(OPENED, changed(language="en", released=False))

    assert (home.facts.language, home.facts.released, home.facts.letterhead) == ("en", False, ["Balai Kota"])
    assert after(OPENED, changed(language="en"), changed(language=None)) == after(OPENED)


def test_a_home_says_who_signs_its_reports_and_where_it_stands_in_registers():
    facts = after(OPENED, changed(signature=["Kepala Biro"], country="ID", organisation="ID-KDN-31")).facts

    assert (facts.signature, facts.country, facts.organisation) == (["Kepala Biro"], "ID", "ID-KDN-31")
    assert (after(OPENED).facts.signature, after(OPENED).facts.country) == ([], None)


def test_a_home_has_a_place_on_the_map_when_it_says_both_degrees():
    assert after(OPENED, changed(latitude=-6.2, longitude=106.8)).facts.place == (-6.2, 106.8)
    assert after(OPENED, changed(latitude=-6.2)).facts.place is None


@pytest.mark.parametrize(
    "changes",
    [
        {"time_zone": "Asia/Tokyo"},
        {"name": None},
        {"language": "fr"},
        {"motto": "x"},
        {"latitude": 90.1},
        {"longitude": "106"},
        *UNFIT,
    ],
)
def test_what_makes_no_home_is_refused(changes: dict[str, Any]):
    with pytest.raises(ValidationError):
        after(OPENED, changed(**changes))


def test_before_its_opening_there_is_no_home():
    assert home_after(None, changed(language="en")) is None
