"""Given a book, when something is sent, then it is accepted, or refused with the field and the remedy."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any

import pytest

from services.ingest.accept import Accepted, Situation, StandingAdoption, StandingJudgement, accept, touched_by
from shared.domain.book import Book, Touched
from shared.domain.events import EVENT_TYPES, WRITTEN_BY_THE_LEDGER, Event, HomeFacts
from shared.wire.envelope import Posting
from shared.wire.problems import Problem
from tests.support.build import (
    TODAY,
    a_book,
    a_partnership,
    a_rubric,
    a_situation,
    an_activity,
    an_event,
    an_id,
    only_finding,
    requests_for,
    rubric_data,
)

REASON = "It was wrong"
HANOI = an_event("partnership.registered", a_partnership())
TOKYO = an_event("partnership.registered", a_partnership(partnership="tokyo", country="JP"))
VISIT = an_event("activity.recorded", an_activity(batch="import-1"), event_id=an_id(1))
RETRACTION = an_event("activity.retracted", {"activity": str(an_id(1)), "reason": REASON}, event_id=an_id(2))

Sent = tuple[str, dict[str, Any]]


def _when(*sent: Sent, book: Book | None = None, **situation: Any) -> list[Accepted] | Problem:
    requests = requests_for(*sent)
    return accept(requests, [an_id(100 + n) for n in range(len(requests))], a_situation(book, **situation))


def _accepted(result: list[Accepted] | Problem) -> Sequence[Accepted]:
    assert not isinstance(result, Problem), result
    return result


def _kind(result: list[Accepted] | Problem) -> tuple[int, str]:
    assert isinstance(result, Problem), result
    return result.status, result.kind


def _recorded(**changes: Any) -> Sent:
    return "activity.recorded", an_activity(**changes)


def _corrected(number: int, **changes: Any) -> Sent:
    return "activity.corrected", {"activity": str(an_id(number)), "changes": changes, "reason": REASON}


def _retracted(number: int) -> Sent:
    return "activity.retracted", {"activity": str(an_id(number)), "reason": REASON}


def _reversed(batch: str) -> Sent:
    return "import.reversed", {"batch": batch, "reason": REASON}


def _registered(slug: str, **changes: Any) -> Sent:
    return "partnership.registered", a_partnership(partnership=slug, **changes)


def _changed(slug: str, **changes: Any) -> Sent:
    return "partnership.changed", {"partnership": slug, "changes": changes, "reason": REASON}


def _ended(slug: str) -> Sent:
    return "partnership.ended", {"partnership": slug, "ended_on": "2020-06-30", "reason": REASON}


def _set(slug: str) -> Sent:
    return "rating.set", {"partnership": slug, "rating": "aktif", "reason": REASON, "valid_from": "2021-01-01"}


def _lifted(slug: str, number: int) -> Sent:
    return "rating.lifted", {"partnership": slug, "judgement": str(an_id(number)), "reason": REASON}


def _milestone(slug: str) -> Sent:
    return "milestone.reached", {"partnership": slug, "milestone": "signing", "reached": "2020"}


def _programme(slug: str) -> Sent:
    return "programme.agreed", {"partnership": slug, "year": 2021, "activities": [{"title": {"en": "Exchange"}}]}


ADOPTION = StandingAdoption(an_id(50), a_rubric(), date(2020, 1, 1))
ADOPTED: Sent = ("rubric.adopted", {"rubric": rubric_data(), "valid_from": "2021-01-01"})
ISSUED: Sent = (
    "report.issued",
    {"kind": "ratings", "question": {}, "position": 1, "hash": "sha256:" + "0" * 64, "versions": {}},
)


# What is accepted becomes a posting.


def test_an_accepted_event_is_posted_as_the_client_sent_it():
    sent = an_activity(title={"en": "  The mayor visits  "})
    now = datetime(2021, 3, 1, 9, 30, tzinfo=UTC)

    (accepted,) = _accepted(
        _when(("activity.recorded", sent), book=a_book(HANOI), home="jakarta", author="embassy-hanoi", now=now)
    )

    assert accepted.posting == Posting(an_id(100), "jakarta", "activity.recorded", sent, "hanoi", "embassy-hanoi", now)


@pytest.mark.parametrize("sent", [_corrected(1, mode="online"), _retracted(1)])
def test_a_change_of_an_activity_is_posted_under_the_activitys_partnership(sent: Sent):
    (accepted,) = _accepted(_when(sent, book=a_book(HANOI, VISIT)))

    assert accepted.posting.partnership == "hanoi"


@pytest.mark.parametrize("sent", [_reversed("import-1"), ADOPTED, ISSUED], ids=lambda sent: sent[0])
def test_what_concerns_the_whole_home_is_posted_under_no_partnership(sent: Sent):
    (accepted,) = _accepted(_when(sent, book=a_book(HANOI, VISIT)))

    assert accepted.posting.partnership is None


@pytest.mark.parametrize(
    ("sent", "stands_on_the_state"),
    [
        (_registered("tokyo"), True),
        (_changed("hanoi", level="province"), True),
        (_ended("hanoi"), True),
        (_corrected(1, mode="online"), True),
        (_retracted(1), True),
        (_reversed("import-1"), True),
        (_lifted("hanoi", 5), True),
        (_recorded(), False),
        (_milestone("hanoi"), False),
        (_programme("hanoi"), False),
        (_set("hanoi"), False),
        (ADOPTED, True),
        (ISSUED, False),
    ],
    ids=lambda each: each[0] if isinstance(each, tuple) else str(each),
)
def test_an_event_says_whether_it_was_accepted_because_of_what_stands(sent: Sent, stands_on_the_state: bool):
    (accepted,) = _accepted(_when(sent, book=a_book(HANOI, VISIT), judgements={an_id(5): StandingJudgement("hanoi")}))

    assert accepted.stands_on_the_state is stands_on_the_state


# Partnerships.


def test_a_slug_is_registered_once():
    result = _when(_registered("hanoi"), book=a_book(HANOI))

    assert _kind(result) == (409, "stands-otherwise")
    assert only_finding(result).field == "data.partnership"
    assert only_finding(result).remedy == "Post “partnership.changed” to change it."


NAMING_A_PARTNERSHIP = [
    _recorded(partnership="hano"),
    _changed("hano", level="province"),
    _ended("hano"),
    _milestone("hano"),
    _programme("hano"),
    _set("hano"),
]


@pytest.mark.parametrize("sent", NAMING_A_PARTNERSHIP, ids=lambda sent: sent[0])
def test_what_names_an_unknown_partnership_is_refused_with_the_slug_that_was_meant(sent: Sent):
    result = _when(sent, book=a_book(), slugs=["tokyo", "hanoi"])

    assert _kind(result) == (422, "unknown-partnership")
    assert only_finding(result).field == "data.partnership"
    assert only_finding(result).problem == "There is no partnership “hano”."
    assert only_finding(result).remedy == "Did you mean “hanoi”?"


def test_where_no_slug_comes_near_the_remedy_is_to_register():
    result = _when(_recorded(partnership="kyiv"), book=a_book(), slugs=["tokyo", "hanoi"])

    assert only_finding(result).remedy == "Register it first with “partnership.registered”."


def test_a_partnership_ends_once():
    ended = an_event(*_ended("hanoi"))

    result = _when(_ended("hanoi"), book=a_book(HANOI, ended))

    assert _kind(result) == (409, "stands-otherwise")
    assert only_finding(result).field == "data.partnership"
    assert only_finding(result).problem == "“hanoi” has ended on 2020-06-30."


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"country": "Vietnam"}, "data.changes.country"),
        ({"level": None}, "data.changes.level"),
        ({"name": {}}, "data.changes.name"),
        ({"partnership": "tokyo"}, "data.changes.partnership"),
        ({"surprise": 1}, "data.changes.surprise"),
        ({"surprise": None}, "data.changes.surprise"),
    ],
)
def test_a_change_to_no_valid_partnership_is_refused(changes: dict[str, Any], field: str):
    result = _when(_changed("hanoi", **changes), book=a_book(HANOI))

    assert _kind(result) == (422, "invalid")
    assert only_finding(result).field == field


def test_a_slip_in_a_change_is_met_with_the_field_that_was_meant():
    result = _when(_changed("hanoi", contry="VN"), book=a_book(HANOI))

    assert only_finding(result).remedy == "Did you mean “country”?"


@pytest.mark.parametrize("changes", [{"level": "city"}, {"issue_basis": None}, {"ended_on": None}])
def test_a_change_that_leaves_everything_as_it_stands_is_refused(changes: dict[str, Any]):
    result = _when(_changed("hanoi", **changes), book=a_book(HANOI))

    assert _kind(result) == (422, "invalid")
    assert only_finding(result).field == "data.changes"


@pytest.mark.parametrize(
    ("ended_on", "remedy"),
    [
        ("2021-03-02", "Correct the day, or post it once it has ended."),
        ("2004-11-22", "Correct the day."),
    ],
)
def test_a_partnership_ends_between_its_memorandum_and_today(ended_on: str, remedy: str):
    book = a_book(an_event("partnership.registered", a_partnership(mou_date="2004-11-23")))
    ended = ("partnership.ended", {"partnership": "hanoi", "ended_on": ended_on, "reason": REASON})

    for sent, field in [(ended, "data.ended_on"), (_changed("hanoi", ended_on=ended_on), "data.changes.ended_on")]:
        result = _when(sent, book=book, today=date(2021, 3, 1))

        assert _kind(result) == (422, "invalid")
        assert (only_finding(result).field, only_finding(result).remedy) == (field, remedy)


@pytest.mark.parametrize("ended_on", ["2004-11-23", "2021-03-01"])
def test_a_partnership_may_end_on_the_day_of_its_memorandum_and_today(ended_on: str):
    book = a_book(an_event("partnership.registered", a_partnership(mou_date="2004-11-23")))
    ended = ("partnership.ended", {"partnership": "hanoi", "ended_on": ended_on, "reason": REASON})

    assert len(_accepted(_when(ended, book=book, today=date(2021, 3, 1)))) == 1


@pytest.mark.parametrize("ended_on", ["2020-05-31", None])
def test_the_day_of_an_end_is_corrected_or_taken_away_by_a_change(ended_on: str | None):
    book = a_book(HANOI, an_event(*_ended("hanoi")))

    assert len(_accepted(_when(_changed("hanoi", ended_on=ended_on), book=book))) == 1


@pytest.mark.parametrize(("reached", "accepted"), [("2021-03-02", False), ("2021-04", False), ("2021-03", True)])
def test_a_milestone_in_the_future_was_not_reached(reached: str, accepted: bool):
    data = {"partnership": "hanoi", "milestone": "signing", "reached": reached}

    result = _when(("milestone.reached", data), book=a_book(HANOI), today=date(2021, 3, 1))

    if accepted:
        assert len(_accepted(result)) == 1
    else:
        assert _kind(result) == (422, "invalid")
        assert only_finding(result).field == "data.reached"


# Activities.


@pytest.mark.parametrize("occurred", ["2021-03-02", "2021-04", "2022", "2021-03-02/2021-03-05"])
def test_what_lies_in_the_future_was_not_held(occurred: str):
    result = _when(_recorded(occurred=occurred, outcome="held"), book=a_book(HANOI), today=date(2021, 3, 1))

    assert _kind(result) == (422, "invalid")
    assert only_finding(result).field == "data.occurred"
    assert only_finding(result).remedy == "Correct the date, or send the outcome “planned”."


@pytest.mark.parametrize("occurred", ["2021-03-01", "2021-03", "2021", "2021-02-28/2021-03-05", "2019-05-22"])
def test_what_may_have_begun_by_today_can_be_held(occurred: str):
    result = _when(_recorded(occurred=occurred, outcome="held"), book=a_book(HANOI), today=date(2021, 3, 1))

    assert len(_accepted(result)) == 1


@pytest.mark.parametrize("outcome", ["planned", "postponed", "declined", "unknown"])
def test_what_was_not_held_may_lie_in_the_future(outcome: str):
    result = _when(_recorded(occurred="2022", outcome=outcome), book=a_book(HANOI), today=date(2021, 3, 1))

    assert len(_accepted(result)) == 1


def test_a_cause_must_be_known():
    result = _when(_recorded(caused_by=str(an_id(9))), book=a_book(HANOI, VISIT))

    assert _kind(result) == (422, "unknown-caused-by")
    assert only_finding(result).field == "data.caused_by"
    assert only_finding(result).remedy == "Send the id of an activity, or leave it out."


def test_a_known_cause_is_accepted():
    assert len(_accepted(_when(_recorded(caused_by=str(an_id(1))), book=a_book(HANOI, VISIT)))) == 1


@pytest.mark.parametrize("sent", [_corrected(9, mode="online"), _retracted(9)])
def test_an_unknown_activity_cannot_be_changed(sent: Sent):
    result = _when(sent, book=a_book(HANOI, VISIT))

    assert _kind(result) == (422, "unknown-activity")
    assert only_finding(result).field == "data.activity"
    assert only_finding(result).remedy == "Send the id from the activity's receipt."


@pytest.mark.parametrize("sent", [_corrected(1, mode="online"), _retracted(1)])
@pytest.mark.parametrize("taken_back", [RETRACTION, an_event(*_reversed("import-1"), event_id=an_id(2))])
def test_an_activity_that_was_taken_back_cannot_be_changed(sent: Sent, taken_back: Event):
    result = _when(sent, book=a_book(HANOI, VISIT, taken_back))

    assert _kind(result) == (409, "stands-otherwise")
    assert only_finding(result).field == "data.activity"
    assert str(an_id(2)) in only_finding(result).problem
    assert only_finding(result).remedy == "Record it anew if it did happen."


def test_an_activity_cannot_move_to_another_partnership():
    result = _when(_corrected(1, partnership="tokyo"), book=a_book(HANOI, TOKYO, VISIT))

    assert _kind(result) == (422, "invalid")
    assert only_finding(result).field == "data.changes.partnership"
    assert only_finding(result).problem == "An activity cannot move to another partnership."
    assert only_finding(result).remedy == "Retract it and record it under the right partnership."


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"mode": "hybrid"}, "data.changes.mode"),
        ({"outcome": None}, "data.changes.outcome"),
        ({"occurred": "2019-13"}, "data.changes.occurred"),
        ({"occured": "2019"}, "data.changes.occured"),
        ({"value": 5.0}, "data.changes"),
    ],
)
def test_a_correction_to_no_valid_activity_is_refused(changes: dict[str, Any], field: str):
    result = _when(_corrected(1, **changes), book=a_book(HANOI, VISIT))

    assert _kind(result) == (422, "invalid")
    assert only_finding(result).field == field


def test_a_slip_in_a_correction_is_met_with_the_field_that_was_meant():
    result = _when(_corrected(1, occured="2019"), book=a_book(HANOI, VISIT))

    assert only_finding(result).remedy == "Did you mean “occurred”?"


def test_a_correction_cannot_make_the_future_held():
    planned = an_event("activity.recorded", an_activity(occurred="2022", outcome="planned"), event_id=an_id(3))

    for changes, number in [({"occurred": "2022"}, 1), ({"outcome": "held"}, 3)]:
        result = _when(_corrected(number, **changes), book=a_book(HANOI, VISIT, planned))

        assert _kind(result) == (422, "invalid")
        assert only_finding(result).field == "data.changes.occurred"
        assert "lies in the future" in only_finding(result).problem


@pytest.mark.parametrize("cause", [9, 1], ids=["unknown", "itself"])
def test_a_correction_names_another_activity_as_the_cause(cause: int):
    result = _when(_corrected(1, caused_by=str(an_id(cause))), book=a_book(HANOI, VISIT))

    assert _kind(result) == (422, "unknown-caused-by")
    assert only_finding(result).field == "data.changes.caused_by"


@pytest.mark.parametrize("changes", [{"mode": "unknown"}, {"place": None}, {"occurred": "2019-05-22"}])
def test_a_correction_that_leaves_everything_as_it_stands_is_refused(changes: dict[str, Any]):
    result = _when(_corrected(1, **changes), book=a_book(HANOI, VISIT))

    assert _kind(result) == (422, "invalid")
    assert only_finding(result).field == "data.changes"


@pytest.mark.parametrize("sent", [_corrected(1, mode="online", place=None), _retracted(1)])
def test_a_standing_activity_may_be_changed(sent: Sent):
    assert len(_accepted(_when(sent, book=a_book(HANOI, VISIT)))) == 1


# Imports and official ratings.


@pytest.mark.parametrize("book", [a_book(HANOI), a_book(HANOI, VISIT, RETRACTION)], ids=["unknown", "taken back"])
def test_an_import_of_which_nothing_counts_cannot_be_reversed(book: Book):
    result = _when(_reversed("import-1"), book=book)

    assert _kind(result) == (422, "unknown-batch")
    assert only_finding(result).field == "data.batch"
    assert only_finding(result).remedy == "Send the batch as it stands in the import's activities."


def test_an_import_of_which_something_counts_may_be_reversed():
    another = an_event("activity.recorded", an_activity(batch="import-1"), event_id=an_id(3))

    assert len(_accepted(_when(_reversed("import-1"), book=a_book(HANOI, VISIT, RETRACTION, another)))) == 1


@pytest.mark.parametrize(
    "judgements", [{}, {an_id(5): StandingJudgement("tokyo")}, {an_id(6): StandingJudgement("hanoi")}]
)
def test_only_an_official_rating_of_the_partnership_can_be_lifted(judgements: dict):
    result = _when(_lifted("hanoi", 5), book=a_book(HANOI), judgements=judgements)

    assert _kind(result) == (422, "unknown-judgement")
    assert only_finding(result).field == "data.judgement"
    assert only_finding(result).remedy == "Send the id of its “rating.set” event."


def test_an_official_rating_is_lifted_once():
    lifted = {an_id(5): StandingJudgement("hanoi", lifted_by=an_id(6))}

    result = _when(_lifted("hanoi", 5), book=a_book(HANOI), judgements=lifted)

    assert _kind(result) == (409, "stands-otherwise")
    assert only_finding(result).field == "data.judgement"
    assert only_finding(result).problem == f"The official rating was lifted by {an_id(6)}."
    assert only_finding(result).remedy == "Leave it, or set another with “rating.set”."


# Rubrics.


@pytest.mark.parametrize(
    ("name", "version"), [("of-the-test", 1), ("jakarta-2020", 1)], ids=["adopted before", "the default"]
)
def test_a_version_of_a_rubric_never_says_something_else(name: str, version: int):
    other = {"rubric": rubric_data(id=name, version=version, window_months=36), "valid_from": "2021-01-01"}

    result = _when(("rubric.adopted", other), adoptions=[ADOPTION])

    assert _kind(result) == (409, "stands-otherwise")
    assert only_finding(result).field == "data.rubric.version"
    assert only_finding(result).remedy == "Give it the version 2 or higher."


@pytest.mark.parametrize(
    "rubric", [rubric_data(), rubric_data(version=2, window_months=36), rubric_data(id="another", window_months=36)]
)
def test_a_rubric_may_be_adopted_anew_or_as_another_version_or_under_another_name(rubric: dict[str, Any]):
    result = _when(("rubric.adopted", {"rubric": rubric, "valid_from": "2021-01-01"}), adoptions=[ADOPTION])

    assert len(_accepted(result)) == 1


def _adopted(valid_from: str, **more: Any) -> Sent:
    rubric = rubric_data(version=2, window_months=36)
    return "rubric.adopted", {"rubric": rubric, "valid_from": valid_from, **more}


def test_two_rubrics_cannot_hold_from_the_same_day():
    result = _when(_adopted("2020-01-01"), adoptions=[ADOPTION])

    assert _kind(result) == (409, "stands-otherwise")
    assert only_finding(result).field == "data.valid_from"
    assert str(an_id(50)) in only_finding(result).remedy


def test_a_rubric_takes_the_place_of_another_of_the_same_day_where_it_says_so():
    assert len(_accepted(_when(_adopted("2020-01-01", replaces=str(an_id(50))), adoptions=[ADOPTION]))) == 1


@pytest.mark.parametrize(("valid_from", "number"), [("2020-01-01", 51), ("2020-01-02", 50)])
def test_only_what_holds_from_that_day_can_be_replaced(valid_from: str, number: int):
    result = _when(_adopted(valid_from, replaces=str(an_id(number))), adoptions=[ADOPTION])

    assert _kind(result) == (422, "invalid")
    assert only_finding(result).field == "data.replaces"


def test_what_was_replaced_cannot_be_replaced_again():
    later = StandingAdoption(an_id(51), a_rubric(version=2, window_months=36), date(2020, 1, 1), an_id(50))

    for replaces, kind in ((50, (422, "invalid")), (51, None)):
        result = _when(_adopted("2020-01-01", replaces=str(an_id(replaces))), adoptions=[ADOPTION, later])
        assert (_kind(result) if kind else len(_accepted(result))) == (kind or 1)


def test_of_two_in_a_batch_the_second_is_told_of_the_first():
    first = ("rubric.adopted", {"rubric": rubric_data(), "valid_from": "2020-01-01"})

    assert _kind(_when(first, _adopted("2020-01-01"))) == (409, "stands-otherwise")
    assert len(_accepted(_when(first, _adopted("2020-01-02")))) == 2


# More than one.


def test_each_is_decided_upon_what_those_before_it_leave():
    sent = [_registered("tokyo"), _recorded(partnership="tokyo", batch="import-2"), _corrected(101, mode="online")]

    accepted = _accepted(_when(*sent, _retracted(101), _ended("tokyo"), book=a_book()))

    assert [each.posting.id for each in accepted] == [an_id(100 + n) for n in range(5)]
    assert [each.posting.partnership for each in accepted] == ["tokyo"] * 5


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        ([_registered("tokyo"), _registered("tokyo")], "events.1.data.partnership"),
        ([_recorded(partnership="tokyo"), _registered("tokyo")], "events.0.data.partnership"),
        ([_ended("hanoi"), _ended("hanoi")], "events.1.data.partnership"),
        ([_retracted(1), _corrected(1, mode="online")], "events.1.data.activity"),
        ([_retracted(1), _reversed("import-1")], "events.1.data.batch"),
        ([_reversed("import-1"), _retracted(1)], "events.1.data.activity"),
        ([_recorded(), _recorded(), _recorded(occurred="2022")], "events.2.data.occurred"),
        ([_recorded(caused_by=str(an_id(101))), _recorded()], "events.0.data.caused_by"),
    ],
)
def test_one_refused_refuses_all_and_is_named_by_its_place(sent: list[Sent], field: str):
    result = _when(*sent, book=a_book(HANOI, VISIT))

    assert only_finding(result).field == field


def test_an_activity_may_be_caused_by_one_before_it_in_the_batch():
    assert len(_accepted(_when(_recorded(), _recorded(caused_by=str(an_id(100))), book=a_book(HANOI)))) == 2


def test_the_book_that_was_given_stays_as_it_was():
    book = a_book(HANOI, VISIT)

    _accepted(_when(_registered("tokyo"), _retracted(1), _ended("hanoi"), book=book))

    assert book == a_book(HANOI, VISIT)


def test_every_request_has_an_id():
    with pytest.raises(ValueError, match="shorter"):
        accept(requests_for(_recorded(), _recorded()), [an_id(1)], a_situation(a_book(HANOI)))


def test_what_requests_touch_is_what_they_name():
    sent = [
        _recorded(partnership="tokyo", caused_by=str(an_id(7))),
        _milestone("hanoi"),
        _corrected(8, mode="online"),
        _retracted(9),
        _reversed("import-1"),
        ADOPTED,
    ]

    touched = touched_by(requests_for(*sent))

    assert touched == Touched(
        partnerships={"tokyo", "hanoi"}, activities={an_id(7), an_id(8), an_id(9)}, batches={"import-1"}
    )


def test_every_type_that_a_client_may_send_is_decided():
    sent = [
        _registered("tokyo"),
        _changed("hanoi", level="province"),
        _milestone("hanoi"),
        _programme("hanoi"),
        _recorded(),
        _corrected(1, mode="online"),
        _reversed("import-1"),
        _retracted(104),
        _set("hanoi"),
        _lifted("hanoi", 5),
        ADOPTED,
        ISSUED,
        ("home.changed", {"changes": {"language": "en"}, "reason": REASON}),
        _ended("hanoi"),
    ]
    situation: Situation = a_situation(
        a_book(HANOI, VISIT),
        judgements={an_id(5): StandingJudgement("hanoi")},
        today=TODAY,
        says=HomeFacts.model_validate({"name": {"en": "Jakarta"}}),
    )

    result = accept(requests_for(*sent), [an_id(100 + n) for n in range(len(sent))], situation)

    assert [each.posting.type for each in _accepted(result)] == [event_type for event_type, _ in sent]
    assert {event_type for event_type, _ in sent} == set(EVENT_TYPES) - WRITTEN_BY_THE_LEDGER
