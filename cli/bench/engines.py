"""The engines alone, in a temporary folder: what raw limits are measured on, and what is replayed into."""

import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

from cli.embedded.nats_server import USER, nats_part
from cli.embedded.postgres import postgres_part
from shared.ledger.ledger import Ledger
from shared.ledger.stream import create_stream

START_SECONDS = 60.0


@contextmanager
def temporary_folder() -> Iterator[Path]:
    """Make a folder as the parts expect it, gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="kembar-bench-", ignore_cleanup_errors=True) as name:
        for part_folder in ("logs", "run"):
            (Path(name) / part_folder).mkdir()
        yield Path(name)


@asynccontextmanager
async def empty_ledger(folder: Path) -> AsyncIterator[Ledger]:
    """Run a nats-server that syncs every write, configured as an installation's, and connect to its empty ledger."""
    part, address = nats_part(folder)
    part.start()
    try:
        part.wait_until_ready(START_SECONDS)
        ledger = await Ledger.connect(address.url, name="kembar-bench", user=USER, password=address.password)
        try:
            await create_stream(ledger.client, replicas=1)
            yield ledger
        finally:
            await ledger.close()
    finally:
        part.stop()


@contextmanager
def running_postgres(folder: Path) -> Iterator[str]:
    """Run a PostgreSQL configured as an installation's, without any tables; yields its address."""
    part, dsn = postgres_part(folder)
    part.start()
    try:
        part.wait_until_ready(START_SECONDS)
        yield dsn
    finally:
        part.stop()
