"""The one writer of a process: many callers at once share an atomic batch, few go one by one.

Every plain publish is one sync of the disk, an atomic batch of any size about four. Below eight callers plain publishing
wins; with many, sharing does. One group is under way at a time (two were slower), and the next gathers meanwhile.
"""

import asyncio
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from shared.ledger.ledger import CONNECTION_ERRORS, Entry, Ledger, LedgerFull, NotAppended, OutcomeUnknown, Stored
from shared.process.metrics import SECONDS
from shared.wire.envelope import LARGEST_BATCH

FEW = 8
MOST_WAITING = 4_096
GATHER_SECONDS = 0.003
"""How long a group waits for those who were in the last one; they have just been answered and come back."""
STAY_TOGETHER_SECONDS = 0.05
LARGEST_SHARE = 64
"""A request of more events than this is a batch by itself."""


class TooManyWaiting(Exception):
    """More callers wait than can be served in time; nothing of this one was stored. Come again later."""


REASONS = {
    NotAppended: "taken",
    LedgerFull: "full",
    OutcomeUnknown: "unknown",
    TooManyWaiting: "queue",
}
"""By what an append ends that does not succeed; all else is a connection that broke."""


class AppendMeasurements:
    """How long appends took, by the way that they went; how many shared a batch; why some were not stored."""

    def __init__(self, metrics: CollectorRegistry | None) -> None:
        self.seconds = Histogram(
            "kembar_append_seconds",
            "From the order to append until the ledger acknowledged it and it was read back",
            ["way"],
            buckets=SECONDS,
            registry=metrics,
        )
        self.group_size = Histogram(
            "kembar_append_group_size",
            "Requests that shared an atomic batch",
            buckets=(8, 12, 16, 24, 32, 48, 64, 96, 128, 256, 512, 1_000),
            registry=metrics,
        )
        self.refused = Counter("kembar_appends_refused", "Appends that were not stored", ["reason"], registry=metrics)
        self.waiting = Gauge("kembar_appends_waiting", "Requests that wait for their group", registry=metrics)


@dataclass(slots=True)
class _Waiting:
    entries: Sequence[Entry]
    stored: "asyncio.Future[list[Stored]]" = field(default_factory=lambda: asyncio.get_running_loop().create_future())


class Writer:
    """Appends for all requests of a process."""

    def __init__(self, ledger: Ledger, metrics: CollectorRegistry | None = None) -> None:
        self._ledger = ledger
        self._measured = AppendMeasurements(metrics)
        self._measured.waiting.set_function(lambda: self.waiting)
        self._waiting: deque[_Waiting] = deque()
        self._alone_under_way = 0
        self._last_group = 0
        self._together_until = 0.0
        self._work: asyncio.Task[None] | None = None

    @property
    def waiting(self) -> int:
        """How many requests wait for their group."""
        return len(self._waiting)

    async def append(self, entries: Sequence[Entry]) -> list[Stored]:
        """Append all entries, next to each other, or none; return them as they stand.

        Raises what `Ledger.append` raises, and `TooManyWaiting` where the queue is full. Entries that stand on their
        partition go alone: within a group the server would not see that another member moves it.
        """
        began = time.perf_counter()
        try:
            way, stored = await self._append(entries)
        except (*REASONS, *CONNECTION_ERRORS) as error:
            self._measured.refused.labels(REASONS.get(type(error), "connection")).inc()
            raise
        self._measured.seconds.labels(way).observe(time.perf_counter() - began)
        return stored

    async def _append(self, entries: Sequence[Entry]) -> tuple[str, list[Stored]]:
        """Return the way that the entries went, and how they stand."""
        if len(entries) > LARGEST_SHARE or any(entry.partition_stands_at is not None for entry in entries):
            return "apart", await self._ledger.append(entries)
        if self._may_go_alone():
            self._alone_under_way += 1
            try:
                return "alone", await self._ledger.append(entries)
            finally:
                self._alone_under_way -= 1
        return "group", await self._append_with_others(entries)

    async def _append_with_others(self, entries: Sequence[Entry]) -> list[Stored]:
        if len(self._waiting) >= MOST_WAITING:
            raise TooManyWaiting(f"{len(self._waiting)} requests are waiting")
        waiting = _Waiting(entries)
        self._waiting.append(waiting)
        if self._work is None or self._work.done():
            self._work = asyncio.get_running_loop().create_task(self._append_groups())
        return await waiting.stored

    def _may_go_alone(self) -> bool:
        return not self._waiting and self._alone_under_way < FEW and time.monotonic() > self._together_until

    async def _append_groups(self) -> None:
        while self._waiting:
            await self._gather()
            group = self._next_group()
            await self._append_group(group)
            self._last_group = len(group)
            if len(group) >= FEW:
                self._together_until = time.monotonic() + STAY_TOGETHER_SECONDS

    async def _gather(self) -> None:
        deadline = time.monotonic() + GATHER_SECONDS
        while len(self._waiting) < self._last_group * 0.8 and time.monotonic() < deadline:  # noqa: ASYNC110
            await asyncio.sleep(0.0005)  # it is a count that is waited for, and three milliseconds at most

    def _next_group(self) -> list[_Waiting]:
        """Take those who wait, in order; an id that is in the group already waits for the next one."""
        group: list[_Waiting] = []
        ids: set[tuple[str, UUID]] = set()
        left: deque[_Waiting] = deque()
        while self._waiting:
            waiting = self._waiting.popleft()
            its_ids = {(entry.home, entry.event_id) for entry in waiting.entries}
            if len(ids) + len(its_ids) > LARGEST_BATCH or ids & its_ids:
                left.append(waiting)
            else:
                group.append(waiting)
                ids |= its_ids
        self._waiting = left
        return group

    async def _append_group(self, group: Sequence[_Waiting]) -> None:
        """Append a group as one; where the ledger refuses it, each member by itself, so that only the wrong one fails."""
        if len(group) < FEW:
            await asyncio.gather(*(self._append_alone(waiting) for waiting in group))
            return
        self._measured.group_size.observe(len(group))
        try:
            stored = iter(await self._ledger.append([entry for waiting in group for entry in waiting.entries]))
            for waiting in group:
                _answer(waiting, [next(stored) for _ in waiting.entries])
        except NotAppended:
            await asyncio.gather(*(self._append_alone(waiting) for waiting in group))
        except (LedgerFull, OutcomeUnknown, *CONNECTION_ERRORS) as error:
            for waiting in group:
                _fail(waiting, error)
        finally:
            for waiting in group:
                _fail(waiting, OutcomeUnknown("the writer was stopped"))

    async def _append_alone(self, waiting: _Waiting) -> None:
        try:
            _answer(waiting, await self._ledger.append(waiting.entries))
        except (NotAppended, LedgerFull, OutcomeUnknown, *CONNECTION_ERRORS) as error:
            _fail(waiting, error)
        finally:
            _fail(waiting, OutcomeUnknown("the writer was stopped"))


def _answer(waiting: _Waiting, stored: list[Stored]) -> None:
    if not waiting.stored.done():
        waiting.stored.set_result(stored)


def _fail(waiting: _Waiting, error: Exception) -> None:
    """Tell a caller who was not answered yet; nobody is left waiting for ever."""
    if not waiting.stored.done():
        waiting.stored.set_exception(error)
