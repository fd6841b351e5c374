"""What a client may send, and which field and remedy a refusal names."""

from typing import Any
from uuid import UUID

import pytest

from services.ingest.requests import Requested, invalid, read_batch, read_event
from shared.domain.events import EVENT_TYPES
from shared.wire.problems import Finding, Problem
from tests.support.build import an_activity, an_id, only_finding


def _event(**changes: Any) -> dict[str, Any]:
    return {"type": "activity.recorded", "data": an_activity(), **changes}


def _refused(result: object) -> list[str]:
    assert isinstance(result, Problem), result
    assert (result.status, result.kind) == (422, "invalid")
    assert all(finding.problem and finding.remedy for finding in result.findings)
    return [finding.field for finding in result.findings]


def test_an_event_is_read_with_its_data_as_sent_and_as_read():
    event = _event(id=str(an_id(7)))

    requested = read_event(event)

    data = EVENT_TYPES["activity.recorded"].model_validate(an_activity())
    assert requested == [Requested(an_id(7), "activity.recorded", event["data"], data, "")]


@pytest.mark.parametrize("event", [_event(), _event(id=None)])
def test_an_event_may_come_without_an_id(event: dict[str, Any]):
    (requested,) = _requested(read_event(event))

    assert requested.id is None


def test_an_id_is_read_in_capitals_too():
    (requested,) = _requested(read_event(_event(id="6F0C1C1E-7D0B-5D4E-9A53-6B656D626172")))

    assert requested.id == UUID("6f0c1c1e-7d0b-5d4e-9a53-6b656d626172")


@pytest.mark.parametrize("value", [None, [], "activity.recorded", 1, [_event()]])
def test_what_is_no_object_is_no_event(value: object):
    finding = only_finding(read_event(value))

    assert finding.field == "body"
    assert finding.remedy == 'Send {"type": ..., "id": ..., "data": {...}}.'


@pytest.mark.parametrize(
    ("event_type", "problem", "remedy"),
    [
        ("activity.record", "“activity.record” is not an event type.", "Did you mean “activity.recorded”?"),
        ("Activity.Corrected", "“Activity.Corrected” is not an event type.", "Did you mean “activity.corrected”?"),
        ("day.closed", "“day.closed” is written by the ledger itself.", "Leave it out."),
        (["activity.recorded"], "“['activity.recorded']” is not an event type.", "Did you mean “activity.recorded”?"),
        (5, "“5” is not an event type.", None),
        ("zzz", "“zzz” is not an event type.", None),
        (None, "“type” is missing.", None),
    ],
)
def test_a_wrong_type_is_named_with_what_may_have_been_meant(event_type: object, problem: str, remedy: str | None):
    finding = only_finding(read_event(_event(type=event_type)))

    assert finding.field == "type"
    assert finding.problem == problem
    if remedy is not None:
        assert finding.remedy == remedy
    else:
        assert finding.remedy.startswith("Use one of ")
        assert "activity.recorded" in finding.remedy
        assert "day.closed" not in finding.remedy


@pytest.mark.parametrize("event_id", ["", "7", "not-a-uuid", 7, True, ["a"], {"a": 1}])
def test_a_wrong_id_is_refused(event_id: object):
    finding = only_finding(read_event(_event(id=event_id)))

    assert finding.field == "id"
    assert finding.remedy == "Send a UUID, or leave “id” out to be given one."


@pytest.mark.parametrize("data", [None, [], "data", 1])
def test_data_must_be_an_object(data: object):
    finding = only_finding(read_event(_event(data=data)))

    assert finding == Finding("data", "“data” is missing or no object.", "Add the event's data as an object.")


def test_a_field_beside_type_id_and_data_belongs_into_data():
    finding = only_finding(read_event(_event(author="somebody")))

    assert finding.field == "author"
    assert "put the rest into “data”" in finding.remedy


def test_wrong_data_are_named_by_their_path():
    finding = only_finding(read_event(_event(data=an_activity(occured="2019"))))

    assert finding.field == "data.occured"
    assert finding.remedy == "Did you mean “occurred”?"


def test_all_that_is_wrong_is_said_at_once():
    fields = _refused(read_event({"id": 7, "surprise": 1}))

    assert fields == ["surprise", "id", "type", "data"]


def test_wrong_data_do_not_hide_what_is_wrong_around_them():
    fields = _refused(read_event(_event(id=7, data=an_activity(mode="hybrid"))))

    assert fields == ["id", "data.mode"]


def test_a_batch_is_read_in_its_order():
    events = [_event(id=str(an_id(number))) for number in (3, 1, 2)]

    requested = _requested(read_batch({"events": events}))

    assert [each.id for each in requested] == [an_id(3), an_id(1), an_id(2)]
    assert [each.where for each in requested] == ["events.0", "events.1", "events.2"]


@pytest.mark.parametrize("value", [None, [], [_event()], {}, {"events": None}, {"events": {}}, _event()])
def test_a_batch_is_an_object_with_a_list_of_events(value: object):
    finding = only_finding(read_batch(value))

    assert finding == Finding("events", "A batch is an object with a list “events”.", 'Send {"events": [...]}.')


def test_a_batch_has_no_other_field():
    finding = only_finding(read_batch({"events": [_event()], "dry_run": True}))

    assert finding == Finding("dry_run", "“dry_run” is not a field of a batch.", "Remove it.")


def test_a_batch_holds_at_least_one_event():
    finding = only_finding(read_batch({"events": []}))

    assert finding == Finding("events", "The batch has no events.", "Put at least one event into it.")


def test_a_batch_holds_at_most_1000_events():
    finding = only_finding(read_batch({"events": [_event()] * 1001}))

    said = "The batch has 1,001 events; it takes at most 1,000."
    assert finding == Finding("events", said, "Send it in several batches.")


@pytest.mark.parametrize("size", [1, 1000])
def test_a_batch_of_1_and_of_1000_events_is_read(size: int):
    assert len(_requested(read_batch({"events": [_event()] * size}))) == size


def test_every_wrong_event_of_a_batch_is_named_by_its_place():
    events = [_event(), _event(id=7), _event(data=an_activity(mode="hybrid")), 5, _event(surprise=1)]

    fields = _refused(read_batch({"events": events}))

    assert fields == ["events.1.id", "events.2.data.mode", "events.3", "events.4.surprise"]


def test_an_id_stands_once_in_a_batch():
    events = [_event(id=str(an_id(1))), _event(id=str(an_id(2))), _event(id=str(an_id(2)))]

    finding = only_finding(read_batch({"events": events}))

    assert finding == Finding(
        "events.2.id", f"The id {an_id(2)} stands twice in the batch.", "Give each event its own id."
    )


def test_an_id_written_in_two_ways_is_one_id():
    written = "6f0c1c1e-7d0b-5d4e-9a53-6b656d626172"

    finding = only_finding(read_batch({"events": [_event(id=written), _event(id=written.upper())]}))

    assert finding.field == "events.1.id"


def test_a_refusal_says_that_nothing_was_stored():
    finding = Finding("data.a", "A is wrong.", "Correct A.")

    problem = invalid([finding])

    assert (problem.status, problem.kind, problem.findings) == (422, "invalid", (finding,))
    assert "Nothing was stored" in problem.title


def _requested(result: list[Requested] | Problem) -> list[Requested]:
    assert not isinstance(result, Problem), result
    return result
