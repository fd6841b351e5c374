"""Each event type takes what it needs, and refuses what it does not know."""

from datetime import date
from typing import Any

import pytest
from pydantic import ValidationError

from shared.domain.codes import Actor, Direction, Indicator
from shared.domain.events import EVENT_TYPES, WRITTEN_BY_THE_LEDGER, day_closed_id
from tests.support.build import a_partnership, an_activity, an_id, rubric_data

HASH = "sha256:" + "0f" * 32
MINIMAL: dict[str, dict[str, Any]] = {
    "home.opened": {"name": {"en": "Jakarta"}, "time_zone": "Asia/Jakarta"},
    "home.changed": {"changes": {"language": "en"}, "reason": "Visitors"},
    "partnership.registered": a_partnership(),
    "partnership.changed": {"partnership": "hanoi", "changes": {"level": "province"}, "reason": "A slip"},
    "partnership.ended": {"partnership": "hanoi", "ended_on": "2020-06-30", "reason": "By agreement"},
    "milestone.reached": {"partnership": "hanoi", "milestone": "signing", "reached": "2004-11"},
    "programme.agreed": {"partnership": "hanoi", "year": 2021, "activities": [{"title": {"en": "Youth exchange"}}]},
    "activity.recorded": an_activity(),
    "activity.corrected": {"activity": str(an_id(1)), "changes": {"mode": "online"}, "reason": "A slip"},
    "activity.retracted": {"activity": str(an_id(1)), "reason": "It never happened"},
    "import.reversed": {"batch": "import-1", "reason": "The wrong file"},
    "rating.set": {"partnership": "hanoi", "rating": "aktif", "reason": "Kept", "valid_from": "2021-01-01"},
    "rating.lifted": {"partnership": "hanoi", "judgement": str(an_id(1)), "reason": "Not needed"},
    "rubric.adopted": {"rubric": rubric_data(), "valid_from": "2021-01-01"},
    "import.completed": {"import": str(an_id(1)), "batch": "impor-2019", "rows": 1, "hash": HASH},
    "day.closed": {"day": "2021-03-01"},
    "report.issued": {"kind": "ratings", "question": {}, "position": 0, "hash": HASH, "versions": {}},
}


def test_there_is_an_example_of_every_type():
    assert set(MINIMAL) == set(EVENT_TYPES)


@pytest.mark.parametrize("event_type", EVENT_TYPES)
def test_a_minimal_example_is_taken(event_type: str):
    data = EVENT_TYPES[event_type].model_validate(MINIMAL[event_type])

    assert set(data.model_dump(by_alias=True, exclude_unset=True)) == set(MINIMAL[event_type])


@pytest.mark.parametrize("event_type", EVENT_TYPES)
def test_an_unknown_field_is_refused(event_type: str):
    with pytest.raises(ValidationError) as refused:
        EVENT_TYPES[event_type].model_validate({**MINIMAL[event_type], "surprise": 1})

    assert [(each["type"], each["loc"]) for each in refused.value.errors()] == [("extra_forbidden", ("surprise",))]


@pytest.mark.parametrize(
    ("event_type", "name"), [(event_type, name) for event_type, data in MINIMAL.items() for name in data]
)
def test_a_minimal_example_can_spare_nothing(event_type: str, name: str):
    without = {key: value for key, value in MINIMAL[event_type].items() if key != name}

    with pytest.raises(ValidationError) as refused:
        EVENT_TYPES[event_type].model_validate(without)

    assert [(each["type"], each["loc"]) for each in refused.value.errors()] == [("missing", (name,))]


@pytest.mark.parametrize("event_type", EVENT_TYPES)
def test_data_do_not_change_once_read(event_type: str):
    data = EVENT_TYPES[event_type].model_validate(MINIMAL[event_type])
    name = next(iter(MINIMAL[event_type]))

    with pytest.raises(ValidationError, match="frozen"):
        setattr(data, name, None)


def test_an_activity_with_everything_that_is_known_is_taken():
    everything = an_activity(
        initiator="partner",
        mode="in_person",
        actors=["home_government", "school"],
        people_to_people=True,
        fields=["training"],
        participants=40,
        value=1500,
        currency="USD",
        description={"id": "Baris pertama\nbaris kedua"},
        evidence=[{"hash": HASH, "media_type": "application/pdf", "size": 12, "title": "Letter"}],
        place="Jakarta",
        caused_by=str(an_id(1)),
        source="Annual report",
        batch="import-1",
    )

    facts = EVENT_TYPES["activity.recorded"].model_validate(everything).model_dump(exclude_unset=True)

    assert facts["actors"] == [Actor.HOME_GOVERNMENT, Actor.SCHOOL]
    assert facts["value"] == 1500
    assert facts["caused_by"] == an_id(1)
    assert facts["indicator"] is Indicator.VISIT
    assert facts["direction"] is Direction.INBOUND
    assert set(facts) == set(everything)


