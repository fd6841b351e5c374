"""Migrations are applied once, in order, and never on tables that they do not fit."""

from dataclasses import replace

import asyncpg
import pytest

from shared.postgres.migrate import CannotMigrate, Migration, migrate, migrate_all
from shared.process.settings import Settings
from tests.support.engines import database_in, same_secrets

FIRST = Migration(1, "0001_first", "CREATE TABLE visit (title text NOT NULL)")
SECOND = Migration(2, "0002_second", "ALTER TABLE visit ADD COLUMN day date")


@pytest.fixture
async def connection(database):
    opened = await asyncpg.connect(database)
    yield opened
    await opened.close()


async def test_what_is_missing_is_applied_once(connection):
    assert await migrate(connection, "trial", [FIRST]) == 1
    assert await migrate(connection, "trial", [FIRST, SECOND]) == 1
    assert await migrate(connection, "trial", [FIRST, SECOND]) == 0

    await connection.execute("INSERT INTO trial.visit (title, day) VALUES ('Kunjungan', '2019-05-22')")


async def test_tables_of_a_newer_program_are_left_alone(connection):
    await migrate(connection, "trial", [FIRST, SECOND])

    with pytest.raises(CannotMigrate, match="newer"):
        await migrate(connection, "trial", [FIRST])


async def test_a_migration_changed_after_the_fact_is_refused(connection):
    await migrate(connection, "trial", [FIRST])

    with pytest.raises(CannotMigrate, match="0001_first"):
        await migrate(connection, "trial", [replace(FIRST, sql="CREATE TABLE visit (title text)")])


async def test_a_migration_that_fails_leaves_nothing_behind(connection):
    with pytest.raises(asyncpg.PostgresError):
        await migrate(connection, "trial", [FIRST, replace(SECOND, sql="ALTER TABLE nothing ADD COLUMN day date")])

    assert await connection.fetchval("SELECT to_regclass('trial.visit')") is None


async def test_a_database_that_sorts_by_another_order_is_refused_before_anything_is_made_in_it(connection, postgres):
    made = "CREATE DATABASE sorts_otherwise TEMPLATE template0 LOCALE_PROVIDER libc LOCALE 'C'"
    await connection.execute(made)
    address = database_in(postgres, "sorts_otherwise")
    other = await asyncpg.connect(address)

    with pytest.raises(CannotMigrate, match="sorts by another order"):
        await migrate_all(Settings(postgres_dsn=address, secrets_folder=same_secrets()), {"trial": [FIRST]})

    assert await other.fetchval("SELECT to_regnamespace('trial')") is None
    await other.close()
    await connection.execute("DROP DATABASE sorts_otherwise")
