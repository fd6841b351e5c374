"""The rules at the door: every route says which action it is, and nobody passes whom `may` refuses.

A route without `requires(...)` or `open_to_all` fails a test. Both are coroutines although they wait for little: FastAPI
would run plain functions in a thread each.
"""

import re
import time
from dataclasses import replace
from typing import Annotated, Any

import structlog
from fastapi import Depends, Path, Query, Request
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute

from shared.domain.access import ALL_HOMES, RIGHTS, Action, Principal, Refused, Role, Subject, may
from shared.process.settings import Settings
from shared.projection.homes import read_home
from shared.web.audit import address_of, audit
from shared.web.homes import is_released
from shared.web.limits import Limits
from shared.web.principal import UNAUTHORIZED, principal_of
from shared.wire.problems import Fault, Finding, Problem

SLUG = r"^[a-z0-9]+(-[a-z0-9]+)*$"
HomeAsked = Annotated[
    str | None, Query(description="Another home, for a ministry; one's own if left out", max_length=60, pattern=SLUG)
]
HomeInPath = Annotated[str, Path(description="The home", max_length=60, pattern=SLUG)]

log = structlog.get_logger()


class Forbidden(Fault):
    """Somebody may not do what was asked: told to whoever keeps the audit trail, and answered with 403.

    The public is answered with 401: it may be somebody who may, and has not said so.
    """

    def __init__(self, principal: Principal, action: Action, subject: Subject, refusal: Refused) -> None:
        super().__init__(UNAUTHORIZED if principal.role is Role.PUBLIC else _forbidden(refusal))
        self.principal, self.action, self.subject, self.why = principal, action, subject, refusal.why


async def keep_refusal(request: Request, refusal: Forbidden) -> None:
    """Keep on the audit trail that an account was refused something; of the public, only the log hears."""
    what = {
        "action": refusal.action.value,
        "subject_home": refusal.subject.home,
        "subject_partnership": refusal.subject.partnership,
        "reason": refusal.why,
    }
    request.app.state.refusals.labels(refusal.action.value).inc()
    log.warning("refused", account=refusal.principal.account, role=refusal.principal.role.value, **what)
    if refusal.principal.role is not Role.PUBLIC:
        await audit(request, "refused", refusal.principal, path=request.url.path, **what)


class Requires:
    """A dependency that lets nobody pass who may not do this; it returns the principal, in the home it asks about."""

    def __init__(self, action: Action, *, across: bool = False) -> None:
        self.action = action
        self._across = across

    async def __call__(self, request: Request, home: HomeAsked = None) -> Principal:
        """Return who is asking; raise the 401, 403 or 429 of whoever may not."""
        return await self._held_to_the_rules(request, await _within_limits(request), home)

    async def again(self, request: Request, home: str | None) -> Principal:
        """Return who is asking as it is now, of a request that is still open; raise as at its beginning.

        It takes nothing of a rate, and is no use of a session that would keep it from ending.
        """
        return await self._held_to_the_rules(request, await principal_of(request, is_use=False), home)

    async def _held_to_the_rules(self, request: Request, known: Principal | None, home: str | None) -> Principal:
        settings: Settings = request.app.state.settings
        principal = known or Principal(Role.PUBLIC.value, settings.home, Role.PUBLIC)
        if home is not None and (len(home) > 60 or not re.fullmatch(SLUG, home)):
            raise Fault(_wrong_home("That is no home's short name.", "Write it as it stands under “home” in answers."))
        if home == ALL_HOMES and not self._across:
            raise Fault(_wrong_home("This can be asked about one home at a time.", "Name one home."))
        asked = home or principal.home
        is_open = principal.role is Role.PUBLIC and self.action in RIGHTS[Role.PUBLIC]
        released = is_open and await is_released(request, asked)
        subject = self.subject(request, asked, released=released)
        answer = may(principal, self.action, subject)
        if isinstance(answer, Refused):
            raise Forbidden(principal, self.action, subject, answer)
        if asked not in (principal.home, ALL_HOMES) and await read_home(request.app.state.runtime.pool, asked) is None:
            raise Fault(_unknown_home(asked))
        return replace(principal, home=asked)

    def subject(self, request: Request, home: str, *, released: bool) -> Subject:
        """Return what would be done something to: a home as a whole."""
        return Subject(home, released=released)