@pytest.mark.parametrize(
    "wrong",
    [
        {"indicator": "lunch"},
        {"direction": "sideways"},
        {"outcome": "HELD"},
        {"mode": "hybrid"},
        {"actors": ["mayor"]},
        {"actors": ["school"] * 21},
        {"occurred": "2019-02-29"},
        {"partnership": "Hanoi"},
        {"partnership": "ha--noi"},
        {"partnership": "hanoi\n"},
        {"partnership": ""},
        {"title": {}},
        {"title": {"en": "  "}},
        {"title": {"en": "two\nlines"}},
        {"title": {"en": "bell\x07"}},
        {"title": {"en": "delete\x7f"}},
        {"title": {"en": "x" * 301}},
        {"title": {"fr": "Visite"}},
        {"title": "Visit"},
        {"people_to_people": "yes"},
        {"people_to_people": 1},
        {"participants": -1},
        {"participants": 2.0},
        {"participants": True},
        {"value": 5.0},
        {"currency": "USD"},
        {"value": -1.0, "currency": "USD"},
        {"value": float("inf"), "currency": "USD"},
        {"value": float("nan"), "currency": "USD"},
        {"value": "5", "currency": "USD"},
        {"value": 5.0, "currency": "usd"},
        {"caused_by": "the letter"},
        {"description": {"en": "x" * 20_001}},
        {"description": {}},
        {"evidence": [{"hash": "0f" * 32, "media_type": "application/pdf", "size": 1, "title": "Letter"}]},
        {"evidence": [{"hash": HASH, "media_type": "pdf", "size": 1, "title": "Letter"}]},
    ],
)
def test_an_activity_that_cannot_be_meant_is_refused(wrong: dict[str, Any]):
    with pytest.raises(ValidationError):
        EVENT_TYPES["activity.recorded"].model_validate(an_activity(**wrong))


@pytest.mark.parametrize(
    ("event_type", "wrong"),
    [
        ("partnership.registered", {"country": "vn"}),
        ("partnership.registered", {"latitude": 90.1}),
        ("partnership.registered", {"longitude": -180.1}),
        ("partnership.registered", {"mou_date": "2004-11"}),
        ("partnership.registered", {"mou_date": "20041123"}),
        ("partnership.registered", {"mou_date": "2004-02-30"}),
        ("partnership.registered", {"mou_date": 1100000000}),
        ("partnership.changed", {"changes": {}}),
        ("activity.corrected", {"changes": {}}),
        ("activity.corrected", {"reason": ""}),
        ("milestone.reached", {"milestone": "party"}),
        ("programme.agreed", {"activities": []}),
        ("programme.agreed", {"year": "2021"}),
        ("rating.set", {"rating": "kurang aktif"}),
        ("rating.set", {"valid_until": "2020-12-31"}),
        ("rubric.adopted", {"rubric": rubric_data(window_months=0)}),
        ("report.issued", {"position": -1}),
    ],
)
def test_data_that_cannot_be_meant_are_refused(event_type: str, wrong: dict[str, Any]):
    with pytest.raises(ValidationError):
        EVENT_TYPES[event_type].model_validate({**MINIMAL[event_type], **wrong})


def test_a_judgement_may_hold_for_one_day():
    one_day = {**MINIMAL["rating.set"], "valid_until": "2021-01-01"}

    assert EVENT_TYPES["rating.set"].model_validate(one_day).model_dump()["valid_until"] == date(2021, 1, 1)


def test_the_ledger_alone_opens_homes_closes_days_and_completes_imports():
    assert set(WRITTEN_BY_THE_LEDGER) == {"home.opened", "day.closed", "import.completed"}


def test_the_closing_of_a_day_has_one_id_per_home_and_day():
    days = [date(2021, 3, 1), date(2021, 3, 2)]

    ids = {day_closed_id(home, day) for home in ("jakarta", "surabaya") for day in days for _ in range(2)}

    assert len(ids) == 4
    assert day_closed_id("jakarta", days[0]) in ids
