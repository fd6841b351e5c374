"""The server, which says that it stops before it waits for what is under way: an open stream would go on for ever."""

import asyncio
import socket
from collections.abc import Iterable

import uvicorn
from fastapi import FastAPI

from shared.process.traces import end_traces
from shared.web.one_port import OnePort


class OrderlyServer(uvicorn.Server):
    """A server that tells its apps when it is about to stop: each calls what it keeps in `app.state.before_stopping`."""

    def __init__(self, config: uvicorn.Config, apps: Iterable[FastAPI]) -> None:
        super().__init__(config)
        self._apps = list(apps)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Tell the apps, then stop; at last send what is left of traces."""
        for app in self._apps:
            for each in getattr(app.state, "before_stopping", ()):
                each()
        await super().shutdown(sockets)
        await asyncio.to_thread(
            end_traces
        )  # here, for the signal that stops the server ends the process right after it


def apps_in(app: FastAPI | OnePort) -> list[FastAPI]:
    """Return the apps that are served."""
    return app.apps if isinstance(app, OnePort) else [app]
