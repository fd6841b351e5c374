"""`kembar doctor` finds what is wrong, names it, and says what to do; each damage is done for real."""

import json
import os
import shutil
import signal
import subprocess

import pytest

from cli.embedded.nats_server import free_ports
from shared.ledger.archive import last_position, segments_in
from tests.support.program import run, running, wait_until
from tests.system.test_rebuild import execute
from tests.system.test_restore import post

CHECKS = [
    "folder format",
    "folder permissions",
    "ledger configuration",
    "fsync",
    "archive",
    "ledger",
    "projection ingest",
    "projection scoring",
    "projection reports",
]


def findings(data):
    """Ask the doctor; return each check's finding, having seen that the exit code says the same."""
    done = run("doctor", "--json", "--data", str(data))
    answer = json.loads(done.stdout)
    assert done.returncode == (0 if answer["ok"] else 1), done.stderr
    assert answer["ok"] == all(each["ok"] for each in answer["checks"])
    assert all(bool(each["remedy"]) != each["ok"] for each in answer["checks"])
    return {each["check"]: each for each in answer["checks"]}


def failing(found):
    return [check for check, each in found.items() if not each["ok"]]


@pytest.fixture(scope="module")
def stopped(tmp_path_factory):
    """A demo that was stopped with its archive up to date."""
    data = tmp_path_factory.mktemp("doctor") / "data"
    with running("demo", data, free_ports(1)[0]) as program:
        position = program.get("/reports/v1/ratings")["position"]
        wait_until(lambda: last_position(data / "archive") == position)
    return data


@pytest.fixture
def data(stopped, tmp_path):
    """A copy of it to damage, with the same owners."""
    subprocess.run(["cp", "-a", str(stopped), str(tmp_path / "data")], check=True)
    return tmp_path / "data"


def block_of(data):
    (block,) = (data / "nats").rglob("LEDGER_00/msgs/*.blk")
    return block


def flip_a_bit(path, at):
    content = bytearray(path.read_bytes())
    content[at] ^= 1
    path.write_bytes(content)


def test_a_stopped_installation_that_is_well(data):
    found = findings(data)

    assert list(found) == CHECKS
    assert failing(found) == []
    assert "compared with the archive" in found["ledger"]["found"]


def test_what_people_read(data):
    done = run("doctor", "--data", str(data))

    assert done.returncode == 0
    assert [line.split(": ")[0] for line in done.stdout.splitlines()] == [f"ok      {check}" for check in CHECKS]


@pytest.mark.parametrize("place", [0.1, 0.5, 0.9])
def test_one_flipped_bit_in_the_log_is_found_and_the_archive_restores_it(data, tmp_path, place):
    block = block_of(data)
    flip_a_bit(block, int(block.stat().st_size * place))

    found = findings(data)

    assert "ledger" in failing(found)
    assert f"kembar restore {data / 'archive'}" in found["ledger"]["remedy"]
    assert run("restore", str(data / "archive"), "--data", str(tmp_path / "restored")).returncode == 0
    assert failing(findings(tmp_path / "restored")) == []


def test_a_truncated_log_is_found(data):
    block = block_of(data)
    os.truncate(block, block.stat().st_size // 2)

    found = findings(data)

    assert {"ledger", "projection ingest", "projection scoring", "projection reports"} <= set(failing(found))
    assert all("kembar restore" in found[check]["remedy"] for check in failing(found))


def test_a_stream_that_is_gone_is_found(data):
    shutil.rmtree(next((data / "nats").rglob("LEDGER_00")))

    found = findings(data)

    assert {"ledger configuration", "ledger"} <= set(failing(found))


@pytest.mark.parametrize("place", [0.0, 0.3, 0.7])
def test_a_changed_archive_segment_is_found(data, place):
    (segment,) = segments_in(data / "archive")
    flip_a_bit(segment, int(segment.stat().st_size * place))

    found = findings(data)

    assert failing(found) == ["archive"]
    assert "is damaged" in found["archive"]["found"]
    assert f"Move {data / 'archive'} away" in found["archive"]["remedy"]


def test_open_permissions_are_found(data):
    (data / "demo-tokens.json").chmod(0o644)

    found = findings(data)

    assert failing(found) == ["folder permissions"]
    assert "tokens.json" in found["folder permissions"]["remedy"]


def test_a_folder_of_a_newer_version_is_found(data):
    (data / "kembar.json").write_text('{"format": 99}')

    assert failing(findings(data)) == ["folder format", "engines"]


def test_an_engine_that_does_not_start_is_found_and_the_others_are_looked_at(data):
    (data / "postgres" / "global" / "pg_control").unlink()

    found = findings(data)

    assert failing(found) == ["engines"]
    assert "postgres" in found["engines"]["found"]
    assert found["ledger"]["ok"]


def test_a_checkpoint_with_another_hash_is_found_and_mended_while_all_runs(data):
    with running("up", data, free_ports(1)[0]) as program:
        post(program)
        assert failing(findings(data)) == []

        os.kill(program.pid_of("projections"), signal.SIGSTOP)
        execute(program, "UPDATE scoring.checkpoint SET position = 1, hash = 'other'")
        found = findings(data)
        os.kill(program.pid_of("projections"), signal.SIGCONT)
        assert failing(found) == ["projection scoring"]
        assert "holds other bytes" in found["projection scoring"]["found"]
        assert "kembar rebuild scoring" in found["projection scoring"]["remedy"]
        assert run("rebuild", "scoring", "--swap", "--data", str(data)).returncode == 0
        wait_until(lambda: failing(findings(data)) == [])


def test_a_projection_that_stands_still_is_found(data):
    with running("up", data, free_ports(1)[0]) as program:
        os.kill(program.pid_of("projections"), signal.SIGSTOP)
        try:
            post(program)
            found = findings(data)
        finally:
            os.kill(program.pid_of("projections"), signal.SIGCONT)

    assert failing(found) == ["projection ingest", "projection scoring", "projection reports"]
    assert "stands still" in found["projection reports"]["found"]


def test_a_server_that_does_not_sync_is_found(data):
    with running("up", data, free_ports(1)[0]) as program:
        configuration = data / "run" / "nats.conf"
        configuration.write_text(configuration.read_text().replace("sync_interval: always", 'sync_interval: "2m"'))
        killed = program.pid_of("nats-server")
        os.kill(killed, signal.SIGKILL)
        wait_until(lambda: program.pid_of("nats-server") != killed)
        wait_until(lambda: "has ended unexpectedly" in program.said())
        wait_until(lambda: findings(data)["fsync"]["found"].startswith("nats-server at"))

        found = findings(data)

    assert failing(found) == ["fsync"]
    assert "sync_interval: always" in found["fsync"]["remedy"]


def test_where_there_is_nothing_to_look_at_the_way_is_told(tmp_path):
    done = run("doctor", "--data", str(tmp_path))

    assert done.returncode == 1
    assert "is no data folder" in done.stderr
