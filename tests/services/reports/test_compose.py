"""The answers that are made from what was known."""

import random
from datetime import UTC, date, datetime
from typing import Any

import pytest

from services.reports.compose import activity_document, compose_ratings
from services.reports.question import Question
from services.reports.store import ActivityRow, Known
from shared.domain.amend import Partnership
from shared.domain.codes import Direction, Indicator
from shared.domain.events import ActivityFacts, PartnershipFacts
from tests.support.build import a_fact, a_partnership, a_rubric, an_activity, an_event, an_id, rubric_data

END_OF_2020 = date(2020, 12, 31)


def _partnership(slug: str = "hanoi", *, ended_on: date | None = None, **changes: Any) -> Partnership:
    data = {key: value for key, value in a_partnership(**changes).items() if key != "partnership"}
    return Partnership(slug, PartnershipFacts.model_validate(data), ended_on)


def _known(*partnerships: Partnership, **changes: Any) -> Known:
    values: dict[str, Any] = {"position": 7, "facts": {}, "rulings": [], "last_posted_at": {}}
    return Known(partnerships=list(partnerships) or [_partnership()], **values | changes)


def _on(day: date, known: datetime | None = None) -> Question:
    return Question(on=day, first=None, last=None, known=known, known_text=None)


def _over(first: date, last: date) -> Question:
    return Question(on=None, first=first, last=last, known=None, known_text=None)


def _adopted(name: str, valid_from: str, **changes: Any):
    return an_event("rubric.adopted", {"rubric": rubric_data(id=name, **changes), "valid_from": valid_from})


def _only_item(answer: dict[str, Any]) -> dict[str, Any]:
    (item,) = answer["items"]
    return item


def test_an_answer_repeats_the_question_and_names_its_position():
    known = _known(position=42)

    answer = compose_ratings(known, _on(END_OF_2020, known=datetime(2021, 3, 1, 9, tzinfo=UTC)))

    assert {key: answer[key] for key in ("on", "from", "to", "known", "position", "not_in_force")} == {
        "on": "2020-12-31",
        "from": None,
        "to": None,
        "known": "2021-03-01T09:00:00.000000Z",
        "position": 42,
        "not_in_force": [],
    }


def test_an_answer_for_a_period_repeats_both_ends():
    answer = compose_ratings(_known(), _over(date(2017, 1, 1), END_OF_2020))

    assert (answer["on"], answer["from"], answer["to"], answer["known"]) == (None, "2017-01-01", "2020-12-31", None)


def test_an_item_carries_the_whole_rating():
    visit = a_fact(on=date(2019, 5, 22), activity=an_id(1))
    letter = a_fact(on=date(2020, 1, 7), activity=an_id(2), indicator=Indicator.CONTACT, direction=Direction.MUTUAL)
    known = _known(
        _partnership(name={"id": "Hanoi", "en": "Hanoi"}, mou_date="2004-11-23"),
        facts={"hanoi": [visit, letter]},
        last_posted_at={"hanoi": datetime(2020, 1, 8, 9, tzinfo=UTC)},
    )

    item = _only_item(compose_ratings(known, _on(END_OF_2020)))

    dark: dict[str, list[str]] = {"outbound": [], "inbound": []}
    never = {"outbound": None, "inbound": None}
    assert item == {
        "partnership": "hanoi",
        "name": {"id": "Hanoi", "en": "Hanoi"},
        "rating": "aktif",
        "score": 3,
        "cells": {
            "contact": {"outbound": [str(an_id(2))], "inbound": [str(an_id(2))]},
            "document": dark,
            "visit": {"outbound": [], "inbound": [str(an_id(1))]},
            "aid": dark,
            "joint_event": dark,
        },
        "goes_dark": {
            "contact": {"outbound": "2024-01-07", "inbound": "2024-01-07"},
            "document": never,
            "visit": {"outbound": None, "inbound": "2023-05-22"},
            "aid": never,
            "joint_event": never,
        },
        "provisional": False,
        "official": None,
        "dormant": False,
        "dormant_on": "2022-01-07",
        "last_activity_on": "2020-01-07",
        "next_change": {"on": "2023-05-22", "rating": "kurang_aktif"},
        "uncertain": None,
        "rubric": {"id": "jakarta-2020", "version": 1},
        "mou_date": "2004-11-23",
        "coverage": {"last_posted_at": "2020-01-08T09:00:00.000000Z"},
    }


def test_the_cells_of_an_item_stand_in_the_order_of_the_grid():
    item = _only_item(compose_ratings(_known(), _on(END_OF_2020)))

    for grid in (item["cells"], item["goes_dark"]):
        assert list(grid) == ["contact", "document", "visit", "aid", "joint_event"]
        assert all(list(ways) == ["outbound", "inbound"] for ways in grid.values())


def test_each_partnership_is_rated_by_its_own_facts():
    known = _known(_partnership("hanoi"), _partnership("tokyo"), facts={"tokyo": [a_fact()]})

    answer = compose_ratings(known, _on(END_OF_2020))

    assert {item["partnership"]: item["score"] for item in answer["items"]} == {"hanoi": 0, "tokyo": 1}


def test_a_partnership_of_which_nobody_posted_says_so():
    item = _only_item(compose_ratings(_known(last_posted_at={}), _on(END_OF_2020)))

    assert item["coverage"] == {"last_posted_at": None}


