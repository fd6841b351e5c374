"""The commands against a running demo: what people and programs get from them."""

import hashlib
import json
import urllib.error
import urllib.request
from uuid import uuid4

import httpx
import psutil
import pytest

from cli.embedded.nats_server import free_ports
from cli.facts import JAKARTA
from cli.report_commands import KINDS
from cli.stop import CannotGoOn
from cli.whatif import read_official
from services.reports.asked import Kind
from tests.support.build import an_activity, rubric_data
from tests.support.program import run, running
from tests.support.tables import a_csv, a_row


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    with running("demo", tmp_path_factory.mktemp("demo") / "data", free_ports(1)[0]) as program:
        yield program


@pytest.fixture
def kembar(demo):
    """Run a command as at the same desk: the data folder says where Kembar is, and holds the bureau's token."""

    def command(*arguments, stdin=""):
        return run(*arguments, stdin=stdin, KEMBAR_DATA=str(demo.data))

    return command


def test_ratings_as_a_table(kembar):
    done = kembar("show", "ratings", "--on", "2020-12-31")

    assert done.returncode == 0
    assert "■■ □□ ■■ □■ ■□" in next(line for line in done.stdout.splitlines() if "beijing" in line)


def test_ratings_as_json_are_the_answer_of_the_api(kembar, demo):
    done = kembar("show", "ratings", "--on", "2020-12-31", "--json")

    assert json.loads(done.stdout) == demo.get("/reports/v1/ratings?on=2020-12-31")


def test_ratings_over_a_period(kembar):
    done = kembar("show", "ratings", "--from", "2017-01-01", "--to", "2020-12-31", "--json")

    assert {item["rating"] for item in json.loads(done.stdout)["items"]} == {"aktif", "kurang_aktif", "tidak_aktif"}


def test_a_partnership_with_the_activities_behind_each_cell(kembar):
    done = kembar("show", "partnership", "beijing", "--on", "2020-12-31")

    assert done.returncode == 0
    assert "6 of 10 cells" in done.stdout
    assert "16–22 June 2019" in done.stdout
    assert "Not counted on that day" in done.stdout


def test_a_partnership_as_json(kembar):
    answer = json.loads(kembar("show", "partnership", "beijing", "--on", "2020-12-31", "--json").stdout)

    assert (answer["partnership"], answer["score"]) == ("beijing", 6)
    assert {each["partnership"] for each in answer["activities"]} == {"beijing"}


def test_a_partnership_that_is_not_there_is_answered_with_those_that_are(kembar):
    done = kembar("show", "partnership", "beijng")

    assert done.returncode == 1
    assert "beijing" in done.stderr


def test_an_activity_is_posted_by_options_and_shows_at_once(kembar, demo):
    event_id = str(uuid4())
    done = kembar(
        *(
            "post",
            "--partnership",
            "kyiv",
            "--indicator",
            "contact",
            "--occurred",
            "2026-11-20",
            "--direction",
            "inbound",
        ),
        *(
            "--mode",
            "online",
            "--initiator",
            "partner",
            "--title-en",
            "Letter [of] the mayor",
            "--id",
            event_id,
            "--json",
        ),
    )

    (receipt,) = json.loads(done.stdout)
    assert receipt["event_id"] == event_id
    shown = kembar("show", "partnership", "kyiv")
    assert "Letter [of] the mayor" in shown.stdout


@pytest.mark.parametrize("form", ["one", "batch", "list", "lines"])
def test_events_are_posted_from_standard_input_in_every_form(kembar, form):
    event = {
        "type": "activity.recorded",
        "data": {
            "partnership": "seoul",
            "indicator": "aid",
            "occurred": "2026-05",
            "direction": "inbound",
            "outcome": "planned",
            "title": {"id": "Rencana"},
        },
    }
    text, count = {
        "one": (json.dumps(event), 1),
        "batch": (json.dumps({"events": [event, event]}), 2),
        "list": (json.dumps([event, event, event]), 3),
        "lines": ("\n".join([json.dumps(event)] * 4), 4),
    }[form]

    done = kembar("post", "-", "--json", stdin=text)

    assert done.returncode == 0, done.stderr
    assert len({receipt["position"] for receipt in json.loads(done.stdout)}) == count


def test_a_refused_event_says_which_field_and_what_to_do(kembar):
    done = kembar("post", "--partnership", "seoul", "--indicator", "gift", "--occurred", "2026")

    assert done.returncode == 1
    assert "data.indicator" in done.stderr
    assert "joint_event" in done.stderr


