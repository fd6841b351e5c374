"""The straight way to a posting: past the router and what is built there for each request, which takes as long as a posting."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from starlette.middleware.exceptions import ExceptionMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from shared.web.measurements import ROUTE

Function = Callable[[Request], Awaitable[Response]]


class Straight:
    """Call the function of a path where it is posted to, and pass on everything else.

    The innermost of the app's middlewares: what the others do for every request they do for these too. What a function
    raises is answered by `handlers`, those of the app, except where that is `Exception`'s: a bug is the outermost's.
    """

    def __init__(self, app: ASGIApp, functions: Mapping[str, Function], handlers: Mapping[Any, Any]) -> None:
        self._app = app
        self._functions = functions
        self._handlers = {kind: handler for kind, handler in handlers.items() if kind is not Exception}
        self._handled: tuple[type[Exception], ...] = tuple(kind for kind in self._handlers if isinstance(kind, type))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer the request."""
        posted = scope["type"] == "http" and scope["method"] == "POST"
        function = self._functions.get(scope["path"]) if posted else None
        if function is None:
            await self._app(scope, receive, send)
            return
        scope[ROUTE] = scope["path"]
        try:
            response = await function(Request(scope, receive))
        except self._handled as error:
            await self._raise_to_the_handlers(error, scope, receive, send)
        else:
            await response(scope, receive, send)

    async def _raise_to_the_handlers(self, error: Exception, scope: Scope, receive: Receive, send: Send) -> None:
        async def fail(scope: Scope, receive: Receive, send: Send) -> None:
            raise error

        await ExceptionMiddleware(fail, handlers=self._handlers)(scope, receive, send)
