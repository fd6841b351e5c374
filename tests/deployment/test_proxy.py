"""The proxy leads as the services are led on one port; in the long form it is run, before replicas that break off.

Its configuration is read by a caddy of 2.7 or later, named by CADDY, among the packages of the tests or on the path; an earlier one
does not know all of it.
"""

import asyncio
import contextlib
import os
import re
import shutil
import ssl
import subprocess

import httpx
import pytest

import services.access.app
import services.ingest.app
import services.scoring.app
from cli.drill.proxy import find_proxy
from cli.embedded.nats_server import free_ports
from tests.deployment.compose import FULL, environment_of
from tests.house.project import ROOT
from tests.support.waiting import until

CADDYFILE = (ROOT / "deploy" / "proxy" / "Caddyfile").read_text("utf-8")
in_the_long_form = pytest.mark.skipif(os.environ.get("FAULTS") != "long", reason="the proxy is run with FAULTS=long")


@pytest.mark.parametrize("service", [services.ingest.app, services.scoring.app, services.access.app])
def test_the_proxy_leads_to_a_service_what_one_port_leads_there(service):
    name = service.__name__.split(".")[1]
    (said,) = re.findall(rf"@{name} path (.+)", CADDYFILE)

    assert {path.split("/")[1] for path in said.split()} == {name, *service.PREFIXES}


def test_browsers_are_told_to_come_back_by_tls_only():
    (said,) = re.findall(r'Strict-Transport-Security "max-age=(\d+); includeSubDomains"', CADDYFILE)
    assert int(said) >= 31_536_000


def test_every_replica_is_looked_at_and_nothing_but_questions_is_asked_twice():
    led = re.findall(
        r"reverse_proxy \{\$KEMBAR_AT_(\w+):(\w+):8080\} \{\s*import replicas\s*health_uri /(\w+)/healthz", CADDYFILE
    )

    assert all(name == name.upper() == of.upper() == asked.upper() for name, of, asked in led)
    assert {of for _, of, _ in led} == {"ingest", "scoring", "reports", "access"}
    assert len(led) == CADDYFILE.count("reverse_proxy")
    assert re.findall(r"lb_retry_match \{\s*method (.+)\s*\}", CADDYFILE) == ["GET HEAD"]


CADDY = os.environ.get("CADDY") or find_proxy() or shutil.which("caddy")


def buffers_what_is_posted() -> bool:
    """Whether the caddy that is here can hand a posting to another replica; releases before 2.7 cannot (Debian 12 has 2.6)."""
    if CADDY is None:
        return False
    said = subprocess.run([CADDY, "version"], capture_output=True, text=True, check=True).stdout
    release = re.match(r"v?(\d+)\.(\d+)", said)
    assert release, said
    return (int(release[1]), int(release[2])) >= (2, 7)


@pytest.mark.skipif(not buffers_what_is_posted(), reason="there is no caddy of 2.7 or later here")
@pytest.mark.parametrize("variables", [{}, FULL], ids=["one node", "full"])
def test_the_proxy_takes_its_configuration_as_compose_gives_it(variables, tmp_path):
    assert CADDY is not None
    environment = environment_of("proxy", variables) | {"HOME": str(tmp_path), "XDG_DATA_HOME": str(tmp_path)}

    def said_of(text: str) -> subprocess.CompletedProcess[str]:
        (tmp_path / "Caddyfile").write_text(text)
        command = [CADDY, "validate", "--adapter", "caddyfile", "--config", tmp_path / "Caddyfile"]
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)

    taken, refused = said_of(CADDYFILE), said_of(CADDYFILE.replace("lb_policy least_conn", "lb_policy least_busy"))

    assert taken.returncode == 0, taken.stderr
    assert "input is not formatted" not in taken.stderr
    assert refused.returncode != 0