class RequiresAtHome(Requires):
    """The same for what can only be asked about one's own home."""

    async def __call__(self, request: Request) -> Principal:  # type: ignore[override] # no home can be named
        """Return who is asking; raise the 401, 403 or 429 of whoever may not."""
        return await super().__call__(request, None)


class RequiresInPath(Requires):
    """The same where the address itself names the home."""

    async def __call__(self, request: Request, home: HomeInPath) -> Principal:  # type: ignore[override] # it is no question
        """Return who is asking; raise the 401, 403, 404 or 429 of whoever may not."""
        return await super().__call__(request, home)


def requires(action: Action, *, across: bool = False) -> Any:  # noqa: ANN401 - as FastAPI's own
    """Return the dependency of a route that is this action; `across` where all homes can be asked about at once."""
    return Depends(Requires(action, across=across))


async def open_to_all() -> None:
    """Mark a route that anybody may use: it says nothing that belongs to a home."""


async def open_at_a_rate(request: Request) -> None:
    """Mark a route that anybody may use and that costs something: an address is held to its rate. Raises `Fault` (429)."""
    _take(request.app.state.limits_of_addresses, address_of(request))


def demand(principal: Principal, action: Action, subject: Subject) -> None:
    """Raise `Forbidden` unless the principal may do this to the subject."""
    answer = may(principal, action, subject)
    if isinstance(answer, Refused):
        raise Forbidden(principal, action, subject, answer)


def rule_of(route: object) -> object:
    """Return the rule that a route declares: its action, `open_to_all`, or None where it forgot to."""
    calls = _calls(route.dependant) if isinstance(route, APIRoute) else []
    for each in calls:
        if isinstance(each, Requires):
            return each.action
    return open_to_all if open_to_all in calls or open_at_a_rate in calls else None


def _calls(dependant: Dependant) -> list[Any]:
    return [call for each in dependant.dependencies for call in (each.call, *_calls(each))]


async def _within_limits(request: Request) -> Principal | None:
    """Return who is asking, None for nobody, while they ask no more than they may; a wrong token counts for its address."""
    address = address_of(request)
    by_address: Limits = request.app.state.limits_of_addresses
    by_principal: Limits = request.app.state.limits_of_principals
    try:
        principal = await principal_of(request)
    except Fault:
        _take(by_address, address)
        raise
    if principal is None:
        _take(by_address, address)
    else:
        _take(by_principal, principal.account)
    return principal


def _take(limits: Limits, key: str) -> None:
    wait_seconds = limits.take(key, time.monotonic())
    if wait_seconds:
        raise Fault(_too_many_requests(wait_seconds))


def _forbidden(refusal: Refused) -> Problem:
    return Problem(status=403, kind="forbidden", title=refusal.why, remedy=refusal.remedy)


def _too_many_requests(wait_seconds: int) -> Problem:
    return Problem(
        status=429,
        kind="too-many-requests",
        title="More is being asked than is answered to one account or address. Nothing was done.",
        remedy="Ask again after the time in Retry-After; many events go faster in a batch.",
        retry_after_seconds=wait_seconds,
    )


def _unknown_home(home: str) -> Problem:
    title = f"There is no home “{home[:60]}”."
    return Problem(
        status=404, kind="unknown-home", title=title, remedy="See /ingest/v1/homes?home=all for those there are."
    )


def _wrong_home(problem: str, remedy: str) -> Problem:
    finding = Finding("home", problem, remedy)
    return Problem(422, "invalid", "The question cannot be answered as it stands.", remedy, (finding,))
