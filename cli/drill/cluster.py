"""Three nats-servers with the configuration of `deploy/nats/cluster.conf`, on ports of this machine."""

import json
import os
import signal
import sys
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

from cli.embedded.nats_server import SECRETS, free_ports, is_ready
from cli.embedded.part import Part
from cli.embedded.stack import ROOT
from cli.secrets_folder import NATS_CONFIGURATION, NATS_ROUTES
from shared.ledger.rights import SERVERS
from shared.ledger.stream import STREAM

CONFIGURATION = ROOT / "deploy" / "nats" / "cluster.conf"


class Cluster:
    """Three nats-servers in a folder whose secrets say who their users are; a `Part` each, by name."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.parts: dict[str, Part] = {}
        self._clients, self._monitors, self._routes = free_ports(3), free_ports(3), free_ports(3)
        self.write_routes()
        for number in range(len(SERVERS)):
            self.parts[f"nats-{number + 1}"] = self._part(number)

    @property
    def urls(self) -> list[str]:
        """Where each listens for clients."""
        return [f"nats://127.0.0.1:{port}" for port in self._clients]

    @property
    def monitor_urls(self) -> list[str]:
        """Where each says how it is."""
        return [f"http://127.0.0.1:{port}" for port in self._monitors]

    def write_routes(self) -> None:
        """Write how the servers find each other, from the secret that says with which password."""
        text = (self.folder / SECRETS / NATS_ROUTES).read_text()
        for server, port in zip(SERVERS, self._routes, strict=True):
            text = text.replace(f"@{server}:6222", f"@127.0.0.1:{port}")
        (self.folder / "run" / NATS_ROUTES).write_text(text)

    def reload(self) -> None:
        """Let every server read its configuration again, users and passwords among it."""
        for part in self.parts.values():
            if part.process is not None and not part.has_died():
                part.process.send_signal(signal.SIGHUP)

    def leader(self) -> str | None:
        """Return the name of the server that leads the ledger's stream; None while there is none."""
        for url in self.monitor_urls:
            if stream := _ledger_at(url):
                leader = stream.get("cluster", {}).get("leader")
                if leader in self.parts:
                    return str(leader)
        return None

    def position_of(self, name: str) -> int:
        """Return the last position that a server holds; 0 where it does not say."""
        stream = _ledger_at(self.monitor_urls[list(self.parts).index(name)])
        return int(stream["state"]["last_seq"]) if stream else 0

    def _part(self, number: int) -> Part:
        name = f"nats-{number + 1}"
        configuration = self.folder / "run" / f"{name}.conf"
        configuration.write_text(self._configuration(number, self.folder / name))
        return Part(
            name=name,
            command=[str(Path(sys.executable).with_name("nats-server")), "-c", str(configuration)],
            folder=self.folder,
            is_ready=lambda: is_ready(self.monitor_urls[number]),
            environment={"HOSTNAME": name},
        )

    def _configuration(self, number: int, store: Path) -> str:
        users = os.path.relpath(self.folder / SECRETS / NATS_CONFIGURATION, self.folder / "run")
        text = CONFIGURATION.read_text("utf-8").replace('"/data"', json.dumps(str(store)))
        text = text.replace(f'"{NATS_CONFIGURATION}"', json.dumps(users))
        ports = ((4222, self._clients), (8222, self._monitors), (6222, self._routes))
        for port, instead in ports:
            text = text.replace(f'"0.0.0.0:{port}"', f'"127.0.0.1:{instead[number]}"')
        return text


def _ledger_at(monitor_url: str) -> dict[str, Any] | None:
    """Return what a server says of the ledger's stream; None where it says nothing of it."""
    try:
        with urllib.request.urlopen(f"{monitor_url}/jsz?streams=true", timeout=2) as answer:  # noqa: S310 - loopback
            accounts = json.load(answer).get("account_details", [])
    except (urllib.error.URLError, OSError, ValueError):
        return None
    streams = (each for account in accounts for each in account.get("stream_detail", []))
    return next((each for each in streams if each["name"] == STREAM), None)
