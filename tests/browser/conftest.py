"""What browser tests share: one installation with Jakarta's facts, one browser, and pages that are watched while they are used.

Where there is no Chromium the tests are skipped, and say so.
"""

import contextlib
import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from playwright.async_api import Browser, Page, async_playwright

from tests.support.build import an_activity
from tests.support.engines import PRESENT, fresh_database, open_ledger, running_nats
from tests.support.installation import Installation
from tests.support.issued import id_of, issue, jakarta_on
from tests.support.receivers import ALLOWED

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PHONE = {"width": 390, "height": 800}
DESK = {"width": 1280, "height": 800}


@dataclass
class Site:
    """The installation, a browser that looks at it, and the ids that stand in paths of its pages."""

    installation: Installation
    browser: Browser
    ids: dict[str, str]

    @property
    def url(self) -> str:
        return self.installation.url

    @contextlib.asynccontextmanager
    async def opened(
        self, *, role: str | None = None, dark: bool = False, phone: bool = False, script: bool = True
    ) -> AsyncIterator["Watched"]:
        """A window of its own; it must leave the console empty and stay on the site."""
        headers = {"Authorization": f"Bearer {self.installation.tokens[role]}"} if role else {}
        context = await self.browser.new_context(
            base_url=self.url,
            viewport=PHONE if phone else DESK,
            color_scheme="dark" if dark else "light",
            reduced_motion="reduce",
            java_script_enabled=script,
            extra_http_headers=headers,
        )
        watched = Watched(await context.new_page(), self.url)
        watched.watch()
        try:
            yield watched
            assert watched.said == []
            assert watched.elsewhere == []
        finally:
            await context.close()


@dataclass
class Watched:
    """A page, what it said on the console, and what it asked of others."""

    page: Page
    url: str
    said: list[str] = field(default_factory=list)
    elsewhere: list[str] = field(default_factory=list)

    def watch(self) -> None:
        self.page.on("console", lambda message: self.said.append(message.text))
        self.page.on("pageerror", lambda error: self.said.append(str(error)))
        self.page.on("request", self._asked)

    def _asked(self, request) -> None:
        if not request.url.startswith((self.url, "data:")):
            self.elsewhere.append(request.url)


@pytest.fixture(scope="session")
async def site(postgres, tmp_path_factory) -> AsyncIterator[Site]:
    """One installation and one browser for all browser tests."""
    if CHROMIUM is None:
        pytest.skip("browser tests need Chromium: apt-get install chromium")
    with running_nats() as server:
        async with (
            open_ledger(server),
            fresh_database(postgres) as dsn,
            jakarta_on(
                server, dsn, tmp_path_factory.mktemp("browser"), requests_per_second=500, webhook_networks=[ALLOWED]
            ) as running,
            async_playwright() as playwright,
        ):
            ids = {"issued": id_of(await issue(running)), "subscription": await subscribe(running)}
            await running.close_days_at(PRESENT, PRESENT + timedelta(days=1))
            posted = await running.post("activity.recorded", an_activity(partnership="beijing", occurred="2026-11-19"))
            ids["activity"] = posted.json()["event_id"]
            assert (await running.get("/scoring/v1/alerts")).json()["items"]
            await running.get("/")
            browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
            yield Site(running, browser, ids)
            await browser.close()


async def subscribe(installation: Installation) -> str:
    """Subscribe as the bureau to an address that nobody answers at, and return the subscription's id."""
    wish = {"scope": {"kind": "partnership", "value": "beijing"}, "channel": {"webhook": "http://127.0.0.2:9/x"}}
    headers = {"Authorization": f"Bearer {installation.tokens['bureau']}"}
    answer = await installation.http.post("/scoring/v1/subscriptions", json=wish, headers=headers)
    assert answer.status_code == 201, answer.text
    return answer.json()["id"]
