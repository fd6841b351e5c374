"""When a message is due, and when it is tried again: compared with a slow reading minute by minute."""

import random
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from services.scoring.delivery.outcome import Outcome, settle
from services.scoring.delivery.timing import GIVEN_UP_AFTER, PAUSES, Quiet, digest_after, next_attempt, outside_of

JAKARTA, BERLIN = ZoneInfo("Asia/Jakarta"), ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 11, 21, 3, 0, tzinfo=UTC)
minutes = st.builds(time, st.integers(0, 23), st.integers(0, 59))
moments = st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31), timezones=st.just(UTC)).map(  # noqa: DTZ001
    lambda each: each.replace(second=0, microsecond=0)
)


def is_quiet(quiet: Quiet, moment: datetime, zone: ZoneInfo) -> bool:
    clock = moment.astimezone(zone).time()
    if quiet.begins <= quiet.ends:
        return quiet.begins <= clock < quiet.ends
    return clock >= quiet.begins or clock < quiet.ends


@given(st.builds(Quiet, minutes, minutes), moments)
def test_what_is_due_in_quiet_hours_waits_for_the_first_minute_after_them(quiet, moment):
    expected = moment
    while is_quiet(quiet, expected, JAKARTA):
        expected += timedelta(minutes=1)

    assert outside_of(quiet, moment, JAKARTA) == expected


@given(st.builds(Quiet, minutes, minutes), moments)
@example(Quiet(time(22), time(2, 30)), datetime(2026, 10, 25, 0, 45, tzinfo=UTC))  # 2:30 comes twice that night
@example(Quiet(time(22), time(2, 30)), datetime(2026, 3, 29, 0, 30, tzinfo=UTC))  # and not at all in that one
def test_where_clocks_change_nothing_waits_longer_than_a_day_or_comes_earlier_than_it_is_due(quiet, moment):
    due = outside_of(quiet, moment, BERLIN)

    assert moment <= due <= moment + timedelta(hours=25)


@given(moments, st.booleans())
def test_a_digest_is_due_at_the_first_seven_o_clock_that_is_still_to_come(moment, weekly):
    expected = moment + timedelta(minutes=1)
    while True:
        local = expected.astimezone(JAKARTA)
        if (local.hour, local.minute) == (7, 0) and (not weekly or local.weekday() == 0):
            break
        expected += timedelta(minutes=1)

    assert digest_after(moment, JAKARTA, weekly=weekly) == expected


@given(st.integers(), st.integers(1, 40), st.one_of(st.none(), st.timedeltas(timedelta(0), timedelta(days=900))))
def test_pauses_grow_and_differ_by_chance_and_a_receiver_can_ask_for_longer_within_bounds(seed, attempts, asked_for):
    pause = PAUSES[min(attempts, len(PAUSES)) - 1]

    due = next_attempt(NOW, NOW, attempts, asked_for, random.Random(seed))

    assert pause * 0.8 <= due - NOW <= max(pause * 1.2, min(asked_for or timedelta(0), timedelta(hours=12)))
    assert asked_for is None or due - NOW >= min(asked_for, timedelta(hours=12))


@given(st.integers())
def test_what_is_never_taken_is_tried_for_three_days_and_then_given_up(seed):
    chance, at, attempts = random.Random(seed), NOW, 0
    while True:
        attempts += 1
        due = next_attempt(NOW, at, attempts, None, chance)
        if due is None:
            break
        assert due > at
        at = due

    assert GIVEN_UP_AFTER <= at - NOW <= GIVEN_UP_AFTER + PAUSES[0]
    assert 12 <= attempts <= 25


@pytest.mark.parametrize(
    ("outcome", "state"),
    [
        (Outcome(taken=True, words=""), "delivered"),
        (Outcome(taken=False, words="", gone=True), "failed"),
        (Outcome(taken=False, words="", is_over=True), "failed"),
        (Outcome(taken=False, words=""), "pending"),
    ],
)
def test_what_becomes_of_a_delivery_follows_from_how_an_attempt_ended(outcome, state):
    assert settle(outcome, 1, NOW, NOW, None, JAKARTA, random.Random(1)).state == state


def test_a_retry_waits_for_the_end_of_quiet_hours():
    quiet = Quiet(time(9), time(17))  # it is ten in Jakarta

    settled = settle(Outcome(taken=False, words=""), 1, NOW, NOW, quiet, JAKARTA, random.Random(1))

    assert settled.due_at == datetime(2026, 11, 21, 10, 0, tzinfo=UTC)
