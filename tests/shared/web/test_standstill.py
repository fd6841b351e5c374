"""Tables that stand still although the ledger goes on are told after a while; those that move, or have read all, are not."""

from hypothesis import given
from hypothesis import strategies as st

from shared.web.standstill import STANDS_STILL_AFTER_SECONDS, Standstill

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
