"""All three services in this process, on one port, on real engines, with a clock that the test sets."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import uvicorn

import services.ingest.app
import services.reports.app
import services.scoring.app
from cli.embedded.nats_server import free_ports
from shared.process.settings import Settings
from shared.web.one_port import OnePort
from shared.web.principal import ROLES, hash_of_token
from tests.support.engines import NatsServer, same_secrets

PRESENT = datetime(2026, 11, 21, 3, 0, tzinfo=UTC)


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

    async def ratings(self, role: str | None = None, **parameters: str) -> dict[str, dict[str, Any]]:
        """The answer of `/reports/v1/ratings`, by partnership."""
        answer = await self.get("/reports/v1/ratings", role, **parameters)
        assert answer.status_code == 200, answer.text
        return {item["partnership"]: item for item in answer.json()["items"]}


class PromptServer(uvicorn.Server):
    """A server that ends at once when it is told to, rather than look ten times a second whether it is."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ended = asyncio.Event()

    async def main_loop(self) -> None:
        await self.on_tick(0)
        await self.ended.wait()


def an_account(token: str, account: str, role: str, home: str = "jakarta", **narrowed: list[str]) -> dict[str, Any]:
    """An account as the file of tokens keeps it."""
    return {"token_hash": hash_of_token(token), "account": account, "role": role, "home": home, **narrowed}


def narrowed(role: str) -> dict[str, list[str]]:
    """What an account of this role is narrowed to: the embassy looks after one partnership."""
    return {"partnerships": ["beijing"]} if role == "embassy" else {}


@contextlib.asynccontextmanager
async def running_installation(
    server: NatsServer, dsn: str, folder: Path, accounts: Sequence[dict[str, Any]] = (), **settings: Any
) -> AsyncIterator[Installation]:
    """Start the services on engines that run already, whose stream and tables are there; `accounts` are further ones."""
    (port,) = free_ports(1)
    tokens = {role: f"token-of-{role}" for role in ROLES}
    kept = [an_account(token, f"jakarta/{role}", role, **narrowed(role)) for role, token in tokens.items()]
    (folder / "tokens.json").write_text(json.dumps(kept + list(accounts)))
    chosen = Settings(
        **{
            "port": port,
            "open_reading": True,
            "tokens_file": folder / "tokens.json",
            "nats_url": server.address.url,
            "secrets_folder": same_secrets(),
            "nats_monitor_urls": [server.address.monitor_url],
            "postgres_dsn": dsn,
        }
        | settings
    )
    clock = SetClock()
    apps = {
        "ingest": services.ingest.app.create_app(chosen, clock),
        "scoring": services.scoring.app.create_app(chosen),
        "reports": services.reports.app.create_app(chosen, clock),
    }
    web = PromptServer(
        uvicorn.Config(OnePort(apps, otherwise=apps["reports"]), port=port, log_config=None, access_log=False)
    )
    web.capture_signals = contextlib.nullcontext  # the test runner keeps its own signal handlers
    task = asyncio.create_task(web.serve())
    async with httpx.AsyncClient(
        base_url=f"http://127.0.0.1:{port}", timeout=30, trust_env=False, verify=False
    ) as http:
        async with asyncio.timeout(30):
            while not web.started:
                assert not task.done(), "the services ended while starting"
                await asyncio.sleep(0.01)
        try:
            yield Installation(f"http://127.0.0.1:{port}", chosen, clock, http, tokens=tokens)
        finally:
            web.ended.set()
            await task