class Replica:
    """A server of HTTP that notes what it is asked, and breaks off in the middle where it is told to."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.breaks_off = False

    async def start(self) -> None:
        self.server = await asyncio.start_server(self._serve, "127.0.0.1", getattr(self, "port", 0))
        self.port = self.server.sockets[0].getsockname()[1]

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            line = head.partition(" HTTP")[0]
            if length := re.search(r"content-length: (\d+)", head, re.IGNORECASE):
                await reader.readexactly(int(length[1]))
            if "/healthz" in line or not self.breaks_off:
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok")
                await writer.drain()
            self.asked += [] if "/healthz" in line else [line]
        writer.close()


@pytest.fixture
async def proxied(tmp_path):
    """Two replicas of each service behind the proxy, and a client of it."""
    assert CADDY, "install caddy"
    replicas = [Replica(), Replica()]
    for each in replicas:
        await each.start()
    https, http, admin, measured = free_ports(4)
    text = CADDYFILE.replace(
        "admin 127.0.0.1:2019", f"admin 127.0.0.1:{admin}\n\thttps_port {https}\n\thttp_port {http}"
    )
    if not buffers_what_is_posted():
        text = re.sub(r"\n\trequest_buffers .+", "", text)
    (tmp_path / "Caddyfile").write_text(
        text.replace(":9180", f"127.0.0.1:{measured}").replace("{$KEMBAR_DOMAIN:", "{$NONE:")
    )
    at = " ".join(f"127.0.0.1:{each.port}" for each in replicas)
    environment = {f"KEMBAR_AT_{name}": at for name in ("INGEST", "SCORING", "REPORTS", "ACCESS")}
    environment |= {"HOME": str(tmp_path), "XDG_DATA_HOME": str(tmp_path), "PATH": "/usr/bin:/bin"}
    command = [CADDY, "run", "--adapter", "caddyfile", "--config", str(tmp_path / "Caddyfile")]
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)  # noqa: ASYNC220
    without_its_authority = ssl.create_default_context()
    without_its_authority.check_hostname, without_its_authority.verify_mode = False, ssl.CERT_NONE
    async with httpx.AsyncClient(
        base_url=f"https://localhost:{https}", verify=without_its_authority, timeout=30
    ) as client:

        async def answers() -> bool:
            assert process.poll() is None, (tmp_path / "log").read_text()[-2000:]
            with contextlib.suppress(httpx.TransportError):
                return (await client.get("/reports/healthz")).status_code == 200
            return False

        try:
            await until(answers)
            yield replicas, client
        finally:
            process.terminate()
            process.wait(20)
            for each in replicas:
                each.server.close()


@in_the_long_form
async def test_a_posting_that_breaks_off_is_not_sent_twice_and_a_question_is(proxied):
    (first, second), client = proxied
    first.breaks_off = second.breaks_off = True

    posted = await client.post("/ingest/v1/events", json={})

    assert posted.status_code == 502
    assert len([line for each in (first, second) for line in each.asked if line.startswith("POST")]) == 1
    second.breaks_off = False
    await until(lambda: is_well(client))
    for _ in range(10):
        assert (await client.get("/scoring/v1/ratings")).status_code == 200


async def is_well(client: httpx.AsyncClient) -> bool:
    return (await client.get("/access/v1/me")).status_code == 200


@in_the_long_form
async def test_nothing_fails_while_a_replica_is_away_and_it_is_used_again_when_it_is_back(proxied):
    (first, second), client = proxied
    first.server.close()
    await first.server.wait_closed()

    questions = [(await client.get("/reports/v1/ratings")).status_code for _ in range(40)]
    postings = [(await client.post("/ingest/v1/events", json={})).status_code for _ in range(40)]

    assert questions == [200] * 40
    if buffers_what_is_posted():
        assert postings == [200] * 40
    else:
        assert set(postings) <= {200, 502}
        await until(lambda: is_posted_ten_times(client))
    assert len(second.asked) >= 40
    await first.start()

    async def has_been_asked() -> bool:
        await client.post("/ingest/v1/events", json={})
        return bool(first.asked)

    await until(has_been_asked)


async def is_posted_ten_times(client: httpx.AsyncClient) -> bool:
    return {(await client.post("/ingest/v1/events", json={})).status_code for _ in range(10)} == {200}


@in_the_long_form
async def test_measurements_are_not_shown_outside(proxied):
    _, client = proxied

    for name in ("ingest", "scoring", "reports", "access"):
        assert (await client.get(f"/{name}/metrics")).status_code == 404
