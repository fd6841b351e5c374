"""What stands before every route: no body larger than any route reads, no question that takes for ever, safe headers."""

import asyncio

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.web.problems import answer
from shared.wire.problems import Finding, Problem

LARGEST_BODY_BYTES = 33_554_432
"""No route reads more; most read less, and say so themselves."""
LONGEST_SECONDS = 120.0
"""No request may take longer, its body and all its queries together; each query has a limit of its own."""
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cache-Control": "no-store",
}
"""On every answer that does not say otherwise; pages say which style sheets they load."""


class SafeHeaders:
    """Put the headers that browsers are held by on every answer, also on those that no route gave."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on; add what the answer does not say."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_safely(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        await self._app(scope, receive, send_safely)


class LargestBody:
    """Refuse a body that says it is larger than any route reads, before anything of it is read."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on if its body may be read."""
        said = Headers(scope=scope).get("content-length", "0") if scope["type"] == "http" else "0"
        too_large = said.isascii() and said.isdigit() and int(said[:16]) > LARGEST_BODY_BYTES
        await (answer(_body_too_large(int(said[:16]))) if too_large else self._app)(scope, receive, send)


class InTime:
    """End a request that takes too long, unless its answer has begun."""

    def __init__(self, app: ASGIApp, longest_seconds: float = LONGEST_SECONDS) -> None:
        self._app = app
        self._longest_seconds = longest_seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on; answer 503 where it does not end."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun = False

        async def note(message: Message) -> None:
            nonlocal begun
            begun = True
            if not limit.expired():
                limit.reschedule(None)  # a stream may go on for as long as it likes
            await send(message)

        try:
            async with asyncio.timeout(self._longest_seconds) as limit:
                await self._app(scope, receive, note)
        except TimeoutError:
            if begun or not limit.expired():
                raise
            await answer(TOOK_TOO_LONG)(scope, receive, send)


GUARDS = (InTime, LargestBody, SafeHeaders)
"""In the order in which they are added: the last stands first."""


def _body_too_large(size_bytes: int) -> Problem:
    remedy = "Send it in parts."
    return Problem(
        status=413,
        kind="body-too-large",
        title=f"The body is larger than the {LARGEST_BODY_BYTES:,} bytes that are read. Nothing was done.",
        remedy=remedy,
        findings=(Finding("body", f"It has {size_bytes:,} bytes.", remedy),),
    )


TOOK_TOO_LONG = Problem(
    status=503,
    kind="took-too-long",
    title="The answer took too long.",
    remedy="Ask for less; what was being posted is safe to send again under the same id.",
    retry_after_seconds=5,
)
