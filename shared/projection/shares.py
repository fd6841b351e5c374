"""Divide a projection's partitions among the workers that are there, under leases with fencing.

A worker is there while its session is, and was seen not long ago. Every second each looks how the partitions are divided:
it takes what nobody has if it has the least, and gives up some of its own if it has the most. A share that changes hands
gets a higher fence, and a checkpoint moves only under the fence that its worker knows. The sessions of a worker that was not
seen for long are ended: it may hold locks.
"""

import asyncio
import math
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from itertools import pairwise
from uuid import UUID, uuid4

import structlog

from shared.ledger.follow import Checkpoint
from shared.ledger.subjects import PARTITIONS
from shared.postgres.pool import DATABASE_ERRORS, Connection, Pool
from shared.postgres.queries import load_queries
from shared.process.tasks import end

LOOK_AGAIN_SECONDS = 1.0
SILENCE_SECONDS = 10.0
"""A worker that was not seen for so long is taken for dead, even if its session is still there."""

Held = Callable[[int], None]
"""Is told how many partitions a worker has."""

queries = load_queries(__file__, "shares.sql")
checkpoints = load_queries(__file__)
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Share:
    """The partitions from `first` to `last`, how far they have come, and who works on them, None for nobody."""

    first: int
    last: int
    fence: int
    worker: UUID | None
    checkpoint: Checkpoint

    @property
    def size(self) -> int:
        """How many partitions it has."""
        return self.last - self.first + 1

    @property
    def lease(self) -> tuple[int, int, int]:
        """What must still be so for its worker to write."""
        return self.first, self.last, self.fence


@dataclass(frozen=True, slots=True)
class Take:
    """Work on a share that nobody has."""

    share: Share


@dataclass(frozen=True, slots=True)
class GiveUp:
    """Let another work on a share."""

    share: Share


@dataclass(frozen=True, slots=True)
class Split:
    """Let another work on a share from one partition on."""

    share: Share
    from_partition: int


@dataclass(frozen=True, slots=True)
class Join:
    """Make one of a share and the next."""

    share: Share


Step = Take | GiveUp | Split | Join


def next_step(shares: Sequence[Share], workers: Sequence[UUID], me: UUID) -> Step | None:
    """Return what a worker is to do next so that all have about as much, None where it is another's turn, or nobody's.

    `shares` are all there are, in order; `me` is one of the workers. Whoever asks with the same knowledge gets a step that
    fits the others'.
    """
    load = {worker: sum(share.size for share in shares if share.worker == worker) for worker in workers}
    least = min(workers, key=lambda worker: (load[worker], worker))
    most = max(workers, key=lambda worker: (load[worker], worker))
    free = next((share for share in shares if share.worker is None), None)
    if free is not None:
        return Take(free) if least == me else None
    for lower, upper in pairwise(shares):
        if lower.worker == upper.worker == me and lower.checkpoint == upper.checkpoint:
            return Join(lower)
    if most != me or load[me] - load[least] < 2:
        return None
    fair = math.ceil(PARTITIONS / len(workers))
    spare = max(1, min(load[me] - fair, fair - load[least]))
    largest = max((share for share in shares if share.worker == me), key=lambda share: share.size)
    return GiveUp(largest) if largest.size <= spare else Split(largest, largest.last + 1 - spare)


class Membership:
    """A worker among those of a projection: which shares it holds, and when that has changed."""

    def __init__(self, session: Connection, projection: str, tell: Held) -> None:
        self._session = session
        self._tell = tell
        self._projection = projection
        self._me = uuid4()
        self._one_at_a_time = asyncio.Lock()
        self._held: list[Share] = []
        self.changed = asyncio.Event()

    async def held(self) -> list[Share]:
        """Return the shares that this worker holds just now and where they stand; waits until it holds one.

        `changed` is set when that is no longer so. Raises where the session has ended.
        """
        self.changed.clear()
        await self.balance()
        while not self._held:
            self.changed.clear()
            await self.changed.wait()
            if not self._held:
                await self.balance()
        self.changed.clear()
        return self._held

    async def keep(self) -> None:
        """Be seen, and see to the division, for ever."""
        try:
            while True:
                await asyncio.sleep(LOOK_AGAIN_SECONDS)
                await self.balance()
        finally:
            self.changed.set()

    async def leave(self) -> None:
        """Work no more: the others take over at once."""
        await queries.leave(self._session, projection=self._projection, worker=self._me)

    async def balance(self) -> None:
        """Look how the partitions are divided, and do what is this worker's to do."""
        async with self._one_at_a_time:
            await self._balance()

    async def _balance(self) -> None:
        silence = {"projection": self._projection, "silence_seconds": SILENCE_SECONDS}
        await queries.end_silent_sessions(
            self._session, **silence
        )  # before all else: it may hold the lock that follows
        async with self._session.transaction():
            await queries.shares_balanced_by_one(self._session, projection=self._projection)
            await queries.note_worker(self._session, projection=self._projection, worker=self._me)
            await queries.forget_dead_workers(self._session, **silence)
            workers = [row["worker"] async for row in queries.workers(self._session, projection=self._projection)]
            while (step := next_step(shares := await self._shares(), workers, self._me)) is not None:
                await self._do(step)
        held = [share for share in shares if share.worker == self._me]
        if [share.lease for share in held] != [share.lease for share in self._held]:
            named = [f"{share.first}-{share.last}" for share in held]
            log.info("the shares have changed", projection=self._projection, workers=len(workers), held=named)
            self.changed.set()
        self._held = held
        self._tell(sum(share.size for share in held))

    async def _shares(self) -> list[Share]:
        return [
            Share(
                row["first_partition"],
                row["last_partition"],
                row["fence"],
                row["worker"],
                Checkpoint(row["position"], row["hash"], row["recorded_at"]),
            )
            async for row in queries.shares(self._session, projection=self._projection)
        ]

    async def _do(self, step: Step) -> None:
        named = {"projection": self._projection, "first_partition": step.share.first}
        match step:
            case Take():
                await queries.take_share(self._session, **named, worker=self._me)
            case GiveUp():
                await queries.take_share(self._session, **named, worker=None)
            case Split(share, from_partition):
                await queries.split_share(
                    self._session, **named, from_partition=from_partition, last_partition=share.last
                )
            case Join():
                # Else one that its worker moves on meanwhile would take the other along, past what was not projected.
                await queries.hold_shares_still(self._session, projection=self._projection)
                await queries.join_shares(self._session, **named)


def tell_nobody(partitions: int) -> None:
    """Not everybody asks how many partitions a worker has."""


@asynccontextmanager
async def joined(pool: Pool, projection: str, held: Held = tell_nobody) -> AsyncIterator[Membership]:
    """Join the workers of a projection for as long as the context lasts; `held` is told how many partitions that brings."""
    async with pool.acquire() as session:
        await queries.end_silent_sessions(session, **_silence(projection))  # it may hold the checkpoint
        await checkpoints.begin_checkpoint(session, projection=projection)
        membership = Membership(session, projection, held)
        keeping = asyncio.create_task(membership.keep())
        try:
            yield membership
        finally:
            await end(keeping)
            held(0)
            with suppress(*DATABASE_ERRORS, OSError):  # with the session that has ended it is gone already
                await membership.leave()


def _silence(projection: str) -> dict[str, str | float]:
    return {"projection": projection, "silence_seconds": SILENCE_SECONDS}
