"""`kembar backup` and `restore`: an equal ledger on an empty machine, or none at all."""

import json
import shutil
import signal

import pytest

from cli.embedded.nats_server import free_ports
from shared.ledger.archive import read_archive, segments_in
from tests.support.program import run, running, wait_until

LETTER = {
    "type": "activity.recorded",
    "id": "7a0f4e52-1f3a-4c55-9d7e-0c6f6d1b2a44",
    "data": {
        "partnership": "paris",
        "indicator": "contact",
        "occurred": "2019-06-01",
        "direction": "outbound",
        "outcome": "held",
        "title": {"id": "Surat"},
    },
}


def post(program):
    done = run("post", "-", "--json", stdin=json.dumps(LETTER), KEMBAR_DATA=str(program.data))
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)[0]


def issue(program, to):
    """Issue a report and keep what was handed out."""
    asked = ("ratings", "--from", "2017-01-01", "--to", "2020-12-31", "--issue", "-o", str(to))
    done = run("report", *asked, KEMBAR_DATA=str(program.data))
    assert done.returncode == 0, done.stderr


def fetch_issued(program, to):
    """Fetch the one report that was issued."""
    (issued,) = json.loads(run("report", "list", "--json", KEMBAR_DATA=str(program.data)).stdout)
    done = run("report", "fetch", issued["event_id"], "-o", str(to), KEMBAR_DATA=str(program.data))
    assert done.returncode == 0, done.stderr
    return to.read_bytes()


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    """A demo that was backed up once while it ran, posted to, and stopped; with its answers of that time."""
    folder = tmp_path_factory.mktemp("restore")
    with running("demo", folder / "data", free_ports(1)[0]) as program:
        first = run("backup", str(folder / "backup"), "--data", str(program.data))
        assert first.returncode == 0, first.stderr
        held_first = list(read_archive(folder / "backup"))
        receipt = post(program)
        issue(program, folder / "issued.pdf")
        ratings = program.get("/reports/v1/ratings?on=2020-12-31&known=2099-01-01")
        wait_until(lambda: len(list(read_archive(program.data / "archive"))) >= receipt["position"])
        assert program.interrupt() == 0
    return folder, held_first, receipt, ratings


@pytest.fixture(scope="module")
def other(demo, tmp_path_factory):
    """The folder of another ledger that ran and was stopped, and how a backup of it onto the demo's ended meanwhile."""
    folder = tmp_path_factory.mktemp("other")
    shutil.copytree(demo[0] / "backup", folder / "backup")
    with running("up", folder / "data", free_ports(1)[0]):
        done = run("backup", str(folder / "backup"), "--data", str(folder / "data"))
    return folder / "data", done


def test_a_backup_while_it_runs_holds_all_that_stood_then(demo):
    _, held_first, receipt, _ = demo

    assert [each.position for each in held_first] == list(range(1, receipt["position"]))


def test_the_running_program_keeps_its_archive_up_to_date(demo):
    folder, held_first, receipt, _ = demo

    archived = list(read_archive(folder / "data" / "archive"))

    assert archived[: len(held_first)] == held_first
    assert archived[receipt["position"] - 1].subject.split(".")[2] == LETTER["id"]


def test_a_restored_ledger_is_equal_and_the_tables_follow(demo, tmp_path):
    """The backup is brought up to date while Kembar is stopped."""
    folder, _, receipt, ratings = demo
    done = run("backup", str(folder / "backup"), "--data", str(folder / "data"))
    assert done.returncode == 0, done.stderr
    assert len(segments_in(folder / "backup")) == 2

    done = run("restore", str(folder / "backup"), "--data", str(tmp_path / "restored"))

    assert done.returncode == 0, done.stderr
    assert not (tmp_path / "restored.restoring").exists()
    with running("up", tmp_path / "restored", free_ports(1)[0]) as program:
        assert post(program) == receipt
        assert program.get("/reports/v1/ratings?on=2020-12-31&known=2099-01-01")["items"] == ratings["items"]
        assert fetch_issued(program, tmp_path / "again.pdf") == (folder / "issued.pdf").read_bytes()
        wait_until(lambda: len(list(read_archive(program.data / "archive"))) >= receipt["position"])
    original, copied = (list(read_archive(each)) for each in (folder / "backup", tmp_path / "restored" / "archive"))
    assert copied[: len(original)] == original


def test_a_folder_that_holds_a_ledger_is_not_restored_onto(demo, tmp_path):
    folder, *_ = demo
    before = sorted((folder / "data").rglob("*"))

    done = run("restore", str(folder / "backup"), "--data", str(folder / "data"))

    assert done.returncode == 1
    assert "is not empty" in done.stderr
    assert sorted((folder / "data").rglob("*")) == before


def test_a_damaged_backup_restores_nothing(demo, tmp_path):
    folder, *_ = demo
    shutil.copytree(folder / "backup", tmp_path / "backup")
    segment = segments_in(tmp_path / "backup")[0]
    segment.write_bytes(segment.read_bytes().replace(b"paris", b"pariz", 1))

    done = run("restore", str(tmp_path / "backup"), "--data", str(tmp_path / "restored"))

    assert done.returncode == 1
    assert "is damaged after position" in done.stderr
    assert [each.name for each in tmp_path.iterdir()] == ["backup"]


def test_a_backup_is_not_written_among_other_things(demo, tmp_path):
    folder, *_ = demo
    (tmp_path / "thesis.docx").write_text("")

    done = run("backup", str(tmp_path), "--data", str(folder / "data"))

    assert done.returncode == 1
    assert "thesis.docx" in done.stderr


def test_a_backup_of_another_ledger_is_not_gone_on_with(other):
    _, done = other

    assert done.returncode == 1
    assert "another ledger's" in done.stderr


def test_a_restore_that_was_killed_leaves_nothing_and_is_done_again(demo, tmp_path):
    folder, *_ = demo
    unfinished = tmp_path / "restored.restoring"
    (unfinished / "nats" / "jetstream").mkdir(parents=True)
    (unfinished / "nats" / "jetstream" / "half").write_text("half")
    (unfinished / "kembar.json").write_text('{"format": 1}')

    done = run("restore", str(folder / "backup"), "--data", str(tmp_path / "restored"))

    assert done.returncode == 0, done.stderr
    assert [each.name for each in tmp_path.iterdir()] == ["restored"]
    assert not list((tmp_path / "restored").rglob("half"))


def test_where_there_is_nothing_to_copy_the_way_is_told(tmp_path):
    done = run("backup", str(tmp_path / "backup"), "--data", str(tmp_path / "nothing"))

    assert done.returncode == 1
    assert "is no data folder" in done.stderr
    assert not (tmp_path / "backup").exists()


def test_services_stop_where_the_ledger_is_not_the_one_that_was_archived(demo, other):
    """The tables are gone, so that only the archive remembers."""
    folder, *_ = demo
    data, _ = other
    shutil.rmtree(data / "archive")
    shutil.copytree(folder / "data" / "archive", data / "archive")

    with running("up", data, free_ports(1)[0]) as program:
        wait_until(lambda: program.process.poll() is not None, 240)

    assert program.process.returncode not in (0, -signal.SIGKILL)
    assert "rolled back or made anew" in (data / "logs" / "services.log").read_text()
