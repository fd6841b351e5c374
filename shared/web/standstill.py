"""Notice tables that stand still although the ledger goes on: whoever projects may do so elsewhere, and tells only its log."""

import asyncio
import time
from dataclasses import dataclass

from shared.ledger.ledger import CONNECTION_ERRORS, Ledger
from shared.projection.progress import Progress

LOOK_EVERY_SECONDS = 1.0
STANDS_STILL_AFTER_SECONDS = 5.0


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


async def keep_looking_for_a_standstill(ledger: Ledger, progress: Progress, standstill: Standstill) -> None:
    """Keep `standstill` up to date, for ever; while the ledger cannot be asked it stays as it is."""
    while True:
        try:
            end = await ledger.end()
        except CONNECTION_ERRORS:
            pass
        else:
            standstill.look(progress.checkpoint.position, end, time.monotonic())
        await asyncio.sleep(LOOK_EVERY_SECONDS)
