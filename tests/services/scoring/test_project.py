"""What scoring writes does not depend on how the ledger's events were cut into lists when they were read."""

from datetime import date

import pytest

from services.scoring.project import days_begun
from tests.support.build import a_partnership, an_event


def a_day_closed(day, position=1):
    return an_event("day.closed", {"day": day}, position=position)


def one_by_one(events):
    today, begun = None, {}
    for event in events:
        begun |= days_begun(today, [event])
        today = max(begun.values(), default=None)
    return begun


@pytest.mark.parametrize(
    ("events", "begun"),
    [
        ([an_event("partnership.registered", a_partnership())], {}),
        (
            [an_event("partnership.registered", a_partnership()), a_day_closed("2021-02-27", 2)],
            {2: date(2021, 2, 28)},
        ),
        ([a_day_closed("2021-03-04", 1), a_day_closed("2021-03-03", 2)], {1: date(2021, 3, 5)}),
        (
            [a_day_closed("2021-03-04", 1), a_day_closed("2021-03-05", 2)],
            {1: date(2021, 3, 5), 2: date(2021, 3, 6)},
        ),
    ],
)
def test_days_begin_the_same_in_one_list_as_one_by_one(events, begun):
    assert days_begun(None, events) == one_by_one(events) == begun


def test_today_is_never_earlier_again():
    assert days_begun(date(2022, 1, 1), [a_day_closed("2021-03-04")]) == {}
