"""The homes in a service's tables: when each day begins there, what it says of itself, whether the public may read."""

from collections.abc import Iterable
from typing import Any

from shared.domain.events import Event, HomeFacts
from shared.domain.homes import HOME_TYPES, Home, home_after
from shared.postgres.pool import Connection, Pool
from shared.postgres.queries import load_queries

queries = load_queries(__file__, "homes.sql")


async def keep_homes(connection: Connection, events: Iterable[Event]) -> None:
    """Bring the homes up to these events; most concern none."""
    for event in events:
        if event.type in HOME_TYPES:
            home = home_after(await read_home(connection, event.home), event)
            if home is not None:
                facts = home.facts.model_dump_json(exclude_unset=True)
                await queries.write_home(connection, home=home.slug, time_zone=home.time_zone, facts=facts)


async def read_home(connection: Connection | Pool, home: str) -> Home | None:
    """Return a home, None where none was opened under this name."""
    found = [_home(row) async for row in queries.homes_in(connection, homes=[home])]
    return found[0] if found else None


async def read_homes(connection: Connection | Pool) -> list[Home]:
    """Return all homes by their names."""
    return [_home(row) async for row in queries.all_homes(connection)]


def _home(row: Any) -> Home:  # noqa: ANN401
    return Home(row["home"], row["time_zone"], HomeFacts.model_validate(row["facts"]))
