"""Access's app: sign people in, look after accounts and tokens, show the audit trail. It does not touch the ledger."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
from fastapi import FastAPI

import shared.web.pages
from services.access import pages, routes
from services.access.desk import Desk
from services.access.passwords import Passwords
from services.access.provider import Provider
from services.access.store import SCHEMA
from shared.postgres.pool import open_pool
from shared.process.certificates import certificates
from shared.process.clock import Clock, now
from shared.process.settings import Settings
from shared.process.tasks import end
from shared.web.app import make_app
from shared.web.forms import show_sign_in_first
from shared.web.pages import show_problems_as_pages
from shared.web.runtime import know_who_asks

PREFIXES = ("access", "sign-in", "sign-out", "account", "administration")
"""The first parts of the paths that access answers."""


def create_app(settings: Settings, clock: Clock = now) -> FastAPI:
    """Return access's app."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        pool = await open_pool(settings, SCHEMA)
        try:
            trusted = certificates(trust_env=True)
            async with httpx.AsyncClient(timeout=10, follow_redirects=False, verify=trusted) as http:
                provider = Provider(settings, http, clock) if settings.oidc_issuer else None
                app.state.desk = Desk(pool, Passwords(app.state.metrics), provider, settings, clock)
                noting = asyncio.create_task(know_who_asks(app, pool, clock))
                app.state.progress.trouble = None
                yield
                await end(noting)
        finally:
            await pool.close()

    app = make_app("access", "Kembar: access", settings, lifespan, projects=False)
    app.include_router(routes.router)
    app.include_router(pages.router)
    app.include_router(shared.web.pages.router)
    show_problems_as_pages(app, "/access/", pages.templates, pages.PROBLEMS_IN_WORDS)
    show_sign_in_first(app, pages.templates, pages.PROBLEMS_IN_WORDS)
    return app
