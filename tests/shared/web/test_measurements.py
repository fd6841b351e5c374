"""A request is counted by its route, with its parameters unfilled; what somebody makes up becomes no series."""

import httpx
import pytest
from fastapi import FastAPI
from prometheus_client import CollectorRegistry
from starlette.responses import StreamingResponse

from shared.web.app import HeadAsGet
from shared.web.measurements import MeasuredRequests, new_request_seconds


@pytest.fixture
async def asked():
    """An app that is measured: asks it, and returns the counts by method, route and status."""
    metrics = CollectorRegistry()
    app = FastAPI(openapi_url=None)
    app.add_middleware(HeadAsGet)
    app.add_middleware(MeasuredRequests, seconds=new_request_seconds(metrics))

    @app.get("/cities/{slug}")
    async def city(slug: str) -> str:
        if slug == "atlantis":
            raise RuntimeError("it has sunk")
        return slug

    @app.get("/news")
    async def news() -> StreamingResponse:
        async def lines():
            yield "one"
            raise RuntimeError("the line broke")

        return StreamingResponse(lines())

    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://kembar.test") as http:

        async def ask(*requests):
            for method, path in requests:
                await http.request(method, path)
            return {
                (sample.labels["method"], sample.labels["route"], sample.labels["status"]): sample.value
                for family in metrics.collect()
                for sample in family.samples
                if sample.name == "kembar_request_seconds_count"
            }

        yield ask


async def test_requests_of_one_route_are_one_series_whatever_they_ask_for(asked):
    assert await asked(("GET", "/cities/hanoi"), ("GET", "/cities/seoul?x=1"), ("HEAD", "/cities/tokyo")) == {
        ("GET", "/cities/{slug}", "200"): 2,
        ("HEAD", "/cities/{slug}", "200"): 1,
    }


async def test_what_is_made_up_is_none_and_other(asked):
    assert await asked(("GET", "/a"), ("GET", "/b/c"), ("BREW", "/a"), ("POST", "/cities/hanoi")) == {
        ("GET", "none", "404"): 2,
        ("other", "none", "404"): 1,
        ("POST", "/cities/{slug}", "405"): 1,
    }


async def test_what_ends_by_a_fault_counts_as_one_and_what_has_begun_as_it_began(asked):
    assert await asked(("GET", "/cities/atlantis"), ("GET", "/news")) == {
        ("GET", "/cities/{slug}", "500"): 1,
        ("GET", "/news", "200"): 1,
    }
