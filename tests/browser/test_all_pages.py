"""Every page, in both languages, light, dark and on a phone: nothing that axe finds, nothing said, nothing asked elsewhere."""

import json
import os

import pytest
from axe_playwright_python.async_playwright import Axe

from tests.browser.pages import PAGES

LOOKS = {
    "Indonesian, light and dark": {"lang": "id", "then_dark": True},
    "English on a phone": {"lang": "en", "phone": True},
}
if os.environ.get("FAULTS") == "long":
    LOOKS = {
        f"{language} {'dark' if dark else 'light'} {'phone' if phone else 'desk'}": {
            "lang": language,
            "dark": dark,
            "phone": phone,
        }
        for language in ("id", "en")
        for dark in (False, True)
        for phone in (False, True)
    }
RULES = {
    "runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
}

SMALL = """[...document.querySelectorAll("button, .button, select, summary, input:not([type=hidden], [type=checkbox], [type=radio])")]
    .filter(each => each.checkVisibility())
    .filter(each => { const box = each.getBoundingClientRect(); return box.width < 24 || box.height < 24; })
    .map(each => each.outerHTML.slice(0, 120))"""
"""Buttons and fields that a finger misses (WCAG 2.2, 2.5.8); links within sentences may be smaller."""
MOVES = "getComputedStyle(document.documentElement).scrollBehavior !== 'auto' || document.getAnimations().length > 0"
"""Whether anything moves for somebody who asked for less of it."""
CONTRAST = {"runOnly": ["color-contrast"]}
NOT_THERE = {(404, "/partnerships/nowhere"), (404, "/subscriptions/confirm?key=none")}


@pytest.mark.timeout(300)  # the first of them waits for the installation too
@pytest.mark.parametrize("role", sorted({role for _, role in PAGES}, key=str))
@pytest.mark.parametrize("look", LOOKS)
async def test_axe_finds_nothing(site, look, role):
    looks = dict(LOOKS[look])
    language, then_dark = looks.pop("lang"), looks.pop("then_dark", False)
    found = []
    async with site.opened(role=role, **looks) as watched:
        for path in [each[0].format_map(site.ids) for each in PAGES if each[1] == role]:
            answer = await watched.page.goto(f"{path}{'&' if '?' in path else '?'}lang={language}")
            assert answer.ok or (answer.status, path) in NOT_THERE, path
            if not answer.ok:
                watched.said.clear()  # Chromium says so itself
            found += [(path, *each) for each in await wrong_with(watched.page)]
            if then_dark:
                await watched.page.emulate_media(color_scheme="dark")
                found += [(path, "dark", *each) for each in await violations(watched.page, CONTRAST)]
                await watched.page.emulate_media(color_scheme="light")

    assert found == [], json.dumps(found, indent=1)


async def wrong_with(page) -> list[tuple[str, list[str]]]:
    """Return what axe finds on a page, and what it does not look for: what is too wide, too small, or moves."""
    small = await page.evaluate(SMALL)
    found = [
        ("wider than the window", await page.evaluate("document.documentElement.scrollWidth > innerWidth + 1")),
        ("smaller than 24 by 24", small),
        ("moves", await page.evaluate(MOVES)),
    ]
    return [*await violations(page, RULES), *((name, [str(each)]) for name, each in found if each)]


async def violations(page, rules) -> list[tuple[str, list[str]]]:
    """Return what axe finds on a page: the rule, and where it is broken."""
    results = await Axe().run(page, options={**rules, "resultTypes": ["violations"]})
    return [(each["id"], [node["html"][:160] for node in each["nodes"][:3]]) for each in results.response["violations"]]


async def test_what_keeps_somebody_out_is_noticed(site):
    async with site.opened() as watched:
        await watched.page.goto("/help")
        await watched.page.evaluate(
            "main.append(Object.assign(new Image(), {id: 'bare'}), document.createElement('input'));"
            "document.querySelector('h1').setAttribute('class', 'hidden'); main.querySelector('p').style.color = '#ccc'"
        )
        found = {rule for rule, _ in await violations(watched.page, RULES)}

    assert found >= {"image-alt", "label", "color-contrast"}


async def test_every_page_can_be_used_without_a_script(site):
    """Found, opened, shown as of another day, and gone back to today: by links and forms alone."""
    async with site.opened(script=False) as watched:
        page = watched.page
        await page.goto("/?lang=en")
        await page.locator("#time summary").click()
        await page.locator('#time input[name="on"]').first.fill("2020-12-31")
        await page.get_by_role("button", name="Show", exact=True).first.click()
        assert "on=2020-12-31" in page.url
        await page.get_by_role("searchbox").first.fill("berlin")
        await page.get_by_role("searchbox").first.press("Enter")
        await page.locator("#main").get_by_role("link", name="Berlin", exact=True).first.click()
        await page.get_by_role("link", name="Why?").click()
        assert await page.locator("td.lit").count() == 9
        await page.get_by_role("link", name="Back to today").click()
        assert "on=" not in page.url
