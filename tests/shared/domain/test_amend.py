"""How corrections, retractions and changes to the registry alter what stands."""

from datetime import date
from typing import Any

import pytest
from pydantic import ValidationError

from shared.domain.amend import Activity, DoesNotFit, Partnership, amend, change, correct, record, register
from shared.domain.codes import Mode, Outcome
from shared.domain.events import ActivityFacts, Event
from tests.support.build import a_partnership, an_activity, an_event, an_id


def _recorded(*, recorded_on: date = date(2021, 3, 1), **changes: Any) -> Activity:
    return record(an_event("activity.recorded", an_activity(**changes), event_id=an_id(1), recorded_on=recorded_on))


def _correction(*, recorded_on: date = date(2021, 4, 1), **changes: Any) -> Event:
    data = {"activity": str(an_id(1)), "changes": changes, "reason": "It was wrong"}
    return an_event("activity.corrected", data, recorded_on=recorded_on)


def _registered(**changes: Any) -> Partnership:
    return register(an_event("partnership.registered", a_partnership(**changes)))


def _changed(**changes: Any) -> Event:
    return an_event("partnership.changed", {"partnership": "hanoi", "changes": changes, "reason": "It was wrong"})


def test_a_recorded_activity_stands_as_posted():
    activity = _recorded(title={"id": "Kunjungan wali kota"}, recorded_on=date(2021, 3, 1))

    assert activity.id == an_id(1)
    assert activity.facts == ActivityFacts.model_validate(an_activity(title={"id": "Kunjungan wali kota"}))
    assert activity.stated_on == date(2021, 3, 1)
    assert activity.withdrawn_by is None


def test_a_correction_changes_only_what_it_names():
    before = _recorded(place="Hanoi")

    after = amend(before, _correction(mode="online"))

    assert after.facts.mode is Mode.ONLINE
    assert after.facts == before.facts.model_copy(update={"mode": Mode.ONLINE})
    assert after.id == before.id


def test_a_corrected_date_is_stated_on_the_day_of_the_correction():
    activity = _recorded(occurred="2019", recorded_on=date(2019, 6, 3))

    corrected = amend(activity, _correction(occurred="2019-05", recorded_on=date(2021, 4, 1)))

    assert corrected.facts.occurred == "2019-05"
    assert corrected.stated_on == date(2021, 4, 1)


def test_a_correction_that_leaves_the_date_leaves_the_day_on_which_it_was_stated():
    activity = _recorded(occurred="2019", recorded_on=date(2019, 6, 3))

    corrected = amend(activity, _correction(occurred="2019", place="Hanoi", recorded_on=date(2021, 4, 1)))

    assert corrected.stated_on == date(2019, 6, 3)


def test_null_takes_a_value_away():
    activity = _recorded(mode="in_person", place="Hanoi", value=1000.5, currency="USD")

    corrected = amend(activity, _correction(mode=None, place=None, value=None, currency=None))

    assert corrected.facts == ActivityFacts.model_validate(an_activity())
    assert corrected.facts.mode is Mode.UNKNOWN


def test_a_title_is_replaced_as_a_whole():
    activity = _recorded(title={"id": "Kunjungan", "en": "Visit"})

    corrected = amend(activity, _correction(title={"en": "The mayor's visit"}))

    assert corrected.facts.title.en == "The mayor's visit"
    assert corrected.facts.title.id is None


def test_corrections_add_up():
    activity = _recorded()

    corrected = amend(amend(activity, _correction(mode="online")), _correction(outcome="declined"))

    assert (corrected.facts.mode, corrected.facts.outcome) == (Mode.ONLINE, Outcome.DECLINED)


def test_an_activity_does_not_move_to_another_partnership():
    with pytest.raises(DoesNotFit, match="Retract it"):
        amend(_recorded(), _correction(partnership="tokyo"))


def test_a_correction_may_repeat_the_partnership():
    corrected = amend(_recorded(), _correction(partnership="hanoi", mode="online"))

    assert corrected.facts.partnership == "hanoi"


@pytest.mark.parametrize(
    "changes",
    [
        {"indicator": "lunch"},
        {"indicator": None},
        {"occurred": "2019-13"},
        {"title": {}},
        {"participants": -1},
        {"participants": "5"},
        {"value": 10.0},
        {"surprise": 1},
    ],
)
def test_a_correction_to_no_valid_activity_is_refused(changes: dict[str, Any]):
    with pytest.raises(ValidationError):
        correct(_recorded().facts, changes)


