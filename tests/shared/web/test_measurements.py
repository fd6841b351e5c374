"""A request is counted by its route, with its parameters unfilled; what somebody makes up becomes no series."""

import httpx
import pytest
from fastapi import FastAPI
from prometheus_client import CollectorRegistry
from starlette.responses import StreamingResponse

from shared.ledger.ledger import LedgerState
from shared.web.app import HeadAsGet
from shared.web.measurements import MeasuredRequests, Measurements, new_request_seconds
from shared.web.standstill import Seen


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


@pytest.mark.parametrize(("missing", "found", "broken"), [(0, False, 0), (1, False, 1), (0, True, 1)])
def test_the_ledger_is_broken_where_positions_are_missing_or_other_bytes_were_found(missing, found, broken):
    metrics, seen = CollectorRegistry(), Seen()
    Measurements(metrics).watch_ledger("scoring", seen, lambda: found)
    seen.look(5, LedgerState(end=9, missing=missing, size_bytes=800), now_seconds=1.0)
    seen.look(5, LedgerState(end=9, missing=missing, size_bytes=800), now_seconds=3.5)

    def value(name, **labels):
        return metrics.get_sample_value(name, labels)

    assert value("kembar_ledger_broken", service="scoring") == broken
    assert (value("kembar_ledger_end"), value("kembar_ledger_bytes")) == (9, 800)
    assert value("kembar_projection_lag_events", service="scoring") == 4
    assert value("kembar_projection_lag_seconds", service="scoring") == 2.5