def test_a_file_that_is_not_there_is_named(kembar):
    done = kembar("post", "nothing.json")

    assert done.returncode == 1
    assert "nothing.json cannot be read" in done.stderr


def test_where_no_kembar_answers_the_way_to_one_is_told(kembar):
    done = kembar("show", "ratings", "--url", f"http://127.0.0.1:{free_ports(1)[0]}")

    assert done.returncode == 1
    assert "./kembar demo" in done.stderr


def test_a_wrong_token_is_told(kembar):
    done = kembar("post", "--partnership", "seoul", "--token", "wrong")

    assert done.returncode == 1
    assert "token" in done.stderr


def asked_by(demo, name):
    request = urllib.request.Request(f"{demo.url}/reports/v1/ratings", headers={"Host": name})
    with urllib.request.urlopen(request, timeout=10) as answer:
        return answer.status


@pytest.mark.parametrize("name", ["attacker.example", "127.0.0.1.attacker.example:80", "localhost.", "", "[::1"])
def test_a_page_of_another_site_cannot_ask_by_a_name_of_its_own(demo, name):
    with pytest.raises(urllib.error.HTTPError, match="421"):
        asked_by(demo, name)


@pytest.mark.parametrize("name", ["localhost", "127.0.0.1:99", "LocalHost:8080", "[::1]:8080"])
def test_a_service_is_asked_by_its_own_names(demo, name):
    assert asked_by(demo, name) == 200


def test_nobody_else_can_read_what_is_in_the_data_folder(demo):
    folders = [demo.data, *(each for each in demo.data.iterdir() if each.is_dir())]
    files = [each for place in (demo.data, demo.data / "secrets") for each in place.iterdir() if each.is_file()]
    files += [demo.data / "run" / name for name in ("nats.conf", "addresses.json")]

    assert len(folders) >= 7
    assert len(files) >= 10
    assert [each for each in folders if each.stat().st_mode & 0o066] == []
    assert [each for each in files if each.stat().st_mode & 0o077] == []


def test_no_secret_stands_in_the_list_of_processes(demo):
    parts = [psutil.Process(demo.process.pid), *psutil.Process(demo.process.pid).children(recursive=True)]
    said = "\0".join(argument for part in parts for argument in part.cmdline())
    kept = [each.read_text().strip() for each in (demo.data / "secrets").iterdir() if each.suffix != ".conf"]

    assert "postgres" in said
    assert len(kept) >= 9
    assert [each for each in (*kept, *demo.tokens().values()) if each in said] == []


@pytest.mark.parametrize("arguments", [["show", "ratings", "--wrong"], ["nonsense"], ["demo", "--port", "0"]])
def test_a_command_wrongly_asked_exits_with_two(kembar, arguments):
    assert kembar(*arguments).returncode == 2


def test_a_table_is_checked_imported_and_taken_back(kembar, tmp_path):
    table = tmp_path / "kegiatan.csv"
    table.write_bytes(
        a_csv(a_row(Kota="Beijing", Tanggal="3 s.d. 5 Januari 1985"), a_row(Kota="Tokyo", Tanggal="1985"))
    )

    checked = kembar("import", str(table), "--name", "riwayat-1985", "--dry-run")
    loaded = kembar("import", str(table), "--name", "riwayat-1985", "--json")
    taken_back = kembar("reverse", "riwayat-1985", "--reason", "Salah berkas", "--json")

    assert (checked.returncode, loaded.returncode, taken_back.returncode) == (0, 0, 0), loaded.stderr
    assert "2 rows can be loaded" in checked.stderr
    assert json.loads(loaded.stdout)["state"] == "completed"
    assert json.loads(taken_back.stdout)["position"] > json.loads(loaded.stdout)["position"]


def test_a_table_with_a_bad_row_names_it(kembar, tmp_path):
    table = tmp_path / "kegiatan.csv"
    table.write_bytes(a_csv(a_row(Kota="Beijing", Tanggal="awal 2019")))

    done = kembar("import", str(table))

    assert done.returncode == 1
    assert "awal 2019" in done.stdout
    assert "refused" in done.stderr


def test_the_first_administrator_is_offered_a_link_and_the_log_does_not_hold_it(kembar, demo):
    link = next(line for line in demo.said().splitlines() if "/sign-in/link?key=" in line)
    key = link.partition("key=")[2].strip()

    page = demo.page(link.strip())

    assert "Pilih kata sandi" in page
    for log in (demo.data / "logs").glob("*.log"):
        assert key not in log.read_text("utf-8", "replace")


