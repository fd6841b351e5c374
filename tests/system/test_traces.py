"""An event is followed from its request to the alert that it raised, through every process; and what all of them measure."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from cli.bench.alerts import close_today
from cli.embedded.nats_server import free_ports
from cli.embedded.reach import ADDRESSES, settings_from
from shared.ledger.archive import read_archive
from shared.ledger.ledger import Ledger
from tests.support.build import a_partnership, an_activity
from tests.support.collector import Collector, collecting
from tests.support.program import Program, running
from tests.support.receivers import ALLOWED, Receiver, answering, receiving
from tests.support.waiting import until

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
ASKED_BY = "00f067aa0ba902b7"
YESTERDAY = (datetime.now(UTC) - timedelta(days=1)).date().isoformat()
CELLS = [("contact", "outbound"), ("contact", "inbound"), ("visit", "outbound")]
SECRET_TITLE = "Hidden from whoever collects"


@dataclass
class Followed:
    """An installation in which one posting was followed, and an alert that it raised was told."""

    program: Program
    http: httpx.AsyncClient
    collector: Collector
    receiver: Receiver
    worker_port: int
    receipt: dict

    async def measured(self, url: str) -> dict[tuple[str, ...], float]:
        """What stands under an address for Prometheus: values by name and labels."""
        answer = await self.http.get(url)
        assert answer.status_code == 200
        return {
            (sample.name, *sample.labels.values()): sample.value
            for family in text_string_to_metric_families(answer.text)
            for sample in family.samples
        }


@pytest.fixture(scope="module")
async def followed(tmp_path_factory):
    port, worker_port, *_ = free_ports(3)
    with collecting() as collector:
        settings = {
            "KEMBAR_OTLP_ENDPOINT": collector.url,
            "KEMBAR_TRACED_SHARE": "0",  # so nothing is followed but what asks to be
            "KEMBAR_WORKER_PORT": str(worker_port),
            "KEMBAR_WEBHOOK_NETWORKS": json.dumps([ALLOWED]),
        }
        with running("up", tmp_path_factory.mktemp("traces") / "data", port, **settings) as program:
            async with (
                receiving(answering(204)) as receiver,
                httpx.AsyncClient(base_url=program.url, timeout=30, trust_env=False) as http,
            ):
                http.headers["Authorization"] = f"Bearer {program.tokens()['bureau']}"
                receipt = await live_through(http, receiver, settings_of(program))
                running_now = Followed(program, http, collector, receiver, worker_port, receipt)
                await until(lambda: told_of(collector), 20)
                yield running_now


async def live_through(http, receiver, settings):
    """Register, subscribe, and post what lets the rating rise on a day that began in time; the last is part of a trace."""
    await until(lambda: closed_a_day(http))
    await posted(http, "partnership.registered", a_partnership())
    for indicator, direction in CELLS[:-1]:
        await posted(http, "activity.recorded", of_yesterday(indicator, direction))
    await close_today(settings)
    wanted = {"channel": {"webhook": receiver.url}, "kinds": ["rating_rose"]}
    assert (await http.post("/scoring/v1/subscriptions", json=wanted)).status_code == 201
    traceparent = f"00-{TRACE}-{ASKED_BY}-01"
    receipt = await posted(http, "activity.recorded", of_yesterday(*CELLS[-1]), traceparent=traceparent)
    await until(lambda: any(each.document["data"]["event_id"] == receipt["event_id"] for each in receiver.got))
    return receipt


def of_yesterday(indicator, direction):
    return an_activity(indicator=indicator, direction=direction, occurred=YESTERDAY, title={"en": SECRET_TITLE})


def settings_of(program):
    return settings_from(json.loads((program.data / ADDRESSES).read_text()))


async def closed_a_day(http):
    return (await http.get("/reports/v1/ratings")).json()["position"] >= 2


async def posted(http, event_type, data, **headers):
    answer = await http.post("/ingest/v1/events", json={"type": event_type, "data": data}, headers=headers)
    assert answer.status_code == 201, answer.text
    return answer.json()


def told_of(collector):
    names = {each.name for each in collector.of_trace(TRACE)}
    return {"POST /ingest/v1/events", "tell of an alert", "project ingest", "project reports"} <= names


async def test_one_trace_leads_from_the_request_through_every_process_to_the_alert_that_is_told(followed):
    steps = {(each.service, each.name): each for each in followed.collector.of_trace(TRACE)}

    assert set(steps) == {
        ("kembar-all", "POST /ingest/v1/events"),
        ("kembar-all", "append"),
        ("kembar-projections", "project ingest"),
        ("kembar-projections", "project scoring"),
        ("kembar-projections", "project reports"),
        ("kembar-projections", "raise an alert"),
        ("kembar-deliveries", "tell of an alert"),
    }
    asked, appended = steps["kembar-all", "POST /ingest/v1/events"], steps["kembar-all", "append"]
    raised, told = steps["kembar-projections", "raise an alert"], steps["kembar-deliveries", "tell of an alert"]
    assert (asked.parent, appended.parent, raised.parent, told.parent) == (ASKED_BY, asked.id, appended.id, raised.id)
    assert asked.said["http.response.status_code"] == 201
    assert steps["kembar-projections", "project scoring"].said == {"kembar.position": followed.receipt["position"]}
    assert (raised.said, told.said) == (
        {"kembar.kind": "rating_rose"},
        {"kembar.channel": "webhook", "kembar.attempt": 1},
    )
    assert [each for each in steps.values() if each.failed] == []


async def test_what_nobody_asks_to_be_followed_is_not_where_the_share_is_nothing(followed):
    assert {each.trace for each in followed.collector.steps} == {TRACE}


async def test_the_trace_stands_beside_the_event_and_neither_in_its_bytes_nor_in_the_copy(followed):
    settings = settings_of(followed.program)
    ledger = await Ledger.connect(settings.nats_url, "archive", settings.secrets_folder)
    stands = await ledger.at(followed.receipt["position"])
    earlier = await ledger.at(followed.receipt["position"] - 1)
    await ledger.close()
    copies = followed.program.data / "archive"
    await until(lambda: any(each.position == stands.position for each in read_archive(copies)))
    (copy,) = (each for each in read_archive(copies) if each.position == stands.position)

    assert stands.traceparent.split("-")[1] == TRACE
    assert TRACE.encode() not in stands.payload
    assert earlier.traceparent is None
    assert (copy, copy.traceparent) == (stands, None)


async def test_nothing_that_was_sent_and_nobody_who_is_told_leaves_with_a_trace(followed):
    private = [SECRET_TITLE, "hanoi", "jakarta", followed.receiver.host, followed.program.tokens()["bureau"], "Bearer"]

    assert [each for each in private if each.encode() in followed.collector.raw] == []
    assert [each for each in followed.receiver.got if "traceparent" in each.headers] == []


async def test_workers_answer_on_a_port_of_their_own_how_they_are_and_what_they_measure(followed):
    projections, deliveries = (f"http://127.0.0.1:{followed.worker_port + more}" for more in (0, 1))
    for worker in (projections, deliveries):
        assert (await followed.http.get(f"{worker}/healthz")).json() == {"status": "alive"}
        assert (await followed.http.get(f"{worker}/readyz")).json() == {"ready": True, "trouble": None}
        assert (await followed.http.get(f"{worker}/else")).status_code == 404
        assert (await followed.http.get(f"{worker}/metrics", headers={"Host": "else.example.org"})).status_code == 421

    of_projections = await followed.measured(f"{projections}/metrics")
    of_deliveries = await followed.measured(f"{deliveries}/metrics")

    for service in ("ingest", "scoring", "reports"):
        assert of_projections["kembar_projection_partitions", service] == 64
        assert of_projections["kembar_projection_position", service] >= followed.receipt["position"]
        assert of_projections["kembar_ledger_broken", service] == 0
    assert of_deliveries["kembar_alerts_raised_total", "rating_rose"] >= 1
    assert of_deliveries["kembar_delivery_attempt_seconds_count", "webhook", "taken"] == len(followed.receiver.got)
    assert of_deliveries["kembar_deliverer_ready",] == 1


async def test_services_measure_appends_requests_by_route_the_ledger_and_its_server(followed):
    refused = await followed.http.get("/ingest/v1/nothing/of/the/kind")
    head = await followed.http.head("/ingest/healthz")
    assert (refused.status_code, head.status_code) == (404, 200)

    measured = await followed.measured("/ingest/metrics")

    postings = measured["kembar_request_seconds_count", "POST", "/ingest/v1/events", "201"]
    assert postings == 1 + len(CELLS)
    assert measured["kembar_append_seconds_count", "alone"] == postings - 1, "a registration stands on its partition"
    assert measured["kembar_append_seconds_count", "apart"] == 1
    assert measured["kembar_request_seconds_count", "GET", "none", "404"] == 1
    assert measured["kembar_request_seconds_count", "HEAD", "/ingest/healthz", "200"] == 1
    server = next(labels[1] for labels in measured if labels[0] == "kembar_nats_syncs")
    assert (measured["kembar_nats_syncs", server], measured["kembar_nats_answers", server]) == (1, 1)
    assert 0 < measured["kembar_nats_used_bytes", server] < measured["kembar_nats_room_bytes", server]
    assert measured["kembar_ledger_end",] >= followed.receipt["position"]
    assert measured["kembar_projection_parked", "ingest"] == 0
    assert measured["kembar_pool_connections", "questions", "ingest", "most"] == 8
    assert ("kembar_projection_lag_seconds", "reports") in await followed.measured("/reports/metrics")
    of_archive = await followed.measured("/archive/metrics")
    assert (of_archive["kembar_ledger_broken", "archive"], of_archive["kembar_projection_ready", "archive"]) == (0, 1)
    assert of_archive["kembar_ledger_end",] - of_archive["kembar_projection_position", "archive"] <= 1
