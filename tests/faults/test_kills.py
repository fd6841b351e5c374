"""Kill every part again and again under load: nothing acknowledged is lost, nothing stands twice, all tables are right.

The short form runs with all tests; `./kembar faults` runs the long one.
"""

import asyncio
import json
import os
import random
import re
import signal
from contextlib import suppress
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import asyncpg
import httpx
import psutil
import pytest

from cli.drill.load import CALLERS, Load
from cli.embedded.nats_server import free_ports
from cli.embedded.postgres import socket_folder
from cli.facts import JAKARTA, partnership_events
from shared.domain.book import Book, fold
from shared.domain.rating import History, fact_of, rate
from shared.domain.rubric import JAKARTA_2020
from shared.ledger.ledger import Ledger
from shared.wire.envelope import decode
from shared.wire.rating_document import rating_document
from tests.support.program import running, wait_until

PARTS = ("nats-server", "postgres", "projections", "services")
KILLS = 44 if os.environ.get("FAULTS") == "long" else 6
ZONE = ZoneInfo("Asia/Jakarta")


def load_on(program, chance: random.Random) -> Load:
    """Clients of an installation on one machine; with a full disk or a dead part it says 503 or 507, and nothing else."""
    return Load(at=lambda _: program.url, token=program.tokens()["bureau"], chance=chance, passing=(429, 503, 507))


@pytest.mark.timeout(900)
def test_kills_under_load_lose_nothing_and_double_nothing(tmp_path, record_property):
    chance = random.Random(20261121)
    with running("up", tmp_path / "data", free_ports(1)[0]) as program:
        asyncio.run(register_partnerships(program))
        load = load_on(program, chance)
        kills = asyncio.run(under_load(load, program, chance))
        figures = asyncio.run(check_everything(load, program))

    record_property("kills", kills)
    record(record_property, figures, load)
    assert sum(kills.values()) == KILLS
    assert figures["acknowledged"] > 20 * KILLS
    assert figures["lost"] == figures["double"] == figures["wrong receipts"] == figures["wrong rows"] == 0


def record(record_property, figures, load):
    for name, figure in {**figures, "answers": dict(sorted(load.answers.items()))}.items():
        record_property(name, figure)


async def register_partnerships(program) -> None:
    headers = {"Authorization": f"Bearer {program.tokens()['bureau']}"}
    async with httpx.AsyncClient(base_url=program.url, headers=headers, timeout=20, trust_env=False) as http:
        answer = await http.post("/ingest/v1/batches", json={"events": list(partnership_events(JAKARTA))})
        assert answer.status_code == 201, answer.text


async def under_load(load: Load, program, chance: random.Random) -> dict[str, int]:
    posting = asyncio.create_task(load.run())
    kills = dict.fromkeys(PARTS, 0)
    for number in range(KILLS):
        await asyncio.sleep(0.3 + chance.random())
        part = PARTS[number % len(PARTS)]
        pid = program.pid_of(part)
        os.kill(pid, signal.SIGKILL)
        kills[part] += 1
        await asyncio.to_thread(wait_until, lambda part=part, pid=pid: is_another(program, part, pid))
        before = len(load.acknowledged)
        await asyncio.to_thread(
            wait_until, lambda before=before: posting.done() or len(load.acknowledged) > before + CALLERS
        )
        assert not posting.done(), posting.exception()
    load.stop = True
    await posting
    return kills


def test_an_engine_that_cannot_start_at_once_is_started_again(tmp_path):
    with running("up", tmp_path / "data", free_ports(1)[0]) as program:
        server = psutil.Process(program.pid_of("postgres"))
        left_behind = next(each for each in server.children() if "kembar_reports" in " ".join(each.cmdline()))
        left_behind.suspend()  # it keeps the memory that it shared with the server, as one busy writing does
        server.kill()
        try:
            wait_until(lambda: "pre-existing shared memory" in (program.data / "logs" / "postgres.log").read_text())
        finally:
            left_behind.resume()

        wait_until(lambda: is_another(program, "postgres", server.pid))
        wait_until(lambda: registered(program))


