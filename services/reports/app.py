"""Reports' app: follow the ledger, answer for any period, serve the pages."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

import shared.web.pages
from services.reports import pages, report_pages, report_routes, routes, study_routes
from services.reports.project import EventProjector
from services.reports.store import SCHEMA
from shared.process.clock import Clock, now
from shared.process.settings import Settings
from shared.web.app import make_app
from shared.web.pages import show_problems_as_pages
from shared.web.runtime import know_who_asks, open_runtime


def create_app(settings: Settings, clock: Clock = now) -> FastAPI:
    """Return reports' app; it refuses to start on a ledger that is configured otherwise."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with open_runtime(SCHEMA, EventProjector(), settings, app.state.progress) as runtime:
            app.state.runtime = runtime
            runtime.start(know_who_asks(app, runtime.pool, clock))
            app.state.clock = clock
            yield

    app = make_app("reports", "Kembar: reports", settings, lifespan)
    app.include_router(routes.router)
    app.state.long_work = asyncio.Semaphore(1)
    app.include_router(study_routes.router)
    app.include_router(report_routes.router)
    app.include_router(report_pages.router)
    app.include_router(pages.router)
    app.include_router(shared.web.pages.router)
    show_problems_as_pages(app, "/reports/v1/", pages.templates)
    return app
