"""Scoring's app: follow the ledger, answer for now."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from services.scoring.project import RatingProjector
from services.scoring.routes import router
from services.scoring.store import SCHEMA
from shared.process.settings import Settings
from shared.web.app import add_status, make_app
from shared.web.runtime import open_runtime


def create_app(settings: Settings) -> FastAPI:
    """Return scoring's app; it refuses to start on a ledger that is configured otherwise."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with open_runtime(SCHEMA, RatingProjector(), settings, app.state.progress) as runtime:
            app.state.runtime = runtime
            yield

    app = make_app("scoring", "Kembar: scoring", settings, lifespan)
    add_status(app, SCHEMA)
    app.include_router(router)
    return app
