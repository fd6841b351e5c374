"""Long work as jobs: ordered, watched, cancelled, taken up again after a kill; and the pages meanwhile."""

import asyncio
import contextlib
import json
import os
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import asyncpg
import httpx
import psutil
import pytest

from cli.embedded.nats_server import free_ports
from services.reports.jobs import MOST_UNFINISHED, OVER, drop_what_is_old
from shared.postgres.pool import open_pool
from tests.support.engines import fresh_database, open_ledger, running_nats
from tests.support.issued import STUDY, ask, id_of, issue, jakarta_on
from tests.support.program import ROOT
from tests.support.waiting import until

JOBS = "/reports/v1/jobs"


@pytest.fixture(scope="module")
async def jakarta(postgres, tmp_path_factory):
    """One installation with Jakarta's facts, which the tests here use one after the other."""
    with running_nats() as server:
        async with (
            open_ledger(server),
            fresh_database(postgres) as dsn,
            jakarta_on(server, dsn, tmp_path_factory.mktemp("jobs")) as running,
        ):
            yield running


@pytest.fixture(scope="module")
async def tables(jakarta):
    """The tables of reports, as nobody should touch them."""
    pool = await open_pool(jakarta.settings, "reports")
    yield pool
    await pool.close()


@contextlib.asynccontextmanager
async def held_still(jakarta):
    """While this lasts no report can be read from the tables: whatever is worked on stands still in the middle."""
    owner = await asyncpg.connect(jakarta.settings.postgres_dsn.get_secret_value())
    try:
        async with owner.transaction():
            await owner.execute("LOCK TABLE reports.partnership_version IN ACCESS EXCLUSIVE MODE")
            yield
    finally:
        await owner.close()


async def order(installation, role="issuer", status=202, **changes):
    return (await ask(installation, "POST", JOBS, status, role=role, body={**STUDY, **changes})).json()


async def job_of(installation, ordered, role="issuer"):
    return (await ask(installation, "GET", f"{JOBS}/{ordered['job']}", role=role)).json()


async def over(installation, ordered, role="issuer"):
    """Wait until a job is over, and return it."""

    async def is_over():
        return (await job_of(installation, ordered, role))["state"] in OVER

    await until(is_over)
    return await job_of(installation, ordered, role)


async def test_a_job_makes_the_bytes_that_are_answered_otherwise(jakarta):
    answer = await ask(jakarta, "POST", JOBS, 202, role="viewer", body={**STUDY, "format": "csv"})
    ordered = answer.json()
    done = await over(jakarta, ordered, role="viewer")

    measured = (await ask(jakarta, "GET", "/reports/metrics", role=None)).text
    assert 'kembar_report_job_seconds_count{kind="report"}' in measured
    assert answer.headers["Location"] == f"{JOBS}/{ordered['job']}"
    assert (done["state"], done["done"], done["steps"]) == ("done", 3, 3)
    result = await ask(jakarta, "GET", done["result"]["at"], role="viewer")
    period = {"from_": STUDY["from"], "to": STUDY["to"], "known": done["asked"]["known"]}
    answered = await ask(jakarta, "GET", "/reports/v1/reports/ratings.csv", role="viewer", **period)
    assert result.content == answered.content
    assert result.headers["Kembar-Hash"] == answered.headers["Kembar-Hash"] == done["result"]["hash"]
    assert done["job"] in {each["job"] for each in (await ask(jakarta, "GET", JOBS, role="viewer")).json()["items"]}


async def test_a_job_is_its_owners_alone(jakarta):
    ordered = await order(jakarta, role="viewer")

    for role in ("issuer", "auditor", "embassy"):
        for method, path in (("GET", ""), ("DELETE", ""), ("GET", "/events"), ("GET", "/result")):
            await ask(jakarta, method, f"{JOBS}/{ordered['job']}{path}", 404, role=role)
    await ask(jakarta, "POST", JOBS, 401, role=None, body=STUDY)
    assert (await over(jakarta, ordered, role="viewer"))["state"] == "done"