def test_a_period_counts_what_lies_in_it_and_nothing_else():
    facts = [a_fact(on=date(2016, 12, 31)), a_fact(on=date(2017, 1, 1), activity=an_id(1)), a_fact(on=date(2021, 1, 1))]
    known = _known(facts={"hanoi": facts})

    item = _only_item(compose_ratings(known, _over(date(2017, 1, 1), END_OF_2020)))

    assert item["cells"]["visit"]["inbound"] == [str(an_id(1))]


@pytest.mark.parametrize(
    ("question", "in_force"),
    [
        (_on(date(2004, 11, 22)), False),
        (_on(date(2004, 11, 23)), True),
        (_on(date(2020, 6, 30)), True),
        (_on(date(2020, 7, 1)), False),
        (_over(date(2020, 1, 1), date(2020, 12, 31)), True),
        (_over(date(2004, 1, 1), date(2004, 11, 22)), False),
        (_over(date(2020, 7, 1), date(2020, 12, 31)), False),
    ],
)
def test_a_partnership_that_was_not_in_force_is_named_and_not_rated(question: Question, in_force: bool):
    known = _known(_partnership(mou_date="2004-11-23", ended_on=date(2020, 6, 30)))

    answer = compose_ratings(known, question)

    assert [item["partnership"] for item in answer["items"]] == (["hanoi"] if in_force else [])
    assert answer["not_in_force"] == ([] if in_force else ["hanoi"])


@pytest.mark.parametrize(
    ("question", "law"),
    [
        (_on(date(2019, 12, 31)), "jakarta-2020"),
        (_on(date(2020, 1, 1)), "stricter"),
        (_over(date(2019, 1, 1), date(2019, 12, 31)), "jakarta-2020"),
        (_over(date(2019, 1, 1), date(2020, 1, 1)), "stricter"),
    ],
)
def test_past_days_are_rated_by_the_law_of_their_day(question: Question, law: str):
    known = _known(rulings=[_adopted("stricter", "2020-01-01")])

    answer = compose_ratings(known, question)

    assert (answer["rubric"]["id"], answer["rubric"]["version"]) == (law, 1)
    assert _only_item(answer)["rubric"] == {"id": law, "version": 1}


def test_a_rubric_that_is_asked_for_goes_before_the_law():
    known = _known(rulings=[_adopted("law", "2020-01-01")], facts={"hanoi": [a_fact(on=date(2019, 5, 22))]})
    asked_for = a_rubric(id="asked-for", version=3, window_months=12)

    answer = compose_ratings(known, _on(END_OF_2020), asked_for)

    assert answer["rubric"] == {"id": "asked-for", "version": 3, "window_months": 12}
    assert _only_item(answer)["score"] == 0


def test_an_official_rating_stands_beside_the_computed_one():
    data = {
        "partnership": "hanoi",
        "rating": "kurang_aktif",
        "reason": "No programme",
        "valid_from": "2020-01-01",
        "valid_until": "2020-12-31",
    }
    known = _known(rulings=[an_event("rating.set", data, event_id=an_id(5), author="bureau")])

    item = _only_item(compose_ratings(known, _on(END_OF_2020)))

    assert item["rating"] == "tidak_aktif"
    assert item["official"] == {
        "event_id": str(an_id(5)),
        "rating": "kurang_aktif",
        "author": "bureau",
        "reason": "No programme",
        "valid_from": "2020-01-01",
        "valid_until": "2020-12-31",
    }


def test_an_official_rating_of_another_partnership_plays_no_part():
    data = {"partnership": "tokyo", "rating": "aktif", "reason": "Kept", "valid_from": "2020-01-01"}
    known = _known(rulings=[an_event("rating.set", data)])

    assert _only_item(compose_ratings(known, _on(END_OF_2020)))["official"] is None


def test_the_order_in_which_facts_are_read_plays_no_part():
    facts = [a_fact(on=date(2019, 5, day % 28 + 1), indicator=indicator) for day in range(9) for indicator in Indicator]
    shuffled = random.Random(5).sample(facts, len(facts))

    answers = [compose_ratings(_known(facts={"hanoi": order}), _on(END_OF_2020)) for order in (facts, shuffled)]

    assert facts != shuffled
    assert answers[0] == answers[1]


def test_an_activity_is_answered_with_its_facts_and_where_it_stands():
    row = ActivityRow(
        id=an_id(1),
        facts=ActivityFacts.model_validate(an_activity(occurred="2019", mode="online", caused_by=str(an_id(2)))),
        effective=date(2019, 6, 3),
        last_day=date(2019, 12, 31),
        position=12,
        recorded_at=datetime(2019, 6, 3, 9, tzinfo=UTC),
        author="embassy-hanoi",
        corrected=True,
        withdrawn_by=an_id(3),
    )

    assert activity_document(row) == {
        "id": str(an_id(1)),
        "partnership": "hanoi",
        "indicator": "visit",
        "occurred": "2019",
        "direction": "inbound",
        "outcome": "held",
        "title": {"en": "The mayor visits"},
        "mode": "online",
        "actors": [],
        "fields": [],
        "evidence": [],
        "caused_by": str(an_id(2)),
        "effective": "2019-06-03",
        "corrected": True,
        "withdrawn_by": str(an_id(3)),
        "position": 12,
        "recorded_at": "2019-06-03T09:00:00.000000Z",
        "author": "embassy-hanoi",
    }
