"""Pictures of the main pages of a running `kembar demo`, for the README: `python -m tests.browser.screenshots [address]`."""

import asyncio
import sys
from pathlib import Path

from playwright.async_api import async_playwright

from tests.browser.conftest import ARGUMENTS, CHROMIUM

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "pictures"
PICTURES = {
    "dashboard": ("/?on=2020-12-31&lang=en", 1200, 900, "light"),
    "why": ("/partnerships/beijing/why?on=2020-12-31", 1200, 800, "light"),
    "partnership-dark": ("/partnerships/berlin?on=2020-12-31&lang=en", 1200, 800, "dark"),
    "phone": ("/?on=2020-12-31", 390, 800, "light"),
}


async def take(address: str) -> None:
    """Write one picture of each."""
    FOLDER.mkdir(exist_ok=True)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        for name, (path, width, height, scheme) in PICTURES.items():
            page = await browser.new_page(viewport={"width": width, "height": height}, color_scheme=scheme)
            await page.goto(f"{address}{path}")
            await page.screenshot(path=FOLDER / f"{name}.png")
            await page.close()
        await browser.close()


if __name__ == "__main__":
    if CHROMIUM is None:
        sys.exit("Pictures need Chromium: apt-get install chromium")
    asyncio.run(take(sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:8080"))
