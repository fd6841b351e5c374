"""Scoring's app: follow the ledger, answer for now."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from prometheus_client import Gauge

from services.scoring import acknowledgements, alert_routes, routes
from services.scoring.delivery import routes as delivery_routes
from services.scoring.delivery.counts import Counts
from services.scoring.delivery.deliver import keep_delivering
from services.scoring.project import RatingProjector
from services.scoring.store import SCHEMA
from services.scoring.subscriptions import pages
from services.scoring.subscriptions import routes as subscription_routes
from shared.process.clock import Clock, now
from shared.process.settings import Settings
from shared.web.app import make_app
from shared.web.pages import show_problems_as_pages
from shared.web.runtime import know_who_asks, open_runtime

PREFIXES = ("subscriptions",)
"""The first parts of the paths of pages that scoring answers."""


def create_app(settings: Settings, clock: Clock = now) -> FastAPI:
    """Return scoring's app; it refuses to start on a ledger that is configured otherwise."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with open_runtime(SCHEMA, RatingProjector(), settings, app.state.progress) as runtime:
            app.state.runtime = runtime
            runtime.start(know_who_asks(app, runtime.pool, clock))
            app.state.clock = clock
            app.state.more_status = counts.of_home(runtime.pool)
            runtime.start(counts.keep_counting(runtime.pool))
            if settings.project:
                runtime.start(keep_delivering(settings, clock))
            yield

    app = make_app("scoring", "Kembar: scoring", settings, lifespan)
    counts = Counts()
    of_all = Gauge("kembar_deliveries", "Deliveries of all homes by state", ["state"], registry=app.state.metrics)
    of_all.labels("pending").set_function(lambda: counts.pending)
    of_all.labels("failed").set_function(lambda: counts.failed)
    for each in (routes, alert_routes, acknowledgements, subscription_routes, delivery_routes, pages):
        app.include_router(each.router)
    show_problems_as_pages(app, "/scoring/", pages.templates)
    return app
