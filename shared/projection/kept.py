"""What a worker keeps in memory between two batches, so that it need not read back what it has just written."""

from collections.abc import Sequence
from typing import Generic, TypeVar

from shared.projection.parking import Read

Value = TypeVar("Value")


class Kept(Generic[Value]):
    """Values by home that follow from all events up to a position, and are good for what begins right after it alone.

    They are handed out once and must be handed back: a batch that fails, or is read a second time because another
    worker came first, finds nothing kept and reads the tables.
    """

    def __init__(self) -> None:
        self._by_home: dict[str, Value] = {}
        self._position = 0

    def forget(self) -> None:
        """Keep nothing: another worker may have changed the tables."""
        self._by_home, self._position = {}, 0

    def take(self, read: Sequence[Read]) -> dict[str, Value]:
        """Hand out what is kept, if it stands just before these events, of which there is at least one; else nothing."""
        kept, self._by_home = self._by_home, {}
        return kept if read[0].event.position == self._position + 1 else {}

    def keep(self, read: Sequence[Read], by_home: dict[str, Value]) -> None:
        """Keep what follows from these events too."""
        self._by_home, self._position = by_home, read[-1].event.position