async def test_a_job_knows_no_more_than_whoever_ordered_it(jakarta):
    done = await over(jakarta, await order(jakarta, role="embassy"), role="embassy")
    refused = await ask(jakarta, "POST", JOBS, None, role="embassy", body={**STUDY, "partnership": "paris"})

    result = (await ask(jakarta, "GET", done["result"]["at"], role="embassy")).json()
    assert [each["partnership"] for each in result["data"]["items"]] == ["beijing"]
    failed = (
        refused.json() if refused.status_code == 404 else (await over(jakarta, refused.json(), "embassy"))["problem"]
    )
    assert failed["type"] == "/problems/unknown-partnership"


async def test_the_result_of_a_job_can_be_issued(jakarta):
    done = await over(jakarta, await order(jakarta, lang="en"))

    issued = (await ask(jakarta, "POST", f"{JOBS}/{done['job']}/issued", 201)).json()
    jakarta.last_position = issued["receipt"]["position"]
    same = await issue(jakarta, status=200, lang="en", known=done["asked"]["known"])

    assert issued["hash"] == done["result"]["hash"]
    assert id_of(same) == id_of(issued)
    of_the_viewer = await over(jakarta, await order(jakarta, role="viewer"), role="viewer")
    await ask(jakarta, "POST", f"{JOBS}/{of_the_viewer['job']}/issued", 403, role="viewer")


async def test_which_reports_are_touched_can_be_ordered_too(jakarta):
    await issue(jakarta, partnership="beijing")
    path = "/reports/v1/activities"
    newest = (await ask(jakarta, "GET", path, partnership="beijing", to="2020-12-31", from_="2017-01-01")).json()[
        "items"
    ][0]
    change = {"type": "activity.retracted", "data": {"activity": newest["id"], "reason": "Keliru"}}

    done = await over(jakarta, (await ask(jakarta, "POST", JOBS, 202, body=change)).json())

    result = (await ask(jakarta, "GET", done["result"]["at"])).json()
    answered = (await ask(jakarta, "POST", "/reports/v1/issued/touched", body=change)).json()
    assert [each["event_id"] for each in result["items"]] == [each["event_id"] for each in answered["items"]] != []


async def test_progress_is_streamed_from_how_it_stands_to_its_end_and_who_comes_again_misses_nothing(jakarta):
    async with held_still(jakarta):
        ordered = await order(jakarta)
        first = await events(jakarta, ordered, until_step="gathering")
    rest = await events(jakarta, ordered)

    assert [each["event"] for each in (*first, *rest)][-1] == "over"
    assert first[-1]["data"]["step"] == "gathering"
    assert rest[-1]["data"]["state"] == "done"
    assert (rest[-1]["data"]["done"], rest[-1]["data"]["steps"]) == (3, 3)
    again = await events(jakarta, ordered)
    assert [(each["event"], each["data"]) for each in again] == [("over", rest[-1]["data"])]


async def events(installation, ordered, until_step=None):
    """Listen to a job until its stream ends, or until it has come to a step."""
    headers = {"Authorization": f"Bearer {installation.tokens['issuer']}"}
    heard = []
    async with installation.http.stream("GET", ordered["events"], headers=headers) as stream:
        assert stream.headers["content-type"].startswith("text/event-stream")
        event = {}
        async for line in stream.aiter_lines():
            name, _, value = line.partition(": ")
            if line == "" and event:
                heard.append({"event": event["event"], "data": json.loads(event["data"])})
                event = {}
                if heard[-1]["data"]["step"] == until_step:
                    break
            elif name in ("event", "data"):
                event[name] = value
    return heard


async def test_a_job_that_is_worked_on_is_cancelled_and_the_next_one_is_made(jakarta):
    async with held_still(jakarta):
        running, waiting = await order(jakarta), await order(jakarta)
        await until(lambda: has_come_to(jakarta, running, "gathering"))

        cancelled = [
            (await ask(jakarta, "DELETE", f"{JOBS}/{each['job']}")).json() for each in (running, waiting, waiting)
        ]
        following = await order(jakarta)
        await until(lambda: has_come_to(jakarta, following, "gathering"))

    assert [each["state"] for each in cancelled] == ["cancelled"] * 3
    assert (await over(jakarta, following))["state"] == "done"
    assert (await job_of(jakarta, running))["result"] is None
    await ask(jakarta, "GET", f"{JOBS}/{running['job']}/result", 409)
    await ask(jakarta, "DELETE", f"{JOBS}/{following['job']}", 409)


