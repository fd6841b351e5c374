"""What routes and pages of access take from a request: who asks, from where, and the desk that answers."""

from typing import Annotated

from fastapi import Depends, Request, Response

from services.access.decide import is_administrator
from services.access.desk import Desk, SignedIn, Visitor
from shared.domain.access import Action, Principal
from shared.domain.credentials import SESSION_LASTS
from shared.process.settings import Settings
from shared.web.audit import address_of
from shared.web.principal import cookie_name
from shared.web.rules import RequiresAtHome
from shared.wire.problems import Fault, Problem

_requires_own_access = RequiresAtHome(Action.KEEP_OWN_ACCESS)


async def who_decides(principal: Annotated[Principal, Depends(_requires_own_access)]) -> Principal:
    """Return who asks, where they may change what they have: a person, or an administrator's token; 403 otherwise."""
    if principal.session is None and not is_administrator(principal):
        raise Fault(Problem(403, "not-allowed", "A token may not do this.", "Sign in at /sign-in and do it there."))
    return principal


def desk_of(request: Request) -> Desk:
    """Return the desk."""
    desk: Desk = request.app.state.desk
    return desk


def visitor_of(request: Request) -> Visitor:
    """Return from where somebody comes."""
    settings: Settings = request.app.state.settings
    agent = "".join(each for each in request.headers.get("user-agent", "") if each.isprintable())
    return Visitor(address_of(request), agent, request.cookies.get(cookie_name(settings)))


Asker = Annotated[Principal, Depends(_requires_own_access)]
Decider = Annotated[Principal, Depends(who_decides)]
AtTheDesk = Annotated[Desk, Depends(desk_of)]
From = Annotated[Visitor, Depends(visitor_of)]


def give_cookie(response: Response, request: Request, signed_in: SignedIn) -> None:
    """Let the browser show the session from now on; no script reads the cookie, and no other site sends it along."""
    settings: Settings = request.app.state.settings
    response.set_cookie(
        cookie_name(settings),
        signed_in.secret,
        max_age=int(SESSION_LASTS.total_seconds()),
        path="/",
        secure=settings.has_tls,
        httponly=True,
        samesite="lax",
    )


def take_cookie(response: Response, request: Request) -> None:
    """Let the browser forget the session."""
    settings: Settings = request.app.state.settings
    response.delete_cookie(cookie_name(settings), path="/", secure=settings.has_tls, httponly=True, samesite="lax")
