"""A database with the accounts of every role, that tests of deliveries share; each begins with empty tables."""

import pytest

from services.access import store as access
from services.access.decide import Membership
from shared.domain.access import Role
from shared.postgres.pool import open_pool
from tests.support.alerts import forget_all, settings_of
from tests.support.build import HOME
from tests.support.engines import PRESENT, fresh_database

ACCOUNTS = {"bureau": None, "viewer": None, "embassy": ("hanoi",), "administrator": None}


@pytest.fixture(scope="module")
async def shared_tables(postgres):
    async with fresh_database(postgres) as dsn:
        pool = await open_pool(settings_of(dsn), "access")
        async with access.transaction(pool) as connection:
            for role, partnerships in ACCOUNTS.items():
                await access.make_program(connection, f"{HOME}/{role}", HOME, PRESENT)
                await access.write_membership(connection, f"{HOME}/{role}", Membership(HOME, Role(role), partnerships))
        await pool.close()
        pool = await open_pool(settings_of(dsn), "scoring")
        yield dsn, pool
        await pool.close()


@pytest.fixture
async def pool(shared_tables):
    """The tables of scoring without any subscription or alert."""
    await forget_all(shared_tables[1])
    return shared_tables[1]


@pytest.fixture
def settings(shared_tables):
    return settings_of(shared_tables[0])
