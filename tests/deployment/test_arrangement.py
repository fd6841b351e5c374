"""docker-compose.yml as plain processes: each with its own command, environment and secrets, and no more; only addresses differ.

An administrator's first hour then goes as docs/operating.md says. FAULTS=long needs caddy on the path, or named by CADDY; before
2.7 it is given the configuration without what such a release does not know.
"""

import asyncio
import os
import re
import shutil
import signal
import ssl
import subprocess
import sys
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import asyncpg
import httpx
import pytest

from cli.embedded.nats_server import free_ports
from cli.embedded.postgres import postgres_part
from shared.postgres.roles import OWNER, password_name, role_of
from tests.deployment.compose import OURS, SERVICES, environment_of
from tests.deployment.dockerfile import environment_in, lineage, read_stages
from tests.deployment.test_proxy import CADDY, CADDYFILE, buffers_what_is_posted
from tests.house.project import ROOT
from tests.support.build import a_partnership, an_activity
from tests.support.engines import laid_out, same_secrets
from tests.support.program import wait_until
from tests.support.receivers import MailServer, mail_server

pytestmark = [
    pytest.mark.skipif(os.environ.get("FAULTS") != "long", reason="the arrangement is run with FAULTS=long"),
    pytest.mark.timeout(900),
]
LONGEST_SECONDS = 300
"""Nine processes begin at once here; on a busy machine that takes its time."""
STAGES = read_stages((ROOT / "deploy" / "Dockerfile").read_text("utf-8"))
ANSWER = ("ingest", "scoring", "reports", "access", "archive")


@dataclass
class Container:
    """What stands for a container: what it runs with, and the process while it runs."""

    name: str
    environment: dict[str, str]
    log: Path
    process: subprocess.Popen[bytes] | None = None

    @property
    def command(self) -> list[str]:
        """What it runs when nothing else is asked of it."""
        said: list[str] = SERVICES[self.name].get("command") or STAGES[self.name].of("CMD")[0].list_form
        return said

    def start(self) -> None:
        """Start it."""
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "cli", *self.command], env=self.environment, cwd=ROOT, stdout=log, stderr=log
            )

    def run(self, *command: str) -> str:
        """Do as `docker compose run --rm` does, and return what it says."""
        ended = subprocess.run(
            [sys.executable, "-m", "cli", *command], env=self.environment, cwd=ROOT, capture_output=True, text=True
        )
        assert ended.returncode == 0, ended.stdout + ended.stderr
        return ended.stdout

    def is_well(self) -> bool:
        """Ask what the image says that Docker is to ask."""
        assert self.process is not None
        assert self.process.poll() is None, self.log.read_text()[-3000:]
        _, *check = STAGES[self.name].of("HEALTHCHECK")[0].list_form
        return subprocess.run([sys.executable, *check], env=self.environment, capture_output=True).returncode == 0


@dataclass
class Arranged:
    """The whole, while it runs."""

    containers: dict[str, Container]
    url: str
    authority: Path
    mail: MailServer
    folder: Path

    def client(self, token: str | None = None) -> httpx.AsyncClient:
        """Somebody outside, who trusts the proxy's own authority."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        trusted = ssl.create_default_context(cafile=str(self.authority))
        return httpx.AsyncClient(base_url=self.url, verify=trusted, headers=headers, timeout=30)


@pytest.fixture(scope="module")
def arranged(tmp_path_factory) -> Iterator[Arranged]:
    """One node, begun as compose begins it: the engines, then `prepare` to its end, then all others and the proxy."""
    assert CADDY, "install caddy"
    folder = tmp_path_factory.mktemp("arranged")
    for name in ("logs", "archive", "proxy"):
        (folder / name).mkdir()
    with ExitStack() as opened:
        addresses = opened.enter_context(running_nats_of_the_deployment(folder))
        addresses |= opened.enter_context(running_postgres_of_the_deployment(folder))
        mail = opened.enter_context(mail_server())
        https, http, admin, measured = free_ports(4)
        ports = dict(zip(ANSWER, free_ports(len(ANSWER)), strict=True))
        addresses |= {f"kembar-{name}-1:8080": f"127.0.0.1:{port}" for name, port in ports.items()}
        addresses |= {"http://ingest:8080": f"http://127.0.0.1:{ports['ingest']}", "0.0.0.0": "127.0.0.1"}
        addresses |= {"https://localhost": f"https://localhost:{https}"}
        in_dot_env = {"KEMBAR_SMTP_URL": mail.url, "KEMBAR_MAIL_FROM": "kembar@localhost"}
        containers = {name: container(name, folder, addresses, ports, in_dot_env) for name in OURS}
        containers["prepare"].start()
        prepared = containers["prepare"].process
        assert prepared is not None
        assert prepared.wait(LONGEST_SECONDS) == 0, containers["prepare"].log.read_text()
        for name in sorted(OURS - {"prepare"}):
            containers[name].start()
            opened.callback(end, containers[name])
        for name in ANSWER:
            wait_until(containers[name].is_well, LONGEST_SECONDS)
        proxied = {"https": https, "http": http, "admin": admin, "measured": measured}
        opened.enter_context(running_proxy(folder, addresses, proxied))
        authority = folder / "proxy" / "caddy" / "pki" / "authorities" / "local" / "root.crt"
        yield Arranged(containers, f"https://localhost:{https}", authority, mail, folder)


def container(
    name: str, folder: Path, addresses: Mapping[str, str], ports: Mapping[str, int], in_dot_env: Mapping[str, str]
) -> Container:
    """What stands for a container of this name: nothing of this machine's environment is in it but where Python is."""
    secrets = folder / f"secrets-of-{name}"
    secrets.mkdir()
    for each in SERVICES[name]["secrets"]:
        shutil.copy(same_secrets() / each, secrets)
    said: dict[str, str] = {}
    for stage in lineage(STAGES, name):
        for step in stage.of("ENV"):
            said |= environment_in(step)
    said |= environment_of(name, in_dot_env)
    here = {**addresses, "/run/secrets": str(secrets), "/archive": str(folder / "archive")}
    environment = {key: swapped(value, here) for key, value in said.items() if key.startswith("KEMBAR_")}
    environment |= {"KEMBAR_PORT": str(ports.get(name, 0)), "PYTHONPATH": str(ROOT), "PATH": os.environ["PATH"]}
    return Container(name, environment, folder / "logs" / f"{name}.log")


