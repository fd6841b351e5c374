"""Nothing that was typed is lost: two tabs, another language, a line that breaks, a session that ends, a server that falls."""

import asyncio
import contextlib
import json
import os
import subprocess
import sys

import httpx

from cli.embedded.nats_server import free_ports
from tests.browser.test_writing import activities_of, type_letter
from tests.support.access import PASSWORD
from tests.support.broken_line import line_to
from tests.support.people import person_of
from tests.support.program import ROOT
from tests.system.test_api import a_letter

KEPT = "Object.keys(localStorage).filter(key => key.startsWith('kembar-draft')).length"


async def kept(page, title):
    """Type a title and wait until it is kept."""
    await page.locator("#title-id").fill(title)
    await page.get_by_text("Kept in this browser").wait_for()


async def test_two_tabs_keep_two_drafts_and_a_third_takes_up_the_one_that_was_left(site):
    async with site.opened(role="bureau") as watched:
        first, context = watched.page, watched.page.context
        await first.goto("/record?lang=en")
        await kept(first, "Surat pertama")
        second = await context.new_page()
        await second.goto("/record?lang=en")
        assert await second.locator("#title-id").input_value() == "", "the other tab is at work on its own"
        await kept(second, "Surat kedua")
        assert await first.evaluate(KEPT) == 2

        await first.reload()
        await first.get_by_text("What you had typed is here again.").wait_for()
        assert await first.locator("#title-id").input_value() == "Surat pertama"
        await second.close()
        third = await context.new_page()
        await third.goto("/record?lang=en")
        await third.get_by_text("What you had typed is here again.").wait_for()
        assert await third.locator("#title-id").input_value() == "Surat kedua"


async def test_a_draft_stays_in_another_language_and_never_stands_in_for_another_partnership(site):
    async with site.opened(role="bureau") as watched:
        page = watched.page
        await page.goto("/record?lang=en")
        await page.locator("#partnership").select_option("hanoi")
        await kept(page, "Surat Hanoi")
        await page.get_by_role("link", name="Bahasa Indonesia").click()
        await page.get_by_text("Ketikan Anda sebelumnya ada lagi di sini.").wait_for()
        assert await page.locator("#title-id").input_value() == "Surat Hanoi"

        await page.goto("/record?lang=en&partnership=tokyo")
        waits = page.locator("#drafts li")
        await waits.get_by_text("A draft waits: Hanoi, Surat Hanoi").wait_for()
        assert await page.locator("#partnership").input_value() == "tokyo"
        assert await page.locator("#title-id").input_value() == ""
        await waits.get_by_role("button", name="Go on with it").click()
        await page.wait_for_function("document.querySelector('#partnership').value === 'hanoi'")
        await page.get_by_role("button", name="Begin anew").click()
        await page.wait_for_function(f"{KEPT} === 0")


async def test_a_programme_with_many_lines_comes_back_with_all_of_them(site):
    async with site.opened(role="bureau") as watched:
        page = watched.page
        await page.goto("/partnerships/hanoi/programme?lang=en")
        await page.get_by_role("button", name="More lines").click()
        await page.locator("#activities-11-title-id").fill("Baris kedua belas")
        await page.get_by_text("Kept in this browser").wait_for()

        await page.goto("/partnerships/hanoi/programme?lang=en")

        await page.locator("#activities-11-title-id").wait_for()
        assert await page.locator("#activities-11-title-id").input_value() == "Baris kedua belas"


async def test_an_answer_that_is_lost_after_storing_is_asked_for_again_and_stored_once(site):
    async with line_to(site.url) as line, site.opened(role="bureau") as watched:
        page, watched.url = watched.page, line.url
        await page.goto(f"{line.url}/record?lang=en")
        await type_letter(page, "14 Mei 2026", "Surat di sambungan putus")
        await page.keyboard.press("Enter")
        line.loses = b"POST /ingest/v1/events "
        await page.get_by_role("button", name="Store it").click()
        await page.get_by_text("The connection is broken.").wait_for()
        line.loses = None
        await page.evaluate("dispatchEvent(new Event('online'))")
        await page.wait_for_url("**/receipts/*")
        watched.said.clear()  # Chromium says itself that an answer is missing

    assert line.lost > 0
    stored = [
        each for each in await activities_of(site, "kyiv") if each["title"].get("id") == "Surat di sambungan putus"
    ]
    assert len(stored) == 1


