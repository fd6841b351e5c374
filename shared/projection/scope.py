"""What of the ledger a projection is brought up to date for: some partitions, without the partnerships that wait."""

from collections.abc import Set
from dataclasses import dataclass

from shared.ledger.subjects import PARTITIONS, partition_number

ALL_PARTITIONS: Set[int] = frozenset(range(PARTITIONS))
Key = tuple[str, str]
"""A home and the slug of one of its partnerships."""


@dataclass(frozen=True, slots=True)
class Scope:
    """Some partitions; `waiting` are the partnerships in them that a bad event holds up, `only` names a single one.

    What concerns a whole home changes, for a scope, nothing but the partnerships that it holds. What several workers
    write of such an event, each for its own scope, must be the same rows.

    `stands_at` is the position that the tables stand at for this scope; None means right before the first event.
    """

    partitions: Set[int] = ALL_PARTITIONS
    waiting: Set[Key] = frozenset()
    only: Key | None = None
    stands_at: int | None = None

    def holds(self, home: str, partnership: str) -> bool:
        """Say whether the partnership is to be brought up to date."""
        if self.only is not None:
            return (home, partnership) == self.only
        if (home, partnership) in self.waiting:
            return False
        return self.partitions is ALL_PARTITIONS or partition_number(home, partnership) in self.partitions


EVERYTHING = Scope()
