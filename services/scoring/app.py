"""Scoring's app: follow the ledger, answer for now."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from prometheus_client import Gauge

import shared.web.pages
from services.scoring import acknowledgements, alert_routes, routes
from services.scoring.delivery import routes as delivery_routes
from services.scoring.delivery.counts import Counts
from services.scoring.delivery.deliver import keep_delivering
from services.scoring.delivery.measurements import DeliveryMeasurements
from services.scoring.feeds import routes as feed_routes
from services.scoring.feeds import stream_routes
from services.scoring.feeds.listening import Listeners
from services.scoring.feeds.publishing import keep_publishing
from services.scoring.pages import routes as page_routes
from services.scoring.project import RatingProjector
from services.scoring.store import SCHEMA
from services.scoring.subscriptions import pages
from services.scoring.subscriptions import routes as subscription_routes
from shared.process.clock import Clock, now
from shared.process.settings import Settings
from shared.web.app import make_app
from shared.web.forms import show_sign_in_first
from shared.web.pages import show_problems_as_pages
from shared.web.runtime import know_who_asks, open_runtime

PREFIXES = ("alerts", "feeds", "subscriptions")
"""The first parts of the paths that scoring answers besides its own name."""


def create_app(settings: Settings, clock: Clock = now) -> FastAPI:
    """Return scoring's app; it refuses to start on a ledger that is configured otherwise."""
    listeners = Listeners()

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with open_runtime(
            SCHEMA, RatingProjector(), settings, app.state.progress, app.state.measurements
        ) as runtime:
            app.state.runtime = runtime
            runtime.start(know_who_asks(app, runtime.pool, clock))
            runtime.start(listeners.keep_telling(runtime.pool, app.state.progress))
            app.state.clock = clock
            app.state.more_status = counts.of_home(runtime.pool)
            runtime.start(counts.keep_counting(runtime.pool))
            if settings.project:
                if settings.deliver:
                    measured = DeliveryMeasurements(app.state.metrics)
                    runtime.start(keep_delivering(settings, clock, measurements=measured))
                runtime.start(keep_publishing(runtime.ledger, runtime.pool, app.state.progress, clock))
            yield

    app = make_app("scoring", "Kembar: scoring", settings, lifespan)
    counts = Counts()
    of_all = Gauge("kembar_deliveries", "Deliveries of all homes by state", ["state"], registry=app.state.metrics)
    of_all.labels("pending").set_function(lambda: counts.pending)
    of_all.labels("failed").set_function(lambda: counts.failed)
    app.state.writing_feeds = asyncio.Lock()
    app.state.listeners = listeners
    app.state.before_stopping.append(listeners.end)
    for each in (
        stream_routes,
        feed_routes,
        routes,
        alert_routes,
        acknowledgements,
        subscription_routes,
        delivery_routes,
        pages,
        page_routes,
    ):
        app.include_router(each.router)
    app.include_router(shared.web.pages.router)
    show_problems_as_pages(app, ("/scoring/", "/feeds/"), page_routes.templates, page_routes.PROBLEMS_IN_WORDS)
    show_sign_in_first(app, page_routes.templates, page_routes.PROBLEMS_IN_WORDS)
    return app
