"""The straight way to a function answers as the way through the router does."""

import json

import httpx
import pytest
from fastapi import APIRouter, FastAPI, Request
from fastapi.responses import JSONResponse
from nats.errors import ConnectionClosedError
from starlette.middleware import Middleware

from services.ingest.routes import RawRoute, behind_its_rule
from services.ingest.straight import Straight
from shared.domain.access import Principal
from shared.process.settings import Settings
from shared.web.app import make_app
from shared.wire.problems import Fault, Problem
from tests.support.installation import an_account

RAISED = {
    "refused": Fault(Problem(409, "other-body", "It stands.", "Use another id.", retry_after_seconds=3)),
    "unreachable": ConnectionClosedError(),
    "broken": ZeroDivisionError("a slip in the program"),
}


BUREAU = an_account("token-of-the-bureau", "jakarta/bureau", "bureau")
VIEWER = an_account("token-of-a-viewer", "jakarta/viewer", "viewer")


@pytest.fixture
def accounts(tmp_path):
    """The settings of a service that knows a bureau and a viewer."""
    path = tmp_path / "tokens.json"
    path.write_text(json.dumps([BUREAU, VIEWER]))
    return Settings(tokens_file=path)


async def store(request: Request, principal: Principal) -> JSONResponse:
    sent = (await request.body()).decode()
    if sent in RAISED:
        raise RAISED[sent]
    return JSONResponse({"stored": sent}, status_code=201)


def an_app(accounts: Settings, *, straight: bool) -> FastAPI:
    app = make_app("ingest", "A service", accounts, None)
    router = APIRouter(route_class=RawRoute)
    router.add_api_route("/store", store, methods=["POST"], response_model=None)
    app.include_router(router)
    if straight:
        go_straight(app)
    return app


def go_straight(app: FastAPI) -> None:
    app.user_middleware.append(
        Middleware(Straight, functions={"/store": behind_its_rule(store)}, handlers=app.exception_handlers)
    )


async def answer_of(app: FastAPI, method: str, path: str, token: str = "token-of-the-bureau", **request) -> tuple:
    request["headers"] = {"Authorization": f"Bearer {token}"} | request.get("headers", {})
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://here") as http:
        answer = await http.request(method, path, **request)
        return answer.status_code, dict(answer.headers), answer.content


@pytest.mark.parametrize(
    ("method", "path", "request_"),
    [
        ("POST", "/store", {"content": b"a visit"}),
        *(("POST", "/store", {"content": name.encode()}) for name in RAISED),
        ("POST", "/store", {"content": b"a visit", "token": "token-of-a-viewer"}),
        ("POST", "/store", {"content": b"a visit", "token": "guessed"}),
        ("POST", "/store?home=auckland", {"content": b"a visit"}),
        ("GET", "/store", {}),
        ("POST", "/elsewhere", {"content": b"a visit"}),
        ("POST", "/store", {"content": b"a visit", "headers": {"Kembar-Min-Position": "soon"}}),
    ],
)
async def test_both_ways_give_the_same_answer(accounts, method, path, request_):
    straight = await answer_of(an_app(accounts, straight=True), method, path, **request_)

    assert straight == await answer_of(an_app(accounts, straight=False), method, path, **request_)


@pytest.mark.parametrize(
    ("token", "status"), [("token-of-the-bureau", 201), ("token-of-a-viewer", 403), ("guessed", 401)]
)
async def test_the_straight_way_does_not_pass_the_rules(accounts, token, status):
    app = an_app(accounts, straight=True)

    assert (await answer_of(app, "POST", "/store", token, content=b"a visit"))[0] == status


async def test_what_is_posted_straight_is_routed_no_more(accounts):
    """Without a route of its own the function answers all the same: the router was not asked."""
    app = make_app("ingest", "A service", accounts, None)
    go_straight(app)

    assert (await answer_of(app, "POST", "/store", content=b"a visit"))[0] == 201
