"""A store that is full refuses plainly; what stood there stands, and all goes on by itself once there is room."""

import asyncio
import os
import random
import time
from contextlib import asynccontextmanager

import asyncpg
import httpx
import pytest

from cli.embedded.nats_server import free_ports
from cli.rebuild import PROJECTIONS
from shared.ledger.disk import keep_looking_at_the_disk
from shared.ledger.ledger import LedgerFull, OutcomeUnknown
from shared.projection.rebuild import open_rebuild
from tests.faults.test_kills import CALLERS, Load, check_everything, register_partnerships
from tests.shared.ledger.test_append import an_entry
from tests.support.build import a_partnership, an_activity
from tests.support.disks import small_disk
from tests.support.engines import database_in, make_template, open_ledger, running_nats, running_postgres
from tests.support.installation import running_installation
from tests.support.program import running, wait_until

FILLS = 4 if os.environ.get("FAULTS") == "long" else 1


async def test_a_full_ledger_says_so_at_once_and_goes_on_when_there_is_room():
    small = "max_file_store: 200KB"
    with running_nats(lambda text: text.replace("max_file_store: 1TB", small)) as server:
        async with open_ledger(server) as ledger:
            stored = []

            async def fill():
                while True:
                    stored.extend(await ledger.append([an_entry(payload=b"x" * 20_000)]))

            with pytest.raises(LedgerFull, match="full"):
                await fill()
            with pytest.raises(LedgerFull):
                await ledger.append([an_entry(payload=b"x" * 60_000) for _ in range(4)])
            assert await ledger.end() == len(stored) > 2

        configuration = server.part.folder / "run" / "nats.conf"
        configuration.write_text(configuration.read_text().replace(small, "max_file_store: 1TB"))
        server.kill()
        server.start()
        again = await server.connect()
        assert [await again.at(each.position) for each in stored] == stored
        await again.append([an_entry(payload=b"x" * 20_000)])
        await again.close()


async def test_a_full_disk_under_the_ledger_is_told_apart_from_silence():
    """nats-server answers nothing then, and writes nothing more until it is started anew."""
    with small_disk(16) as disk, running_nats(on=disk.folder) as server:
        async with open_ledger(server) as ledger:
            looking = asyncio.create_task(keep_looking_at_the_disk(ledger, [server.address.monitor_url]))
            stood = await ledger.append([an_entry() for _ in range(3)])
            disk.fill()

            with pytest.raises(OutcomeUnknown, match="full"):
                await ledger.append([an_entry(payload=b"x" * 20_000)])
            began = time.monotonic()
            with pytest.raises(LedgerFull, match="no space left"):
                await ledger.append([an_entry()])
            assert time.monotonic() - began < 1
            assert server.part.is_stuck()

            disk.make_room()
            assert server.part.is_stuck()
            server.part.stop()
            server.start()
            async with asyncio.timeout(10):
                while ledger.no_room:  # noqa: ASYNC110 - another server's state is waited for
                    await asyncio.sleep(0.05)
            stood += await ledger.append([an_entry()])

            assert [await ledger.at(each.position) for each in stood] == stood
            assert await ledger.end() == 4
            looking.cancel()


@asynccontextmanager
async def installation_with_a_small_disk_under_postgres(nats_server, folder):
    with small_disk(192) as disk, running_postgres(disk.folder, durable=True) as postgres:
        await make_template(postgres.dsn)
        database = database_in(postgres.dsn, "template_kembar")
        async with running_installation(nats_server, database, folder) as installation:
            yield disk, postgres, installation


async def test_a_full_disk_under_postgres_holds_up_the_tables_and_no_posting(nats_server, ledger, tmp_path):
    async with installation_with_a_small_disk_under_postgres(nats_server, tmp_path) as (disk, postgres, installation):
        await installation.post("partnership.registered", a_partnership())
        first = (await installation.post("activity.recorded", an_activity())).json()["event_id"]
        for service in PROJECTIONS:
            await until(installation, service, ready=True, position=installation.last_position)
        disk.fill()

        answers = [await installation.post("activity.recorded", an_activity(title={"id": "x" * 300})) for _ in range(60)]

        assert {answer.status_code for answer in answers} == {201}
        correcting = asyncio.create_task(correct(installation, first))
        for service in PROJECTIONS:
            await until(installation, service, ready=False, position=None)
            status = (await installation.http.get(f"/{service}/v1/status")).json()
            assert "stood at position" in status["trouble"]
            assert 2 <= status["position"] < status["ledger_ends_at"]
        assert_tells_what_to_do(await correcting, 503, "behind")
        assert_tells_what_to_do(await hand_in(installation, 2_000), 507, "no-room")

        await end_by_a_full_log(postgres)
        assert (await installation.post("activity.recorded", an_activity())).status_code == 201
        assert_tells_what_to_do(await installation.http.get("/reports/v1/ratings"), 503, "unreachable")

        disk.make_room()
        postgres.start()
        for service in PROJECTIONS:
            await until(installation, service, ready=True, position=installation.last_position)
        assert (await correct(installation, first)).status_code == 201
        assert (await hand_in(installation, 10)).status_code == 202
        assert [await differences(ledger, installation, name) for name in PROJECTIONS] == [{}, {}, {}]


