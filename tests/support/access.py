"""Access alone on a database of its own, and people who use it as a browser does."""

import contextlib
import functools
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import httpx
from argon2 import PasswordHasher
from fastapi import FastAPI

import services.access.app
from cli.embedded.nats_server import free_ports
from services.access import store
from services.access.decide import Membership
from shared.domain.access import Role
from shared.postgres.pool import Pool, open_pool, open_pool_of_owner
from shared.process.settings import Settings
from shared.web.directory import Directory
from tests.support.engines import PRESENT, TOKENS, same_secrets
from tests.support.installation import SetClock, serving

PASSWORD = "tiga kapal ke beijing"
FORGET_EVERYBODY = """
    DELETE FROM session; DELETE FROM link; DELETE FROM attempt; DELETE FROM visit_to_provider;
    DELETE FROM token WHERE label <> 'demo-tokens.json';
    UPDATE token SET revoked_at = NULL;
    DELETE FROM membership WHERE account NOT IN (SELECT account FROM token);
    DELETE FROM account WHERE account NOT IN (SELECT account FROM token);
    UPDATE account SET disabled_at = NULL;
"""


@dataclass
class Browser:
    """Somebody's browser: it keeps cookies, and says from which site a request comes."""

    http: httpx.AsyncClient
    site: str = "same-origin"

    async def get(self, path: str, **parameters: str) -> httpx.Response:
        return await self.http.get(path, params=parameters or None, headers={"Sec-Fetch-Site": self.site})

    async def post(self, path: str, **fields: Any) -> httpx.Response:
        """Send a form."""
        return await self.http.post(path, data=fields, headers={"Sec-Fetch-Site": self.site})

    async def send(self, method: str, path: str, body: Any = None) -> httpx.Response:
        """Send JSON, as a script of the page would."""
        return await self.http.request(method, path, json=body, headers={"Sec-Fetch-Site": self.site})

    async def sign_in(self, name: str, password: str = PASSWORD, **fields: str) -> httpx.Response:
        return await self.post("/sign-in", name=name, password=password, **fields)

    async def account(self) -> str | None:
        """The account that is signed in, None for nobody."""
        answer = await self.http.get("/access/v1/me")
        return answer.json()["account"] if answer.status_code == 200 else None


@dataclass
class Access:
    """Access while it runs."""

    url: str
    settings: Settings
    clock: SetClock
    pool: Pool
    app: FastAPI
    began_at: int = 0
    browsers: list[httpx.AsyncClient] = field(default_factory=list)

    @property
    def directory(self) -> Directory:
        """Who is known to the running app."""
        directory: Directory = self.app.state.directory
        return directory

    def browser(self, site: str = "same-origin") -> Browser:
        """A browser without any cookie."""
        http = httpx.AsyncClient(base_url=self.url, timeout=90, trust_env=False, verify=False)
        self.browsers.append(http)
        return Browser(http, site)

    async def send(self, method: str, path: str, token: str, body: Any = None) -> httpx.Response:
        """Ask as a program does."""
        async with httpx.AsyncClient(base_url=self.url, timeout=90, trust_env=False, verify=False) as http:
            return await http.request(method, path, json=body, headers={"Authorization": f"Bearer {token}"})

    async def send_raw(self, method: str, path: str, authorization: bytes) -> httpx.Response:
        """Ask with this header, whatever stands in it."""
        async with httpx.AsyncClient(base_url=self.url, timeout=90, trust_env=False, verify=False) as http:
            return await http.request(method, path, headers={b"Authorization": authorization})

    async def as_owner(self, statement: str) -> None:
        """Do what no service may."""
        pool = await open_pool_of_owner(self.settings, store.SCHEMA)
        await pool.execute(statement)
        await pool.close()

    async def person(self, name: str, role: Role = Role.BUREAU_EDITOR, home: str = "jakarta") -> str:
        """Make a person who can sign in with `PASSWORD`; return the account."""
        async with store.transaction(self.pool) as connection:
            account = await store.make_person(connection, home, name, "id", self.clock())
            await store.write_membership(connection, account, Membership(home, role))
            await store.queries.set_password(
                connection, account=account, password_hash=hash_of_password(), sign_in_name=name
            )
        return account

    async def signed_in(self, name: str, role: Role = Role.BUREAU_EDITOR, home: str = "jakarta") -> Browser:
        """A browser with a session of a new person."""
        account = await self.person(name, role, home)
        async with store.transaction(self.pool) as connection:
            secret = await store.make_session(
                connection, account, Membership(home, role), self.clock(), "127.0.0.1", "test"
            )
        browser = self.browser()
        browser.http.cookies.set("kembar", secret, domain="127.0.0.1")
        return browser

    async def first_link(self, home: str) -> str | None:
        """The secret of the link for a home's first administrator."""
        async with store.transaction(self.pool) as connection:
            return await store.first_administrator(connection, home, self.clock())

    async def audit(self) -> list[tuple[str, str | None]]:
        """What the audit trail holds since the test began, the earliest first: kind and reason."""
        return [(each["kind"], each["what"].get("reason")) for each in await self.entries()]

    async def entries(self) -> list[dict[str, Any]]:
        """The audit trail since the test began, the earliest first, as an auditor reads it."""
        answer = await self.send("GET", "/access/v1/audit?limit=500", TOKENS["auditor"])
        assert answer.status_code == 200, answer.text
        return [each for each in reversed(answer.json()["items"]) if each["number"] > self.began_at]

    async def begin(self) -> None:
        """Put the clock back, forget everybody, and leave out of the audit trail what others did."""
        self.clock.moment = PRESENT
        await self.pool.execute(FORGET_EVERYBODY)
        self.began_at = await self.pool.fetchval("SELECT coalesce(max(number), 0) FROM audit")

    async def close_browsers(self) -> None:
        for each in self.browsers:
            await each.aclose()
        self.browsers = []

    async def metric(self, name: str) -> float:
        """A figure that access shows to Prometheus."""
        async with httpx.AsyncClient(base_url=self.url, trust_env=False, verify=False) as http:
            shown = (await http.get("/access/metrics")).text
        found = re.search(rf"^{name} (\S+)$", shown, re.MULTILINE)
        assert found, shown
        return float(found[1])


@functools.cache
def hash_of_password() -> str:
    """The hash of `PASSWORD`, made once: it is meant to take long."""
    return PasswordHasher().hash(PASSWORD)


@contextlib.asynccontextmanager
async def running_access(dsn: str, **settings: Any) -> AsyncIterator[Access]:
    """Start access on a database whose tables are there."""
    (port,) = free_ports(1)
    chosen = Settings(**{"port": port, "secrets_folder": same_secrets(), "postgres_dsn": dsn} | settings)
    clock = SetClock()
    pool = await open_pool(chosen, store.SCHEMA)
    app = services.access.app.create_app(chosen, clock)
    async with serving(app, chosen):
        running = Access(f"http://127.0.0.1:{port}", chosen, clock, pool, app)
        try:
            yield running
        finally:
            await running.close_browsers()
            await pool.close()
