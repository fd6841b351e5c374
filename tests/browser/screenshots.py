"""Pictures of the main pages for the README, of an installation that is made for them: `python -m tests.browser.screenshots`.

Every page names its day, so pictures that are made again differ by nothing but the day on which the facts were posted.
"""

import asyncio
import contextlib
import sys
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

from playwright.async_api import async_playwright

from cli.facts import JAKARTA, home_events
from tests.browser.conftest import ARGUMENTS, CHROMIUM
from tests.support.engines import fresh_database, make_template, open_ledger, running_nats, running_postgres
from tests.support.installation import Installation
from tests.support.issued import jakarta_on

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "pictures"
STUDY = "on=2020-12-31"
PICTURES = {
    "dashboard": (f"/?{STUDY}&lang=en", None, 1200, 900, "light"),
    "partnership": (f"/partnerships/berlin?{STUDY}&lang=en", None, 1200, 900, "light"),
    "partnership-dark": (f"/partnerships/berlin?{STUDY}", None, 1200, 800, "dark"),
    "why": (f"/partnerships/beijing/why?{STUDY}&lang=en", None, 1200, 800, "light"),
    "record": ("/record?partnership=beijing&lang=en", "bureau", 1200, 900, "light"),
    "correct": ("/activities/{activity}/correct?lang=en", "bureau", 1200, 900, "light"),
    "report": ("/reports/recommendation?from=2017-01-01&to=2020-12-31&lang=en", None, 1200, 900, "light"),
    "phone": (f"/?{STUDY}", None, 390, 800, "light"),
}
"""By name: the path, as whom it is looked at, width and height of the window, light or dark."""


async def take(installation: Installation) -> None:
    """Write one picture of each."""
    FOLDER.mkdir(exist_ok=True)
    listed = (await installation.get("/activities.json", partnership="beijing", q='"Tourism Expo"')).json()["items"]
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        for name, (path, role, width, height, scheme) in PICTURES.items():
            headers = {"Authorization": f"Bearer {installation.tokens[role]}"} if role else {}
            page = await browser.new_page(
                viewport={"width": width, "height": height}, color_scheme=scheme, extra_http_headers=headers
            )
            answer = await page.goto(f"{installation.url}{path.format(activity=listed[0]['id'])}")
            assert answer is not None
            assert answer.ok, f"{path}: {answer.status}"
            await page.screenshot(path=FOLDER / f"{name}.png")
            await page.close()
        await browser.close()


@contextlib.asynccontextmanager
async def jakarta() -> AsyncIterator[Installation]:
    """An installation with Jakarta's facts, in a folder that is gone afterwards."""
    with tempfile.TemporaryDirectory() as folder, running_nats() as server, running_postgres() as postgres:
        await make_template(postgres.dsn)
        async with (
            open_ledger(server),
            fresh_database(postgres.dsn) as dsn,
            jakarta_on(server, dsn, Path(folder)) as installation,
        ):
            await installation.post_batch([*home_events(JAKARTA)])
            yield installation


async def main() -> None:
    """Make the installation, then the pictures."""
    async with jakarta() as installation:
        await take(installation)


if __name__ == "__main__":
    if CHROMIUM is None:
        sys.exit("Pictures need Chromium: apt-get install chromium")
    asyncio.run(main())
