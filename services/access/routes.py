"""The routes of access: who one is, one's tokens and sessions, the people of a home, the audit trail."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from services.access import store
from services.access.asking import Asker, AtTheDesk, Decider, From, take_cookie
from services.access.decide import Membership, TokenAsked, is_administrator, may_read_audit, not_allowed
from services.access.desk import Desk
from services.access.store import queries
from shared.domain.access import Principal, Role
from shared.wire.envelope import rfc3339
from shared.wire.problems import Fault, Problem

router = APIRouter(prefix="/access/v1", tags=["access"])
LAST_NUMBER = 2**62
NO_STORE = {"Cache-Control": "no-store"}


class NewToken(BaseModel):
    """A token that is wanted. `program` makes it for a program of the home, as `role`; an administrator may."""

    model_config = ConfigDict(extra="forbid")
    label: str
    scopes: list[str] | None = None
    days: int = 90
    program: str | None = None
    role: str | None = None
    partnerships: list[str] | None = None


class NewPerson(BaseModel):
    """A person to be invited into the home."""

    model_config = ConfigDict(extra="forbid")
    shown_name: str
    role: Role
    partnerships: list[str] | None = None
    language: str = "id"


class NewMembership(BaseModel):
    """What an account is to be in the home; `partnerships` are an embassy's own."""

    model_config = ConfigDict(extra="forbid")
    partnerships: list[str] | None = Field(default=None)


class ActAs(BaseModel):
    """The membership as which a session goes on."""

    model_config = ConfigDict(extra="forbid")
    home: str
    role: Role


@router.get("/me")
async def me(asker: Asker, desk: AtTheDesk) -> dict[str, Any]:
    """Answer who one is, and what else one could be."""
    memberships = await store.read_memberships(desk.pool, asker.account)
    return {
        "account": asker.account,
        "home": asker.home,
        "role": asker.role,
        "partnerships": _sorted(asker.partnerships),
        "scopes": _sorted(asker.scopes),
        "session": asker.session,
        "memberships": [_membership(each) for each in memberships],
    }


@router.get("/tokens")
async def tokens(asker: Asker, desk: AtTheDesk) -> dict[str, Any]:
    """Answer one's own tokens; an administrator's answer has all of the home. No token itself is kept anywhere."""
    return {"items": [token_document(each) for each in await read_tokens(asker, desk)]}


@router.post("/tokens", status_code=201)
async def make_token(asker: Decider, desk: AtTheDesk, visitor: From, wanted: NewToken) -> JSONResponse:
    """Make a token. It stands in this answer, and nowhere else."""
    asked = TokenAsked(**wanted.model_dump())
    token, shown = await desk.make_token(asker, asked, visitor)
    return JSONResponse({"id": str(token), "token": shown}, status_code=201, headers=NO_STORE)


@router.delete("/tokens/{token}", status_code=204)
async def revoke_token(asker: Decider, desk: AtTheDesk, visitor: From, token: UUID) -> Response:
    """Revoke a token: the very next request that shows it is refused."""
    if not await desk.revoke_token(asker, token, visitor):
        title = f"There is no token {token} of yours that lives."
        raise Fault(Problem(404, "unknown-token", title, "See /access/v1/tokens for those there are."))
    return Response(status_code=204)


@router.get("/sessions")
async def sessions(asker: Asker, desk: AtTheDesk) -> dict[str, Any]:
    """Answer where one is signed in."""
    return {"items": [session_document(each, asker) for each in await read_sessions(asker, desk)]}


@router.delete("/sessions", status_code=204)
async def sign_out_everywhere(request: Request, asker: Decider, desk: AtTheDesk, visitor: From) -> Response:
    """End all of one's own sessions."""
    await desk.sign_out(asker, visitor, everywhere=True)
    response = Response(status_code=204)
    take_cookie(response, request)
    return response


@router.delete("/sessions/{session}", status_code=204)
async def end_session(asker: Decider, desk: AtTheDesk, visitor: From, session: UUID) -> Response:
    """End one of one's own sessions."""
    if not await desk.end_session(asker, session, visitor):
        title = f"There is no session {session} of yours that lasts."
        raise Fault(Problem(404, "unknown-session", title, "See /access/v1/sessions for those there are."))
    return Response(status_code=204)


@router.put("/sessions/current", status_code=204)
async def act_as(asker: Decider, desk: AtTheDesk, visitor: From, wanted: ActAs) -> Response:
    """Let this session go on in another home, or as something else that one is."""
    if not await desk.act_as(asker, wanted.home, wanted.role, visitor):
        title = f"This is no session, or you are not {wanted.role} of “{wanted.home[:60]}”. Nothing was done."
        raise Fault(Problem(403, "no-such-membership", title, "See /access/v1/me for what you are."))
    return Response(status_code=204)


@router.get("/people")
async def people(asker: Asker, desk: AtTheDesk) -> dict[str, Any]:
    """Answer the accounts that the home looks after, and those of other homes that are something in it."""
    if not is_administrator(asker):
        raise Fault(not_allowed())
    return {"items": [person_document(each) for each in await store.read_people(desk.pool, asker.home)]}


@router.post("/people", status_code=201)
async def invite(asker: Decider, desk: AtTheDesk, visitor: From, wanted: NewPerson) -> JSONResponse:
    """Invite a person; the answer has the one-time link by which they choose a name and a password."""
    own = None if wanted.partnerships is None else tuple(wanted.partnerships)
    membership = Membership(asker.home, wanted.role, own)
    account, secret = await desk.invite(asker, wanted.shown_name, wanted.language, membership, visitor)
    return JSONResponse({"account": account, "link": link_path(secret)}, status_code=201, headers=NO_STORE)


