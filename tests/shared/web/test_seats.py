"""No more may listen to a stream than can be served, and no account may take the places of all others."""

import pytest

from shared.web.seats import Seats
from shared.wire.problems import Fault


def refused(seats: Seats, whom: str) -> tuple[int, int | None]:
    with pytest.raises(Fault) as refusal, seats.taken(whom):
        pass
    return refusal.value.problem.status, refusal.value.problem.retry_after_seconds


def test_one_account_can_take_only_so_many_seats():
    seats = Seats(most=5, most_of_one=2)

    with seats.taken("a"), seats.taken("a"), seats.taken("b"):
        assert refused(seats, "a") == (429, 30)
        assert seats.count() == 3
    with seats.taken("a"):
        assert seats.count() == 1


def test_all_together_can_take_only_so_many_seats():
    seats = Seats(most=2, most_of_one=2)

    with seats.taken("a"), seats.taken("b"):
        assert refused(seats, "c") == (503, 30)
    with seats.taken("c"):
        pass


def test_a_seat_is_free_again_however_it_was_left():
    seats = Seats(most=1)

    with pytest.raises(ConnectionError), seats.taken("a"):
        raise ConnectionError
    with seats.taken("b"):
        assert seats.count() == 1


def test_nobody_is_seated_when_it_is_over():
    seats = Seats(most=5)
    seats.close()

    assert refused(seats, "a") == (503, 30)
