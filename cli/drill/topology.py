"""The production topology as plain processes on loopback, with the configuration of `deploy/` wherever it can be used.

Three nats-servers with the ledger three times, PostgreSQL with a role per service, two replicas of each service, two that
project, two that deliver, behind the proxy. Only addresses, ports and folders differ from `docker-compose.yml`.
"""

import asyncio
import json
import ssl
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx

from cli.drill.cluster import Cluster
from cli.drill.proxy import certificate_of, find_proxy, proxy_part
from cli.embedded.nats_server import SECRETS, free_ports
from cli.embedded.part import Part
from cli.embedded.postgres import postgres_part
from cli.embedded.reach import settings_from
from cli.embedded.stack import ROOT, answers
from cli.embedded.tokens import keep_tokens_per_role
from cli.facts import JAKARTA, partnership_events
from cli.secrets_folder import ensure_secrets, seed_name
from cli.serve import prepare
from cli.stop import CannotGoOn
from services.access import store as access
from shared.postgres.pool import open_pool
from shared.postgres.roles import ACCESS, SERVICES, password_name
from shared.process.clock import now
from shared.process.settings import Settings

START_SECONDS = 120.0
PROJECTING = ("ingest", "scoring", "reports")
KEYS: Mapping[str, Sequence[str]] = {
    **{service: (seed_name(service), password_name(service)) for service in PROJECTING},
    ACCESS: (password_name(ACCESS),),
    "projections": tuple(name for service in PROJECTING for name in (seed_name(service), password_name(service))),
    "deliveries": (password_name("scoring"),),
}
"""Each process is given the secrets that it needs, and no others."""
TWO_OF_EACH: Mapping[str, int] = dict.fromkeys(KEYS, 2)