async def has_come_to(installation, ordered, step):
    return (await job_of(installation, ordered))["step"] == step


async def test_an_account_that_orders_without_end_is_told_to_wait_and_others_have_their_turn(jakarta, tables):
    async with held_still(jakarta):
        many = [await order(jakarta) for _ in range(MOST_UNFINISHED)]
        refused = await ask(jakarta, "POST", JOBS, 429, body=STUDY)
        late = await order(jakarta, role="auditor")
    served = await over(jakarta, late, role="auditor")
    for each in many:
        await over(jakarta, each)

    assert refused.json()["type"] == "/problems/too-many-jobs"
    assert refused.headers["Retry-After"]
    ended = await tables.fetch(
        "SELECT job FROM job WHERE ended_at < (SELECT ended_at FROM job WHERE job = $1)", served["job"]
    )
    before = {str(row["job"]) for row in ended} & {each["job"] for each in many}
    assert len(before) <= 2


async def test_pages_are_served_while_reports_wait_in_their_queue(jakarta):
    """Whoever opens a page comes before whatever was ordered: all pages are there before the queue is through."""
    many = [await order(jakarta, format="pdf") for _ in range(6)]

    for _ in range(10):
        assert (await ask(jakarta, "GET", "/", role="viewer", on="2020-12-31")).status_code == 200

    unfinished = [each for each in many if (await job_of(jakarta, each))["state"] not in OVER]
    assert unfinished
    for each in many:
        assert (await over(jakarta, each))["state"] == "done"


async def test_what_takes_long_is_answered_with_a_job_and_to_the_public_with_what_to_do(jakarta):
    """A thousand activities as PDF; asked for as CSV they are there at once."""
    letter = {"partnership": "paris", "indicator": "contact", "direction": "outbound", "outcome": "held"}
    letters = [letter | {"occurred": "1951-03", "title": {"id": f"Surat {number}"}} for number in range(1_000)]
    events = [{"type": "activity.recorded", "data": each} for each in letters]
    assert (await jakarta.post_batch(events)).status_code == 201
    asked = {"from_": "1951-01-01", "to": "1951-12-31", "partnership": "paris"}

    later = await ask(jakarta, "GET", "/reports/v1/reports/history.pdf", 202, role="viewer", **asked)
    refused = await ask(jakarta, "GET", "/reports/v1/reports/history.pdf", 422, role=None, **asked)
    at_once = await ask(jakarta, "GET", "/reports/v1/reports/history.csv", role=None, **asked)
    done = await over(jakarta, later.json(), role="viewer")

    assert later.headers["Location"] == f"{JOBS}/{done['job']}"
    assert (await ask(jakarta, "GET", done["result"]["at"], role="viewer")).content.startswith(b"%PDF")
    assert refused.json()["type"] == "/problems/too-much"
    assert at_once.content.count(b"Surat ") == 1_000


async def test_whoever_prefers_a_job_is_given_one_and_the_public_its_answer(jakarta):
    for role, status in (("viewer", 202), (None, 200)):
        token = {"Authorization": f"Bearer {jakarta.tokens[role]}"} if role else {}
        period = {"from": STUDY["from"], "to": STUDY["to"]}
        headers = {"Prefer": "wait=10, respond-async", **token}
        answer = await jakarta.http.get("/reports/v1/reports/ratings.json", params=period, headers=headers)
        assert answer.status_code == status, answer.text


async def test_what_nobody_issued_is_forgotten_after_its_days(jakarta, tables):
    issued, ordered = await issue(jakarta), await over(jakarta, await order(jakarta, **{"from": "2016-01-01"}))
    await tables.execute("UPDATE report_bytes SET kept_at = kept_at - interval '8 days'")
    await tables.execute("UPDATE job SET ended_at = ended_at - interval '6 days' WHERE job = $1", ordered["job"])
    await drop_what_is_old(tables)

    gone = await ask(jakarta, "GET", ordered["result"]["at"], 410)
    assert gone.json()["type"] == "/problems/result-gone"
    assert await tables.fetchval("SELECT true FROM report_bytes WHERE hash = $1", issued["hash"])
    await tables.execute("UPDATE job SET ended_at = ended_at - interval '2 days' WHERE job = $1", ordered["job"])
    await drop_what_is_old(tables)
    await ask(jakarta, "GET", f"{JOBS}/{ordered['job']}", 404)


