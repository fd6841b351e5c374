"""The calendar holds every day that lies ahead, under ids that stay; an independent reader reads it."""

from datetime import UTC, date, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ical.calendar_stream import IcsCalendarStream

from services.scoring.feeds.calendar import Ahead, Expiry, Planned, calendar_of, falls_ahead
from shared.domain.amend import Partnership
from shared.domain.codes import Direction, Indicator, RatingCode
from shared.domain.events import PartnershipFacts
from shared.domain.foresight import foresee
from shared.domain.rating import History, rate
from shared.domain.rubric import JAKARTA_2020
from shared.wire.rating_document import rating_document
from shared.words.words import Words
from tests.support.build import a_fact, a_history, a_judgement, a_rubric, an_id

ON = date(2021, 3, 1)
NAME = {"id": "Kota Hanoi", "en": "Hanoi City"}
WEIGHTED = a_rubric(
    cells={"contact": {"outbound": {"weight": 2}, "inbound": {"window_months": 12}}},
    thresholds={"aktif": 4, "kurang_aktif": 2},
)


def document_of(history: History, rubric=JAKARTA_2020):
    facts = PartnershipFacts.model_validate({"name": NAME, "level": "city", "country": "VN"})
    return rating_document(rate(history, rubric, ON), Partnership("hanoi", facts, None))


def ahead_of(*facts, judgements=(), **changes) -> Ahead:
    values = {
        "on": ON,
        "position": 7,
        "recorded_at": datetime(2021, 3, 1, 9, 30, tzinfo=UTC),
        "rating": document_of(a_history(*facts, judgements=judgements)),
        "rubric": JAKARTA_2020,
    }
    return Ahead(**values | changes)


def written(*ahead: Ahead, language="en") -> bytes:
    return calendar_of("jakarta", "Days ahead", ahead, "https://kembar.example", Words(language))


def read(content: bytes):
    """Read a calendar with a library that did not write it."""
    return {each.uid: each for each in IcsCalendarStream.calendar_from_ics(content.decode()).events}


facts = st.lists(
    st.builds(
        lambda indicator, direction, on: a_fact(indicator=indicator, direction=direction, on=on),
        st.sampled_from(list(Indicator)),
        st.sampled_from(list(Direction)),
        st.dates(date(2016, 1, 1), ON),
    ),
    max_size=12,
)


@settings(max_examples=60)
@given(facts, st.sampled_from((JAKARTA_2020, WEIGHTED)))
def test_the_falls_are_those_that_foresight_finds_step_by_step(held, rubric):
    history = a_history(*held)

    found = falls_ahead(document_of(history, rubric), rubric)

    assert found == [(each.on, each.rating) for each in foresee(history, rubric, ON).falls]


def test_falls_and_dormancy_stand_on_their_days():
    events = read(written(ahead_of(a_fact(on=date(2020, 6, 5)))))

    fall = events[f"becomes-{RatingCode.TIDAK_AKTIF.value}.hanoi@jakarta.kembar"]
    silent = events["dormant.hanoi@jakarta.kembar"]
    assert (fall.start, fall.end) == (date(2024, 6, 5), date(2024, 6, 6))
    assert fall.summary == "Hanoi City: the rating becomes inactive"
    assert silent.start == date(2022, 6, 5)
    assert str(fall.url) == "https://kembar.example/partnerships/hanoi"


def test_what_expires_and_what_is_planned_stands_there_until_it_is_past():
    ahead = ahead_of(
        judgements=[a_judgement(valid_until=date(2021, 12, 31))],
        expiries=[
            Expiry(an_id(1), {"en": "Letter of intent"}, date(2025, 1, 31)),
            Expiry(an_id(2), None, date(2027, 5, 1)),
            Expiry(an_id(3), {"en": "Old"}, date(2021, 2, 28)),
        ],
        plans=[
            Planned(an_id(4), {"id": "Festival"}, "2021-05-22/2021-05-24", "Hanoi"),
            Planned(an_id(5), {"id": "Kunjungan"}, "2021-08", None),
            Planned(an_id(6), {"id": "Lewat"}, "2020", None),
        ],
    )

    events = read(written(ahead))

    days = {uid.partition("@")[0]: (each.start, each.end) for uid, each in events.items()}
    assert days == {
        "official.hanoi": (date(2021, 12, 31), date(2022, 1, 1)),
        f"expires.{an_id(1)}": (date(2025, 1, 31), date(2025, 2, 1)),
        f"expires.{an_id(2)}": (date(2027, 5, 1), date(2027, 5, 2)),
        f"planned.{an_id(4)}": (date(2021, 5, 22), date(2021, 5, 25)),
        f"planned.{an_id(5)}": (date(2021, 8, 31), date(2021, 9, 1)),
    }
    assert "Planned for August 2021." in events[f"planned.{an_id(5)}@jakarta.kembar"].description
    assert "Place: Hanoi." in events[f"planned.{an_id(4)}@jakarta.kembar"].description


def test_an_entry_whose_day_moves_keeps_its_id_and_counts_on():
    before = read(written(ahead_of(a_fact(on=date(2020, 6, 5)))))
    after = read(written(ahead_of(a_fact(on=date(2020, 9, 5)), position=8)))

    assert before.keys() == after.keys()
    for uid, each in after.items():
        assert each.start > before[uid].start
        assert (before[uid].sequence, each.sequence) == (7, 8)
        assert each.dtstamp == each.last_modified == datetime(2021, 3, 1, 9, 30, tzinfo=UTC)


def test_both_languages_are_complete():
    ahead = ahead_of(a_fact(on=date(2020, 6, 5)), plans=[Planned(an_id(5), {"en": "Visit"}, "2021-08", None)])

    summaries = sorted(each.summary for each in read(written(ahead, language="id")).values())

    assert summaries == [
        "Kota Hanoi: direncanakan: Visit",
        "Kota Hanoi: menjadi tidak aktif",
        "Kota Hanoi: menjadi vakum",
    ]


@pytest.mark.parametrize("said", ["a" * 300, "Nhật Bản " * 40, "x\\;,:\nBEGIN:VEVENT\r\nEND:VCALENDAR", "“”" * 60])
def test_lines_are_folded_and_nothing_that_people_wrote_is_read_as_a_line(said):
    content = written(ahead_of(plans=[Planned(an_id(5), {"en": said}, "2021-08-01", said)]))

    assert max(len(line) for line in content.split(b"\r\n")) <= 75
    (event,) = read(content).values()
    assert event.summary.replace("\r\n", "\n") == f"Hanoi City: planned: {said}".replace("\r\n", "\n")