def swapped(text: str, addresses: Mapping[str, str]) -> str:
    """Put this machine's addresses in the place of those among containers."""
    for there, here in addresses.items():
        text = text.replace(there, here)
    return text


@contextmanager
def running_nats_of_the_deployment(folder: Path) -> Iterator[dict[str, str]]:
    """nats-server with deploy/nats/nats.conf; yields where it is instead of where compose says."""
    clients, monitor = free_ports(2)
    text = (ROOT / "deploy" / "nats" / "nats.conf").read_text()
    for there, here in (("0.0.0.0:4222", clients), ("0.0.0.0:8222", monitor)):
        text = text.replace(there, f"127.0.0.1:{here}")
    (folder / "nats.conf").write_text(text.replace('"/data"', f'"{folder / "nats"}"'))
    shutil.copy(same_secrets() / "nats-users.conf", folder)
    program = Path(sys.executable).with_name("nats-server")
    with (folder / "logs" / "nats.log").open("wb") as log:
        process = subprocess.Popen([program, "-c", folder / "nats.conf"], stdout=log, stderr=log)
    checked = next(each for each in SERVICES["nats-1"]["healthcheck"]["test"] if each.startswith("http"))
    try:
        wait_until(lambda: answers(checked.replace("8222", str(monitor))))
        yield {"nats://nats:4222": f"nats://127.0.0.1:{clients}", "http://nats-1:8222": f"http://127.0.0.1:{monitor}"}
    finally:
        process.terminate()
        process.wait(30)


def answers(url: str) -> bool:
    with suppress(OSError):
        return urllib.request.urlopen(url, timeout=2).status == 200
    return False


@contextmanager
def running_postgres_of_the_deployment(folder: Path) -> Iterator[dict[str, str]]:
    """PostgreSQL with deploy/postgres/postgresql.conf, and the database that its image makes."""
    inside = folder / "postgres"
    inside.mkdir()
    part, dsn = postgres_part(laid_out(inside))
    configuration = inside / "postgresql.conf"
    shutil.copy(ROOT / "deploy" / "postgres" / "postgresql.conf", configuration)
    configuration.chmod(0o644)
    program, *arguments = part.command
    part.command = [program, "-c", f"config_file={configuration}", *arguments]
    part.start()
    try:
        part.wait_until_ready(LONGEST_SECONDS)
        asyncio.run(make_database(dsn))
        yield {"postgresql://postgres/kembar": dsn.replace("/postgres?", "/kembar?")}
    finally:
        part.stop()


async def make_database(dsn: str) -> None:
    password = (same_secrets() / password_name(OWNER)).read_text().strip()
    connection = await asyncpg.connect(dsn, user=role_of(OWNER), password=password)
    await connection.execute("CREATE DATABASE kembar")
    assert await connection.fetchval("SHOW wal_compression") == "pglz"  # it read its configuration
    await connection.close()


