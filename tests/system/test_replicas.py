"""Two replicas of every service over one ledger and one database: whatever was begun at the one goes on at the other."""

import asyncio
import itertools
import json

import httpx
import pytest

from cli.bench.served_apart import port_of, replicas_of
from cli.embedded.reach import engines_environment
from cli.facts import JAKARTA, activity_events, partnership_events
from tests.support.engines import TOKENS, fresh_database, laid_out, open_ledger, running_nats
from tests.support.tables import a_csv, a_row
from tests.support.waiting import until
from tests.system.test_imports import IN_BETWEEN

PERIOD = "from=2017-01-01&to=2020-12-31"
ANSWERS = (
    "/?on=2020-12-31",
    "/partnerships/beijing?on=2020-12-31",
    "/reports/v1/ratings?on=2020-12-31",
    f"/reports/v1/ratings?{PERIOD}",
    "/reports/v1/activities?limit=20",
    "/reports/v1/foresight?on=2020-12-31",
    "/reports/v1/rubrics",
    f"/reports/v1/reports/ratings.json?{PERIOD}",
    "/scoring/v1/ratings",
    "/scoring/v1/ratings/beijing",
    "/scoring/v1/alerts",
    "/access/v1/me",
)


class Replicas:
    """Two of everything, asked in turn."""

    def __init__(self, clients):
        self.clients = clients
        self._turns = itertools.cycle(clients)
        self.position = 0

    async def ask(self, method, path, role="bureau", *, at=None, **more):
        client = next(self._turns) if at is None else self.clients[at]
        headers = {
            "Authorization": f"Bearer {TOKENS[role]}",
            "Kembar-Min-Position": str(self.position),
            **more.pop("headers", {}),
        }
        answer = await client.request(method, path, headers=headers, **more)
        assert answer.status_code < 300, (path, answer.status_code, answer.text)
        return answer

    async def post(self, event_type, data):
        answer = await self.ask("POST", "/ingest/v1/events", json={"type": event_type, "data": data})
        self.position = max(self.position, answer.json()["position"])
        return answer.json()


@pytest.fixture(scope="module")
async def replicas(postgres, tmp_path_factory):
    """They run for all tests here, with Jakarta's facts."""
    folder = laid_out(tmp_path_factory.mktemp("replicas"))
    with running_nats() as server:
        async with open_ledger(server), fresh_database(postgres) as dsn:
            environment = {**engines_environment(server.address, dsn, folder), "KEMBAR_OPEN_READING": "true"}
            with replicas_of("all", 2, folder, environment) as parts:
                clients = [
                    httpx.AsyncClient(base_url=f"http://127.0.0.1:{port_of(each)}", timeout=30, trust_env=False)
                    for each in parts
                ]
                running = Replicas(clients)
                facts = {"events": [*partnership_events(JAKARTA), *activity_events(JAKARTA)]}
                receipts = (await running.ask("POST", "/ingest/v1/batches", json=facts)).json()["receipts"]
                running.position = max(each["position"] for each in receipts)
                yield running
                for client in clients:
                    await client.aclose()


async def test_every_replica_gives_the_same_answer(replicas):
    for path in ANSWERS:
        first, second = [await replicas.ask("GET", path, at=number) for number in (0, 1)]
        assert first.content == second.content, path


async def test_what_was_posted_at_one_is_read_at_the_other(replicas):
    for number in range(10):
        letter = {"partnership": "kyiv", "indicator": "contact", "occurred": "2026-10", "direction": "outbound"}
        data = {**letter, "outcome": "held", "title": {"en": f"Letter {number}"}}
        posted = await replicas.post("activity.recorded", data)
        found = (await replicas.ask("GET", "/reports/v1/activities?partnership=kyiv")).json()
        assert posted["event_id"] in [each["id"] for each in found["items"]], found["items"][0]
        again = await replicas.ask(
            "POST", "/ingest/v1/events", json={"type": "activity.recorded", "data": data, "id": posted["event_id"]}
        )
        assert (again.status_code, again.json()) == (200, posted)


