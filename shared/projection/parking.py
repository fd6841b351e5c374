"""Park what cannot be projected, with everything later of the same partnership, so that all others go on.

An event is parked where it cannot be read or where its projector fails on it. Whenever a worker begins, it tries what is
parked again, in order: after the program or the tables were mended, a restart lets it go.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from typing import Any, NamedTuple, Protocol

import structlog

from shared.domain.events import Event
from shared.ledger.ledger import Ledger, Stored
from shared.postgres.pool import REFUSED_BY_THE_DATABASE, Connection, Pool
from shared.postgres.queries import load_queries
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


class Projector(Protocol):
    """What a service adds: its name, and how what was read changes its tables inside the loop's transaction."""

    name: str

    def forget(self) -> None:
        """Keep nothing in memory: the worker begins anew, and another may have changed the tables meanwhile."""

    async def project(self, connection: Connection, read: Sequence[Read]) -> None:
        """Write what follows from the events, of which there is at least one; the transaction is the caller's."""


@dataclass(frozen=True, slots=True)
class Parked:
    """An event that waits: the error of the one that holds its partnership up, None for those behind it."""

    position: int
    home: str
    partnership: str
    error: str | None


async def project_or_park(
    connection: Connection, projector: Projector, entries: Sequence[Stored], zone: tzinfo
) -> list[Parked]:
    """Project the entries, parking those that cannot be and those that wait behind one; return what was parked."""
    held_up = {(row["home"], row["partnership"]) async for row in queries.held_up(connection)}
    readable, parked = _sort(entries, held_up, zone)
    try:
        if readable:
            async with connection.transaction():
                await projector.project(connection, readable)
    except BAD_EVENT:
        parked += await _project_one_by_one(connection, projector, readable, held_up)
    for each in parked:
        await queries.park(
            connection, position=each.position, home=each.home, partnership=each.partnership, error=each.error
        )
        log.error("an event is parked", projection=projector.name, position=each.position, error=each.error)
    return parked


async def try_parked_again(
    pool: Pool, ledger: Ledger, projector: Projector, zone: tzinfo, lock: Callable[..., Any]
) -> int:
    """Project what is parked, each partnership in order until it fails again; return how many were let go.

    `lock` is called inside the transaction and keeps the projection from moving on meanwhile.
    """
    let_go = 0
    async with pool.acquire() as connection, connection.transaction():
        await lock(connection)
        held_up: set[tuple[str, str]] = set()
        for each in await read_parked(connection):
            key = (each.home, each.partnership)
            if key in held_up:
                continue
            entry = await ledger.at(each.position)
            assert entry is not None
            try:
                async with connection.transaction():
                    event = decode(entry.payload, entry.position, entry.recorded_at, zone)
                    await projector.project(connection, [Read(event, entry)])
                    await queries.let_go(connection, position=each.position)
                let_go += 1
            except BAD_EVENT as error:
                await queries.note_error(connection, position=each.position, error=_in_words(error))
                if each.partnership != WHOLE_HOME:
                    held_up.add(key)
    return let_go


async def read_parked(connection: Connection | Pool) -> list[Parked]:
    """Return what is parked, in order."""
    return [
        Parked(row["position"], row["home"], row["partnership"], row["error"])
        async for row in queries.parked(connection)
    ]


def _sort(entries: Sequence[Stored], held_up: set[tuple[str, str]], zone: tzinfo) -> tuple[list[Read], list[Parked]]:
    """Part what can be projected from what cannot be read or waits; `held_up` grows by what is found."""
    readable: list[Read] = []
    parked: list[Parked] = []
    for entry in entries:
        try:
            event = decode(entry.payload, entry.position, entry.recorded_at, zone)
        except ValueError as error:
            parked.append(_park(entry, _partnership_in(entry.payload), held_up, error))
            continue
        partnership = event.partnership or WHOLE_HOME
        if (entry.home, partnership) in held_up:
            parked.append(_park(entry, partnership, held_up, None))
        else:
            readable.append(Read(event, entry))
    return readable, parked


async def _project_one_by_one(
    connection: Connection, projector: Projector, readable: Sequence[Read], held_up: set[tuple[str, str]]
) -> list[Parked]:
    parked: list[Parked] = []
    for read in readable:
        partnership = read.event.partnership or WHOLE_HOME
        if (read.entry.home, partnership) in held_up:
            parked.append(_park(read.entry, partnership, held_up, None))
            continue
        try:
            async with connection.transaction():
                await projector.project(connection, [read])
        except BAD_EVENT as error:
            parked.append(_park(read.entry, partnership, held_up, error))
    return parked


def _park(entry: Stored, partnership: str, held_up: set[tuple[str, str]], error: Exception | None) -> Parked:
    if partnership != WHOLE_HOME:  # what concerns the whole home holds nobody up
        held_up.add((entry.home, partnership))
    return Parked(entry.position, entry.home, partnership, _in_words(error) if error else None)


def _in_words(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"[:500]


def _partnership_in(payload: bytes) -> str:
    try:
        return str(attributes(payload).get("subject") or WHOLE_HOME)
    except (ValueError, AttributeError):
        return WHOLE_HOME
