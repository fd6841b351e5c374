"""By which names a service is asked: on this machine's own address, by that address only, whatever a name leads to.

A page of another site can let its own name lead to 127.0.0.1 and then read, as its own, whatever a service there answers
to anybody on this machine (DNS rebinding). It cannot change the name that the browser asks by.
"""

from collections.abc import Collection
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from shared.process.settings import Settings, is_loopback
from shared.wire.problems import MEDIA_TYPE, Problem


class KnownNames:
    """Answer only who asks by one of these names, with whatever port."""

    def __init__(self, app: ASGIApp, names: Collection[str]) -> None:
        self._app = app
        self._names = names

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or answer 421."""
        if scope["type"] == "lifespan" or _name_in(Headers(scope=scope).get("host", "")) in self._names:
            await self._app(scope, receive, send)
        else:
            await JSONResponse(UNKNOWN_NAME.document(), 421, media_type=MEDIA_TYPE)(scope, receive, send)


def held_to_known_names(app: ASGIApp, settings: Settings) -> ASGIApp:
    """Return the app behind the names it may be asked by: its own, and that under which people reach it.

    Where it does not listen on this machine's own address it is returned as it is: the proxy in front of it says which names
    it answers.
    """
    if not is_loopback(settings.host):
        return app
    public = urlsplit(settings.public_url or "").hostname or "localhost"
    return KnownNames(app, {"localhost", "127.0.0.1", "[::1]", settings.host, public})


def _name_in(host: str) -> str:
    name, _, port = host.lower().rpartition(":")
    return name if port.isdecimal() and name else host.lower()


UNKNOWN_NAME = Problem(
    status=421,
    kind="unknown-name",
    title="This service is not known by the name in the address. Nothing was done.",
    remedy="Ask http://127.0.0.1 with its port; behind a proxy, set KEMBAR_PUBLIC_URL.",
)
