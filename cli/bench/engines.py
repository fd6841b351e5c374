"""The engines alone, in temporary folders: what raw limits are measured on, and what is replayed into."""

import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

from cli.embedded.nats_server import SECRETS, nats_part
from cli.embedded.postgres import postgres_part
from cli.secrets_folder import ensure_secrets
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
