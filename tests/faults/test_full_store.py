"""A store that is full refuses plainly; what stood there stands, and all goes on by itself once there is room."""

import asyncio
import os
import random
import signal
import time
from contextlib import asynccontextmanager, suppress

import asyncpg
import httpx
import pytest

from cli.drill.load import CALLERS
from cli.embedded.nats_server import free_ports
from cli.rebuild import PROJECTIONS
from shared.ledger.disk import keep_looking_at_the_disk
from shared.ledger.ledger import LedgerFull, OutcomeUnknown
from shared.projection.rebuild import open_rebuild
from tests.faults.test_defences_of_the_ledger import entry_of
from tests.faults.test_kills import check_everything, load_on, record, register_partnerships
from tests.shared.ledger.test_append import an_entry
from tests.shared.projection.test_run import a_day_closed
from tests.support.build import a_partnership, an_activity
from tests.support.disks import small_disk
from tests.support.engines import database_in, make_template, open_ledger, running_nats, running_postgres
from tests.support.installation import running_installation
from tests.support.program import running, wait_until
from tests.support.tables import a_csv, many_rows
from tests.support.waiting import until

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

        make_room_in_its_configuration(server, small)
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
            ledger.one_try_seconds = 1.5
            disk.fill()

            with pytest.raises(OutcomeUnknown, match="full"):
                await ledger.append([an_entry(payload=b"x" * 20_000)])
            ledger.one_try_seconds = 60  # silence would last as long
            began = time.monotonic()
            with pytest.raises(LedgerFull, match="no space left"):
                await ledger.append([an_entry()])
            assert time.monotonic() - began < 30
            assert server.part.is_stuck()

            disk.make_room()
            assert server.part.is_stuck()
            server.part.stop()
            server.start()
            await until(lambda: not ledger.no_room, 10)
            stood += await ledger.append([an_entry()])

            assert [await ledger.at(each.position) for each in stood] == stood
            assert await ledger.end() == 4
            looking.cancel()


async def test_what_a_service_does_by_itself_waits_for_room(database, tmp_path, capsys, caplog):
    """An import is loaded, and days are closed, once the ledger has room; the service does not end of it."""
    small = "max_file_store: 200KB"
    with running_nats(lambda text: text.replace("max_file_store: 1TB", small)) as server:
        async with open_ledger(server) as ledger:
            await ledger.append([entry_of("partnership.registered", a_partnership())])
            for many in (20, 1):
                with suppress(LedgerFull):
                    while True:
                        await ledger.append([a_day_closed("2026-11-19") for _ in range(many)])
            held = await ledger.end()
            async with running_installation(server, database, tmp_path) as installation:
                handed_in = (await hand_in(installation, a_csv(*many_rows(50)))).json()["import"]
                said = []
                await until(lambda: both_wait(said, capsys, caplog))
                assert await has_come_to(installation, handed_in, "loading")
                assert await ledger.end() == held

                make_room_in_its_configuration(server, small)
                await until(lambda: has_come_to(installation, handed_in, "completed"))
                assert await ledger.end() >= held + 51


def make_room_in_its_configuration(server, small):
    configuration = server.part.folder / "run" / "nats.conf"
    configuration.write_text(configuration.read_text().replace(small, "max_file_store: 1TB"))
    server.kill()
    server.start()


def both_wait(said, capsys, caplog):
    said.append(capsys.readouterr().out)
    told = "".join(said) + caplog.text  # where logs go depends on whether somebody has set them up in this process
    return "an import waits" in told and "a day could not be closed yet" in told