def test_a_person_is_invited_listed_and_disabled(kembar, demo):
    added = json.loads(kembar("people", "add", "Sri Rahayu", "--role", "auditor", "--json").stdout)
    assert "Pilih kata sandi" in demo.page(added["link"])

    assert kembar("people", "disable", added["account"]).returncode == 0

    people = {each["account"]: each for each in json.loads(kembar("people", "list", "--json").stdout)}
    assert people[added["account"]]["shown_name"] == "Sri Rahayu"
    assert people[added["account"]]["disabled_at"] is not None
    assert people["jakarta/bureau"]["kind"] == "program"


def test_a_token_is_made_narrowed_listed_and_revoked(kembar, demo):
    made = json.loads(kembar("tokens", "add", "muat", "--role", "bureau", "--scope", "read", "--json").stdout)
    me = httpx.get(f"{demo.url}/access/v1/me", headers={"Authorization": f"Bearer {made['token']}"}, trust_env=False)
    assert (me.json()["account"], me.json()["scopes"]) == ("jakarta/muat", ["read"])

    assert kembar("tokens", "revoke", made["id"]).returncode == 0

    refused = kembar("show", "ratings", "--token", made["token"])
    assert (refused.returncode, "not valid" in refused.stderr) == (1, True)
    listed = {each["id"]: each for each in json.loads(kembar("tokens", "list", "--json").stdout)}
    assert listed[made["id"]]["revoked_at"] is not None
    assert made["token"] not in str(listed)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("people", "disable", "jakarta/nobody"), "people list"),
        (("tokens", "add", "muat", "--scope", "everything"), "no scope"),
    ],
)
def test_what_cannot_be_done_with_people_and_tokens_says_why(kembar, arguments, said):
    done = kembar(*arguments)

    assert done.returncode == 1
    assert said in done.stderr


def test_the_backtest_shows_which_three_differ_from_the_study(kembar):
    done = kembar("backtest", "--official", str(JAKARTA / "partnerships.csv"), "--on", "2020-12-31")

    assert done.returncode == 0, done.stderr
    assert "19 of 22 partnerships agree" in done.stdout
    differing = done.stdout.partition("Those that differ")[2]
    assert [name for name in ("hanoi", "los-angeles", "paris", "beijing") if name in differing] == [
        "hanoi",
        "los-angeles",
        "paris",
    ]


def test_what_if_shows_whose_rating_another_rubric_would_have_changed(kembar, tmp_path):
    rubric = tmp_path / "rubric.json"
    rubric.write_text(json.dumps({"rubric": rubric_data(window_months=12)}))
    asked = ("whatif", "--from", "2019-01-01", "--to", "2020-12-31", "--rubric", str(rubric))

    table, answer = kembar(*asked), json.loads(kembar(*asked, "--json").stdout)

    assert table.returncode == 0, table.stderr
    assert f"{len(answer['items'])} of 22 partnerships would have been rated otherwise" in table.stdout
    assert all(item["partnership"] in table.stdout for item in answer["items"])


def test_what_if_adds_and_leaves_out_activities(kembar, tmp_path):
    letter = {"type": "activity.recorded", "data": an_activity(partnership="paris", occurred="2020-05-01")}
    (tmp_path / "plan.json").write_text(json.dumps(letter))
    period = ("--from", "2020-01-01", "--to", "2020-12-31")

    done = kembar("whatif", *period, "--add", str(tmp_path / "plan.json"))

    assert done.returncode == 0, done.stderr
    assert "+ visit inbound" in next(line for line in done.stdout.splitlines() if "paris" in line)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("whatif", "--from", "2020-01-01", "--to", "2020-12-31"), "nothing that would be otherwise"),
        (("whatif", "--from", "2020-01-01", "--to", "2019-12-31", "--remove", str(uuid4())), "ends before it begins"),
        (("whatif", "--from", "2020-01-01", "--to", "2020-12-31", "--rubric", "none.json"), "cannot be read"),
        (("backtest", "--official", "none.csv"), "cannot be read"),
        (("backtest", "--on", "2020-12-31"), "No official rating is in force"),
    ],
)
def test_what_cannot_be_worked_out_is_said_with_a_remedy(kembar, arguments, said):
    done = kembar(*arguments)

    assert done.returncode == 1
    assert said in " ".join(done.stderr.split())


def test_a_file_of_ratings_names_its_columns(tmp_path):
    (tmp_path / "good.csv").write_text("partnership,rating\nhanoi,kurang aktif\nparis,\n")
    (tmp_path / "bad.csv").write_text("city,level\nhanoi,good\n")

    assert read_official(tmp_path / "good.csv") == {"hanoi": "kurang_aktif"}
    with pytest.raises(CannotGoOn, match="which partnership has which rating"):
        read_official(tmp_path / "bad.csv")


