"""Archive's app: copy the ledger into `KEMBAR_ARCHIVE_FOLDER` while it runs, and say how far it has come."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import structlog
from fastapi import FastAPI

from shared.ledger.archive import ArchiveBroken
from shared.ledger.copying import keep_copying
from shared.ledger.follow import Checkpoint, LedgerBroken
from shared.ledger.ledger import Ledger
from shared.process.settings import Settings
from shared.process.tasks import end
from shared.projection.progress import Progress
from shared.web.app import make_app
from shared.web.standstill import Seen, keep_looking_at_the_ledger

log = structlog.get_logger()


def create_app(settings: Settings) -> FastAPI:
    """Return archive's app; it refuses to start on a ledger that is configured otherwise."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        ledger = await Ledger.connect(settings.nats_url, "archive", settings.secrets_folder)
        try:
            await ledger.check(settings.nats_monitor_urls)
            seen = Seen()
            app.state.measurements.watch_ledger("archive", seen, lambda: app.state.found_broken)
            copying = asyncio.create_task(_copy(ledger, settings, app))
            looking = asyncio.create_task(keep_looking_at_the_ledger(ledger, app.state.progress, seen))
            yield
            await end(copying, looking)
        finally:
            await ledger.close()

    app = make_app("archive", "Kembar: archive", settings, lifespan, projects=False)
    app.state.found_broken = False
    return app


async def _copy(ledger: Ledger, settings: Settings, app: FastAPI) -> None:
    """Copy until told to stop. A ledger that differs from its copy stops the process: nothing may be written on top."""
    assert settings.archive_folder is not None
    progress: Progress = app.state.progress

    def copied(checkpoint: Checkpoint) -> None:
        progress.checkpoint, progress.trouble = checkpoint, None

    def troubled(what: str) -> None:
        progress.trouble = what

    try:
        await keep_copying(ledger, settings.archive_folder, copied, troubled)
    except (LedgerBroken, ArchiveBroken) as error:
        troubled(str(error))
        app.state.found_broken = True
        log.critical("the service stops", reason=str(error))
        os.kill(os.getpid(), signal.SIGTERM)
