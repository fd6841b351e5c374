"""Bring a service's schema up to date: numbered SQL files, each applied once, all in one transaction."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import asyncpg

from shared.postgres.pool import Connection
from shared.postgres.roles import OWNER, grant, password_name, role_of
from shared.process.secrets import read_secret
from shared.process.settings import Settings

ONE_AT_A_TIME = 7_236_540_114
"""The advisory lock that keeps two starting programs from migrating at once."""


LOCALE = "C.UTF-8"
"""How a database sorts and compares: as Unicode numbers the letters, by PostgreSQL's own rules. So the same report is the same
bytes on another machine, whatever its system knows of languages."""


class CannotMigrate(Exception):
    """The schema in the database and the migrations of this program do not fit; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Migration:
    """A file `0001_name.sql` and its hash."""

    number: int
    name: str
    sql: str

    @property
    def hash(self) -> str:
        """The hash by which an applied migration is known."""
        return hashlib.sha256(self.sql.encode()).hexdigest()


def migrations_in(folder: Path) -> list[Migration]:
    """Return the migrations of a folder in order."""
    return [Migration(int(path.stem[:4]), path.stem, path.read_text("utf-8")) for path in sorted(folder.glob("*.sql"))]


async def migrate_all(settings: Settings, migrations_by_schema: Mapping[str, list[Migration]]) -> None:
    """Bring the services' schemas up to date as the owner, and grant each service its own.

    Where the installation keeps no secrets, the address says who connects, and no role is made. Raises `CannotMigrate` as
    `migrate` does, and for a database that sorts otherwise.
    """
    password = read_secret(settings.secrets_folder, password_name(OWNER))
    dsn = settings.postgres_dsn.get_secret_value()
    connection = await asyncpg.connect(dsn, user=role_of(OWNER) if password else None, password=password)
    try:
        await _check_order(connection)
        for schema, migrations in migrations_by_schema.items():
            await migrate(connection, schema, migrations)
            if password:
                async with connection.transaction():
                    await connection.execute("SELECT pg_advisory_xact_lock($1)", ONE_AT_A_TIME)
                    await grant(connection, schema, read_secret(settings.secrets_folder, password_name(schema)))
    finally:
        await connection.close()


async def _check_order(connection: Connection) -> None:
    said = await connection.fetchrow(
        "SELECT pg_encoding_to_char(encoding) AS encoding, datlocprovider = 'b' AS is_own, coalesce(datlocale, datcollate) AS locale "
        "FROM pg_database WHERE datname = current_database()"
    )
    if said is None or (said["encoding"], said["is_own"], said["locale"]) != ("UTF8", True, LOCALE):
        raise CannotMigrate(
            f"The database sorts by another order than PostgreSQL's own {LOCALE}. Make it anew with: CREATE DATABASE kembar "
            f"OWNER kembar TEMPLATE template0 ENCODING UTF8 LOCALE_PROVIDER builtin BUILTIN_LOCALE '{LOCALE}' LOCALE 'C'"
        )


async def migrate(connection: Connection, schema: str, migrations: list[Migration]) -> int:
    """Apply what is missing to `schema` and return how many that were.

    Raises `CannotMigrate` where the database knows a migration that this program does not (it is older than the data) or
    one that was changed after it had been applied.
    """
    async with connection.transaction():
        await connection.execute("SELECT pg_advisory_xact_lock($1)", ONE_AT_A_TIME)
        await connection.execute(f'CREATE SCHEMA IF NOT EXISTS "{schema}"')
        await connection.execute(f'SET LOCAL search_path TO "{schema}"')
        await connection.execute(
            "CREATE TABLE IF NOT EXISTS migration (number integer PRIMARY KEY, name text NOT NULL, hash text NOT NULL)"
        )
        applied = {row["number"]: row for row in await connection.fetch("SELECT * FROM migration")}
        known = {migration.number: migration for migration in migrations}
        for number, row in applied.items():
            if number not in known:
                raise CannotMigrate(
                    f"The tables of {schema} are from a newer Kembar (migration {row['name']}). Run that version."
                )
            if known[number].hash != row["hash"]:
                raise CannotMigrate(
                    f"Migration {row['name']} of {schema} was changed after it had been applied. Put the file back."
                )
        missing = [migration for migration in migrations if migration.number not in applied]
        for migration in missing:
            await connection.execute(migration.sql)
            await connection.execute(
                "INSERT INTO migration VALUES ($1, $2, $3)", migration.number, migration.name, migration.hash
            )
    return len(missing)
