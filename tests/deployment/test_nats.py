"""Three nats-servers with the configuration of deploy/ find each other, and nobody joins them without the password."""

import contextlib
import os
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from cli.embedded.nats_server import free_ports
from shared.ledger.ledger import CONNECTION_ERRORS, Ledger
from shared.ledger.rights import SERVERS
from shared.ledger.stream import check_fsync, create_stream
from tests.house.project import ROOT
from tests.support.engines import same_secrets
from tests.support.waiting import until

in_the_long_form = pytest.mark.skipif(
    os.environ.get("FAULTS") != "long", reason="three servers are run with FAULTS=long"
)
CONFIGURATION = (ROOT / "deploy" / "nats" / "cluster.conf").read_text()


@contextlib.contextmanager
def running(name: str, folder: Path, routes: list[int], own: tuple[int, int, int], secrets: dict[str, str]):
    """A server with that configuration, but for its ports, as all stand on one machine here; yields where it is asked."""
    clients, monitor, route = own
    folder.mkdir()
    for file, text in secrets.items():
        for server, port in zip(SERVERS, routes, strict=True):
            text = text.replace(f"@{server}:6222", f"@127.0.0.1:{port}")
        (folder / file).write_text(text)
    text = CONFIGURATION.replace("/data", str(folder / "data"))
    for port, instead in ((4222, clients), (8222, monitor), (6222, route)):
        text = text.replace(f'"0.0.0.0:{port}"', f'"127.0.0.1:{instead}"')
    (folder / "nats.conf").write_text(text)
    program = Path(sys.executable).with_name("nats-server")
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [program, "-c", folder / "nats.conf"], env={**os.environ, "HOSTNAME": name}, stdout=log, stderr=log
        )
    try:
        yield f"http://127.0.0.1:{monitor}"
    finally:
        process.kill()
        process.wait()


class Servers:
    """The three of the arrangement, and a fourth that listens beside them, each started when it is asked for."""

    def __init__(self, folder: Path, opened: contextlib.ExitStack) -> None:
        self._folder, self._opened, self._ports = folder, opened, free_ports(12)
        self.secrets = {name: (same_secrets() / name).read_text() for name in ("nats-users.conf", "nats-routes.conf")}

    def start(self, number: int, secrets: dict[str, str] | None = None) -> str:
        routes = self._ports[:3]
        own = (self._ports[3 + number], self._ports[7 + number], [*routes, self._ports[11]][number])
        folder = self._folder / str(number)
        return self._opened.enter_context(running(f"nats-{number + 1}", folder, routes, own, secrets or self.secrets))

    def client_url(self, number: int) -> str:
        return f"nats://127.0.0.1:{self._ports[3 + number]}"

    def said(self) -> str:
        return "".join(log.read_text() for log in self._folder.glob("*/log")).lower()

    def start_stranger(self) -> str:
        password = self.secrets["nats-routes.conf"].partition("password: ")[2].partition(",")[0]
        guessed = self.secrets["nats-routes.conf"].replace(password, "guessed")
        return self.start(3, {**self.secrets, "nats-routes.conf": guessed})


@pytest.fixture
def servers(tmp_path):
    with contextlib.ExitStack() as opened:
        yield Servers(tmp_path, opened)


async def test_nobody_joins_the_servers_without_their_password(servers):
    first, stranger = servers.start(0), servers.start_stranger()

    await until(lambda: "authentication error" in servers.said())

    async with httpx.AsyncClient() as client:
        for each in (first, stranger):
            assert (await client.get(f"{each}/routez")).json()["num_routes"] == 0


@in_the_long_form
async def test_three_servers_make_one_ledger_and_a_fourth_without_the_password_is_left_out(servers):
    three = [servers.start(number) for number in range(3)]
    maker = await Ledger.connect(servers.client_url(0), "prepare", same_secrets())
    await until(lambda: made(maker))
    await maker.close()
    await check_fsync(three)
    stranger = servers.start_stranger()

    await until(lambda: "authentication error" in servers.said())

    async with httpx.AsyncClient() as client:
        assert (await client.get(f"{stranger}/routez")).json()["num_routes"] == 0
        for each in three:
            names = {route["remote_name"] for route in (await client.get(f"{each}/routez")).json()["routes"]}
            assert len(names) == 2
            assert "nats-4" not in names


async def made(maker: Ledger) -> bool:
    """Make the stream in three copies, which needs a leader first."""
    with contextlib.suppress(*CONNECTION_ERRORS):
        await create_stream(maker.client, 3)
        return True
    return False
