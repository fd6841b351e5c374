"""What a worker keeps in memory between two batches, so that it need not read back what it has just written."""

from typing import Generic, TypeVar

Value = TypeVar("Value")


class Kept(Generic[Value]):
    """Values by home that follow from all events that were projected so far.

    They are handed out once and must be handed back: a batch that fails finds nothing kept and reads the tables. Whoever
    takes a transaction back, or finds that somebody else has written, calls `forget`.
    """

    def __init__(self) -> None:
        self._by_home: dict[str, Value] = {}

    def forget(self) -> None:
        """Keep nothing."""
        self._by_home = {}

    def take(self) -> dict[str, Value]:
        """Hand out what is kept."""
        kept, self._by_home = self._by_home, {}
        return kept

    def keep(self, by_home: dict[str, Value]) -> None:
        """Keep what follows from the events that were projected now."""
        self._by_home = by_home
