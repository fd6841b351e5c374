"""The envelope: what is written is read back, and a body sent again is known by its hash."""

import json
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from shared.domain.access import Role
from shared.domain.codes import Direction, Indicator, Mode, Outcome
from shared.domain.events import EVENT_TYPES, Event
from shared.wire.canonical import canonical
from shared.wire.envelope import NotItsAuthors, Posting, UnknownVersion, attributes, body_hash, decode, encode, rfc3339
from tests.support.build import a_posting, an_activity, an_id

MAY_RECORD = ("bureau", "issuer", "embassy")
RECORDED_AT = datetime(2021, 3, 1, 9, 0, 1, tzinfo=UTC)
JAKARTA_TIME = ZoneInfo("Asia/Jakarta")
LINES = st.text(st.characters(categories=["L", "N", "P"]), min_size=1, max_size=20)

ACTIVITIES = st.fixed_dictionaries(
    {
        "partnership": st.sampled_from(["hanoi", "new-south-wales"]),
        "indicator": st.sampled_from([each.value for each in Indicator]),
        "occurred": st.sampled_from(["2019", "2019-05", "2019-05-22", "2018/2019"]),
        "direction": st.sampled_from([each.value for each in Direction]),
        "outcome": st.sampled_from([each.value for each in Outcome]),
        "title": st.fixed_dictionaries({"id": LINES}, optional={"en": LINES}),
    },
    optional={
        "mode": st.sampled_from([each.value for each in Mode]),
        "people_to_people": st.booleans(),
        "participants": st.integers(0, 10**9),
        "fields": st.lists(LINES, max_size=3),
        "caused_by": st.uuids().map(str),
    },
)
POSTINGS = st.builds(
    lambda data, event_id, import_id, author, posted_at: a_posting(
        data=data, id=event_id, import_id=import_id, author=author, posted_at=posted_at, partnership=data["partnership"]
    ),
    ACTIVITIES,
    st.uuids(),
    st.none() | st.uuids(),
    LINES,
    st.integers(0, 4 * 10**15).map(
        lambda microseconds: datetime(1970, 1, 1, tzinfo=UTC) + timedelta(0, 0, microseconds)
    ),
)


@settings(max_examples=150, deadline=None)
@given(posting=POSTINGS, position=st.integers(1, 2**53))
def test_what_is_encoded_is_decoded_as_it_was(posting: Posting, position: int):
    event = decode(encode(posting), position, RECORDED_AT, UTC)

    assert event == Event(
        position=position,
        recorded_at=RECORDED_AT,
        recorded_on=date(2021, 3, 1),
        id=posting.id,
        home=posting.home,
        type=posting.type,
        author=posting.author,
        partnership=posting.partnership,
        data=EVENT_TYPES[posting.type].model_validate(posting.data),
        import_id=posting.import_id,
    )


@settings(max_examples=60, deadline=None)
@given(posting=POSTINGS)
def test_data_stand_in_the_envelope_as_the_client_sent_them(posting: Posting):
    payload = encode(posting)

    assert attributes(payload)["data"] == posting.data
    assert canonical(attributes(payload)) == payload == encode(posting, canonical(posting.data))


def test_an_envelope_is_a_cloud_event():
    posting = a_posting(id=an_id(7), posted_at=datetime(2021, 3, 1, 16, 0, 0, 5, tzinfo=JAKARTA_TIME))

    envelope = attributes(encode(posting))

    assert envelope == {
        "specversion": "1.0",
        "id": "00000000-0000-0000-0000-000000000007",
        "source": "/homes/jakarta",
        "type": "activity.recorded.v1",
        "subject": "hanoi",
        "time": "2021-03-01T09:00:00.000005Z",
        "datacontenttype": "application/json",
        "author": "bureau",
        "bodyhash": body_hash("activity.recorded", posting.data),
        "data": posting.data,
    }


def test_what_concerns_the_whole_home_has_no_subject():
    posting = a_posting(type="import.reversed", data={"batch": "import-1", "reason": "A slip"}, partnership=None)

    payload = encode(posting)

    assert "subject" not in attributes(payload)
    assert decode(payload, 1, RECORDED_AT, UTC).partnership is None


@pytest.mark.parametrize(
    ("recorded_at", "recorded_on"),
    [
        (datetime(2021, 3, 1, 16, 59, 59, tzinfo=UTC), date(2021, 3, 1)),
        (datetime(2021, 3, 1, 17, 0, 0, tzinfo=UTC), date(2021, 3, 2)),
    ],
)
def test_the_day_of_recording_is_that_of_the_home(recorded_at: datetime, recorded_on: date):
    event = decode(encode(a_posting()), 1, recorded_at, JAKARTA_TIME)

    assert event.recorded_on == recorded_on
    assert event.recorded_at == recorded_at


@settings(max_examples=100, deadline=None)
@given(data=ACTIVITIES, chance=st.randoms(use_true_random=False))
def test_the_body_hash_ignores_the_order_of_keys(data: dict[str, Any], chance):
    members = list(data.items())
    chance.shuffle(members)

    assert body_hash("activity.recorded", dict(members)) == body_hash("activity.recorded", data)


