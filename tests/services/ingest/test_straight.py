"""The straight way to a function answers as the way through the router does."""

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
from tests.support.installation import knowing

RAISED = {
    "refused": Fault(Problem(409, "other-body", "It stands.", "Use another id.", retry_after_seconds=3)),
    "unreachable": ConnectionClosedError(),
    "broken": ZeroDivisionError("a slip in the program"),
}


async def store(request: Request, principal: Principal) -> JSONResponse:
    sent = (await request.body()).decode()
    if sent in RAISED:
        raise RAISED[sent]
    return JSONResponse({"stored": sent}, status_code=201)


def an_app(*, straight: bool) -> FastAPI:
    app = make_app("ingest", "A service", Settings(), None)
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


async def answer_of(app: FastAPI, method: str, path: str, token: str = "token-of-bureau", **request) -> tuple:
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
        ("POST", "/store", {"content": b"a visit", "token": "token-of-viewer"}),
        ("POST", "/store", {"content": b"a visit", "token": "guessed"}),
        ("POST", "/store?home=auckland", {"content": b"a visit"}),
        ("GET", "/store", {}),
        ("POST", "/elsewhere", {"content": b"a visit"}),
        ("POST", "/store", {"content": b"a visit", "headers": {"Kembar-Min-Position": "soon"}}),
    ],
)
async def test_both_ways_give_the_same_answer(database, method, path, request_):
    async with knowing(an_app(straight=True), database) as app, knowing(an_app(straight=False), database) as routed:
        straight = await answer_of(app, method, path, **request_)

        assert straight == await answer_of(routed, method, path, **request_)


@pytest.mark.parametrize(("token", "status"), [("token-of-bureau", 201), ("token-of-viewer", 403), ("guessed", 401)])
async def test_the_straight_way_does_not_pass_the_rules(database, token, status):
    async with knowing(an_app(straight=True), database) as app:
        assert (await answer_of(app, "POST", "/store", token, content=b"a visit"))[0] == status


async def test_what_is_posted_straight_is_routed_no_more(database):
    """Without a route of its own the function answers all the same: the router was not asked."""
    app = make_app("ingest", "A service", Settings(), None)
    go_straight(app)

    async with knowing(app, database):
        assert (await answer_of(app, "POST", "/store", content=b"a visit"))[0] == 201