async def has_come_to(installation, import_id, state):
    headers = {"Authorization": f"Bearer {installation.tokens['bureau']}"}
    return (await installation.http.get(f"/ingest/v1/imports/{import_id}", headers=headers)).json()["state"] == state


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
            await reached(installation, service, ready=True, position=installation.last_position)
        disk.fill()

        answers = [
            await installation.post("activity.recorded", an_activity(title={"id": "x" * 300})) for _ in range(60)
        ]

        assert {answer.status_code for answer in answers} == {201}
        correcting = asyncio.create_task(correct(installation, first))
        for service in PROJECTIONS:
            await reached(installation, service, ready=False)
            status = (await installation.http.get(f"/{service}/v1/status")).json()
            assert "stood at position" in status["trouble"]
            assert 2 <= status["position"] < status["ledger_ends_at"]
        assert_tells_what_to_do(await correcting, 503, "behind")
        assert_tells_what_to_do(await hand_in(installation, a_csv(*many_rows(5_000))), 507, "no-room")

        await end_by_a_full_log(postgres)
        assert_tells_what_to_do(await installation.post("activity.recorded", an_activity()), 503, "unreachable")
        assert_tells_what_to_do(await installation.http.get("/reports/v1/ratings"), 503, "unreachable")

        disk.make_room()
        postgres.start()
        for service in PROJECTIONS:
            await reached(installation, service, ready=True, position=installation.last_position)
        assert (await correct(installation, first)).status_code == 201
        assert (await hand_in(installation, a_csv(*many_rows(10)))).status_code == 202
        assert [await differences(ledger, installation, name) for name in PROJECTIONS] == [{}, {}, {}]


async def reached(installation, service, *, ready, position=None):
    async def is_so():
        answer = await installation.http.get(f"/{service}/readyz")
        assert answer.status_code == (200 if answer.json()["ready"] else 503)
        return answer.json()["ready"] == ready and position in (None, answer.json()["position"])

    await until(is_so, 30)


async def correct(installation, activity):
    data = {"activity": activity, "changes": {"mode": "online"}, "reason": "Lebih tepat"}
    return await installation.post("activity.corrected", data)


async def hand_in(installation, file):
    headers = {"Authorization": f"Bearer {installation.tokens['bureau']}", "Content-Type": "text/csv"}
    return await installation.http.post("/ingest/v1/imports?duplicates=keep", content=file, headers=headers)


def assert_tells_what_to_do(answer, status, kind):
    document = answer.json()
    assert (answer.status_code, document["type"]) == (status, f"/problems/{kind}"), document
    assert document["remedy"]


async def end_by_a_full_log(postgres):
    """Write to PostgreSQL's log until it finds no room for the next segment: it ends, and cannot recover."""
    connection = await asyncpg.connect(postgres.dsn)
    with suppress(asyncpg.PostgresError, OSError):
        while not connection.is_closed():
            await connection.execute("SELECT pg_logical_emit_message(false, 'fill', repeat('x', 4000000))")
    await until(postgres.part.has_died, 20)


async def differences(ledger, installation, name):
    """Compute the tables of a service anew; return those that differ from the live ones."""
    async with open_rebuild(PROJECTIONS[name], ledger, installation.settings) as building:
        await building.build(await building.target(), lambda position: None)
        return {each.table: each.first for each in await building.compare() if each.differences}


@pytest.mark.timeout(600)
def test_one_disk_under_everything_is_filled_under_load_and_all_goes_on_when_there_is_room(tmp_path, record_property):
    with small_disk(320) as disk:
        (disk.folder / "data").mkdir()
        (tmp_path / "data").symlink_to(disk.folder / "data")
        with running("up", tmp_path / "data", free_ports(1)[0]) as program:
            asyncio.run(register_partnerships(program))
            load = load_on(program, random.Random(20261121))
            full_seconds = asyncio.run(filled_under_load(load, program, disk))
            figures = asyncio.run(check_everything(load, program))

    record_property("times_full", FILLS)
    record_property("full_in_s", round(full_seconds, 1))
    record(record_property, figures, load)
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
            os.kill(program.pid_of("postgres"), signal.SIGKILL)
            await until(lambda: tells_of_postgres(http))
        disk.make_room()
        full_seconds += time.monotonic() - began
        await more(load, posting, "acknowledged")
    load.stop = True
    await posting
    return full_seconds


async def tells_of_postgres(http):
    """Say whether the services have noticed that PostgreSQL is gone; on a full disk nobody starts it again."""
    return "Make room" not in (await http.get("/ingest/readyz")).json()["trouble"]


async def more(load, posting, what):
    """Wait until each caller has got one more such answer."""

    def count():
        return len(load.acknowledged) if what == "acknowledged" else load.answers.get(507, 0)

    wanted = count() + CALLERS
    await asyncio.to_thread(wait_until, lambda: posting.done() or count() >= wanted)
    assert not posting.done(), posting.exception()
