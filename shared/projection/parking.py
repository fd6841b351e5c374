"""Park what cannot be projected, with everything later of the same partnership, so that all others go on.

An event is parked where it cannot be read or where its projector fails on it. What concerns the whole home then waits
for that partnership too, so that it is brought up in the order of the ledger once it is let go. Whenever a worker begins,
it tries what is parked again: after the program or the tables were mended, a restart lets it go.
"""

from collections.abc import Sequence, Set
from dataclasses import dataclass
from datetime import tzinfo
from typing import NamedTuple, Protocol

import structlog

from shared.domain.events import Event
from shared.ledger.ledger import Ledger, Stored
from shared.ledger.subjects import partition_in, partition_number, subject_of
from shared.postgres.pool import REFUSED_BY_THE_DATABASE, Connection, Pool
from shared.postgres.queries import load_queries
from shared.projection.scope import ALL_PARTITIONS, Key, Scope
from shared.wire.envelope import attributes, decode

BAD_EVENT = (ValueError, TypeError, KeyError, AttributeError, AssertionError, *REFUSED_BY_THE_DATABASE)
"""What a projector raises because of the event, not because a server is away."""
WHOLE_HOME = ""

queries = load_queries(__file__)
log = structlog.get_logger()


class Read(NamedTuple):
    """An event, and the entry of the ledger that it was read from."""

    event: Event
    entry: Stored


class Unreadable(NamedTuple):
    """An entry of the ledger that holds no event, and what is wrong with it."""

    entry: Stored
    error: ValueError


class Projector(Protocol):
    """What a service adds: its name, and how what was read changes its tables inside the loop's transaction."""

    name: str

    def forget(self) -> None:
        """Keep nothing in memory: the tables may have been changed, or a transaction was taken back."""

    async def project(self, connection: Connection, read: Sequence[Read], scope: Scope) -> None:
        """Write what follows from the events, of which there is at least one; the transaction is the caller's.

        An event of a partnership is there only if the scope holds that. An event of the whole home is to change nothing
        but what the scope holds, and rows that every worker writes alike.
        """


@dataclass(frozen=True, slots=True)
class Parked:
    """An event that waits: the error of the one that holds its partnership up, None for those behind it."""

    position: int
    home: str
    partnership: str
    error: str | None


def read_entries(entries: Sequence[Stored], zone: tzinfo, partitions: Set[int]) -> list[Read | Unreadable]:
    """Return what these entries say to whoever works on some partitions: their own, and what concerns a whole home."""
    read: list[Read | Unreadable] = []
    for entry in entries:
        if partitions is not ALL_PARTITIONS and partition_in(entry.subject) not in (None, *partitions):
            continue
        try:
            read.append(_read(entry, zone))
        except ValueError as error:
            read.append(Unreadable(entry, error))
    return read


def _read(entry: Stored, zone: tzinfo) -> Read:
    """Return the event; `ValueError` where it says another home, id or partnership than it stands under."""
    event = decode(entry.payload, entry.position, entry.recorded_at, zone)
    if entry.subject != subject_of(event.home, event.id, event.partnership):
        raise ValueError(f"Position {entry.position} stands under {entry.subject}, and says otherwise itself.")
    return Read(event, entry)


async def project_or_park(
    connection: Connection, projector: Projector, read: Sequence[Read | Unreadable], partitions: Set[int]
) -> None:
    """Project what was read for these partitions, parking what cannot be and what waits behind that."""
    found = queries.held_up(connection, partitions=sorted(partitions))
    parking = _Parking(connection, projector, partitions, {(row["home"], row["partnership"]) async for row in found})
    run: list[Read] = []
    for each in read:
        if isinstance(each, Read):
            run.append(each)
            continue
        await parking.project(run)
        await parking.park(each.entry, _partnership_in(each.entry.payload), each.error)
        run = []
    await parking.project(run)


