"""A standby is read from only as long as it keeps up with its primary."""

from itertools import accumulate

from hypothesis import given
from hypothesis.strategies import floats, integers, lists, tuples

from shared.projection.reading import BEHIND_SECONDS, Pace

STEPS = lists(tuples(floats(0.01, 2.0), integers(0, 3), integers(0, 5)), min_size=1, max_size=40)


@given(STEPS)
def test_a_standby_is_too_slow_once_it_misses_where_the_primary_stood_for_too_long(steps):
    pace, now, primary, standby = Pace(), 0.0, 0, 0
    seen = [(now, primary, standby)]
    pace.is_too_slow(standby, primary, now)
    for seconds, posted, replayed in steps:
        now, primary = now + seconds, primary + posted
        standby = min(primary, standby + replayed)
        seen.append((now, primary, standby))

        said = pace.is_too_slow(standby, primary, now)

        missed = [at for at, stood, _ in seen if stood > standby]
        if said:
            assert missed
            assert now - missed[0] > BEHIND_SECONDS
        elif missed:
            # It is noticed one step later at most than twice that time: what is awaited is looked up once it was reached.
            assert now - missed[0] <= 2 * BEHIND_SECONDS + 2.0


def test_a_standby_that_is_always_a_little_behind_a_busy_primary_keeps_up():
    pace = Pace()
    moments = list(accumulate([0.05] * 400))

    assert not any(pace.is_too_slow(number - 1, number, now) for number, now in enumerate(moments, 1))


def test_a_standby_that_stands_still_is_too_slow_and_no_more_once_it_has_caught_up():
    pace = Pace()
    said = [
        pace.is_too_slow(100, primary, now) for now, primary in ((0, 100), (1, 101), (3, 102), (4.1, 103), (9, 104))
    ]

    assert said == [False, False, False, True, True]
    assert not pace.is_too_slow(104, 104, 9.5)