@contextmanager
def running_proxy(folder: Path, addresses: Mapping[str, str], ports: Mapping[str, int]) -> Iterator[None]:
    """The proxy with deploy/proxy/Caddyfile, on ports that anybody may listen on."""
    text = CADDYFILE.replace("127.0.0.1:2019", f"127.0.0.1:{ports['admin']}\n\thttps_port {ports['https']}", 1)
    text = text.replace("\thttps_port", f"\thttp_port {ports['http']}\n\thttps_port", 1)
    text = text.replace(":9180", f"127.0.0.1:{ports['measured']}")
    if not buffers_what_is_posted():
        text = re.sub(r"\n\trequest_buffers .+", "", text)
    (folder / "proxy" / "Caddyfile").write_text(text)
    given = {name: swapped(value, addresses) for name, value in environment_of("proxy", {}).items()}
    given |= {"HOME": str(folder / "proxy"), "XDG_DATA_HOME": str(folder / "proxy"), "PATH": os.environ["PATH"]}
    command = [CADDY, "run", "--adapter", "caddyfile", "--config", str(folder / "proxy" / "Caddyfile")]
    with (folder / "logs" / "proxy.log").open("wb") as log:
        process = subprocess.Popen(command, env=given, stdout=log, stderr=log)
    checked = next(each for each in SERVICES["proxy"]["healthcheck"]["test"] if each.startswith("http"))
    try:
        wait_until(lambda: answers(checked.replace("2019", str(ports["admin"]))))
        yield
    finally:
        process.terminate()
        process.wait(20)


def end(container: Container) -> None:
    """Do as `docker compose stop` does: ask it to end, and wait no longer than compose would."""
    assert container.process is not None
    container.process.terminate()
    container.process.wait(int(SERVICES[container.name]["stop_grace_period"].removesuffix("s")))


async def test_the_first_hour_of_an_administrator(arranged):
    invited = arranged.containers["access"].run("people", "add", "Sri Rahayu", "--role", "administrator")
    made = arranged.containers["access"].run("tokens", "add", "yearly-import", "--role", "bureau")
    (link,) = re.findall(r"https://\S+", invited)
    token = made.split()[-1]
    assert link.startswith(f"{arranged.url}/sign-in/link?key=")

    async with arranged.client() as outside:
        assert (await outside.get(link)).status_code == 200
        page = await outside.get("/sign-in")
        style = re.search(r'href="(/[^"]+\.css[^"]*)"', page.text)
        assert style is not None
        assert (await outside.get(style[1])).headers["content-type"].startswith("text/css")
        assert page.headers["strict-transport-security"]
        assert (await outside.get("/ingest/metrics")).status_code == 404
        assert (await outside.post("/ingest/v1/events", json={})).status_code == 401
    async with arranged.client(token) as bureau:
        for kind, data in (("partnership.registered", a_partnership()), ("activity.recorded", an_activity())):
            posted = await bureau.post("/ingest/v1/events", json={"type": kind, "data": data})
            assert posted.status_code == 201, posted.text
        until = {"Kembar-Min-Position": str(posted.json()["position"])}
        for path in (
            "/scoring/v1/ratings/hanoi",
            "/reports/v1/activities?partnership=hanoi",
            "/",
            "/imports",
            "/alerts",
        ):
            shown = await bureau.get(path, headers=until)
            assert shown.status_code == 200, f"{path}: {shown.text[:300]}"


async def test_what_is_told_by_mail_is_told_by_deliveries_alone(arranged):
    made = arranged.containers["access"].run("tokens", "add", "clerk", "--role", "bureau")
    async with arranged.client(made.split()[-1]) as clerk:
        wanted = {"channel": {"email": "warga@example.org"}, "language": "en"}
        answer = await clerk.post("/scoring/v1/subscriptions", json=wanted)
        assert answer.status_code == 201, answer.text

    wait_until(lambda: arranged.mail.box.mails, LONGEST_SECONDS)
    assert f"{arranged.url}/" in arranged.mail.box.mails[0].get_body(("plain",)).get_content()
    said = {name: each.log.read_text() for name, each in arranged.containers.items()}
    assert "deliver" not in said["scoring"] + said["projections"]


def test_the_second_copy_is_written_and_the_doctor_finds_nothing(arranged):
    wait_until(lambda: list((arranged.folder / "archive").iterdir()))

    assert "not ok" not in arranged.containers["prepare"].run("doctor")


def test_everything_ends_in_order_within_the_time_that_compose_gives(arranged):
    for name in sorted(OURS - {"prepare"}):
        end(arranged.containers[name])

    codes = {name: each.process.returncode for name, each in arranged.containers.items() if name != "prepare"}
    assert codes.keys() == OURS - {"prepare"}
    assert set(codes.values()) <= {0, -signal.SIGTERM}, codes