class _Parking:
    """Projects runs of events, and keeps in mind which partnerships are held up."""

    def __init__(self, connection: Connection, projector: Projector, partitions: Set[int], held_up: set[Key]) -> None:
        self._connection = connection
        self._projector = projector
        self._partitions = partitions
        self._held_up = held_up

    async def project(self, run: Sequence[Read]) -> None:
        """Project events all at once, or one by one where that fails."""
        failure = await self._failure([each for each in run if _key(each) not in self._held_up])
        if failure is not None and len(run) > 1:
            for each in run:
                await self.project([each])
            return
        if self._held_up:
            for each in run:
                await self._let_wait(each)
        if failure is not None:
            await self.park(run[0].entry, run[0].event.partnership or WHOLE_HOME, failure)

    async def park(self, entry: Stored, partnership: str, error: Exception) -> None:
        """Keep that an event cannot be projected. What concerns a whole home waits in each partition and holds nobody up."""
        if partnership != WHOLE_HOME:
            self._held_up.add((entry.home, partnership))
        partition = partition_in(entry.subject)
        waits_in = sorted(self._partitions) if partition is None else [partition]
        await self._keep(entry, [(number, partnership) for number in waits_in], _in_words(error))

    async def _failure(self, run: Sequence[Read]) -> Exception | None:
        if not run:
            return None
        try:
            async with self._connection.transaction():
                await self._projector.project(
                    self._connection, run, Scope(self._partitions, waiting=frozenset(self._held_up))
                )
        except BAD_EVENT as error:
            self._projector.forget()
            return error
        return None

    async def _let_wait(self, read: Read) -> None:
        """Park the event for whoever waits: its partnership, or of a whole home's event each that is held up."""
        home, partnership = _key(read)
        waiting = {slug for of, slug in self._held_up if of == home and partnership in (None, slug)}
        await self._keep(read.entry, [(partition_number(home, slug), slug) for slug in sorted(waiting)], None)

    async def _keep(self, entry: Stored, waiting: Sequence[tuple[int, str]], error: str | None) -> None:
        if not waiting:
            return
        named = {"position": entry.position, "home": entry.home, "error": error}
        await queries.park(self._connection, [{**named, "partition": at, "partnership": slug} for at, slug in waiting])
        log.error("an event is parked", projection=self._projector.name, position=entry.position, error=error)


async def try_parked_again(
    connection: Connection,
    ledger: Ledger,
    projector: Projector,
    zone: tzinfo,
    partitions: Set[int],
    stands_at: int,
) -> int:
    """Project what is parked in these partitions, each partnership in order until it fails again; return how many were.

    `stands_at` is the position that all else stands at. The transaction is the caller's.
    """
    let_go = 0
    rows = [row async for row in queries.parked_in(connection, partitions=sorted(partitions))]
    waiting = frozenset((row["home"], row["partnership"]) for row in rows if row["partnership"] != WHOLE_HOME)
    stuck: set[Key] = set()
    for row in rows:
        key, position = (row["home"], row["partnership"]), row["position"]
        if key in stuck:
            continue
        if key in waiting:
            scope = Scope(partitions, only=key, stands_at=position - 1)
        else:
            scope = Scope(frozenset(row["partitions"]), waiting=waiting, stands_at=stands_at)
        named = {"position": position, "partnership": row["partnership"], "partitions": row["partitions"]}
        entry = await ledger.at(position)
        assert entry is not None
        projector.forget()
        try:
            async with connection.transaction():
                await projector.project(connection, [_read(entry, zone)], scope)
                await queries.let_go(connection, **named)
            let_go += 1
        except BAD_EVENT as error:
            await queries.note_error(connection, **named, error=_in_words(error))
            if key in waiting:
                stuck.add(key)
    projector.forget()
    return let_go


async def read_parked(connection: Connection | Pool) -> list[Parked]:
    """Return what is parked, in order."""
    return [
        Parked(row["position"], row["home"], row["partnership"], row["error"])
        async for row in queries.parked(connection)
    ]


async def count_parked(connection: Connection | Pool) -> int:
    """Return how many events are parked: those that could not be projected, and those behind them."""
    count: int = await queries.count_parked(connection)
    return count


def _key(read: Read) -> tuple[str, str | None]:
    return read.entry.home, read.event.partnership


def _in_words(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"[:500]


def _partnership_in(payload: bytes) -> str:
    try:
        return str(attributes(payload).get("subject") or WHOLE_HOME)
    except (ValueError, AttributeError):
        return WHOLE_HOME