def test_a_home_is_opened_and_shown(kembar):
    opened = kembar("homes", "open", "bandung", "--time-zone", "Asia/Jakarta", "--name-en", "Bandung", "--json")
    again = kembar("homes", "open", "bandung", "--time-zone", "Asia/Jakarta", "--name-en", "Bandung", "--json")
    otherwise = kembar("homes", "open", "bandung", "--time-zone", "Asia/Makassar")
    shown = kembar("homes", "list", "--json")

    assert json.loads(opened.stdout) == json.loads(again.stdout)
    assert (otherwise.returncode, "was opened with other data" in otherwise.stderr + otherwise.stdout) == (1, True)
    assert [each["time_zone"] for each in json.loads(shown.stdout)] == ["Asia/Jakarta"]
    assert "Asia/Jakarta" in kembar("homes", "list").stdout


def test_what_an_embassy_may_not_post_is_said_with_what_to_do(kembar, demo):
    token = json.loads((demo.data / "demo-tokens.json").read_text())["embassy"]
    activity = ["--indicator", "contact", "--occurred", "2020", "--direction", "inbound", "--title-en", "Letter"]

    own = kembar("post", "--partnership", "beijing", *activity, "--token", token)
    foreign = kembar("post", "--partnership", "hanoi", *activity, "--token", token)

    assert own.returncode == 0
    assert foreign.returncode == 1
    assert "Name a partnership of your own." in foreign.stdout + foreign.stderr


# Reports.

PERIOD = ("--from", "2017-01-01", "--to", "2020-12-31")


def test_a_report_is_written_whole_and_over_nothing(kembar, tmp_path):
    to = tmp_path / "ratings.pdf"
    done = kembar("report", "ratings", *PERIOD, "--known", "2026-11-21", "--format", "pdf", "-o", str(to))
    written = to.read_bytes()
    refused = kembar("report", "ratings", *PERIOD, "--format", "pdf", "-o", str(to))
    forced = kembar("report", "ratings", *PERIOD, "--format", "csv", "-o", str(to), "--force")

    assert done.returncode == 0, done.stderr
    assert written.startswith(b"%PDF")
    assert hashlib.sha256(written).hexdigest() in done.stderr
    assert "position" in done.stderr
    assert (refused.returncode, "is there already" in refused.stderr) == (1, True)
    assert forced.returncode == 0
    assert to.read_bytes() != written
    assert [each.name for each in tmp_path.iterdir()] == ["ratings.pdf"]


def test_a_report_for_programs_goes_to_standard_output_alone(kembar):
    done = kembar("report", "ratings", *PERIOD, "--format", "json", "-o", "-")

    assert done.returncode == 0, done.stderr
    assert len(json.loads(done.stdout)["data"]["items"]) == 22


def test_an_issued_report_is_listed_fetched_made_again_and_touched(kembar, tmp_path):
    to, again = tmp_path / "laporan.xlsx", tmp_path / "lagi.xlsx"
    asked = ("--format", "xlsx", "--partnership", "beijing", "-o", str(to), "--issue", "--json")
    issued = json.loads(kembar("report", "ratings", *PERIOD, *asked).stdout)
    event_id = issued["receipt"]["event_id"]

    listed = kembar("report", "list", "--json")
    fetched = kembar("report", "fetch", event_id, "-o", str(again))
    compared = kembar("report", "again", event_id)
    shown = kembar("report", "list")

    assert event_id in {each["event_id"] for each in json.loads(listed.stdout)}
    assert again.read_bytes() == to.read_bytes()
    assert issued["hash"] in fetched.stderr
    assert (compared.returncode, "every byte is as it was issued" in compared.stderr) == (0, True)
    assert "beijing" in shown.stdout
    correction = kembar("report", "touched-by", str(uuid4()))
    assert (correction.returncode, "There is no correction" in correction.stderr) == (1, True)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("ratings", "--from", "2020-12-31", "--to", "2017-01-01"), "ends before it begins"),
        (("ratings", *PERIOD, "--format", "doc"), "format"),
        (("ratings", *PERIOD, "-o", "/nowhere/at/all.pdf"), "There is no folder"),
        (("again", "7a0f4e52-1f3a-4c55-9d7e-0c6f6d1b2a44"), "There is no issued report"),
    ],
)
def test_a_report_that_cannot_be_had_is_told_with_what_to_do(kembar, arguments, said):
    done = kembar("report", *arguments)

    assert done.returncode == 1
    assert said in done.stderr


def test_every_kind_of_report_has_a_command():
    assert set(KINDS) == set(Kind)
