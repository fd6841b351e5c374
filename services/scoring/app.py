"""Scoring's app: follow the ledger, answer for now."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from services.scoring.alert_routes import router as alert_router
from services.scoring.project import RatingProjector
from services.scoring.routes import router
from services.scoring.store import SCHEMA
from shared.process.clock import Clock, now
from shared.process.settings import Settings
from shared.web.app import make_app
from shared.web.runtime import know_who_asks, open_runtime


def create_app(settings: Settings, clock: Clock = now) -> FastAPI:
    """Return scoring's app; it refuses to start on a ledger that is configured otherwise."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with open_runtime(SCHEMA, RatingProjector(), settings, app.state.progress) as runtime:
            app.state.runtime = runtime
            runtime.start(know_who_asks(app, runtime.pool, clock))
            yield

    app = make_app("scoring", "Kembar: scoring", settings, lifespan)
    app.include_router(router)
    app.include_router(alert_router)
    return app