def test_the_body_hash_ignores_who_sent_it_when_and_under_which_id():
    postings = [a_posting(), a_posting(id=an_id(), author="embassy", posted_at=RECORDED_AT)]

    hashes = {attributes(encode(each))["bodyhash"] for each in postings}

    assert len(hashes) == 1


@pytest.mark.parametrize(
    ("event_type", "data"),
    [
        ("activity.recorded", an_activity(occurred="2019-05-23")),
        ("activity.recorded", an_activity(mode="unknown")),
        ("activity.corrected", an_activity()),
    ],
)
def test_the_body_hash_tells_other_bodies_apart(event_type: str, data: dict[str, Any]):
    assert body_hash(event_type, data) != body_hash("activity.recorded", an_activity())


@pytest.mark.parametrize(
    "event_type",
    [
        "activity.recorded.v2",
        "activity.recorded.v10",
        "activity.recorded.v0",
        "activity.recorded",
        "activity.vanished.v1",
        "v1",
        "",
    ],
)
def test_an_unknown_type_or_version_is_not_read(event_type: str):
    payload = json.dumps({**attributes(encode(a_posting())), "type": event_type}).encode()

    with pytest.raises(UnknownVersion, match="Position 12"):
        decode(payload, 12, RECORDED_AT, UTC)


@pytest.mark.parametrize("payload", [b"", b"not json", b"{", b"\xff"])
def test_bytes_that_are_no_json_are_no_event(payload: bytes):
    with pytest.raises(ValueError, match=r".+"):
        decode(payload, 1, RECORDED_AT, UTC)


def test_data_that_do_not_fit_their_type_are_no_event():
    payload = json.dumps({**attributes(encode(a_posting())), "data": {}}).encode()

    with pytest.raises(ValidationError):
        decode(payload, 1, RECORDED_AT, UTC)


def test_every_event_type_is_decoded_by_its_own_class():
    posting = a_posting(type="activity.retracted", data={"activity": str(an_id(1)), "reason": "It never happened"})

    data = decode(encode(posting), 1, RECORDED_AT, UTC).data

    assert type(data) is EVENT_TYPES["activity.retracted"]
    assert data.model_dump()["activity"] == UUID(int=1)


@pytest.mark.parametrize(
    ("moment", "written"),
    [
        (datetime(2021, 3, 1, 9, tzinfo=UTC), "2021-03-01T09:00:00.000000Z"),
        (datetime(2021, 3, 1, 9, 0, 0, 1, tzinfo=timezone(timedelta(hours=7))), "2021-03-01T02:00:00.000001Z"),
    ],
)
def test_a_moment_is_written_in_utc_with_microseconds(moment: datetime, written: str):
    assert rfc3339(moment) == written


# What its author had no right to post is not read.


def an_embassys(**changes: Any) -> Posting:
    return a_posting(**{"role": Role.EMBASSY, "partnerships": frozenset({"hanoi", "tokyo"}), **changes})


def read(posting: Posting) -> Event:
    return decode(encode(posting), 7, RECORDED_AT, UTC)


def test_what_an_author_might_post_is_read():
    stored = attributes(encode(an_embassys()))

    assert (stored["authorrole"], stored["authorpartnerships"]) == ("embassy", "hanoi tokyo")
    assert read(an_embassys()).partnership == "hanoi"
    assert read(a_posting(role=Role.BUREAU_EDITOR)).partnership == "hanoi"


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"partnerships": frozenset({"seoul"})}, id="an embassy for a foreign partnership"),
        pytest.param({"partnerships": None}, id="an embassy that has no partnership"),
        pytest.param(
            {"data": an_activity(partnership="seoul")}, id="its own in the envelope, a foreign one in the data"
        ),
        pytest.param({"partnership": "seoul"}, id="its own in the data, a foreign one in the envelope"),
        pytest.param(
            {"partnership": None, "data": {"day": "2021-03-01"}, "type": "day.closed"}, id="what the ledger writes"
        ),
        *[
            pytest.param({"role": role, "partnerships": None}, id=role.value)
            for role in Role
            if role.value not in MAY_RECORD
        ],
    ],
)
def test_what_an_author_might_not_post_is_not_read(changes: dict[str, Any]):
    with pytest.raises(NotItsAuthors, match="Position 7 was posted without the right to"):
        read(an_embassys(**changes))


def test_what_was_stored_before_roles_were_is_read_as_it_stands():
    stored = attributes(encode(a_posting(author="administrator")))

    assert stored.keys().isdisjoint({"authorrole", "authorpartnerships", "timezone"})
    assert read(a_posting(author="administrator")).author == "administrator"


@given(seconds=st.integers(0, 4 * 10**9))
def test_the_day_of_an_event_is_that_of_the_zone_that_it_says(seconds: int):
    moment = datetime.fromtimestamp(seconds, UTC)
    for zone in ("Asia/Jakarta", "Pacific/Auckland", "America/Los_Angeles"):
        event = decode(encode(a_posting(time_zone=zone)), 1, moment, UTC)

        assert event.recorded_on == moment.astimezone(ZoneInfo(zone)).date()


def test_a_zone_that_there_is_not_makes_no_event():
    with pytest.raises(ValueError, match="Nowhere"):
        decode(encode(a_posting(time_zone="Asia/Nowhere")), 1, RECORDED_AT, UTC)
