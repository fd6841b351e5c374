"""A rate is a rate: nobody gets more than it over any time, beyond one burst, and whoever waits as told gets through."""

from hypothesis import given
from hypothesis import strategies as st

from shared.web.limits import BURST_SECONDS, MOST_BUCKETS, Limits

RATES = st.floats(0.2, 1_000)
PAUSES = st.lists(st.floats(0, 3), min_size=1, max_size=60)


@given(rate=RATES, pauses=PAUSES)
def test_nobody_gets_more_than_the_rate_and_one_burst(rate: float, pauses: list[float]):
    limits, now_seconds, taken = Limits(rate), 100.0, 0
    for pause in pauses:
        now_seconds += pause
        taken += limits.take("somebody", now_seconds) == 0

    assert taken <= max(1.0, rate * BURST_SECONDS) + rate * (now_seconds - 100.0) + 1e-6


@given(rate=RATES, pauses=PAUSES)
def test_whoever_waits_as_told_gets_through(rate: float, pauses: list[float]):
    limits, now_seconds = Limits(rate), 0.0
    for pause in pauses:
        now_seconds += pause
        wait_seconds = limits.take("somebody", now_seconds)
        if wait_seconds:
            now_seconds += wait_seconds
            assert limits.take("somebody", now_seconds) == 0


def test_each_has_a_bucket_of_its_own():
    limits = Limits(0.5)

    assert [limits.take(key, 0.0) for key in ("a", "a", "b")] == [0, 2, 0]


def test_a_flood_of_addresses_does_not_fill_the_memory():
    limits = Limits(1.0)
    for number in range(MOST_BUCKETS + 100):
        limits.take(str(number), 0.0)

    assert len(limits._buckets) == MOST_BUCKETS
