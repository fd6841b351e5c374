"""Migrations are applied once, in order, and never on tables that they do not fit."""

from dataclasses import replace

import asyncpg
import pytest

from shared.postgres.migrate import CannotMigrate, Migration, migrate

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
