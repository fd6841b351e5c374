"""The pool of connections of one service, each in that service's own schema."""

import json
from typing import Any

import asyncpg

DATABASE_ERRORS = (asyncpg.PostgresError, asyncpg.InterfaceError)
"""What a query raises; where the line was lost, begin again once the server can be reached."""

Pool = asyncpg.Pool
Connection = asyncpg.Connection | asyncpg.pool.PoolConnectionProxy


async def open_pool(dsn: str, schema: str, connections: int) -> Pool:
    """Open a pool whose queries see the service's schema; JSON columns are read and written as values."""
    pool = await asyncpg.create_pool(
        dsn,
        min_size=1,
        max_size=connections,
        command_timeout=60,
        init=_know_json,
        reset=_leave_as_it_is,
        server_settings={"search_path": schema, "application_name": f"kembar-{schema}", "timezone": "UTC"},
    )
    assert pool is not None
    return pool


async def _leave_as_it_is(connection: Any) -> None:  # noqa: ANN401
    """Save a round trip at each return to the pool: what changes a session here (a turn, a listener) undoes it itself."""


async def _know_json(connection: Any) -> None:  # noqa: ANN401 - asyncpg's own types differ here
    for name in ("json", "jsonb"):
        await connection.set_type_codec(name, encoder=json.dumps, decoder=json.loads, schema="pg_catalog")
