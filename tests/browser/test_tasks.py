"""What else a bureau does in a day, as it does it: subscribe, try and adopt a rubric, issue a report, amend, end, name the home."""

import re

from tests.support.build import an_activity
from tests.system.test_api import a_letter


async def press(page, name, role="button"):
    """Go to what has this name by keyboard and press Enter."""
    await page.get_by_role(role, name=name, exact=True).first.focus()
    await page.keyboard.press("Enter")


async def test_a_subscription_is_corrected_made_and_paused_by_keyboard_alone(site):
    async with site.opened(role="viewer") as watched:
        page = watched.page
        await page.goto("/subscriptions?lang=en&about=partnership%2Fseoul")
        await page.locator("#address").focus()
        await page.keyboard.type("ftp://127.0.0.2/alerts")
        await press(page, "Subscribe")
        await page.locator("#wrong").wait_for()
        assert await page.evaluate("document.activeElement.id") == "wrong"
        await page.keyboard.press("Tab")
        await page.keyboard.press("Enter")
        assert await page.evaluate("document.activeElement.id") == "address"
        assert await page.locator("#address").input_value() == "ftp://127.0.0.2/alerts"
        assert await page.locator("#about").input_value() == "partnership/seoul"
        watched.said.clear()  # Chromium itself tells of the 422
        await page.keyboard.press("Control+a")
        await page.keyboard.type("http://127.0.0.2:9/alerts")
        await page.keyboard.press("Enter")
        await page.get_by_text("The webhook's secret").wait_for()
        await page.get_by_role("link", name="My subscriptions").click()
        await page.get_by_role("link", name="Seoul").click()
        await press(page, "Pause")
        await page.get_by_role("button", name="Resume").wait_for()


async def test_who_sees_to_an_alert_says_so_and_stays_where_they_were(site):
    async with site.opened(role="bureau", phone=True) as watched:
        page = watched.page
        await page.goto("/alerts?lang=en&partnership=beijing")
        await page.get_by_label("Note").first.fill("A letter goes out this week")
        await page.get_by_role("button", name="I see to it").first.click()
        await page.get_by_text("A letter goes out this week").wait_for()
        assert "partnership=beijing" in page.url


async def test_a_new_alert_is_said_without_moving_the_page(site):
    async with site.opened(role="bureau") as watched:
        page = watched.page
        async with page.expect_response(lambda answer: "/scoring/v1/alerts/stream" in answer.url):
            await page.goto("/alerts?lang=en")
        await page.evaluate("scrollTo(0, 50)")
        visit = an_activity(partnership="jeddah", indicator="visit", direction="mutual", occurred="2026-11-18")
        await site.installation.post("activity.recorded", visit)
        await page.locator("#live").get_by_text(re.compile("new alert")).wait_for()
        assert await page.evaluate("scrollY") == 50


async def test_a_rubric_is_tried_and_taken_over_into_its_adoption(site):
    async with site.opened(role="bureau", script=False) as watched:
        page = watched.page
        await page.goto("/rubric/whatif?lang=en")
        await page.get_by_label("Window in months").first.fill("96")
        await page.get_by_role("button", name="Look").click()
        await page.get_by_text("partnerships would stand otherwise.").wait_for()
        await page.get_by_role("link", name="Adopt a rubric with these values").click()
        assert await page.get_by_label("Window in months").first.input_value() == "96"
        await page.get_by_label("Holds from").fill("1 Januari 2027")
        await page.get_by_role("button", name="Check", exact=True).click()
        await page.get_by_role("heading", name="Check the rubric").wait_for()


async def test_a_report_is_issued_and_a_correction_names_it(site):
    letter = a_letter(partnership="maputo", occurred="2019-04", indicator="visit", direction="inbound")
    activity = (await site.installation.post("activity.recorded", letter)).json()["event_id"]
    async with site.opened(role="issuer") as watched:
        page = watched.page
        await page.goto("/reports/ratings?lang=en&from=2018-01-01&to=2019-12-31&partnership=maputo")
        await page.get_by_label("Format").select_option("json")
        await page.get_by_role("button", name="Issue this report").click()
        await page.wait_for_url("**/reports/issued/*")
        await page.goto(f"/activities/{activity}/correct?lang=en")
        await page.get_by_label("Date", exact=False).first.fill("2012")
        await page.get_by_label("Reason").fill("It was in 2012")
        await page.get_by_role("button", name="Compare before and after").click()
        await page.get_by_role("heading", name="Issued reports").wait_for()
        assert re.search(r"(\d|One) issued reports? would read otherwise:", await page.locator("#main").inner_text())
        await page.get_by_role("link", name="Activity ratings, maputo, 2018-01-01 – 2019-12-31").click()
        await page.wait_for_url("**/reports/issued/*")


async def test_a_visit_of_which_only_the_year_is_known_is_posted_by_an_embassy_on_a_phone(site):
    async with site.opened(role="embassy", phone=True) as watched:
        page = watched.page
        await page.goto("/record?lang=en")
        assert await page.locator("#partnership").input_value() == "beijing", "it has no other"
        await page.get_by_label("Visit").check()
        await page.locator("#occurred").fill("2025")
        await page.get_by_text("Read as: 2025").wait_for()
        await page.get_by_label("Inbound").check()
        await page.locator("#title-en").fill("A delegation came")
        await page.get_by_role("button", name="Check", exact=True).click()
        await page.get_by_role("button", name="Store it").click()
        await page.wait_for_url("**/receipts/*")
        await page.get_by_role("link", name="See the activity").click()
        await page.get_by_role("link", name="Retract it").click()
        await page.get_by_label("Reason").fill("Posted to try it")
        await page.get_by_role("button", name="Check", exact=True).click()
        await page.get_by_role("button", name="Store it").click()
        await page.get_by_role("heading", name="Activity retracted").wait_for()
        assert await page.get_by_role("link", name="Correct it").count() == 0
