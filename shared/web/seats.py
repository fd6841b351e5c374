"""How many may listen to a stream that stays open: so many in one process, and so many of them for one account or address."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from starlette.requests import Request

from shared.domain.access import Principal, Role
from shared.web.audit import address_of
from shared.wire.problems import Fault, Problem

MOST_OF_ONE = 20
"""So many may one account, or one address without an account, open at once."""


class Seats:
    """The places of those who listen."""

    def __init__(self, most: int, most_of_one: int = MOST_OF_ONE) -> None:
        self.is_over = False
        self._by_whom: Counter[str] = Counter()
        self._most, self._most_of_one = most, most_of_one

    @contextmanager
    def taken(self, whom: str) -> Iterator[None]:
        """Keep a place for an account or address. Raises `Fault`: 503 where too many listen, 429 where too many of this one do."""
        if self.is_over or self._by_whom.total() >= self._most:
            raise Fault(TOO_MANY)
        if self._by_whom[whom] >= self._most_of_one:
            raise Fault(TOO_MANY_OF_ONE)
        self._by_whom[whom] += 1
        try:
            yield
        finally:
            self._by_whom[whom] -= 1
            self._by_whom += Counter()  # forgets whoever has none left

    def count(self) -> int:
        """Return how many listen."""
        return self._by_whom.total()

    def close(self) -> None:
        """Let nobody listen any more: the program stops."""
        self.is_over = True


def whose_seat(request: Request, reader: Principal) -> str:
    """Return for whom a place is counted: an account, or the address of whoever has none."""
    return address_of(request) if reader.role is Role.PUBLIC else reader.account


TOO_MANY = Problem(
    status=503,
    kind="too-many-listeners",
    title="As many listen as can be served. Nothing was opened.",
    remedy="Come again after the time in Retry-After, with the same Last-Event-ID; or ask for the list or the page now and then.",
    retry_after_seconds=30,
)
TOO_MANY_OF_ONE = Problem(
    status=429,
    kind="too-many-listeners",
    title="This account or address has as many streams open as it may.",
    remedy="Close one of them; one stream can carry all that one may see.",
    retry_after_seconds=30,
)