async def test_a_list_goes_on_at_the_other(replicas):
    seen, cursor = [], ""
    while cursor is not None:
        page = (await replicas.ask("GET", f"/reports/v1/activities?limit=40{cursor}")).json()
        seen += [each["id"] for each in page["items"]]
        cursor = f"&cursor={page['next']}" if page["next"] else None

    assert len(seen) == len(set(seen)) >= 114


async def test_a_token_that_was_revoked_at_one_is_refused_at_the_other(replicas):
    wanted = {"program": "reader-of-replicas", "role": "viewer", "label": "a replica", "days": 2}
    made = (await replicas.ask("POST", "/access/v1/tokens", "administrator", at=0, json=wanted)).json()
    headers = {"Authorization": f"Bearer {made['token']}"}
    for client in replicas.clients:
        assert (await client.get("/reports/v1/ratings", headers=headers)).status_code == 200

    await replicas.ask("DELETE", f"/access/v1/tokens/{made['id']}", "administrator", at=0)

    assert (await replicas.clients[1].get("/reports/v1/ratings", headers=headers)).status_code == 401


async def test_an_import_that_was_handed_in_at_one_is_watched_and_loaded_from_the_other(replicas):
    rows = [a_row(Kota="Moscow", Tanggal=f"{1950 + number}", Judul=f"Kunjungan {number}") for number in range(30)]
    handed_in = await replicas.ask(
        "POST", "/ingest/v1/imports", at=0, content=a_csv(*rows), headers={"Content-Type": "text/csv"}
    )
    path = f"/ingest/v1/imports/{handed_in.json()['import']}"

    async def is_over():
        return (await replicas.ask("GET", path, at=1)).json()["state"] not in IN_BETWEEN

    await until(is_over)
    first, second = [(await replicas.ask("GET", path, at=number)).json() for number in (0, 1)]
    assert first == second
    assert (first["state"], first["rows"]) == ("completed", 30), first


async def test_a_report_that_was_ordered_at_one_is_watched_and_had_at_the_other(replicas):
    order = {"kind": "ratings", "format": "json", "from": "2017-01-01", "to": "2020-12-31"}
    ordered = await replicas.ask("POST", "/reports/v1/jobs", "issuer", at=0, json=order)
    path = ordered.headers["Location"]
    told = await events_of(replicas.clients[1], f"{path}/events", "over", headers=bearer("issuer"))

    assert told[-1]["state"] == "done"
    results = [(await replicas.ask("GET", f"{path}/result", "issuer", at=number)).content for number in (0, 1)]
    assert results[0] == results[1]


async def test_a_stream_goes_on_at_the_other_after_the_last_that_was_told(replicas):
    path = "/reports/v1/stream"
    await replicas.ask("GET", "/reports/v1/ratings", at=0)
    listening = asyncio.create_task(events_of(replicas.clients[0], path, "recorded", headers=bearer("bureau")))
    await asyncio.sleep(0.3)
    letter = {"partnership": "moscow", "indicator": "contact", "occurred": "2026-10", "direction": "outbound"}
    data = {**letter, "outcome": "held", "title": {"en": "A letter"}}
    heard = await replicas.post("activity.recorded", data)
    (told,) = await asyncio.wait_for(listening, 20)
    assert told == {"count": 1, "position": heard["position"]}

    missed = [await replicas.post("activity.recorded", {**data, "title": {"en": f"{number}"}}) for number in range(3)]
    last = {**bearer("bureau"), "Last-Event-ID": str(told["position"]), "Kembar-Min-Position": str(replicas.position)}
    (resumed,) = await asyncio.wait_for(events_of(replicas.clients[1], path, "recorded", headers=last), 20)
    assert resumed == {"count": 3, "position": missed[-1]["position"]}


def bearer(role):
    return {"Authorization": f"Bearer {TOKENS[role]}"}


async def events_of(client, path, until_event, headers):
    """What a stream tells, up to the first event of a name."""
    told, name = [], None
    async with client.stream("GET", path, headers=headers) as answer:
        assert answer.status_code == 200
        async for line in answer.aiter_lines():
            if line.startswith("event: "):
                name = line.removeprefix("event: ")
            elif line.startswith("data: "):
                told.append(json.loads(line.removeprefix("data: ")))
                if name == until_event:
                    return told
    raise AssertionError(f"the stream ended before {until_event}: {told}")
