"""Ingest's app: open the ledger and the tables, follow, close days, answer."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Literal

from fastapi import FastAPI
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema
from starlette.middleware import Middleware

import shared.web.pages
from services.ingest import form_routes, home_routes, import_pages, import_routes
from services.ingest.homes import Homes
from services.ingest.importing import Importer, keep_importing
from services.ingest.post import Desk
from services.ingest.routes import POSTINGS, router
from services.ingest.store import SCHEMA, BookProjector
from services.ingest.straight import Straight
from services.ingest.ticker import keep_closing_days
from shared.domain.events import EVENT_TYPES
from shared.ledger.disk import ServerMeasurements, keep_looking_at_the_disk
from shared.ledger.writer import Writer
from shared.process.clock import Clock, now
from shared.process.settings import Settings
from shared.web.app import make_app
from shared.web.forms import show_sign_in_first
from shared.web.pages import show_problems_as_pages
from shared.web.runtime import know_who_asks, open_runtime

PREFIXES = ("ingest", "imports")
"""The first parts of the paths that ingest answers."""


def create_app(settings: Settings, clock: Clock = now) -> FastAPI:
    """Return ingest's app; it refuses to start on a ledger that is configured otherwise."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with open_runtime(
            SCHEMA, BookProjector(), settings, app.state.progress, app.state.measurements
        ) as runtime:
            app.state.runtime = runtime
            runtime.start(know_who_asks(app, runtime.pool, clock))
            homes = Homes(runtime.ledger, settings)
            writer = Writer(runtime.ledger, app.state.metrics)
            app.state.desk = Desk(runtime.ledger, writer, runtime.pool, app.state.progress, settings, clock, homes)
            servers = ServerMeasurements(app.state.metrics)
            runtime.start(keep_looking_at_the_disk(runtime.ledger, settings.nats_monitor_urls, servers))
            runtime.start(keep_closing_days(runtime.ledger, runtime.pool, app.state.progress, settings, clock))
            app.state.importer = Importer(runtime.ledger, runtime.pool, app.state.progress, homes)
            app.state.clock = clock
            runtime.start(keep_importing(app.state.importer))
            yield

    app = make_app("ingest", "Kembar: ingest", settings, lifespan)
    app.include_router(router)
    app.include_router(import_routes.router)
    app.include_router(home_routes.router)
    app.include_router(form_routes.router)
    app.include_router(import_pages.router)
    app.include_router(shared.web.pages.router)
    show_problems_as_pages(app, "/ingest/v1/", form_routes.templates, form_routes.PROBLEMS_IN_WORDS)
    show_sign_in_first(app, form_routes.templates, form_routes.PROBLEMS_IN_WORDS)
    straight = Middleware(Straight, functions=POSTINGS, handlers=app.exception_handlers)
    app.user_middleware.append(straight)  # the last of them is the innermost
    document_event_types(app)
    return app


def document_event_types(app: FastAPI) -> None:
    """Add the schema of every event type to the OpenAPI document; the routes take raw bodies and name them only."""
    made = app.openapi

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            document = made()
            models: list[tuple[type[BaseModel], Literal["validation"]]] = [
                (model, "validation") for model in EVENT_TYPES.values()
            ]
            _, definitions = models_json_schema(models, ref_template="#/components/schemas/{model}")
            document["components"]["schemas"].update(definitions["$defs"])
        return app.openapi_schema or made()

    app.openapi = openapi  # type: ignore[method-assign]
