"""Notice tables that are behind or stand still although the ledger goes on.

Whoever projects may do so elsewhere, and tells only its log.
"""

import asyncio
import time
from collections import deque
from dataclasses import dataclass, field

from shared.ledger.ledger import CONNECTION_ERRORS, Ledger, LedgerState
from shared.projection.progress import Progress

LOOK_EVERY_SECONDS = 1.0
STANDS_STILL_AFTER_SECONDS = 5.0
MOST_REMEMBERED = 1_024


@dataclass(slots=True)
class Standstill:
    """Since when tables stand where they stand; `trouble` says so in words once that is too long, None before."""

    trouble: str | None = None
    _position: int = -1
    _since_seconds: float = 0.0

    def look(self, position: int, ledger_ends_at: int, now_seconds: float) -> None:
        """Note where tables and ledger stand now, by any clock that only goes forward."""
        if position != self._position or position >= ledger_ends_at:
            self._position, self._since_seconds = position, now_seconds
        stands_seconds = now_seconds - self._since_seconds
        self.trouble = (
            f"The tables have stood at position {position} for {stands_seconds:.0f} s, although the ledger reaches "
            f"{ledger_ends_at}. The log of the process that projects says why; often the disk of PostgreSQL is full, or "
            "nothing projects."
            if stands_seconds >= STANDS_STILL_AFTER_SECONDS
            else None
        )


@dataclass(slots=True)
class Lag:
    """How far something is behind the ledger: `events`, and `seconds` since the first of them was seen there.

    What stood in the ledger before the first look counts from that look on.
    """

    events: int = 0
    seconds: float = 0.0
    _ends: deque[tuple[int, float]] = field(default_factory=deque)
    _apart_seconds: float = 0.0

    def look(self, position: int, ledger_ends_at: int, now_seconds: float) -> None:
        """Note how far it has come and where the ledger ends, by any clock that only goes forward."""
        while self._ends and self._ends[0][0] <= position:
            self._ends.popleft()
        self._remember(max(position, ledger_ends_at), now_seconds, position)
        self.events = max(0, ledger_ends_at - position)
        self.seconds = now_seconds - self._ends[0][1] if self._ends else 0.0

    def _remember(self, end: int, now_seconds: float, position: int) -> None:
        """Remember when an end of the ledger was seen first; of a long lag, ends so close together count as one."""
        last, at = self._ends[-1] if self._ends else (position, float("-inf"))
        if end <= last:
            return
        if now_seconds - at < self._apart_seconds:
            self._ends[-1] = (end, at)
            return
        self._ends.append((end, now_seconds))
        if len(self._ends) > MOST_REMEMBERED:
            ends = list(self._ends)
            self._ends = deque((later[0], first[1]) for first, later in zip(ends[:-1:2], ends[1::2], strict=False))
            self._ends.append((end, now_seconds))
            self._apart_seconds = (now_seconds - ends[0][1]) / len(self._ends)


@dataclass(slots=True)
class Seen:
    """What was seen of the ledger last, and how far what follows it is behind."""

    ledger: LedgerState = field(default_factory=LedgerState)
    lag: Lag = field(default_factory=Lag)
    standstill: Standstill = field(default_factory=Standstill)

    def look(self, position: int, ledger: LedgerState, now_seconds: float) -> None:
        """Note where both stand now, by any clock that only goes forward."""
        self.ledger = ledger
        self.lag.look(position, ledger.end, now_seconds)
        self.standstill.look(position, ledger.end, now_seconds)


async def keep_looking_at_the_ledger(ledger: Ledger, progress: Progress, seen: Seen) -> None:
    """Keep `seen` up to date, for ever; while the ledger cannot be asked it stays as it is."""
    while True:
        try:
            state = await ledger.state()
        except CONNECTION_ERRORS:
            pass
        else:
            seen.look(progress.checkpoint.position, state, time.monotonic())
        await asyncio.sleep(LOOK_EVERY_SECONDS)
