"""What officers do who post and correct, as they do it: by keyboard, over a broken line, with a file, without scripts."""

import json
import re

import pytest
from axe_playwright_python.async_playwright import Axe

from tests.browser.test_all_pages import RULES
from tests.support.tables import a_csv
from tests.system.test_api import a_letter

STORED = "**/ingest/v1/events"


async def activities_of(site, slug):
    answer = await site.installation.get("/reports/v1/activities", partnership=slug, limit="500")
    return answer.json()["items"]


async def type_letter(page, date="12 Mei 2026", title="Surat wali kota"):
    """Fill in the form of a letter by keyboard alone, from its first field on."""
    await page.locator("#partnership").focus()
    await page.keyboard.type("Kyiv")
    await page.keyboard.press("Tab")
    await page.keyboard.press("Tab")
    await page.keyboard.type(date)
    await page.keyboard.press("Tab")
    await page.keyboard.press("Space")
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("Tab")
    await page.keyboard.type(title)


async def assert_axe_finds_nothing(page):
    found = await Axe().run(page, options={**RULES, "resultTypes": ["violations"]})
    assert found.response["violations"] == [], json.dumps(found.response["violations"], indent=1)[:3000]


async def test_a_letter_is_posted_by_keyboard_alone_and_the_receipt_says_what_it_changed(site):
    answer = await site.installation.post("activity.recorded", a_letter(partnership="kyiv", occurred="2026-05-02"))
    there = answer.json()["event_id"]
    async with site.opened(role="bureau") as watched:
        page = watched.page
        await page.goto("/record?lang=en")
        await type_letter(page)

        await page.get_by_text("Read as: 12 May 2026").wait_for()
        await page.locator("#occurred").fill("Mei 2026")
        await page.locator(f'#alike a[href="/activities/{there}"]').wait_for()
        assert await page.locator("#alike").get_attribute("aria-live") == "polite"
        await page.locator("#title-id").focus()
        await page.keyboard.press("Enter")
        await page.get_by_role("heading", name="Check the activity").wait_for()
        await assert_axe_finds_nothing(page)
        await page.get_by_role("button", name="Store it").focus()
        await page.keyboard.press("Enter")
        await page.wait_for_url("**/receipts/*")
        said = await page.locator(".notice.good").inner_text()
        assert re.search(r"Kyiv: \d (→ \d )?cells?", said)
        assert re.search(r"Kyiv: \d (→ \d )?sel", said)
        await assert_axe_finds_nothing(page)
    assert "2026-05" in [each["occurred"] for each in await activities_of(site, "kyiv")]


async def test_what_was_typed_outlives_a_closed_tab_and_a_lost_answer_and_is_stored_once(site):
    async with site.opened(role="bureau") as watched:
        page = watched.page
        await page.goto("/record?lang=en")
        await type_letter(page, "13 Mei 2026", "Surat yang terputus")
        await page.get_by_text("Kept in this browser").wait_for()
        await page.close()

        page = await watched.page.context.new_page()
        await page.goto("/record?lang=en")
        await page.get_by_text("What you had typed is here again.").wait_for()
        assert await page.locator("#occurred").input_value() == "13 Mei 2026"
        assert await page.locator("#title-id").input_value() == "Surat yang terputus"
        await page.get_by_role("button", name="Check", exact=True).click()

        async def lose_the_answer(route):
            await route.fetch()  # it arrives and is stored, but nobody hears of it
            await route.abort()

        await page.route(STORED, lose_the_answer, times=1)
        await page.get_by_role("button", name="Store it").click()
        await page.get_by_text("The connection is broken.").wait_for()
        await page.evaluate("dispatchEvent(new Event('online'))")
        await page.wait_for_url("**/receipts/*")
        stored = [each for each in await activities_of(site, "kyiv") if each["title"]["id"] == "Surat yang terputus"]
        assert len(stored) == 1

        await page.goto("/record?lang=en")
        assert await page.locator("#occurred").input_value() == "", "the draft went with the receipt"
        assert await page.evaluate("Object.keys(localStorage).length") == 0


async def test_signing_out_takes_the_drafts_along(site):
    async with site.opened(role="bureau") as watched:
        page = watched.page
        await page.goto("/record?lang=en")
        await page.locator("#title-id").fill("Rahasia")
        await page.get_by_text("Kept in this browser").wait_for()
        assert await page.evaluate("Object.keys(localStorage).length") == 1

        await page.goto("/sign-out?lang=en")
        await page.locator('form[action^="/sign-out"] button').first.click()

        await page.wait_for_url("**/")
        assert await page.evaluate("Object.keys(localStorage).length") == 0


