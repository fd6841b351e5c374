"""`kembar rebuild` on a running and on a stopped installation."""

import asyncio
import json
import os
import signal

import asyncpg
import pytest

from cli.embedded.nats_server import free_ports
from tests.support.program import run, running, wait_until


def execute(program, statement):
    """Run a statement in the program's own database, as nobody should."""
    dsn = json.loads((program.data / "run" / "addresses.json").read_text())["KEMBAR_POSTGRES_DSN"]
    password = (program.data / "secrets" / "postgres-owner.password").read_text().strip()

    async def connect_and_execute():
        connection = await asyncpg.connect(dsn, user="kembar", password=password)
        await connection.execute(statement)
        await connection.close()

    asyncio.run(connect_and_execute())


def test_a_damaged_projection_is_found_and_replaced_while_all_runs(tmp_path):
    with running("demo", tmp_path / "data", free_ports(1)[0]) as program:
        assert (program.data / "run" / "addresses.json").stat().st_mode & 0o077 == 0
        before = program.get("/scoring/v1/ratings")
        execute(program, "UPDATE scoring.rating SET rated_on = '1999-01-01' WHERE partnership = 'beijing'")

        found = run("rebuild", "scoring", "--data", str(program.data))

        assert found.returncode == 1
        assert "rating: live only: " in found.stdout
        assert "rated_on=1999-01-01" in found.stdout
        assert "--swap" in found.stderr
        assert "a second" in found.stderr

        swapped = run("rebuild", "scoring", "--swap", "--data", str(program.data))

        assert swapped.returncode == 0, swapped.stderr
        assert run("rebuild", "scoring", "--data", str(program.data)).returncode == 0
        assert program.get("/scoring/v1/ratings")["items"] == before["items"]

    for name in ("ingest", "scoring", "reports"):
        stopped = run("rebuild", name, "--data", str(tmp_path / "data"))
        assert stopped.returncode == 0, stopped.stderr
        assert "checkpoint" in stopped.stdout


@pytest.mark.parametrize(
    ("arguments", "said"), [(["alerts"], "no projection “alerts”"), (["scoring"], "is no data folder")]
)
def test_what_cannot_be_rebuilt_is_told(tmp_path, arguments, said):
    done = run("rebuild", *arguments, "--data", str(tmp_path / "nothing"))

    assert done.returncode == 1
    assert said in done.stderr


def test_a_worker_forgets_what_it_kept_of_tables_that_were_replaced(tmp_path):
    """It had read a damaged row into memory before the tables were put right under it."""
    with running("demo", tmp_path / "data", free_ports(1)[0]) as program:
        post(program, "visit")
        damage = """UPDATE scoring.activity SET facts = jsonb_set(facts, '{outcome}', '"planned"')
                    WHERE partnership = 'kyiv' AND facts->>'occurred' = '2026'"""
        execute(program, damage)
        killed = program.pid_of("projections")
        os.kill(killed, signal.SIGKILL)
        wait_until(lambda: program.pid_of("projections") != killed)
        post(program, "contact")
        assert score(program) == 1

        assert run("rebuild", "scoring", "--swap", "--data", str(program.data)).returncode == 0
        post(program, "aid")

        assert score(program) == 3


def post(program, indicator):
    """Post an activity of this year and wait until scoring has read it."""
    activity = ("--partnership", "kyiv", "--indicator", indicator, "--occurred", "2026", "--direction", "inbound")
    done = run(
        "post", *activity, "--title-id", "Kegiatan", "--url", program.url, "--json", KEMBAR_DATA=str(program.data)
    )
    position = json.loads(done.stdout)[0]["position"]
    wait_until(lambda: program.get("/scoring/v1/status")["position"] >= position)


def score(program):
    return program.get("/scoring/v1/ratings/kyiv")["score"]
