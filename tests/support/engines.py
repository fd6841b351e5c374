"""The real engines for tests: nats-server and PostgreSQL from the wheels, on free ports, in temporary folders."""

import atexit
import contextlib
import functools
import itertools
import json
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import asyncpg

import services.access.store
from cli.embedded.nats_server import SECRETS, NatsAddress, nats_part
from cli.embedded.part import Part
from cli.embedded.postgres import postgres_part
from cli.embedded.tokens import ROLES, add_token_of_role
from cli.secrets_folder import ensure_secrets
from cli.tables import STORES
from shared.domain.access import Role
from shared.ledger.alert_stream import create_alert_stream
from shared.ledger.ledger import Ledger
from shared.ledger.stream import STREAM, WRITE_ONCE
from shared.postgres.migrate import migrate_all
from shared.postgres.pool import open_pool
from shared.postgres.roles import OWNER, password_name, role_of
from shared.process.secrets import read_secret
from shared.process.settings import Settings

START_SECONDS = 120
PRESENT = datetime(2026, 11, 21, 3, 0, tzinfo=UTC)
TOKENS = {role.value: f"token-of-{role}" for role in ROLES}
_numbers = itertools.count(1)


@functools.cache
def same_secrets() -> Path:
    """Secrets that all engines of a test run share, so that one folder opens each of them."""
    folder = Path(tempfile.mkdtemp(prefix="kembar-secrets-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    ensure_secrets(folder)
    return folder


MEMORY = Path("/dev/shm")
ROOM_BYTES = 2 * 2**30


@functools.cache
def where_files_are_cheap() -> Path | None:
    """Memory, where the system keeps files there and has room for ours, else wherever temporary files stand.

    To copy a database, of some thousand files, is ten times less work there; what must outlast a power cut is tested on
    folders that are named.
    """
    has_room = MEMORY.is_dir() and os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free >= ROOM_BYTES
    return MEMORY if has_room else None


@contextlib.contextmanager
def temporary_folder() -> Iterator[Path]:
    """A folder with the layout that parts expect, gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="kembar-test-", dir=where_files_are_cheap()))
    try:
        yield laid_out(folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def laid_out(folder: Path) -> Path:
    """Give an empty folder the layout that parts expect."""
    for name in ("logs", "run"):
        (folder / name).mkdir()
    shutil.copytree(same_secrets(), folder / SECRETS)
    return folder


@contextlib.contextmanager
def folder_or_temporary(folder: Path | None) -> Iterator[Path]:
    """The folder, or a temporary one."""
    if folder is not None:
        yield folder
        return
    with temporary_folder() as made:
        yield made


@dataclass
class Server:
    """A running engine; `kill` and `start` are for tests of what survives."""

    part: Part

    def start(self) -> None:
        self.part.start()
        self.part.wait_until_ready(START_SECONDS)

    def kill(self) -> None:
        assert self.part.process is not None
        self.part.process.kill()
        self.part.process.wait()


@dataclass
class NatsServer(Server):
    """A running nats-server."""

    address: NatsAddress

    @property
    def url(self) -> str:
        """Its address."""
        return self.address.url

    @property
    def port(self) -> int:
        """Where it listens for clients."""
        return int(self.address.url.rpartition(":")[2])

    async def connect(self) -> Ledger:
        return await self.connect_as("ingest")

    async def connect_as(self, user: str) -> Ledger:
        return await Ledger.connect(self.address.url, user, same_secrets())

    async def make_stream(self, **otherwise) -> None:
        """Make the stream with the one right to do so; `otherwise` are settings that it should not have."""
        wanted = json.dumps({**WRITE_ONCE, "num_replicas": 1, **otherwise}).encode()
        maker = await self.connect_as("prepare")
        answer = json.loads((await maker.client.request(f"$JS.API.STREAM.CREATE.{STREAM}", wanted)).data)
        await maker.close()
        assert "error" not in answer, answer


@contextlib.contextmanager
def running_nats(configure=None, on: Path | None = None, **settings) -> Iterator[NatsServer]:
    """A nats-server of one's own, in the folder `on`; `configure` may change the text of its configuration first."""
    with folder_or_temporary(on) as folder:
        part, address = nats_part(folder, **settings)
        if configure is not None:
            configuration = folder / "run" / "nats.conf"
            configuration.write_text(configure(configuration.read_text()))
        server = NatsServer(part, address)
        try:
            server.start()
            yield server
        finally:
            server.kill()  # at once: its folder is thrown away


@contextlib.asynccontextmanager
async def open_ledger(server: NatsServer) -> AsyncIterator[Ledger]:
    """A connection to a ledger with its stream, and that of the alerts beside it."""
    await server.make_stream()
    maker = await server.connect_as("prepare")
    await create_alert_stream(maker.client, replicas=1)
    await maker.close()
    ledger = await server.connect()
    try:
        yield ledger
    finally:
        await ledger.close()


@dataclass
class PostgresServer(Server):
    """A running PostgreSQL, and the address with which its owner connects."""

    dsn: str


@contextlib.contextmanager
def running_postgres(on: Path | None = None, *, durable: bool = False) -> Iterator[PostgresServer]:
    """A PostgreSQL of one's own, in the folder `on`."""
    with folder_or_temporary(on) as folder:
        part, dsn = postgres_part(folder, durable=durable)
        password = read_secret(same_secrets(), password_name(OWNER))
        server = PostgresServer(part, dsn.replace("//", f"//{role_of(OWNER)}:{password}@", 1))
        try:
            server.start()
            yield server
        finally:
            part.stop()


async def make_template(dsn: str) -> None:
    """Make the database that the databases of tests are copied from: all tables there, empty but for a token per role."""
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute("CREATE DATABASE template_kembar")
    finally:
        await connection.close()
    migrations = {store.SCHEMA: store.migrations() for store in STORES}
    settings = Settings(postgres_dsn=database_in(dsn, "template_kembar"), secrets_folder=same_secrets())
    await migrate_all(settings, migrations)
    pool = await open_pool(settings, services.access.store.SCHEMA)
    async with services.access.store.transaction(pool) as connection:
        for role, token in TOKENS.items():
            await add_token_of_role(connection, settings.home, Role(role), token, PRESENT)
    await pool.close()


@contextlib.asynccontextmanager
async def fresh_database(dsn: str) -> AsyncIterator[str]:
    """A copy of the template for one test; yields its address."""
    name = f"test_{next(_numbers)}"
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute(f"CREATE DATABASE {name} TEMPLATE template_kembar")
        yield database_in(dsn, name)
        await connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
    finally:
        await connection.close()


def database_in(dsn: str, name: str) -> str:
    """The address of another database on the same server."""
    return dsn.replace("/postgres?", f"/{name}?")
