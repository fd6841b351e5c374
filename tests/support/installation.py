"""All three services in this process, on one port, on real engines, with a clock that the test sets."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import uvicorn

import services.access.app
import services.ingest.app
import services.reports.app
import services.scoring.app
from cli.embedded.nats_server import free_ports
from cli.serve import how_served, on_one_port
from services.access import store
from services.access.decide import Membership, TokenPlanned
from services.ingest.ticker import close_days
from shared.domain.credentials import TOKEN_LASTS_AT_MOST
from shared.ledger.ledger import Ledger
from shared.postgres.pool import Connection, open_pool
from shared.process.settings import Settings
from shared.process.tasks import end
from shared.web.runtime import know_who_asks
from shared.web.serving import OrderlyServer, apps_in
from tests.support.engines import PRESENT, TOKENS, NatsServer, fresh_database, open_ledger, running_nats, same_secrets


@dataclass
class SetClock:
    """A clock that stands where the test puts it."""

    moment: datetime = PRESENT

    def __call__(self) -> datetime:
        return self.moment


@dataclass
class Installation:
    """A running installation, and what a client needs to talk to it."""

    url: str
    settings: Settings
    clock: SetClock
    http: httpx.AsyncClient
    last_position: int = 0
    tokens: dict[str, str] = field(default_factory=dict)

    async def post(self, event_type: str, data: dict[str, Any], event_id: str | None = None, role: str = "bureau"):
        """Post one event; remember its position, so that what is asked next sees it."""
        body = {"type": event_type, "data": data} | ({"id": event_id} if event_id else {})
        return await self.post_raw("events", json.dumps(body).encode(), role)

    async def post_batch(self, events: list[dict[str, Any]], role: str = "bureau"):
        return await self.post_raw("batches", json.dumps({"events": events}).encode(), role)

    async def post_raw(self, path: str, body: bytes, role: str = "bureau") -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.tokens[role]}", "Content-Type": "application/json"}
        answer = await self.http.post(f"/ingest/v1/{path}", content=body, headers=headers)
        if answer.is_success:
            receipts = answer.json().get("receipts", [answer.json()])
            self.last_position = max([self.last_position, *(each["position"] for each in receipts)])
        return answer

    async def get(self, path: str, role: str | None = None, **parameters: str) -> httpx.Response:
        """Ask, once all that was posted can be seen; as the public, if no role is named."""
        asked = {name.rstrip("_"): value for name, value in parameters.items()}
        headers = {"Kembar-Min-Position": str(self.last_position)}
        if role is not None:
            headers["Authorization"] = f"Bearer {self.tokens[role]}"
        return await self.http.get(path, params=asked, headers=headers)

    async def close_days_at(self, *moments: datetime) -> None:
        """Let it be each of these moments, and close what is over, as the ticker does."""
        ledger = await Ledger.connect(self.settings.nats_url, "ingest", self.settings.secrets_folder)
        pool = await open_pool(self.settings, "ingest")
        try:
            for self.clock.moment in moments:
                await close_days(ledger, pool, self.settings, self.clock)
            self.last_position = await ledger.end()
        finally:
            await pool.close()
            await ledger.close()

    async def ratings(self, role: str | None = None, **parameters: str) -> dict[str, dict[str, Any]]:
        """The answer of `/reports/v1/ratings`, by partnership."""
        answer = await self.get("/reports/v1/ratings", role, **parameters)
        assert answer.status_code == 200, answer.text
        return {item["partnership"]: item for item in answer.json()["items"]}


class PromptServer(OrderlyServer):
    """A server that ends at once when it is told to, rather than look ten times a second whether it is."""

    def __init__(self, config: uvicorn.Config, app: Any) -> None:
        super().__init__(config, apps_in(app))
        self.ended = asyncio.Event()

    async def main_loop(self) -> None:
        await self.on_tick(0)
        await self.ended.wait()


@dataclass(frozen=True)
class AnAccount:
    """A program with a token of its own."""

    token: str
    account: str
    membership: Membership

    async def keep(self, connection: Connection) -> None:
        """Put it into the tables."""
        await store.make_program(connection, self.account, self.membership.home, PRESENT)
        await store.write_membership(connection, self.account, self.membership)
        until = PRESENT + TOKEN_LASTS_AT_MOST
        planned = TokenPlanned(self.account, self.membership, None, "of the test", until, program=True)
        await store.keep_token(connection, uuid4(), self.token, planned, self.account, PRESENT)


@contextlib.asynccontextmanager
async def running_installation(
    server: NatsServer, dsn: str, folder: Path, accounts: Sequence[AnAccount] = (), **settings: Any
) -> AsyncIterator[Installation]:
    """Start the services on engines that run already, whose stream and tables are there; `accounts` are further ones."""
    (port,) = free_ports(1)
    chosen = Settings(
        **{
            "port": port,
            "open_reading": True,
            "nats_url": server.address.url,
            "secrets_folder": same_secrets(),
            "nats_monitor_urls": [server.address.monitor_url],
            "postgres_dsn": dsn,
        }
        | settings
    )
    if accounts:
        pool = await open_pool(chosen, store.SCHEMA)
        async with store.transaction(pool) as connection:
            for each in accounts:
                await each.keep(connection)
        await pool.close()
    clock = SetClock()
    apps = {
        "ingest": services.ingest.app.create_app(chosen, clock),
        "scoring": services.scoring.app.create_app(chosen, clock),
        "reports": services.reports.app.create_app(chosen, clock),
        "access": services.access.app.create_app(chosen, clock),
    }
    async with (
        serving(on_one_port(apps), chosen),
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=90, trust_env=False, verify=False) as http,
    ):
        yield Installation(f"http://127.0.0.1:{port}", chosen, clock, http, tokens=TOKENS)


@contextlib.asynccontextmanager
async def installed(postgres: str, folder: Path, **settings: Any) -> AsyncIterator[Installation]:
    """Start an installation with a nats-server and a database of its own, for tests that share it."""
    with running_nats() as server:
        async with (
            open_ledger(server),
            fresh_database(postgres) as dsn,
            running_installation(server, dsn, folder, **settings) as running,
        ):
            yield running


@contextlib.asynccontextmanager
async def knowing(app: Any, dsn: str) -> AsyncIterator[Any]:
    """Let an app that serves nobody know the accounts of a database."""
    pool = await open_pool(Settings(postgres_dsn=dsn), "ingest")
    noting = asyncio.create_task(know_who_asks(app, pool, SetClock()))
    try:
        yield app
    finally:
        await end(noting)
        await pool.close()


@contextlib.asynccontextmanager
async def serving(app: Any, settings: Settings) -> AsyncIterator[None]:
    """Serve an app as `kembar serve` does."""
    web = PromptServer(uvicorn.Config(app, **how_served(settings)), app)
    web.capture_signals = contextlib.nullcontext  # the test runner keeps its own signal handlers
    task = asyncio.create_task(web.serve())
    async with asyncio.timeout(120):
        while not web.started:
            assert not task.done(), "the services ended while starting"
            await asyncio.sleep(0.01)
    try:
        yield
    finally:
        web.ended.set()
        await task
