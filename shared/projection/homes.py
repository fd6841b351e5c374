"""The homes in a service's tables: when each day begins there, what it says of itself, whether the public may read."""

from collections.abc import Iterable
from typing import Any

from shared.domain.events import Event, HomeFacts
from shared.domain.homes import HOME_TYPES, Home, home_after
from shared.postgres.pool import Connection, Pool
from shared.postgres.queries import load_queries

queries = load_queries(__file__, "homes.sql")


async def keep_homes(connection: Connection, events: Iterable[Event]) -> None:
    """Bring the homes up to these events; most concern none. A worker that is behind writes what the others wrote."""
    for event in events:
        if event.type in HOME_TYPES:
            before = await queries.home_before(connection, home=event.home, position=event.position)
            home = home_after(_home(before) if before is not None else None, event)
            if home is not None:
                await queries.write_home(
                    connection,
                    home=home.slug,
                    position=event.position,
                    time_zone=home.time_zone,
                    facts=home.facts.model_dump_json(exclude_unset=True),
                )


async def read_home(connection: Connection | Pool, home: str) -> Home | None:
    """Return a home as it stands, None where none was opened under this name."""
    row = await queries.home_now(connection, home=home)
    return _home(row) if row is not None else None


async def read_home_as_known(connection: Connection | Pool, home: str, position: int) -> Home | None:
    """Return a home as it stood at a position, None where it was not opened by then."""
    row = await queries.home_before(connection, home=home, position=position + 1)
    return _home(row) if row is not None else None


async def read_homes(connection: Connection | Pool) -> list[Home]:
    """Return all homes by their names."""
    return [_home(row) async for row in queries.homes_now(connection)]


def _home(row: Any) -> Home:  # noqa: ANN401
    return Home(row["home"], row["time_zone"], HomeFacts.model_validate(row["facts"]))
