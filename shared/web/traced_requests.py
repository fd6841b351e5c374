"""The first step of a trace: a request, by its route. Neither its address nor anything in it is told, nor who asks."""

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.process.traces import begin
from shared.web.measurements import METHODS, route_of

ASKED_ALL_THE_TIME = ("/healthz", "/readyz", "/metrics")


class TracedRequests:
    """Follow each request, as part of the trace that it says it belongs to (W3C Trace Context), else as one of its own."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on."""
        if scope["type"] != "http" or scope["path"].endswith(ASKED_ALL_THE_TIME):
            await self._app(scope, receive, send)
            return
        method = scope["method"] if scope["method"] in METHODS else "other"
        with begin(method, "server", _traceparent_in(scope)) as request:

            async def note(message: Message) -> None:
                if message["type"] == "http.response.start":
                    route, status = route_of(scope), message["status"]
                    request.rename(f"{method} {route}")
                    request.note(http__request__method=method, http__route=route, http__response__status_code=status)
                    if status >= 500:
                        request.fail(str(status))
                await send(message)

            await self._app(scope, receive, note)


def _traceparent_in(scope: Scope) -> str | None:
    raw = next((value for name, value in scope["headers"] if name == b"traceparent"), None)
    return raw.decode("latin-1") if raw is not None else None
