"""Serve several apps on one port: the first part of the path says which, the last app takes the rest."""

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager

from fastapi import FastAPI
from starlette.types import ASGIApp, Receive, Scope, Send


class OnePort:
    """An ASGI app in front of others; what a reverse proxy does in production, without one."""

    def __init__(self, by_prefix: Mapping[str, FastAPI], otherwise: FastAPI) -> None:
        self._by_prefix = by_prefix
        self._otherwise = otherwise
        self._front = FastAPI(lifespan=self._start_all, openapi_url=None)

    @property
    def apps(self) -> list[FastAPI]:
        """All of them, each once."""
        return list({id(app): app for app in (*self._by_prefix.values(), self._otherwise)}.values())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on; start and stop all apps together."""
        app: ASGIApp = self._front
        if scope["type"] in ("http", "websocket"):
            first = scope["path"].split("/", 2)[1]
            app = self._by_prefix.get(first, self._otherwise)
        await app(scope, receive, send)

    @asynccontextmanager
    async def _start_all(self, _: FastAPI) -> AsyncIterator[None]:
        async with AsyncExitStack() as started:
            for app in self.apps:
                await started.enter_async_context(app.router.lifespan_context(app))
            yield