@router.post("/people/{home}/{name}/link", status_code=201)
async def make_link(asker: Decider, desk: AtTheDesk, visitor: From, home: str, name: str) -> JSONResponse:
    """Make a one-time link by which a person of the home sets a new password; older ones are worth nothing."""
    secret = await desk.make_link(asker, f"{home}/{name}", visitor)
    return JSONResponse({"link": link_path(secret)}, status_code=201, headers=NO_STORE)


@router.post("/people/{home}/{name}/disable", status_code=204)
async def disable(asker: Decider, desk: AtTheDesk, visitor: From, home: str, name: str) -> Response:
    """Let an account of the home in no more: its sessions and tokens are refused at once."""
    await desk.disable(asker, f"{home}/{name}", visitor, disabled=True)
    return Response(status_code=204)


@router.post("/people/{home}/{name}/enable", status_code=204)
async def enable(asker: Decider, desk: AtTheDesk, visitor: From, home: str, name: str) -> Response:
    """Let an account of the home in again."""
    await desk.disable(asker, f"{home}/{name}", visitor, disabled=False)
    return Response(status_code=204)


@router.put("/people/{home}/{name}/roles/{role}", status_code=204)
async def give_role(
    asker: Decider, desk: AtTheDesk, visitor: From, home: str, name: str, role: Role, wanted: NewMembership
) -> Response:
    """Make an account this to the home as which one acts; it may be looked after by another home."""
    await desk.set_membership(asker, f"{home}/{name}", role, wanted.partnerships, visitor)
    return Response(status_code=204)


@router.delete("/people/{home}/{name}/roles/{role}", status_code=204)
async def take_role(asker: Decider, desk: AtTheDesk, visitor: From, home: str, name: str, role: Role) -> Response:
    """Make an account this to the home no more; what came in as such is refused at once."""
    await desk.drop_membership(asker, f"{home}/{name}", role, visitor)
    return Response(status_code=204)


@router.get("/audit")
async def audit(
    asker: Asker,
    desk: AtTheDesk,
    cursor: Annotated[int, Query(ge=1, le=LAST_NUMBER)] = LAST_NUMBER,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> dict[str, Any]:
    """Answer what was done and refused in the home, the latest first, page by page."""
    items, following = await read_audit(asker, desk, cursor, limit)
    return {"items": items, "next": following}


async def read_audit(asker: Principal, desk: Desk, before: int, limit: int) -> tuple[list[dict[str, Any]], int | None]:
    """Return a page of the audit trail, and where the next one begins. Raises `Fault` (403)."""
    if not may_read_audit(asker):
        title = "The audit trail is read by auditors and administrators."
        raise Fault(Problem(403, "not-allowed", title, "Ask one of them."))
    rows = [row async for row in queries.audit_before(desk.pool, home=asker.home, before=before, limit=limit + 1)]
    items = [{**row, "at": rfc3339(row["at"])} for row in rows[:limit]]
    return items, items[-1]["number"] if len(rows) > limit else None


async def read_tokens(asker: Principal, desk: Desk) -> list[Any]:
    """Return the rows of one's own tokens, an administrator's of the whole home."""
    all_of_home = is_administrator(asker)
    return [
        row
        async for row in queries.tokens(
            desk.pool, account=None if all_of_home else asker.account, home=asker.home if all_of_home else None
        )
    ]


async def read_sessions(asker: Principal, desk: Desk) -> list[Any]:
    """Return the rows of one's own sessions."""
    return [row async for row in queries.sessions_of(desk.pool, account=asker.account, at=desk.clock())]


def token_document(row: Any) -> dict[str, Any]:  # noqa: ANN401
    """Return a token as it is listed, without the token."""
    return {
        "id": str(row["token"]),
        "account": row["account"],
        "home": row["home"],
        "role": row["role"],
        "scopes": row["scopes"],
        "label": row["label"],
        "made_by": row["made_by"],
        **{name: _moment(row[name]) for name in ("made_at", "expires_at", "revoked_at", "used_at")},
    }


def session_document(row: Any, asker: Principal) -> dict[str, Any]:  # noqa: ANN401
    """Return a session as it is listed."""
    return {
        "id": str(row["session"]),
        "home": row["home"],
        "role": row["role"],
        "address": row["address"],
        "agent": row["agent"],
        "is_this_one": str(row["session"]) == asker.session,
        **{name: _moment(row[name]) for name in ("begun_at", "expires_at", "used_at")},
    }


def person_document(row: dict[str, Any]) -> dict[str, Any]:
    """Return an account as it is listed."""
    return {**row, "disabled_at": _moment(row["disabled_at"])}


def link_path(secret: str) -> str:
    """Return the address of a one-time link on this site."""
    return f"/sign-in/link?key={secret}"


def _membership(membership: Membership) -> dict[str, Any]:
    return {"home": membership.home, "role": membership.role, "partnerships": _sorted(membership.partnerships)}


def _sorted(values: Any) -> list[str] | None:  # noqa: ANN401
    return None if values is None else sorted(values)


def _moment(moment: Any) -> str | None:  # noqa: ANN401
    return None if moment is None else rfc3339(moment)
