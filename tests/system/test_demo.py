"""`kembar demo` and `up`, as a newcomer runs them, and as a bad day treats them."""

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import urllib.error
from uuid import uuid4

import pytest

from cli.embedded.nats_server import free_ports
from tests.support.program import is_gone, run, running, wait_until

PARTS = ("postgres", "nats-server", "projections", "services", "deliveries")


@pytest.fixture
def port():
    return free_ports(1)[0]


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    """A demo that runs, for tests that leave it running."""
    with running("demo", tmp_path_factory.mktemp("demo") / "data", free_ports(1)[0]) as program:
        yield program


@pytest.fixture(scope="module")
def empty(tmp_path_factory):
    """An empty ledger that runs, in a folder with a very long path."""
    folder = tmp_path_factory.mktemp("empty") / ("a folder with a long name " * 5).strip()
    with running("up", folder / "data", free_ports(1)[0]) as program:
        yield program


@pytest.fixture(scope="module")
def stopped(tmp_path_factory):
    """The folder of an empty ledger that ran and was stopped."""
    data = tmp_path_factory.mktemp("stopped") / "data"
    with running("up", data, free_ports(1)[0]):
        pass
    return data


@pytest.fixture
def data(stopped, tmp_path):
    """A copy of it to damage, with the same owners."""
    subprocess.run(["cp", "-a", str(stopped), str(tmp_path / "data")], check=True)
    return tmp_path / "data"


def test_demo_shows_the_ratings_and_where_they_differ_from_the_study(tmp_path, port):
    with running("demo", tmp_path / "data", port) as program:
        said = program.said()
        tokens = program.tokens()
        position = program.get("/reports/v1/ratings?on=2020-12-31")["position"]

        assert "137 facts posted, 137 of them new" in said
        assert "The study rated 22 partnerships; 19 agree, 3 differ:" in said
        for name in ("Hanoi", "Los Angeles", "Paris"):
            assert f"\n  {name}: " in said
        assert f"http://127.0.0.1:{port}/" in said
        assert next(iter(tokens)) == "bureau"
        assert len(set(tokens.values())) == len(tokens)
        assert (tmp_path / "data" / "demo-tokens.json").stat().st_mode & 0o077 == 0
        pids = [program.pid_of(part) for part in PARTS]
        assert program.interrupt() == 0

    assert all(is_gone(pid) for pid in pids)
    assert "nothing is lost" in program.said()

    with running("demo", tmp_path / "data", port) as again:
        assert "137 facts posted, 0 of them new" in again.said()
        assert again.get("/reports/v1/ratings?on=2020-12-31")["position"] == position
        assert again.tokens() == tokens


def test_up_starts_with_an_empty_ledger_that_says_what_to_do(empty):
    wait_until(lambda: empty.get("/reports/v1/ratings")["position"] == 2)  # the home was opened, a day was closed

    assert empty.get("/reports/v1/ratings")["items"] == []


@pytest.mark.parametrize("part", PARTS)
def test_a_killed_part_is_started_again_and_nothing_is_lost(demo, part):
    before = demo.get("/reports/v1/ratings?on=2020-12-31")
    killed = demo.pid_of(part)

    os.kill(killed, signal.SIGKILL)

    wait_until(lambda: demo.pid_of(part) != killed)
    posted = wait_for_a_post(demo)
    wait_until(lambda: answered(demo, "/reports/v1/ratings?on=2020-12-31").get("position") == posted["position"])
    after = demo.get("/reports/v1/ratings?on=2020-12-31")
    assert after["items"] == [
        item | ({"coverage": after_item["coverage"]} if item["partnership"] == "paris" else {})
        for item, after_item in zip(before["items"], after["items"], strict=True)
    ]
    assert f"{part} has ended unexpectedly; starting it again." in demo.said()


def wait_for_a_post(program):
    """Post one new planned activity until it is taken; always the same one, as a client with a bad line would."""
    letter = {
        "type": "activity.recorded",
        "id": str(uuid4()),
        "data": {
            "partnership": "paris",
            "indicator": "contact",
            "occurred": "2027",
            "direction": "outbound",
            "outcome": "planned",
            "title": {"id": "Surat"},
        },
    }
    answers = []

    def taken():
        done = run("post", "-", "--url", program.url, "--json", stdin=json.dumps(letter), KEMBAR_DATA=str(program.data))
        if done.returncode == 0:
            answers.append(json.loads(done.stdout)[0])
        return done.returncode == 0

    wait_until(taken)
    return answers[0]


def answered(program, path):
    with contextlib.suppress(urllib.error.URLError, OSError):
        return program.get(path)
    return {}


def test_a_killed_program_leaves_nothing_that_a_new_start_cannot_take_over(tmp_path, port):
    with running("demo", tmp_path / "data", port) as program:
        left = [program.pid_of(part) for part in PARTS]
        program.process.kill()
        program.process.wait()

    with running("demo", tmp_path / "data", port) as again:
        assert "137 facts posted, 0 of them new" in again.said()
        assert all(is_gone(pid) for pid in left)


def test_a_taken_port_is_named_and_another_offered(tmp_path):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]

        done = run("demo", "--port", str(port), "--data", str(tmp_path / "data"))

    assert done.returncode == 1
    assert f"Port {port} is taken" in done.stderr
    assert f"--port {port + 1}" in done.stderr


def test_a_folder_in_use_is_refused(empty, port):
    done = run("up", "--port", str(port), "--data", str(empty.data))

    assert done.returncode == 1
    assert "in use by a running Kembar" in done.stderr


def test_a_folder_from_a_newer_version_is_left_alone(tmp_path, port):
    data = tmp_path / "data"
    data.mkdir()
    (data / "kembar.json").write_text('{"format": 99}')

    done = run("demo", "--port", str(port), "--data", str(data))

    assert done.returncode == 1
    assert "newer Kembar (format 99" in done.stderr
    assert sorted(each.name for each in data.iterdir()) == ["kembar.json", "lock"]


def test_a_folder_that_holds_other_things_is_left_alone(tmp_path, port):
    data = tmp_path / "data"
    data.mkdir()
    (data / "thesis.docx").write_text("")

    done = run("demo", "--port", str(port), "--data", str(data))

    assert done.returncode == 1
    assert "thesis.docx" in done.stderr


def test_a_folder_that_cannot_be_written_is_named(tmp_path, port):
    (tmp_path / "file").write_text("")

    done = run("demo", "--port", str(port), "--data", str(tmp_path / "file" / "data"))

    assert done.returncode == 1
    assert "cannot be written to" in done.stderr
    assert "--data" in done.stderr


def test_a_part_that_will_not_start_shows_the_end_of_its_log(data, port):
    (data / "postgres" / "global" / "pg_control").unlink()

    done = run("up", "--port", str(port), "--data", str(data))

    assert done.returncode == 1
    assert "postgres ended while starting" in done.stderr
    assert "pg_control" in done.stderr


def test_a_ledger_configured_otherwise_is_not_served(data, port):
    """Unlimited and write-once, or the services refuse to start and say what differs."""
    shutil.rmtree(next((data / "nats").rglob("LEDGER_00")))

    done = run("up", "--port", str(port), "--data", str(data))

    assert done.returncode == 1
    assert "rolled back" in done.stderr


def test_a_very_long_path_works(empty):
    assert len(str(empty.data)) > 128
    assert empty.get("/scoring/v1/ratings")["items"] == []
