"""The pool of connections of one service, each in that service's own schema."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import uuid4

import asyncpg

from shared.postgres.roles import LONGEST_STATEMENT_SECONDS, OWNER, password_name, role_of
from shared.process.secrets import read_secret
from shared.process.settings import Settings

DATABASE_ERRORS = (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError)
"""What a query raises; where the line was lost, begin again once the server can be reached."""
DISK_IS_FULL = asyncpg.DiskFullError
"""What a statement raises for which there is no room; among `DATABASE_ERRORS` too."""
LOCK_ERRORS = (asyncpg.LockNotAvailableError, asyncpg.DeadlockDetectedError)
"""What a statement raises whose lock another session holds."""

QUERY_TOOK_TOO_LONG = asyncpg.QueryCanceledError
"""What a statement raises that the server ended because it took longer than it may."""

REFUSED_BY_THE_DATABASE = (asyncpg.DataError, asyncpg.IntegrityConstraintViolationError)
"""What a statement raises because of its values: it would be refused again, however often it is tried."""

SERVER_IS_AWAY = (
    OSError,
    TimeoutError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    asyncpg.PostgresConnectionError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.CannotConnectNowError,
    asyncpg.TooManyConnectionsError,
)
"""What a question raises whose server is gone, or not there yet; another server may answer it."""

ENDED_BY_THE_STANDBY = (asyncpg.SerializationError, asyncpg.DeadlockDetectedError)
"""What a question raises that a standby ended because what it looked at was to be taken away."""

LONGEST_QUESTION_SECONDS = 20
"""How long a statement may take that somebody waits for."""
CLOSING_SECONDS = 2.0
"""How long a connection may take to end in order."""

Pool = asyncpg.Pool
PooledConnection = asyncpg.pool.PoolConnectionProxy
Connection = asyncpg.Connection | asyncpg.pool.PoolConnectionProxy


async def open_pool(settings: Settings, schema: str, longest_seconds: float = LONGEST_STATEMENT_SECONDS) -> Pool:
    """Open a pool of a service's own role, whose queries see its schema; JSON columns are read and written as values.

    The server ends a statement after `longest_seconds`. Where the installation keeps no secrets, the address says who
    connects.
    """
    return await _open_pool(settings, schema, schema, longest_seconds)


async def open_pool_of_worker(settings: Settings, schema: str) -> Pool:
    """Open a pool of a service's own role whose sessions have a name that no other's have, so that others can end them all."""
    how = _how_to_connect(settings, schema, schema, LONGEST_STATEMENT_SECONDS)
    how["server_settings"]["application_name"] = f"kembar-{schema}-worker-{uuid4().hex}"
    return await _pool_of(settings, how, at_once=1)


async def open_pool_of_owner(settings: Settings, schema: str) -> Pool:
    """Open a pool whose queries see a schema, for what only the owner may do: make tables and put them in place."""
    return await _open_pool(settings, schema, OWNER, longest_seconds=0)


async def open_pool_of_standby(settings: Settings, schema: str, connects_within_seconds: float) -> Pool:
    """Open a pool that leads to the standby of PostgreSQL; it connects at the first question, not before."""
    assert settings.postgres_read_dsn is not None
    there = settings.model_copy(update={"postgres_dsn": settings.postgres_read_dsn})
    how = _how_to_connect(there, schema, schema, LONGEST_QUESTION_SECONDS) | {"timeout": connects_within_seconds}
    return await _pool_of(settings, how, at_once=0)


async def _open_pool(settings: Settings, schema: str, role: str, longest_seconds: float) -> Pool:
    return await _pool_of(settings, _how_to_connect(settings, schema, role, longest_seconds), at_once=1)


async def _pool_of(settings: Settings, how: dict[str, Any], at_once: int) -> Pool:
    pool = await asyncpg.create_pool(**how, min_size=at_once, max_size=settings.postgres_connections, init=_know_json)
    assert pool is not None
    return pool


@asynccontextmanager
async def open_session(
    settings: Settings, schema: str, longest_seconds: float = LONGEST_STATEMENT_SECONDS
) -> AsyncIterator[Connection]:
    """Open one connection of a service's own role, for whoever listens, or holds what is its own by being connected.

    It is of no pool, and is closed, never given back: to end it needs nothing of a server that may be gone.
    """
    connection = await asyncpg.connect(**_how_to_connect(settings, schema, schema, longest_seconds))
    try:
        await _know_json(connection)
        yield connection
    finally:
        try:
            await connection.close(timeout=CLOSING_SECONDS)
        except (*DATABASE_ERRORS, OSError, TimeoutError):
            connection.terminate()


def _how_to_connect(settings: Settings, schema: str, role: str, longest_seconds: float) -> dict[str, Any]:
    password = read_secret(settings.secrets_folder, password_name(role))
    return {
        "dsn": settings.postgres_dsn.get_secret_value(),
        "user": role_of(role) if password else None,
        # Read anew for each connection: a password that was renewed meanwhile is known without a restart.
        "password": (lambda: read_secret(settings.secrets_folder, password_name(role))) if password else None,
        "command_timeout": 60,
        "server_settings": {
            "search_path": schema,
            "application_name": f"kembar-{schema}",
            "timezone": "UTC",
            "statement_timeout": f"{round(longest_seconds * 1000)}ms",
        },
    }


async def _know_json(connection: Any) -> None:  # noqa: ANN401 - asyncpg's own types differ here
    for name in ("json", "jsonb"):
        await connection.set_type_codec(name, encoder=json.dumps, decoder=json.loads, schema="pg_catalog")
