"""What stands before every route: safe headers, bodies and rates with an end, questions that do not take for ever."""

import asyncio
from contextlib import asynccontextmanager

import httpx
import pytest
from fastapi import Depends, FastAPI, Request

from cli.serve import APPS
from shared.postgres.pool import open_pool
from shared.process.settings import Settings
from shared.web.app import make_app
from shared.web.guards import HEADERS, LARGEST_BODY_BYTES, InTime
from shared.web.rules import open_to_all
from tests.support.engines import same_secrets
from tests.support.installation import knowing

ONE = 0.001
"""A rate per second that lets one through and, however slow the machine is, no other while the test runs."""


@asynccontextmanager
async def asking(app, address: str = "203.0.113.7"):
    """A client of an app in this process, from an address."""
    transport = httpx.ASGITransport(app, raise_app_exceptions=False, client=(address, 1))
    async with httpx.AsyncClient(transport=transport, base_url="http://kembar") as http:
        yield http


def an_app(lifespan=None) -> FastAPI:
    """An app as every service has one, with routes that go wrong."""
    app = make_app("scoring", "Of the test", Settings(), lifespan)

    @app.get("/bug", dependencies=[Depends(open_to_all)])
    async def bug() -> None:
        raise RuntimeError("of the test")

    @app.get("/slow", dependencies=[Depends(open_to_all)])
    async def slow(request: Request) -> None:
        await request.app.state.pool.execute("SELECT pg_sleep(20)")

    return app


@pytest.mark.parametrize("service", APPS)
@pytest.mark.parametrize("path", ["healthz", "v1/nowhere", "v1/openapi.json"])
async def test_every_answer_has_the_headers_that_browsers_are_held_by(service, path):
    async with asking(APPS[service](Settings())) as http:
        answer = await http.get(f"/{service}/{path}")

    assert {name: answer.headers[name] for name in HEADERS} == HEADERS


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/", 401),
        ("GET", "/reports/v1/ratings", 401),
        ("POST", "/reports/v1/ratings", 405),
        ("GET", "/static/kembar.css", 200),
        ("HEAD", "/reports/healthz", 200),
    ],
)
async def test_refusals_and_pages_have_them_too(method, path, status):
    async with asking(APPS["reports"](Settings())) as http:
        answer = await http.request(method, path)

    assert answer.status_code == status
    assert {name.lower() for name in HEADERS} <= answer.headers.keys()
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert "unsafe" not in answer.headers["Content-Security-Policy"]


async def test_an_error_of_ours_has_them_too():
    async with asking(an_app()) as http:
        answer = await http.get("/bug")

    assert (answer.status_code, answer.json()["type"]) == (500, "/problems/fault")
    assert {name: answer.headers[name] for name in HEADERS} == HEADERS
    assert "of the test" not in answer.text


async def test_a_body_larger_than_any_route_reads_is_refused_before_it_is_read():
    async with asking(APPS["ingest"](Settings())) as http:
        answer = await http.post(
            "/ingest/v1/events",
            content=b"x",
            headers={"Content-Length": str(LARGEST_BODY_BYTES + 1)},
        )
        small = await http.post("/ingest/v1/events", content=b"{}")

    assert (answer.status_code, answer.json()["type"]) == (413, "/problems/body-too-large")
    assert small.status_code == 401


async def test_an_account_is_held_to_its_rate_and_no_other_for_it(database):
    app = APPS["ingest"](Settings(requests_per_second=ONE, open_requests_per_second=1000))
    async with knowing(app, database), asking(app) as http:
        asked = [
            await http.post("/ingest/v1/events", headers={"Authorization": f"Bearer {token}"})
            for token in ["token-of-viewer"] * 6 + ["token-of-auditor"]
        ]

    assert [each.status_code for each in asked] == [403] + [429] * 5 + [403]
    assert asked[4].json()["type"] == "/problems/too-many-requests"
    assert int(asked[4].headers["Retry-After"]) >= 1


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer guessed"}])
async def test_an_address_is_held_to_its_rate_and_no_other_for_it(headers):
    app = APPS["ingest"](Settings(open_requests_per_second=ONE))
    async with asking(app) as http, asking(app, "203.0.113.8") as other:
        asked = [await http.post("/ingest/v1/events", headers=headers) for _ in range(6)]
        asked.append(await other.post("/ingest/v1/events", headers=headers))

    assert [each.status_code for each in asked] == [401] + [429] * 5 + [401]


async def test_a_request_that_takes_too_long_is_ended():
    ended = asyncio.Event()

    async def app(scope, receive, send):
        try:
            await asyncio.sleep(30)
        finally:
            ended.set()

    async with asking(InTime(app, longest_seconds=0.05)) as http:
        answer = await http.get("/")

    assert (answer.status_code, answer.json()["type"]) == (503, "/problems/took-too-long")
    assert answer.headers["Retry-After"] == "5"
    assert ended.is_set()


async def test_an_answer_that_has_begun_may_go_on():
    async def app(scope, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await asyncio.sleep(0.1)
        await send({"type": "http.response.body", "body": b"a stream"})

    async with asking(InTime(app, longest_seconds=0.05)) as http:
        answer = await http.get("/")

    assert (answer.status_code, answer.text) == (200, "a stream")


async def test_a_query_that_takes_too_long_is_ended_by_the_server_and_said(database):
    settings = Settings(postgres_dsn=database, secrets_folder=same_secrets())
    app = an_app()
    app.state.pool = await open_pool(settings, "scoring", longest_seconds=0.1)
    async with asking(app) as http:
        answer = await http.get("/slow")
    await app.state.pool.close()

    assert (answer.status_code, answer.json()["type"]) == (503, "/problems/took-too-long")


@pytest.mark.parametrize("service", ["ingest", "scoring", "reports"])
async def test_no_statement_of_a_service_may_go_on_for_ever_even_if_it_forgets_to_say_so(database, service):
    settings = Settings(postgres_dsn=database, secrets_folder=same_secrets())
    pool = await open_pool(settings, service)
    of_the_role = await pool.fetchval(
        "SELECT setconfig::text FROM pg_db_role_setting JOIN pg_roles ON pg_roles.oid = setrole WHERE rolname = $1",
        f"kembar_{service}",
    )
    assert "statement_timeout=60s" in of_the_role
    assert await pool.fetchval("SHOW statement_timeout") == "1min"
    await pool.close()