async def test_a_form_that_is_sent_after_the_session_ended_is_carried_through_signing_in_without_a_script(site):
    await person_of(site.installation, "wati")
    async with site.opened(script=False) as watched:
        page = watched.page
        await page.goto("/record?lang=en&partnership=hanoi")
        await sign_in(page)
        await page.get_by_label("Date").fill("Mei 2026")
        await page.get_by_label("Inbound").check()
        await page.get_by_label("Title in English").fill("Typed before the session ended")
        await page.context.clear_cookies()
        await page.get_by_role("button", name="Check", exact=True).click()

        await page.get_by_text("Nothing that you typed is lost").wait_for()
        await sign_in(page, "wrong password")
        await page.get_by_text("Name and password do not fit").wait_for()
        await sign_in(page)
        await page.get_by_role("button", name="Go on with what you typed").click()
        await page.get_by_role("heading", name="Check the activity").wait_for()
        await page.get_by_text("Typed before the session ended").wait_for()
        watched.said.clear()  # Chromium itself tells of the 401


async def sign_in(page, password=PASSWORD):
    await page.get_by_label("Name for signing in").fill("wati")
    await page.get_by_label("Password").fill(password)
    await page.get_by_role("button", name="Sign in", exact=True).click()


async def test_a_server_that_falls_is_said_and_what_came_meanwhile_is_told_once_it_is_back(site):
    (port,) = free_ports(1)
    async with site.opened() as watched:
        page, watched.url = watched.page, f"http://127.0.0.1:{port}"
        server = reports_on(site, port)
        try:
            await readiness(site, server, port)
            async with page.expect_response(lambda answer: "/reports/v1/stream" in answer.url):
                await page.goto(f"{watched.url}/?lang=en")
            await page.evaluate("scrollTo(0, 300)")
            server.kill()
            server.wait()
            await page.locator("#live").get_by_text("The connection is broken").wait_for()
            await site.installation.post("activity.recorded", a_letter(occurred="2015", title={"en": "While it lay"}))
            server = reports_on(site, port)
            await readiness(site, server, port)
            await page.locator("#live").get_by_text("1 new event").wait_for()
            assert await page.evaluate("scrollY") == 300
        finally:
            server.kill()
            server.wait()
        watched.said.clear()  # Chromium says itself that a connection was refused


def reports_on(site, port) -> subprocess.Popen:
    """Start reports in a process of its own, on the tables that the installation fills."""
    settings = site.installation.settings
    environment = {
        "PYTHONPATH": str(ROOT),
        "KEMBAR_PORT": str(port),
        "KEMBAR_PROJECT": "false",
        "KEMBAR_OPEN_READING": "true",
        "KEMBAR_NATS_URL": settings.nats_url,
        "KEMBAR_NATS_MONITOR_URLS": json.dumps(settings.nats_monitor_urls),
        "KEMBAR_SECRETS_FOLDER": str(settings.secrets_folder),
        "KEMBAR_POSTGRES_DSN": settings.postgres_dsn.get_secret_value(),
    }
    command = [sys.executable, "-m", "cli", "serve", "reports"]
    return subprocess.Popen(command, env={**os.environ, **environment})


async def readiness(site, server, port) -> None:
    """Wait until reports can be asked."""
    for _ in range(1_200):
        assert server.poll() is None, "reports ended while starting"
        with contextlib.suppress(OSError, httpx.HTTPError):
            if (await site.installation.http.get(f"http://127.0.0.1:{port}/reports/readyz")).is_success:
                return
        await asyncio.sleep(0.05)
    raise AssertionError("reports does not come up")
