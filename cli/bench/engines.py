"""The engines alone, in temporary folders: what raw limits are measured on, and what is replayed into."""

import tempfile
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from cli.embedded.folder import DataFolder
from cli.embedded.nats_server import SECRETS, nats_part
from cli.embedded.postgres import postgres_part
from cli.embedded.reach import engines_environment, settings_from
from cli.embedded.tokens import ensure_tokens
from cli.secrets_folder import ensure_secrets
from cli.serve import prepare
from shared.ledger.ledger import Ledger
from shared.ledger.stream import create_stream
from shared.process.settings import Settings

START_SECONDS = 60.0


@contextmanager
def temporary_folder() -> Iterator[Path]:
    """Make a folder as the parts expect it, gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="kembar-bench-", ignore_cleanup_errors=True) as name:
        for part_folder in ("logs", "run"):
            (Path(name) / part_folder).mkdir()
        ensure_secrets(Path(name) / SECRETS)
        yield Path(name)


@asynccontextmanager
async def empty_ledger() -> AsyncIterator[Ledger]:
    """Run a nats-server that syncs every write, configured as an installation's, and connect to its empty ledger."""
    with temporary_folder() as folder:
        part, address = nats_part(folder)
        part.start()
        try:
            part.wait_until_ready(START_SECONDS)
            maker = await Ledger.connect(address.url, "prepare", folder / SECRETS)
            await create_stream(maker.client, replicas=1)
            await maker.close()
            ledger = await Ledger.connect(address.url, "ingest", folder / SECRETS)
            try:
                yield ledger
            finally:
                await ledger.close()
        finally:
            part.stop()


@contextmanager
def empty_postgres() -> Iterator[Settings]:
    """Run a PostgreSQL configured as an installation's, without any tables; yields the settings to reach it."""
    with temporary_folder() as folder:
        part, dsn = postgres_part(folder)
        part.start()
        try:
            part.wait_until_ready(START_SECONDS)
            yield Settings(postgres_dsn=dsn, secrets_folder=folder / SECRETS)
        finally:
            part.stop()


@dataclass(frozen=True, slots=True)
class Engines:
    """The engines of an installation, prepared, with none of its services."""

    folder: Path
    environment: Mapping[str, str]
    settings: Settings
    tokens: Mapping[str, str]


@contextmanager
def prepared_engines() -> Iterator[Engines]:
    """Run both engines on a data folder of their own, with the stream, all tables and a token per role."""
    with temporary_folder() as above:
        folder = DataFolder.open(above / "data")
        ensure_secrets(folder.file(SECRETS))
        (nats, address), (postgres, dsn) = nats_part(folder.path), postgres_part(folder.path)
        parts = (nats, postgres)
        try:
            for part in parts:
                part.start()
            for part in parts:
                part.wait_until_ready(START_SECONDS)
            environment = {**engines_environment(address, dsn, folder.path), "KEMBAR_PROJECT": "false"}
            settings = settings_from(environment)
            prepare(settings)
            yield Engines(folder.path, environment, settings, ensure_tokens(folder, settings))
        finally:
            for part in parts:
                part.stop()
            folder.release()
