"""Official judgements as they stand, and the rubric that is law on a day."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.codes import RatingCode
from shared.domain.events import EVENT_TYPES, Event
from shared.domain.rating import Judgement
from shared.domain.rubric import JAKARTA_2020
from shared.domain.rulings import RULING_TYPES, adoptions, judgements_by_partnership, law_of, rubric_in_force
from shared.domain.whatif import in_force
from tests.support.build import a_rubric, an_activity, an_event, an_id, rubric_data


def _set(number: int, **changes: Any) -> Event:
    data = {"partnership": "hanoi", "rating": "aktif", "reason": "Kept", "valid_from": "2020-01-01", **changes}
    return an_event("rating.set", data, event_id=an_id(number), author="bureau")


def _lifted(number: int, partnership: str = "hanoi") -> Event:
    data = {"partnership": partnership, "judgement": str(an_id(number)), "reason": "A programme was agreed"}
    return an_event("rating.lifted", data)


def _adopted(valid_from: str, name: str) -> Event:
    return an_event("rubric.adopted", {"rubric": rubric_data(id=name), "valid_from": valid_from})


def _standing(*rulings: Event) -> dict[str, list[UUID]]:
    return {slug: [each.id for each in standing] for slug, standing in judgements_by_partnership(rulings).items()}


def test_a_judgement_carries_what_the_bureau_said():
    rulings = [_set(1, rating="kurang_aktif", reason="No programme", valid_until="2020-12-31")]

    assert judgements_by_partnership(rulings) == {
        "hanoi": (
            Judgement(
                id=an_id(1),
                rating=RatingCode.KURANG_AKTIF,
                author="bureau",
                reason="No programme",
                valid_from=date(2020, 1, 1),
                valid_until=date(2020, 12, 31),
            ),
        )
    }


def test_judgements_stand_by_partnership_in_the_order_in_which_they_were_set():
    later_valid = _set(1, valid_from="2021-01-01")

    standing = _standing(later_valid, _set(2, partnership="tokyo"), _set(3, valid_from="2020-01-01"))

    assert standing == {"hanoi": [an_id(1), an_id(3)], "tokyo": [an_id(2)]}


def test_a_lifted_judgement_stands_no_more():
    assert _standing(_set(1), _set(2), _lifted(1)) == {"hanoi": [an_id(2)]}


def test_lifting_what_was_never_set_changes_nothing():
    assert _standing(_set(1), _lifted(9)) == {"hanoi": [an_id(1)]}


def test_lifting_under_another_partnership_changes_nothing():
    assert _standing(_set(1), _lifted(1, "tokyo"))["hanoi"] == [an_id(1)]


def test_other_events_are_passed_over():
    others = [an_event("activity.recorded", an_activity()), _adopted("2020-01-01", "a")]

    assert judgements_by_partnership(others) == {}
    assert rubric_in_force([_set(1), others[0]], date(2021, 1, 1)) == JAKARTA_2020


def test_the_default_is_law_where_nothing_was_adopted():
    assert rubric_in_force([], date(2021, 1, 1)) == JAKARTA_2020


@pytest.mark.parametrize(
    ("on", "law"),
    [
        (date(2019, 12, 31), "jakarta-2020"),
        (date(2020, 1, 1), "first"),
        (date(2020, 12, 31), "first"),
        (date(2021, 1, 1), "second"),
        (date(2030, 1, 1), "second"),
    ],
)
@pytest.mark.parametrize("adopted_in_order", [True, False])
def test_a_rubric_is_law_from_its_day_until_the_next(on: date, law: str, adopted_in_order: bool):
    rulings = [_adopted("2020-01-01", "first"), _adopted("2021-01-01", "second")]

    assert rubric_in_force(rulings if adopted_in_order else rulings[::-1], on).id == law


def test_of_two_rubrics_from_the_same_day_the_one_adopted_last_is_law():
    rulings = [_adopted("2020-01-01", "first"), _adopted("2020-01-01", "second")]

    assert rubric_in_force(rulings, date(2020, 1, 1)) == a_rubric(id="second")


DAYS = st.integers(0, 1_000).map(lambda days: date(2020, 1, 1) + timedelta(days))


@given(days=st.lists(DAYS, max_size=6), asked=st.lists(DAYS, min_size=1, max_size=20))
def test_the_adoptions_say_of_every_day_which_rubric_is_law(days: list[date], asked: list[date]):
    rulings = [_adopted(day.isoformat(), f"rubric-{number}") for number, day in enumerate(days)]

    for on in asked:
        (law,) = [
            each
            for each in adoptions(rulings)
            if each.replaced_by is None and (each.first or date.min) <= on <= (each.last or date.max)
        ]
        assert law.rubric == rubric_in_force(rulings, on)
        assert in_force(law_of(rulings), on) == law.rubric


def test_what_was_replaced_from_its_first_day_names_what_replaced_it():
    rulings = [_adopted("2020-01-01", "first"), _adopted("2020-01-01", "second")]

    default, first, second = adoptions(rulings)

    assert (default.last, first.replaced_by, first.last) == (date(2019, 12, 31), rulings[1], None)
    assert (second.replaced_by, second.first, second.last) == (None, date(2020, 1, 1), None)


def test_the_types_of_rulings_are_event_types():
    assert set(RULING_TYPES) <= set(EVENT_TYPES)
