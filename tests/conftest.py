"""Fixtures that several folders share: the engines once per run, a ledger and a database of one's own per test."""

import pytest
from hypothesis import HealthCheck, settings

from shared.process.collector import collect_seldom
from tests.support.access import running_access
from tests.support.engines import fresh_database, make_template, open_ledger, running_nats, running_postgres
from tests.support.installation import running_installation

# how long an example takes says something of the machine and of what else runs there, nothing of what is tested
settings.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any machine")


def pytest_collection_finish() -> None:
    """Collect garbage as seldom as the services do: with all tests loaded it takes long."""
    collect_seldom()


@pytest.fixture(scope="session")
async def postgres():
    """The address of a PostgreSQL that all tests share; each test takes a database of its own."""
    with running_postgres() as server:
        await make_template(server.dsn)
        yield server.dsn


@pytest.fixture
async def database(postgres):
    """The address of a database with all tables, empty."""
    async with fresh_database(postgres) as dsn:
        yield dsn


@pytest.fixture
def nats_server():
    """A nats-server of the test's own."""
    with running_nats() as server:
        yield server


@pytest.fixture
async def ledger(nats_server):
    """An empty ledger of the test's own."""
    async with open_ledger(nats_server) as opened:
        yield opened


@pytest.fixture(scope="session")
async def shared_access(postgres):
    """Access alone, which many tests use one after the other."""
    async with fresh_database(postgres) as dsn, running_access(dsn) as running:
        yield running


@pytest.fixture
async def access(shared_access):
    """Access alone, nobody known but a program per role, the clock at its place."""
    await shared_access.begin()
    yield shared_access
    await shared_access.close_browsers()


@pytest.fixture
async def installation(nats_server, ledger, database, tmp_path):
    """All three services on an empty ledger."""
    async with running_installation(nats_server, database, tmp_path) as running:
        yield running
