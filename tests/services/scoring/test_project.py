"""What scoring writes does not depend on how the ledger's events were cut into lists when they were read."""

from datetime import date

import pytest

from services.scoring.project import today_after, touched_at
from shared.domain.book import Book, fold
from tests.support.build import a_partnership, an_activity, an_event, an_id, rubric_data

RECORDED_ON = date(2021, 3, 1)


def a_day_closed(day, position=1):
    return an_event("day.closed", {"day": day}, position=position)


def one_by_one(today, events):
    for event in events:
        today = today_after(today, [event])
    return today


@pytest.mark.parametrize(
    ("events", "today"),
    [
        ([an_event("partnership.registered", a_partnership())], RECORDED_ON),
        ([an_event("partnership.registered", a_partnership()), a_day_closed("2021-02-27")], RECORDED_ON),
        ([a_day_closed("2021-02-27"), an_event("activity.recorded", an_activity())], date(2021, 2, 28)),
        ([a_day_closed("2021-03-04"), a_day_closed("2021-03-03")], date(2021, 3, 5)),
        (
            [an_event("partnership.registered", a_partnership()), an_event("activity.recorded", an_activity())],
            RECORDED_ON,
        ),
    ],
)
def test_today_is_the_same_in_one_list_as_one_by_one(events, today):
    assert today_after(None, events) == one_by_one(None, events) == today


def test_today_is_never_earlier_again():
    assert today_after(date(2022, 1, 1), [a_day_closed("2021-03-04")]) == date(2022, 1, 1)


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

    assert (touched.last("hanoi"), touched.last("paris"), touched.everything) == (5, 4, 0)


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

    assert (touched.last("hanoi"), touched.last("paris"), touched.last("beijing")) == (2, 3, 2)