# A service of its own, which is killed.


@contextlib.asynccontextmanager
async def another_replica(jakarta, **settings):
    """`kembar serve reports` on the same engines, in a process of its own."""
    (port,) = free_ports(1)
    ours = jakarta.settings
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "KEMBAR_PORT": str(port),
        "KEMBAR_NATS_URL": ours.nats_url,
        "KEMBAR_NATS_MONITOR_URLS": json.dumps(ours.nats_monitor_urls),
        "KEMBAR_POSTGRES_DSN": ours.postgres_dsn.get_secret_value(),
        "KEMBAR_SECRETS_FOLDER": str(ours.secrets_folder),
        "KEMBAR_PROJECT": "false",
        **settings,
    }
    command = [sys.executable, "-m", "cli", "serve", "reports"]
    nowhere = asyncio.subprocess.DEVNULL
    process = await asyncio.create_subprocess_exec(*command, env=environment, stdout=nowhere, stderr=nowhere)
    try:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=30, trust_env=False) as http:
            await until(lambda: answers(http))
            yield process, http
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()


async def answers(http):
    with contextlib.suppress(httpx.TransportError):
        return (await http.get("/reports/readyz")).status_code == 200


async def test_a_job_outlives_the_service_that_worked_on_it(jakarta, tables):
    """One replica is busy; the other is killed over its job, and nothing of it is left running."""
    async with another_replica(jakarta) as (process, _):
        async with held_still(jakarta):
            both = [await order(jakarta), await order(jakarta, role="auditor")]
            await until(lambda: are_worked_on(tables, both))
            apart = psutil.Process(process.pid).children(recursive=True)
            process.kill()
            await process.wait()
            await until(lambda: not any(each.is_running() for each in apart))
        done = [await over(jakarta, each, role) for each, role in zip(both, ("issuer", "auditor"), strict=True)]

    assert apart
    assert [each["state"] for each in done] == ["done", "done"]
    attempts = await tables.fetch(
        "SELECT attempts FROM job WHERE job = ANY($1::uuid[])", [each["job"] for each in both]
    )
    assert sorted(row["attempts"] for row in attempts) == [1, 2]


async def are_worked_on(tables, jobs):
    worked_on = "SELECT count(*) FROM job WHERE job = ANY($1::uuid[]) AND state = 'running' AND step = 'gathering'"
    return await tables.fetchval(worked_on, [each["job"] for each in jobs]) == len(jobs)


async def test_killed_between_the_bytes_and_the_event_the_same_request_completes_it(jakarta, tables):
    """Ingest's place is taken by what kills the service the moment it posts: the bytes are kept, the event is not there."""
    body = {**STUDY, "from": "2001-01-01", "known": "2026-11-21T00:00:00Z"}
    processes = []

    class Killing(BaseHTTPRequestHandler):
        def do_POST(self):
            processes[0].kill()

        def log_message(self, *_):
            """Say nothing."""

    door = ThreadingHTTPServer(("127.0.0.1", 0), Killing)
    Thread(target=door.serve_forever, daemon=True).start()
    kept = await tables.fetchval("SELECT count(*) FROM report_bytes")
    try:
        address = f"http://127.0.0.1:{door.server_address[1]}"
        async with another_replica(jakarta, KEMBAR_INGEST_URL=address) as (process, http):
            processes.append(process)
            with pytest.raises(httpx.TransportError):
                await http.post(
                    "/reports/v1/issued", json=body, headers={"Authorization": f"Bearer {jakarta.tokens['issuer']}"}
                )
    finally:
        door.shutdown()
        door.server_close()

    assert await tables.fetchval("SELECT count(*) FROM report_bytes") == kept + 1
    issued = (await ask(jakarta, "GET", "/reports/v1/issued")).json()["items"]
    assert "2001-01-01" not in {each["question"]["from"] for each in issued}
    completed = await issue(jakarta, **{each: body[each] for each in ("from", "known")})
    assert await tables.fetchval("SELECT count(*) FROM report_bytes") == kept + 1
    assert (await ask(jakarta, "GET", f"/reports/v1/issued/{id_of(completed)}")).json()["hash"] == completed["hash"]
