"""What scoring writes does not depend on how the ledger's events were cut into lists when they were read."""

from datetime import date

import pytest

from services.scoring.project import days_begun, touched_at
from shared.domain.book import Book, fold
from tests.support.build import a_partnership, an_activity, an_event, an_id, rubric_data


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


def test_a_partnership_stands_where_its_own_last_event_brought_it():
    activity = an_id()
    events = [
        an_event("partnership.registered", a_partnership(), position=1),
        an_event("partnership.registered", a_partnership(partnership="paris"), position=2),
        an_event("activity.recorded", an_activity(batch="2019"), event_id=activity, position=3),
        an_event("activity.recorded", an_activity(partnership="paris"), position=4),
        an_event("import.reversed", {"batch": "2019", "reason": "twice"}, position=5),
    ]
    book = Book()

    touched = touched_at(events, [(event.position, each) for event in events for each in fold(book, event)], {})

    assert (touched.last("hanoi").position, touched.last("paris").position, touched.everything) == (5, 4, None)


@pytest.mark.parametrize(
    "event",
    [
        a_day_closed("2021-03-04", position=2),
        an_event("rubric.adopted", {"rubric": rubric_data(), "valid_from": "2021-01-01"}, position=2),
    ],
    ids=lambda event: event.type,
)
def test_what_concerns_the_whole_home_touches_every_partnership(event):
    events = [
        an_event("activity.recorded", an_activity(), position=1),
        event,
        an_event("activity.recorded", an_activity(partnership="paris"), position=3),
    ]

    touched = touched_at(events, [], {})

    assert [touched.last(slug).position for slug in ("hanoi", "paris", "beijing")] == [2, 3, 2]
