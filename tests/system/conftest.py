"""What several system tests share."""

import pytest

from tests.support.engines import fresh_database, open_ledger, running_nats
from tests.support.homes import three_homes_on


@pytest.fixture(scope="session")
async def three_homes(postgres, tmp_path_factory):
    """One installation with three homes, for tests that only read or add; it starts once."""
    with running_nats() as server:
        async with (
            open_ledger(server),
            fresh_database(postgres) as dsn,
            three_homes_on(server, dsn, tmp_path_factory.mktemp("homes")) as homes,
        ):
            yield homes


@pytest.fixture(scope="session")
async def office(postgres, tmp_path_factory):
    """Another, for tests of forms and imports, each of which posts about a partnership, or under a name, of its own."""
    with running_nats() as server:
        async with (
            open_ledger(server),
            fresh_database(postgres) as dsn,
            three_homes_on(server, dsn, tmp_path_factory.mktemp("office")) as homes,
        ):
            yield homes
