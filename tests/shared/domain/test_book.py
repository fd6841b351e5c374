"""The fold: what each event changes in the book of a home, and what changes nothing."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from shared.domain.amend import DoesNotFit
from shared.domain.book import Book, Touched, fold
from shared.domain.codes import Mode
from shared.domain.events import EVENT_TYPES, Event
from tests.support.build import a_book, a_partnership, an_activity, an_event, an_id, rubric_data

REASON = "It was wrong"


def _registered(slug: str = "hanoi", **changes: Any) -> Event:
    return an_event("partnership.registered", a_partnership(partnership=slug, **changes))


def _recorded(number: int, **changes: Any) -> Event:
    return an_event("activity.recorded", an_activity(**changes), event_id=an_id(number))


def _corrected(number: int, **changes: Any) -> Event:
    return an_event("activity.corrected", {"activity": str(an_id(number)), "changes": changes, "reason": REASON})


def _retracted(number: int) -> Event:
    return an_event("activity.retracted", {"activity": str(an_id(number)), "reason": REASON})


def _reversed(batch: str) -> Event:
    return an_event("import.reversed", {"batch": batch, "reason": REASON})


def _ended(slug: str) -> Event:
    return an_event("partnership.ended", {"partnership": slug, "ended_on": "2020-06-30", "reason": REASON})


def _changed(slug: str, **changes: Any) -> Event:
    return an_event("partnership.changed", {"partnership": slug, "changes": changes, "reason": REASON})


def test_registrations_and_records_enter_the_book():
    book = a_book(_registered("hanoi"), _registered("tokyo"), _recorded(1))

    assert list(book.partnerships) == ["hanoi", "tokyo"]
    assert list(book.activities) == [an_id(1)]


def test_fold_returns_what_changed():
    book = a_book(_recorded(1), _recorded(2))

    changed = fold(book, _corrected(1, mode="online"))

    assert changed == [book.activities[an_id(1)]]
    assert book.activities[an_id(1)].facts.mode is Mode.ONLINE
    assert book.activities[an_id(2)].facts.mode is Mode.UNKNOWN


def test_a_change_and_an_end_bring_the_partnership_up_to_date():
    book = a_book(_registered("hanoi"), _registered("tokyo"), _changed("hanoi", level="province"), _ended("hanoi"))

    assert book.partnerships["hanoi"].facts.level == "province"
    assert book.partnerships["hanoi"].ended_on == date(2020, 6, 30)
    assert book.partnerships["tokyo"].facts.level == "city"
    assert book.partnerships["tokyo"].ended_on is None


def test_a_retraction_withdraws_one_activity():
    retraction = _retracted(1)

    book = a_book(_recorded(1), _recorded(2), retraction)

    assert book.activities[an_id(1)].withdrawn_by == retraction.id
    assert book.activities[an_id(2)].withdrawn_by is None


def test_a_reversed_import_withdraws_all_that_carries_its_batch_and_nothing_else():
    reversal = _reversed("import-1")

    book = a_book(
        _recorded(1, batch="import-1"),
        _recorded(2, batch="import-1", partnership="tokyo"),
        _recorded(3, batch="import-2"),
        _recorded(4),
        reversal,
    )

    assert [each.withdrawn_by for each in book.activities.values()] == [reversal.id, reversal.id, None, None]


def test_a_reversed_import_leaves_to_a_retraction_what_it_took_out_before():
    retraction, reversal = _retracted(1), _reversed("import-1")
    book = a_book(_recorded(1, batch="import-1"), _recorded(2, batch="import-1"), retraction)

    changed = fold(book, reversal)

    assert changed == [book.activities[an_id(2)]]
    assert book.activities[an_id(1)].withdrawn_by == retraction.id


def test_an_import_reversed_twice_changes_nothing_the_second_time():
    book = a_book(_recorded(1, batch="import-1"), _reversed("import-1"))

    assert fold(book, _reversed("import-1")) == []


def test_a_reversal_does_not_touch_what_is_recorded_after_it():
    book = a_book(_reversed("import-1"), _recorded(1, batch="import-1"))

    assert book.activities[an_id(1)].withdrawn_by is None


def test_an_activity_goes_with_the_batch_that_a_correction_gave_it():
    reversal = _reversed("import-2")

    book = a_book(_recorded(1, batch="import-1"), _corrected(1, batch="import-2"), _reversed("import-1"), reversal)

    assert book.activities[an_id(1)].withdrawn_by == reversal.id


@pytest.mark.parametrize(
    "event",
    [
        pytest.param(_changed("tokyo", level="province"), id="a change of an unknown partnership"),
        pytest.param(_ended("tokyo"), id="the end of an unknown partnership"),
        pytest.param(_corrected(9, mode="online"), id="a correction of an unknown activity"),
        pytest.param(_retracted(9), id="a retraction of an unknown activity"),
        pytest.param(_reversed("import-9"), id="the reversal of an unknown import"),
        pytest.param(_registered("hanoi", level="province"), id="a second registration of a slug"),
        pytest.param(_recorded(1, mode="online"), id="a second record under an id"),
        pytest.param(an_event("day.closed", {"day": "2021-03-01"}), id="the closing of a day"),
        pytest.param(
            an_event("rubric.adopted", {"rubric": rubric_data(), "valid_from": "2021-01-01"}), id="a new rubric"
        ),
    ],
)
def test_what_does_not_concern_the_book_changes_nothing(event: Event):
    book = a_book(_registered("hanoi"), _recorded(1))

    changed = fold(book, event)

    assert changed == []
    assert book == a_book(_registered("hanoi"), _recorded(1))


IMPORT = an_id(77)


def _imported(number: int, **changes: Any) -> Event:
    return an_event("activity.recorded", an_activity(**changes), event_id=an_id(number), import_id=IMPORT)


def _completed(rows: int, **changes: Any) -> Event:
    data = {"import": str(IMPORT), "batch": "impor-2019", "rows": rows, "hash": "sha256:" + "0" * 64}
    return an_event("import.completed", data, **changes)


def test_what_is_imported_counts_once_the_import_is_completed():
    book = a_book(_registered("hanoi"))

    assert [fold(book, _imported(number)) for number in (1, 2)] == [[], []]
    assert book.activities == {}

    assert fold(book, _completed(2)) == list(book.activities.values())
    assert list(book.activities) == [an_id(1), an_id(2)]
    assert book.staged == {}


def test_an_import_states_its_dates_on_the_day_of_its_completion():
    book = a_book(_imported(1), _completed(1, recorded_on=date(2021, 3, 9)))

    assert book.activities[an_id(1)].stated_on == date(2021, 3, 9)


def test_what_is_staged_can_be_neither_corrected_nor_retracted():
    assert a_book(_imported(1), _corrected(1, mode="online"), _retracted(1)) == a_book(_imported(1))


def test_a_copy_of_a_book_is_its_own():
    book = a_book(_registered("hanoi"), _recorded(1))

    copy = book.copy()
    fold(copy, _registered("tokyo"))
    fold(copy, _retracted(1))

    assert book == a_book(_registered("hanoi"), _recorded(1))
    assert len(copy.partnerships) == 2


@pytest.mark.parametrize(
    ("event_type", "data", "touched"),
    [
        ("partnership.registered", a_partnership(), Touched(partnerships={"hanoi"})),
        ("activity.recorded", an_activity(), Touched(partnerships={"hanoi"})),
        (
            "rating.set",
            {"partnership": "hanoi", "rating": "aktif", "reason": REASON, "valid_from": "2021-01-01"},
            Touched(partnerships={"hanoi"}),
        ),
        (
            "activity.corrected",
            {"activity": str(an_id(1)), "changes": {"mode": "online"}, "reason": REASON},
            Touched(activities={an_id(1)}),
        ),
        ("activity.retracted", {"activity": str(an_id(1)), "reason": REASON}, Touched(activities={an_id(1)})),
        ("import.reversed", {"batch": "import-1", "reason": REASON}, Touched(batches={"import-1"})),
        ("day.closed", {"day": "2021-03-01"}, Touched()),
    ],
)
def test_an_event_touches_what_it_names(event_type: str, data: dict[str, Any], touched: Touched):
    noted = Touched()

    noted.add(EVENT_TYPES[event_type].model_validate(data))

    assert noted == touched


def test_folding_only_what_an_event_touches_gives_the_same_as_folding_all():
    whole = a_book(_registered("hanoi"), _registered("tokyo"), _recorded(1), _recorded(2))
    part = Book(activities={an_id(2): whole.activities[an_id(2)]})
    correction = _corrected(2, mode="online")

    assert fold(part, correction) == fold(whole, correction)


@pytest.mark.parametrize("event_type", ["activity.corrected", "activity.retracted"])
def test_an_amendment_that_stands_under_another_partnership_than_its_activitys_is_no_amendment(event_type: str):
    book = a_book(_registered(), _recorded(1))
    amendment = _corrected(1, mode="online") if event_type == "activity.corrected" else _retracted(1)

    with pytest.raises(DoesNotFit):
        fold(book, replace(amendment, partnership="seoul"))
    assert fold(book, replace(amendment, partnership="hanoi"))


def test_a_restoring_that_stands_under_another_partnership_restores_nothing():
    book = a_book(_registered(), _recorded(1))
    fold(book, replace(_retracted(1), id=an_id(2), partnership="hanoi"))

    with pytest.raises(DoesNotFit):
        fold(book, replace(_retracted(2), partnership="seoul"))
    assert fold(book, replace(_retracted(2), partnership="hanoi"))