async def test_a_correction_shows_both_sides_and_its_effect_before_it_is_sent(site):
    letter = a_letter(partnership="tokyo", occurred="2026-04", indicator="aid", direction="inbound")
    activity = (await site.installation.post("activity.recorded", letter)).json()["event_id"]
    async with site.opened(role="bureau") as watched:
        page = watched.page
        await page.goto(f"/activities/{activity}?lang=en")
        await page.get_by_role("link", name="Correct it").click()
        await page.get_by_label("Direction").select_option("mutual")
        await page.get_by_label("Reason").fill("It went both ways")
        await page.get_by_role("button", name="Compare before and after").click()
        assert await page.locator("table.compare del").inner_text() == "inbound"
        assert await page.locator("table.compare ins").inner_text() == "both ways"
        assert re.search(r"Tokyo: \d → \d cells", await page.locator("#main").inner_text())
        await assert_axe_finds_nothing(page)
        await page.get_by_role("button", name="Store it").click()
        await page.wait_for_url("**/receipts/*")
        await page.get_by_role("link", name="See the activity").click()
        assert await page.locator(".timeline > li").count() == 2
        await assert_axe_finds_nothing(page)


HEADINGS = ("Kota", "Indikator", "Tanggal", "Arah", "Hasil", "Judul", "Tanggal pasti")
ROWS = [
    ("Berlin", "kunjungan", "2025", "masuk", "terlaksana", "Kunjungan pertama", "2025-01"),
    ("Berlin", "kunjungan", "awal 2025", "masuk", "terlaksana", "Kunjungan kedua", "2025-02"),
]


@pytest.mark.parametrize("script", [True, False], ids=["with a script", "without"])
async def test_a_table_with_one_bad_row_is_mended_by_its_columns_and_loaded(site, script):
    name = f"berlin-{'with' if script else 'without'}"
    rows = [tuple(f"{cell} {name}" if "Kunjungan" in cell else cell for cell in row) for row in ROWS]
    file = {"name": "riwayat.csv", "mimeType": "text/csv", "buffer": a_csv(*rows, headings=HEADINGS)}
    async with site.opened(role="bureau", script=script) as watched:
        page = watched.page
        await page.goto("/imports?lang=en")
        await page.locator("#file").set_input_files(file)
        await page.get_by_label("Name of the import").fill(name)
        await page.get_by_role("button", name="Look at it").click()
        await page.get_by_text("says only about when it was").wait_for()
        await page.get_by_label("Tanggal", exact=True).select_option("")
        await page.get_by_label("Tanggal pasti").select_option("occurred")
        await page.get_by_role("button", name="Check again").click()
        await page.get_by_text("2 rows can be read").wait_for()
        if script:
            await assert_axe_finds_nothing(page)
        if await page.locator('input[name="duplicates"]').count():
            await page.locator('input[name="duplicates"]').check()
        await page.get_by_role("button", name="Store 2 activities").click()
        await page.get_by_text("is loaded").first.wait_for()
    loaded = [each["occurred"] for each in await activities_of(site, "berlin") if each.get("batch") == name]
    assert sorted(loaded) == ["2025-01", "2025-02"]


async def test_a_letter_is_posted_and_corrected_without_a_script(site):
    async with site.opened(role="bureau", script=False) as watched:
        page = watched.page
        await page.goto("/record?lang=en&partnership=hanoi")
        await page.get_by_label("Date").fill("soon")
        await page.get_by_role("button", name="Check", exact=True).click()
        await page.get_by_text("This cannot be read as a date.").first.wait_for()
        watched.said.clear()  # Chromium itself tells of the 422
        await page.get_by_label("Date").fill("Mei 2026")
        await page.get_by_label("Inbound").check()
        await page.get_by_label("Title in English").fill("A letter by hand")
        await page.get_by_role("button", name="Check", exact=True).click()
        await page.get_by_role("button", name="Store it").click()
        await page.wait_for_url("**/receipts/*")
        await page.get_by_role("link", name="Correct it").click()
        await page.get_by_label("Title in English").fill("A letter by another hand")
        await page.get_by_label("Reason").fill("Slip")
        await page.get_by_role("button", name="Compare before and after").click()
        await page.get_by_role("button", name="Store it").click()
        await page.wait_for_url("**/receipts/*")
    assert "A letter by another hand" in [each["title"].get("en") for each in await activities_of(site, "hanoi")]