def test_a_correction_leaves_the_facts_that_it_was_given():
    facts = _recorded().facts

    correct(facts, {"mode": "online"})

    assert facts == _recorded().facts


def test_a_retracted_activity_stays_readable_and_names_its_retraction():
    activity = _recorded()
    retraction = an_event("activity.retracted", {"activity": str(an_id(1)), "reason": "It never happened"})

    retracted = amend(activity, retraction)

    assert retracted.withdrawn_by == retraction.id
    assert retracted.facts == activity.facts


def test_a_reversed_import_withdraws_an_activity():
    reversal = an_event("import.reversed", {"batch": "import-1", "reason": "The wrong file"})

    assert amend(_recorded(batch="import-1"), reversal).withdrawn_by == reversal.id


def test_what_is_no_amendment_does_not_amend():
    with pytest.raises(DoesNotFit, match=r"day\.closed"):
        amend(_recorded(), an_event("day.closed", {"day": "2021-03-01"}))


def test_a_registered_partnership_stands_as_posted():
    partnership = _registered(mou_date="2004-11-23", fields=["training"])

    assert partnership.slug == "hanoi"
    assert partnership.facts.mou_date == date(2004, 11, 23)
    assert partnership.facts.fields == ["training"]
    assert partnership.ended_on is None


def test_a_change_alters_only_what_it_names_and_null_takes_away():
    before = _registered(mou_date="2004-11-23", issue_basis="traffic")

    after = change(before, _changed(mou_date=None, level="province"))

    assert after == _registered(issue_basis="traffic", level="province")


@pytest.mark.parametrize(
    "changes", [{"country": "Vietnam"}, {"level": None}, {"partnership": "tokyo"}, {"latitude": 91.0}]
)
def test_a_change_to_no_valid_partnership_is_refused(changes: dict[str, Any]):
    with pytest.raises(ValidationError):
        change(_registered(), _changed(**changes))


def test_an_ended_partnership_keeps_its_facts():
    data = {"partnership": "hanoi", "ended_on": "2020-06-30", "reason": "By agreement"}

    ended = change(_registered(), an_event("partnership.ended", data))

    assert ended == Partnership("hanoi", _registered().facts, ended_on=date(2020, 6, 30))


@pytest.mark.parametrize(("ended_on", "stands_as"), [("2020-05-31", date(2020, 5, 31)), (None, None)])
def test_a_change_corrects_the_day_of_an_end_or_takes_it_away(ended_on: str | None, stands_as: date | None):
    ended = Partnership("hanoi", _registered().facts, ended_on=date(2020, 6, 30))

    assert change(ended, _changed(ended_on=ended_on)) == Partnership("hanoi", _registered().facts, ended_on=stands_as)


def test_a_change_of_something_else_leaves_the_day_of_an_end():
    ended = Partnership("hanoi", _registered().facts, ended_on=date(2020, 6, 30))

    assert change(ended, _changed(level="province")).ended_on == date(2020, 6, 30)


def test_what_changes_no_partnership_does_not_fit():
    with pytest.raises(DoesNotFit, match=r"day\.closed"):
        change(_registered(), an_event("day.closed", {"day": "2021-03-01"}))


@pytest.mark.parametrize(
    ("first", "last", "stands"),
    [
        (date(2004, 1, 1), date(2004, 11, 22), False),
        (date(2004, 1, 1), date(2004, 11, 23), True),
        (date(2010, 1, 1), date(2010, 12, 31), True),
        (date(2020, 6, 30), date(2020, 12, 31), True),
        (date(2020, 7, 1), date(2020, 12, 31), False),
    ],
)
def test_a_partnership_stands_from_its_memorandum_to_its_end(first: date, last: date, stands: bool):
    facts = _registered(mou_date="2004-11-23").facts

    assert Partnership("hanoi", facts, ended_on=date(2020, 6, 30)).stands(first, last) is stands


def test_a_partnership_without_a_memorandum_stands_until_it_ends():
    assert _registered().stands(date(1990, 1, 1), date(1990, 1, 1))
