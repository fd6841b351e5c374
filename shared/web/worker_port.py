"""What a process that answers nobody still answers: whether it lives, whether it can go on, and what it has measured.

`serve projections` and `serve deliveries` do, on `KEMBAR_WORKER_PORT` where that is set. There is nothing else there, so
nobody has to say who they are; let only those who observe reach it.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from shared.process.settings import Settings
from shared.web.hosts import held_to_known_names

Trouble = Callable[[], str | None]


@asynccontextmanager
async def answering_on_worker_port(
    settings: Settings, metrics: CollectorRegistry, trouble: Trouble
) -> AsyncIterator[None]:
    """Answer `/healthz`, `/readyz` and `/metrics` for as long as the context lasts, where the settings name a port.

    Where the port is taken the process ends, and its log says so.
    """
    if settings.worker_port is None:
        yield
        return
    import uvicorn  # only here: whoever tells of alerts is up sooner without it

    config = uvicorn.Config(
        held_to_known_names(what_a_worker_answers(metrics, trouble), settings),
        host=settings.host,
        port=settings.worker_port,
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=1,
    )
    socket = config.bind_socket()
    server = uvicorn.Server(config)
    server.capture_signals = contextlib.nullcontext  # type: ignore[method-assign, assignment] # the worker has its own
    serving = asyncio.create_task(server.serve([socket]))
    try:
        yield
    finally:
        server.should_exit = True
        await serving


def what_a_worker_answers(metrics: CollectorRegistry, trouble: Trouble) -> ASGIApp:
    """Return the app on a worker's port."""

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        await _answer_to(scope["path"], metrics, trouble)(scope, receive, send)

    return answer


def _answer_to(path: str, metrics: CollectorRegistry, trouble: Trouble) -> Response:
    match path:
        case "/healthz":
            return JSONResponse({"status": "alive"})
        case "/readyz":
            troubled = trouble()
            return JSONResponse({"ready": troubled is None, "trouble": troubled}, 200 if troubled is None else 503)
        case "/metrics":
            return Response(generate_latest(metrics), media_type=CONTENT_TYPE_LATEST)
    return Response(status_code=404)
