"""Tables that stand still although the ledger goes on are told after a while; those that move, or have read all, are not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.web.standstill import MOST_REMEMBERED, STANDS_STILL_AFTER_SECONDS, Lag, Standstill

looks = st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5), st.floats(0.1, 3)), min_size=1, max_size=30)


def after(*looked):
    standstill = Standstill()
    for look in looked:
        standstill.look(*look)
    return standstill.trouble


def test_tables_that_stand_still_are_told_with_where_they_stand():
    trouble = after((3, 7, 100.0), (3, 8, 100.0 + STANDS_STILL_AFTER_SECONDS))

    assert "position 3 for 5 s" in trouble
    assert "reaches 8" in trouble


def test_tables_that_have_read_all_may_stand_for_ever():
    assert after((7, 7, 0.0), (7, 7, 1_000.0), (7, 8, 1_001.0)) is None


def test_tables_that_go_on_again_are_well():
    assert after((3, 7, 0.0), (3, 7, 60.0), (4, 7, 61.0)) is None


@given(looks)
def test_trouble_is_told_exactly_where_a_position_short_of_the_end_was_seen_throughout(steps):
    now, seen = 0.0, []
    standstill = Standstill()
    for position, more, seconds in steps:
        now += seconds
        end = position + more
        seen.append((position, end, now))
        standstill.look(position, end, now)

    position = seen[-1][0]
    since = next((index for index, (at, _, _) in reversed(list(enumerate(seen))) if at != position), -1) + 1
    run = seen[since:]
    first = next((index for index, (at, end, _) in reversed(list(enumerate(run))) if at >= end), 0)
    assert (standstill.trouble is not None) == (run[-1][2] - run[first][2] >= STANDS_STILL_AFTER_SECONDS)


def plain_lag(looked, now):
    """Since when is there an event that is not in the tables? Of each event, when it was seen first."""
    position, end, _ = looked[-1]
    first_seen = {event: min(at for _, ends_at, at in looked if ends_at >= event) for event in range(1, end + 1)}
    return max((now - at for event, at in first_seen.items() if event > position), default=0.0)


growing = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4), st.floats(0.1, 3)), min_size=1, max_size=40)


@given(growing)
def test_the_lag_is_the_age_of_the_first_event_that_is_not_in_the_tables(steps):
    lag, looked = Lag(), []
    position = end = now = 0
    for read, appended, seconds in steps:
        end, now = end + appended, now + seconds
        position = min(position + read, end)
        looked.append((position, end, now))
        lag.look(position, end, now)

        assert lag.events == end - position
        assert lag.seconds == pytest.approx(plain_lag(looked, now))


def test_a_lag_of_hours_takes_no_more_memory_and_is_still_as_long_as_it_is():
    lag = Lag()
    for second in range(10_000):
        lag.look(0, second + 1, second)

    assert (lag.events, lag.seconds) == (10_000, 9_999)
    assert len(lag._ends) <= MOST_REMEMBERED
    lag.look(5_000, 10_000, 10_000)
    assert 5_000 <= lag.seconds <= 5_100, "an end between two that were put together counts from the first of them"
    lag.look(10_000, 10_000, 10_001)
    assert (lag.events, lag.seconds) == (0, 0)
