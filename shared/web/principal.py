"""Who is asking: the one place that turns a request into a principal, by a bearer token or by a session's cookie."""

from collections.abc import Mapping

from fastapi import Request

from shared.domain.access import Principal, Role
from shared.domain.credentials import Credential, Refused, hash_of
from shared.process.settings import Settings
from shared.web.audit import address_of, write_audit
from shared.web.directory import Directory
from shared.wire.problems import Fault, Problem

ROLES = tuple(role.value for role in Role if role is not Role.PUBLIC)
"""The roles that an account can have; the public needs none."""
SAFE_METHODS = ("GET", "HEAD", "OPTIONS")
COOKIE_WITH_TLS, COOKIE_WITHOUT = "__Host-kembar", "kembar"
"""Not every browser takes a Secure cookie, which `__Host-` demands, from http://127.0.0.1."""


async def principal_of(request: Request, *, is_use: bool = True) -> Principal | None:
    """Return who is asking; None for nobody known. `is_use` is whether that counts as a use of what is shown.

    Raises `Fault`: 401 for a token that admits nobody, 403 for a cookie on a request that another site may have caused. A
    cookie that admits nobody is as good as none: reading goes on where it is open.
    """
    sent = next((value for name, value in request.scope["headers"] if name == b"authorization"), b"")
    scheme, _, token = sent.decode("latin-1").partition(" ")
    if token:
        return await _of_token(request, token.strip() if scheme.lower() == "bearer" else "", is_use=is_use)
    secret = request.cookies.get(cookie_name(request.app.state.settings))
    return await _of_session(request, secret, is_use=is_use) if secret else None


def cookie_name(settings: Settings) -> str:
    """Return the name of the session's cookie: bound to this host by its prefix wherever there is TLS."""
    return COOKIE_WITH_TLS if settings.has_tls else COOKIE_WITHOUT


def refuse_forgery(request: Request) -> None:
    """Raise `Fault` (403) where another site may have caused a request that changes something."""
    if request.method not in SAFE_METHODS and not comes_from_here(request.headers):
        raise Fault(FORGED)


def comes_from_here(headers: Mapping[str, str]) -> bool:
    """Say whether a browser's request was caused by a page of this site, by what only the browser can write.

    A browser that does not send Sec-Fetch-Site sends Origin; one that sends neither is not believed.
    """
    site = headers.get("sec-fetch-site")
    if site is not None:
        return site == "same-origin"
    said = headers.get("origin", "").partition("://")[2].lower()
    return bool(said) and said == headers.get("host", "").lower()


async def _of_token(request: Request, token: str, *, is_use: bool) -> Principal:
    directory: Directory | None = request.app.state.directory
    if directory is None:
        raise Fault(UNAUTHORIZED)
    found, credential = await directory.of_token(hash_of(token), is_use=is_use)
    if isinstance(found, Refused):
        await _note_refused_token(request, found, credential, directory)
        raise Fault(UNAUTHORIZED)
    return found


async def _note_refused_token(
    request: Request, reason: Refused, credential: Credential | None, directory: Directory
) -> None:
    await write_audit(
        directory.pool,
        directory.clock(),
        "token-refused",
        account=credential.account if credential else None,
        home=credential.home if credential else None,
        role=credential.role if credential else None,
        address=address_of(request),
        reason=reason,
        token=credential.id if credential else None,
        path=request.url.path,
    )


async def _of_session(request: Request, secret: str, *, is_use: bool) -> Principal | None:
    directory: Directory | None = request.app.state.directory
    if directory is None:
        return None
    found, _ = await directory.of_session(hash_of(secret), is_use=is_use)
    if isinstance(found, Refused):
        return None
    refuse_forgery(request)
    return found


UNAUTHORIZED = Problem(
    status=401,
    kind="unauthorized",
    title="The token is missing or not valid.",
    remedy="Send the header “Authorization: Bearer <token>”, or sign in at /sign-in. `kembar demo` writes tokens to "
    "<data>/demo-tokens.json.",
)
FORGED = Problem(
    status=403,
    kind="forged",
    title="Another site may have caused this request, so it was refused. Nothing was done.",
    remedy="Open Kembar itself and do it there; programs send a token instead of a cookie.",
)
