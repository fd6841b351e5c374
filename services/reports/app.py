"""Reports' app: follow the ledger, answer for any period, serve the pages."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from fastapi.middleware.gzip import GZipMiddleware

import shared.web.pages
from services.reports import (
    issued_pages,
    issued_routes,
    job_routes,
    pages,
    report_pages,
    report_routes,
    routes,
    stream,
    study_routes,
)
from services.reports.apart import Apart
from services.reports.ingest_door import IngestDoor
from services.reports.kept_ratings import KeptRatings
from services.reports.makers import Makers
from services.reports.posting import activity_pages, home_pages, partnership_pages, receipt_pages, rubric_pages
from services.reports.posting import routes as posting_routes
from services.reports.posting.desk import PROBLEMS_IN_WORDS
from services.reports.project import EventProjector
from services.reports.status_door import StatusDoor
from services.reports.store import SCHEMA
from services.reports.stream import Listeners
from services.reports.working import JobMeasurements, Worker, keep_working
from shared.process.clock import Clock, now
from shared.process.settings import Settings
from shared.web.app import make_app
from shared.web.forms import show_sign_in_first
from shared.web.pages import show_problems_as_pages
from shared.web.runtime import know_who_asks, open_runtime


def create_app(settings: Settings, clock: Clock = now) -> FastAPI:
    """Return reports' app; it refuses to start on a ledger that is configured otherwise."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with (
            _makers(settings) as makers,
            open_runtime(
                SCHEMA,
                EventProjector(),
                settings,
                app.state.progress,
                app.state.measurements,
                reads_from_standby=True,
            ) as runtime,
        ):
            app.state.runtime, app.state.makers = runtime, makers
            runtime.start(know_who_asks(app, runtime.pool, clock))
            runtime.start(app.state.listeners.keep_reading(runtime.reading, app.state.progress))
            measured = JobMeasurements(app.state.metrics)
            jobs = Worker(runtime.pool, makers.of_jobs, settings.report_processes, makers.wake, measured=measured)
            runtime.start(keep_working(jobs))
            app.state.clock, app.state.status_door = clock, StatusDoor(settings)
            yield
            app.state.listeners.end()
            await app.state.status_door.close()

    app = make_app("reports", "Kembar: reports", settings, lifespan)
    app.include_router(routes.router)
    app.state.long_work = asyncio.Semaphore(1)
    app.state.kept_ratings = KeptRatings()
    app.state.listeners = Listeners()
    app.state.before_stopping.append(app.state.listeners.end)
    app.include_router(study_routes.router)
    app.include_router(report_routes.router)
    app.include_router(stream.router)
    app.include_router(issued_routes.router)
    app.include_router(job_routes.router)
    app.include_router(issued_pages.router)
    app.include_router(report_pages.router)
    app.include_router(posting_routes.router)
    for each in (activity_pages, home_pages, partnership_pages, receipt_pages, rubric_pages):
        app.include_router(each.router)
    app.include_router(pages.router)
    app.include_router(shared.web.pages.router)
    show_problems_as_pages(app, "/reports/v1/", pages.templates, PROBLEMS_IN_WORDS)
    show_sign_in_first(app, pages.templates, PROBLEMS_IN_WORDS)
    # Nothing that reports answers holds a secret beside what the address says, so its length tells nobody anything.
    app.add_middleware(GZipMiddleware, minimum_size=1_000, compresslevel=5)
    return app


@asynccontextmanager
async def _makers(settings: Settings) -> AsyncIterator[Makers]:
    """Yield what makes reports apart from the requests: a process for those that are waited for, and some for jobs.

    It ends after whoever works with it: a process that ended before would be taken for a report that ended it.
    """
    makers = Makers(
        Apart(settings, 1), Apart(settings, settings.report_processes), IngestDoor(settings), asyncio.Event()
    )
    try:
        yield makers
    finally:
        makers.waited_for.close()
        makers.of_jobs.close()
        await makers.ingest.close()
