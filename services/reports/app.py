"""Reports' app: follow the ledger, answer for any period, serve the pages."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from services.reports import pages, routes
from services.reports.project import EventProjector
from services.reports.store import SCHEMA
from shared.process.clock import Clock, now
from shared.process.settings import Settings
from shared.web.app import add_status, make_app
from shared.web.runtime import open_runtime


def create_app(settings: Settings, clock: Clock = now) -> FastAPI:
    """Return reports' app; it refuses to start on a ledger that is configured otherwise."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with open_runtime(SCHEMA, EventProjector(), settings, app.state.progress) as runtime:
            app.state.runtime = runtime
            app.state.clock = clock
            yield

    app = make_app("reports", "Kembar: reports", settings, lifespan)
    add_status(app, SCHEMA)
    app.include_router(routes.router)
    app.include_router(pages.router)
    pages.show_problems_as_pages(app)
    return app