def registered(program) -> bool:
    with suppress(AssertionError, httpx.TransportError):
        asyncio.run(register_partnerships(program))
        return True
    return False


def is_another(program, part, pid) -> bool:
    with suppress(OSError, ValueError, KeyError):
        return program.pid_of(part) != pid
    return False


async def check_everything(load: Load, program) -> dict[str, int | float]:
    """Compare what was acknowledged with the ledger, and every table with the plain fold of the ledger."""
    secrets = program.data / "secrets"
    port = re.search(r'listen: "127.0.0.1:(\d+)"', (program.data / "run" / "nats.conf").read_text())[1]
    ledger = await Ledger.connect(f"nats://127.0.0.1:{port}", "reports", secrets)
    end = await ledger.end()
    stored = []
    while len(stored) < end:
        stored += await ledger._get_many(len(stored) + 1, min(500, end - len(stored)))
    await ledger.close()
    ids = [entry.subject.split(".")[2] for entry in stored]
    positions = {event_id: entry.position for event_id, entry in zip(ids, stored, strict=True)}
    events = [decode(entry.payload, entry.position, entry.recorded_at, ZONE) for entry in stored]
    return {
        "acknowledged": len(load.acknowledged),
        "lost": len(set(load.acknowledged) - set(ids)),
        "double": len(ids) - len(set(ids)),
        "wrong receipts": sum(
            positions.get(each) != receipt["position"] for each, receipt in load.acknowledged.items()
        ),
        "wrong rows": await wrong_rows(events, end, program),
        "longest silence, s": round(load.longest_silence_seconds, 1),
    }


async def wrong_rows(events, end: int, program) -> int:
    book = Book()
    for event in events:
        fold(book, event)
    headers = {"Kembar-Min-Position": str(end)}
    async with httpx.AsyncClient(base_url=program.url, timeout=30, trust_env=False) as http:
        await asyncio.to_thread(wait_until, lambda: program.get("/scoring/v1/status")["behind"] == 0)
        scored = (await http.get("/scoring/v1/ratings", headers=headers)).json()["items"]
        reported = (await http.get("/reports/v1/ratings", headers=headers)).json()["items"]
    wrong = 0
    today = datetime.now(UTC).astimezone(ZONE).date()
    for slug, partnership in book.partnerships.items():
        facts = tuple(
            fact_of(each)
            for each in book.activities.values()
            if each.facts.partnership == slug and not each.withdrawn_by
        )
        expected = rating_document(
            rate(History(slug, partnership.facts.mou_date, facts), JAKARTA_2020, today), partnership
        )
        for items in (scored, reported):
            (item,) = [each for each in items if each["partnership"] == slug]
            wrong += any(item[name] != expected[name] for name in expected)
    return wrong + await wrong_activities(book, program)


async def wrong_activities(book: Book, program) -> int:
    password = (program.data / "secrets" / "postgres-owner.password").read_text().strip()
    connection = await asyncpg.connect(
        host=str(socket_folder(program.data.resolve())), user="kembar", password=password, database="postgres"
    )
    wrong = 0
    for table in ("ingest.activity", "scoring.activity", "reports.activity_version"):
        latest = " WHERE until_position IS NULL" if table.startswith("reports") else ""
        rows = await connection.fetch(f"SELECT activity, facts, stated_on FROM {table}{latest}")
        found = {row["activity"]: (json.loads(row["facts"]), row["stated_on"]) for row in rows}
        expected = {
            each.id: (each.facts.model_dump(mode="json", exclude_unset=True), each.stated_on)
            for each in book.activities.values()
        }
        wrong += (
            len(rows)
            - len(found)
            + sum(found.get(each) != expected.get(each) for each in found.keys() | expected.keys())
        )
    await connection.close()
    return wrong