class Topology:
    """All processes of an installation of the full set, by name: `nats-1`, `postgres`, `ingest-2`, `projections-1`, `proxy`."""

    def __init__(self, folder: Path, replicas: Mapping[str, int] = TWO_OF_EACH) -> None:
        self.folder = folder
        self._replicas = replicas
        self.secrets = folder / SECRETS
        for name in ("logs", "run", "keys"):
            (folder / name).mkdir(parents=True, exist_ok=True, mode=0o700)
        ensure_secrets(self.secrets)
        self.cluster = Cluster(folder)
        postgres, self.dsn = postgres_part(folder, configuration=ROOT / "deploy" / "postgres" / "postgresql.conf")
        self.parts: dict[str, Part] = {**self.cluster.parts, "postgres": postgres}
        served = [f"{service}-{number}" for service in SERVICES for number in range(1, replicas[service] + 1)]
        self.ports = dict(zip(served, free_ports(len(served)), strict=True))
        self.tokens: dict[str, str] = {}
        self.proxy = find_proxy()
        self.https = free_ports(1)[0]
        for service in KEYS:
            for number in range(1, replicas[service] + 1):
                self.add(service, number)
        if self.proxy is not None:
            self.parts["proxy"] = proxy_part(self.proxy, folder, self.https, self._upstreams())

    @property
    def url(self) -> str:
        """Where people reach the pages; of the first replica of reports where there is no proxy."""
        return f"https://localhost:{self.https}"

    @property
    def settings(self) -> Settings:
        """How whoever looks after the installation reaches it, with all secrets."""
        return settings_from(self._environment(self.secrets, 0))

    def add(self, service: str, number: int, more: Mapping[str, str] | None = None) -> Part:
        """Make a replica of a service, to be started; `more` stands in its environment besides."""
        name = f"{service}-{number}"
        keys = self.folder / "keys" / name
        keys.mkdir(exist_ok=True, mode=0o700)
        for file in KEYS[service]:
            if not (keys / file).is_symlink():
                (keys / file).symlink_to(self.secrets / file)
        environment = {
            **self._environment(keys, number),
            "KEMBAR_PORT": str(self.ports.get(name, 0)),
            "KEMBAR_PROJECT": "true" if service == "projections" else "false",
            "KEMBAR_DELIVER": "false",
            **(more or {}),
        }
        ready = f"{self.at(name)}/{service}/readyz" if name in self.ports else None
        self.parts[name] = Part(
            name=name,
            command=[sys.executable, "-m", "cli", "serve", service],
            folder=self.folder,
            is_ready=lambda: ready is None or answers(ready),
            environment=environment,
        )
        return self.parts[name]

    def at(self, name: str) -> str:
        """Return the address of a replica itself."""
        return f"http://127.0.0.1:{self.ports[name]}"

    def replicas(self, service: str) -> list[str]:
        """Return the names of a service's replicas."""
        return [f"{service}-{number}" for number in range(1, self._replicas[service] + 1)]

    def on_machine(self, number: int) -> list[str]:
        """Return the names of the replicas with this number: of those that would stand on one machine."""
        return [f"{service}-{number}" for service in KEYS if f"{service}-{number}" in self.parts]

    def _environment(self, keys: Path, number: int) -> dict[str, str]:
        cluster = self.cluster
        return {
            "PYTHONPATH": str(ROOT),
            "KEMBAR_HOST": "127.0.0.1",
            "KEMBAR_PUBLIC_URL": self.url,
            "KEMBAR_TRUSTED_PROXIES": '["127.0.0.1"]',
            "KEMBAR_NATS_URL": cluster.urls[number % len(cluster.urls)],
            "KEMBAR_NATS_MONITOR_URLS": json.dumps(cluster.monitor_urls),
            "KEMBAR_LEDGER_REPLICAS": str(len(cluster.urls)),
            "KEMBAR_SECRETS_FOLDER": str(keys),
            "KEMBAR_POSTGRES_DSN": self.dsn,
            "KEMBAR_WEBHOOK_NETWORKS": '["127.0.0.1/32"]',
            "KEMBAR_INGEST_URL": self.at("ingest-1"),
        }

    def _upstreams(self) -> dict[str, str]:
        return {
            service: " ".join(urlsplit(self.at(name)).netloc for name in self.replicas(service)) for service in SERVICES
        }

    def start_engines(self) -> None:
        """Start nats-servers and PostgreSQL, make the stream and the tables, and a token for each role."""
        self.start(*self.cluster.parts, "postgres")
        prepare(self.settings)
        self.tokens = asyncio.run(self._keep_tokens())

    def start_services(self) -> None:
        """Start all else, and wait until the proxy leads to every service."""
        self.start(*(name for name in self.parts if name not in (*self.cluster.parts, "postgres")))
        if self.proxy is None:
            return
        with self.client() as client:
            wait_until(lambda: all(_is_well(client, f"/{service}/healthz") for service in SERVICES))

    def register_partnerships(self) -> None:
        """Post Jakarta's partnerships, which every load posts about."""
        events = {"events": list(partnership_events(JAKARTA))}
        headers = {"Authorization": f"Bearer {self.tokens['bureau']}"}
        posted = httpx.post(f"{self.at('ingest-1')}/ingest/v1/batches", json=events, headers=headers, timeout=30)
        posted.raise_for_status()

    def start(self, *names: str) -> None:
        """Start processes, all at once, and wait until they can be used."""
        for name in names:
            self.parts[name].start()
        for name in names:
            self.parts[name].wait_until_ready(START_SECONDS)

    def start_again(self, name: str) -> None:
        """Start what was killed, again and again as whoever supervises it does: PostgreSQL waits for its old sessions."""
        deadline = time.monotonic() + START_SECONDS
        while True:
            try:
                return self.start(name)
            except CannotGoOn:
                if time.monotonic() > deadline:
                    raise

    def restart(self, *names: str) -> None:
        """Stop processes as an upgrade does, and start them again."""
        for name in names:
            self.parts[name].stop()
        self.start(*names)

    def kill(self, name: str) -> None:
        """End a process as a failing machine does: at once, without a word."""
        process = self.parts[name].process
        assert process is not None
        process.kill()
        process.wait()

    def stop(self) -> None:
        """Stop everything, the last started first."""
        for part in reversed(self.parts.values()):
            if part.process is not None and part.process.poll() is None:
                part.process.send_signal(part.stop_signal)
        for part in reversed(self.parts.values()):
            part.stop()

    def client(self, **more: Any) -> httpx.Client:  # noqa: ANN401 - handed on to httpx
        """Return a client of the proxy, which trusts its certificate and no other."""
        return httpx.Client(base_url=self.url, verify=self.certificates(), timeout=30, trust_env=False, **more)

    def certificates(self) -> ssl.SSLContext | bool:
        """Return what the proxy's certificate is checked by."""
        if self.proxy is None:
            return True
        authority = certificate_of(self.folder)
        wait_until(authority.exists)
        return ssl.create_default_context(cafile=str(authority))

    def catch_up(self) -> None:
        """Wait until the tables of all services have come to the end of the ledger."""
        for service in PROJECTING:
            wait_until(partial(self._has_caught_up, service))

    def _has_caught_up(self, service: str) -> bool:
        return self.behind(service) == 0

    def behind(self, service: str) -> int | None:
        """Return how many positions the tables of a service are behind; None where it cannot be asked."""
        with suppress(httpx.HTTPError, ValueError, KeyError):
            address = f"{self.at(f'{service}-1')}/{service}/v1/status"
            headers = {"Authorization": f"Bearer {self.tokens['administrator']}"}
            return int(httpx.get(address, headers=headers, timeout=5, trust_env=False).json()["behind"])
        return None

    async def _keep_tokens(self) -> dict[str, str]:
        settings = self.settings
        pool = await open_pool(settings, access.SCHEMA)
        try:
            async with access.transaction(pool) as connection:
                return await keep_tokens_per_role(connection, settings.home, self.tokens, now())
        finally:
            await pool.close()


def wait_until(is_so: Callable[[], object], timeout_seconds: float = START_SECONDS) -> None:
    """Wait for a condition; `TimeoutError` where it does not come about."""
    deadline = time.monotonic() + timeout_seconds
    while not is_so():
        if time.monotonic() > deadline:
            raise TimeoutError("It has not come about in time.")
        time.sleep(0.05)


@contextmanager
def running_topology(folder: Path, replicas: Mapping[str, int] = TWO_OF_EACH) -> Iterator[Topology]:
    """The whole topology while it runs."""
    topology = Topology(folder, replicas)
    try:
        topology.start_engines()
        topology.start_services()
        topology.register_partnerships()
        yield topology
    finally:
        topology.stop()


def _is_well(client: httpx.Client, path: str) -> bool:
    with suppress(httpx.HTTPError):
        return client.get(path).status_code == 200
    return False
