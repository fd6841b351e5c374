"""Three nats-servers with the configuration of deploy/ find each other, and nobody joins them without the password."""

import contextlib
import os
import subprocess
import sys
from pathlib import Path

import httpx

from cli.embedded.nats_server import free_ports
from shared.ledger.ledger import CONNECTION_ERRORS, Ledger
from shared.ledger.rights import SERVERS
from shared.ledger.stream import check_fsync, create_stream
from tests.house.project import ROOT
from tests.support.engines import same_secrets
from tests.support.waiting import until

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


async def test_three_servers_make_one_ledger_and_a_fourth_without_the_password_is_left_out(tmp_path):
    secrets = {name: (same_secrets() / name).read_text() for name in ("nats-users.conf", "nats-routes.conf")}
    password = secrets["nats-routes.conf"].partition("password: ")[2].partition(",")[0]
    others = {**secrets, "nats-routes.conf": secrets["nats-routes.conf"].replace(password, "guessed")}
    ports = free_ports(12)
    routes = ports[:3]
    with contextlib.ExitStack() as opened:

        def start(number: int, secrets: dict[str, str]) -> str:
            own = (ports[3 + number], ports[7 + number], [*routes, ports[11]][number])
            return opened.enter_context(running(f"nats-{number + 1}", tmp_path / str(number), routes, own, secrets))

        three = [start(number, secrets) for number in range(3)]
        maker = await Ledger.connect(f"nats://127.0.0.1:{ports[3]}", "prepare", same_secrets())
        await until(lambda: made(maker))
        await maker.close()
        await check_fsync(three)
        stranger = start(3, others)

        async with httpx.AsyncClient() as client:

            async def refused() -> bool:
                return "authentication error" in (tmp_path / "3" / "log").read_text().lower() + "".join(
                    (tmp_path / str(number) / "log").read_text().lower() for number in range(3)
                )

            await until(refused)
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