async def until(installation, service, *, ready, position):
    async with asyncio.timeout(30):
        while True:
            answer = await installation.http.get(f"/{service}/readyz")
            assert answer.status_code == (200 if answer.json()["ready"] else 503)
            if answer.json()["ready"] == ready and position in (None, answer.json()["position"]):
                return
            await asyncio.sleep(0.05)


async def correct(installation, activity):
    data = {"activity": activity, "changes": {"mode": "online"}, "reason": "Lebih tepat"}
    return await installation.post("activity.corrected", data)


async def hand_in(installation, rows):
    headers = {"Authorization": f"Bearer {installation.tokens['bureau']}", "Content-Type": "text/csv"}
    file = "Kota,Judul\n" + "".join(f"Hanoi,{number ** 9}\n" for number in range(rows))
    return await installation.http.post("/ingest/v1/imports?dry_run=true", content=file.encode(), headers=headers)


def assert_tells_what_to_do(answer, status, kind):
    document = answer.json()
    assert (answer.status_code, document["type"]) == (status, f"/problems/{kind}"), document
    assert document["remedy"]


async def end_by_a_full_log(postgres):
    """Write to PostgreSQL's log until it finds no room for the next segment: it ends, and cannot recover."""
    with pytest.raises((asyncpg.PostgresError, OSError)):
        connection = await asyncpg.connect(postgres.dsn)
        while True:
            await connection.execute("SELECT pg_logical_emit_message(false, 'fill', repeat('x', 4000000))")
    async with asyncio.timeout(20):
        while not postgres.part.has_died():  # noqa: ASYNC110 - another process's end is waited for
            await asyncio.sleep(0.05)


async def differences(ledger, installation, name):
    """Compute the tables of a service anew; return those that differ from the live ones."""
    async with open_rebuild(PROJECTIONS[name], ledger, installation.settings) as building:
        await building.build(await building.target(), lambda position: None)
        return {each.table: each.first for each in await building.compare() if each.differences}


@pytest.mark.timeout(300)
def test_one_disk_under_everything_is_filled_under_load_and_all_goes_on_when_there_is_room(tmp_path, capsys):
    with small_disk(320) as disk:
        (disk.folder / "data").mkdir()
        (tmp_path / "data").symlink_to(disk.folder / "data")
        with running("up", tmp_path / "data", free_ports(1)[0]) as program:
            asyncio.run(register_partnerships(program))
            load = Load(program.url, program.tokens()["bureau"], random.Random(20261121))
            full_seconds = asyncio.run(filled_under_load(load, program, disk))
            figures = asyncio.run(check_everything(load, program))

    with capsys.disabled():
        print(f"\n{FILLS} times full, {full_seconds:.1f} s: {figures}, answers {dict(sorted(load.answers.items()))}")
    assert load.answers.keys() <= {200, 201, 409, 503, 507}
    assert load.answers[507] > 0
    assert figures["lost"] == figures["double"] == figures["wrong receipts"] == figures["wrong rows"] == 0


async def filled_under_load(load, program, disk):
    posting = asyncio.create_task(load.run())
    full_seconds = 0.0
    for _ in range(FILLS):
        await more(load, posting, "acknowledged")
        disk.fill()
        began = time.monotonic()
        await more(load, posting, "refused")
        async with httpx.AsyncClient(base_url=program.url, trust_env=False) as http:
            assert "Make room" in (await http.get("/ingest/readyz")).json()["trouble"]
        disk.make_room()
        full_seconds += time.monotonic() - began
        await more(load, posting, "acknowledged")
    load.stop = True
    await posting
    return full_seconds


async def more(load, posting, what):
    """Wait until each caller has got one more such answer."""

    def count():
        return len(load.acknowledged) if what == "acknowledged" else load.answers.get(507, 0)

    wanted = count() + CALLERS
    await asyncio.to_thread(wait_until, lambda: posting.done() or count() >= wanted)
    assert not posting.done(), posting.exception()
