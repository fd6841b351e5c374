"""The two pages: all partnerships with their cells, and one with its activities; both in both languages."""

import random
import re
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from cli.facts import JAKARTA, activity_events, partnership_events
from tests.system.test_api import BEIJING, a_letter


@pytest.fixture
async def jakarta(installation):
    events = [*partnership_events(JAKARTA), *activity_events(JAKARTA)]
    assert (await installation.post_batch(events)).status_code == 201
    return installation


async def test_the_dashboard_shows_all_partnerships_in_indonesian_first(jakarta):
    page = (await jakarta.get("/", on="2020-12-31")).text

    assert '<html lang="id">' in page
    assert page.count('class="sign"') == 22
    assert [int(each) for each in re.findall(r"<strong>(\d+)</strong>", page)] == [13, 2, 7, 1]
    assert "22 kemitraan, 31 Desember 2020" in page


async def test_the_dashboard_is_complete_in_english(jakarta):
    page = (await jakarta.get("/", on="2020-12-31", lang="en")).text

    assert '<html lang="en">' in page
    assert "22 partnerships, 31 December 2020" in page
    assert "kemitraan" not in page


async def test_a_partnership_shows_the_activities_behind_each_cell(jakarta):
    page = (await jakarta.get("/partnerships/beijing", on="2020-12-31")).text

    assert "6 dari 10 sel menyala" in page
    assert "16–22 Juni 2019" in page
    assert "Padam pada 2 April 2024" in page
    assert page.count('<td class="lit"') == 6
    assert page.count('<td class="dark"') == 4
    assert "sudah terlalu lama" in page


async def test_links_keep_both_clocks_and_the_language(jakarta):
    today = datetime.now(ZoneInfo("Asia/Jakarta")).date().isoformat()
    page = (await jakarta.get("/", on="2020-12-31", known=today, lang="en")).text

    links = re.findall(r'href="(/partnerships/[^"]+)"', page)
    assert len(links) == 44
    assert all("on=2020-12-31" in each and f"known={today}" in each and "lang=en" in each for each in links)
    assert "Back to today" in page


async def test_a_ledger_in_which_nobody_posted_for_years_says_so(jakarta):
    page = (await jakarta.get("/")).text

    assert "31 Desember 2020" in page
    assert 'href="/?on=2020-12-31"' in page


async def test_an_empty_ledger_says_what_to_do_first(installation):
    page = await installation.get("/")

    assert page.status_code == 200
    assert "./kembar post --help" in page.text


async def test_what_people_write_is_shown_as_text(installation):
    await installation.post("partnership.registered", {**BEIJING, "name": {"id": "<b>Beijing</b>"}})
    await installation.post("activity.recorded", a_letter(title={"id": '<script>alert("x")</script>'}))

    for path in ("/", "/partnerships/beijing"):
        page = (await installation.get(path)).text
        assert "<script" not in page
        assert "<b>Beijing" not in page
        assert "&lt;b&gt;Beijing" in page


async def test_pages_forbid_everything_they_do_not_need(installation):
    answer = await installation.get("/")

    assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'; style-src 'self'")
    assert "style=" not in answer.text
    assert "http" not in re.sub(r"http://www.w3.org/\S+", "", answer.text)
    sheet = re.search(r'href="(/static/kembar.css\?[0-9a-f]+)"', answer.text)
    assert (await installation.http.get(sheet[1])).headers["Content-Type"].startswith("text/css")


@pytest.mark.parametrize(
    ("path", "status"),
    [("/partnerships/nowhere", 404), ("/nothing", 404), ("/?on=2020-02-31", 422), ("/?known=x", 422)],
)
async def test_a_problem_is_a_page_for_people_and_a_document_for_programs(installation, path, status):
    page = await installation.http.get(path)
    document = await installation.http.get(f"/reports/v1{path.replace('/?', '/ratings?')}")

    assert (page.status_code, document.status_code) == (status, status)
    assert page.headers["Content-Type"].startswith("text/html")
    assert document.headers["Content-Type"] == "application/problem+json"


async def test_no_page_shows_anything_recorded_after_known(jakarta):
    """Whatever day is asked for, a page as known before the last posting shows nothing of that posting."""
    known = (await jakarta.get("/reports/v1/activities", limit="1")).json()["items"][0]["recorded_at"]
    await jakarta.post("partnership.registered", {**BEIJING, "partnership": "atlantis", "name": {"id": "Atlantis"}})
    await jakarta.post("activity.recorded", a_letter(title={"id": "Kabar susulan", "en": "Late news"}, occurred="2018"))
    chance = random.Random(20261121)

    for _ in range(25):
        on = (date(1980, 1, 1) + timedelta(days=chance.randrange(18_000))).isoformat()
        asked = {"on": on, "known": known, "lang": chance.choice(["id", "en"])}
        pages = [await jakarta.get("/", **asked), await jakarta.get("/partnerships/beijing", **asked)]
        for page in pages:
            assert page.status_code in (200, 404)
            for later in ("Atlantis", "Kabar susulan", "Late news"):
                assert later not in page.text

    assert "Kabar susulan" in (await jakarta.get("/partnerships/beijing", on="2020-12-31")).text


async def test_a_partnership_shows_what_would_keep_and_what_would_raise_its_rating(jakarta):
    page = (await jakarta.get("/partnerships/los-angeles", on="2020-12-31", lang="en")).text
    silent = (await jakarta.get("/partnerships/paris", on="2020-12-31")).text
    period = (await jakarta.get("/partnerships/los-angeles", from_="2017-01-01", to="2020-12-31", lang="en")).text

    assert "What would keep it, held by " in page
    assert "Somebody last posted about it on " in page
    assert "Visit (outbound)" in page
    assert "Yang dapat menjadikannya kurang aktif: " in silent
    assert "What would" not in period


async def test_a_partnership_shows_until_when_its_official_rating_holds(installation):
    await installation.post("partnership.registered", BEIJING)
    judgement = {"partnership": "beijing", "rating": "aktif", "reason": "Dukungan", "valid_from": "2026-01-01"}
    await installation.post("rating.set", {**judgement, "valid_until": "2026-12-31"})

    assert "Berlaku sampai 31 Desember 2026." in (await installation.get("/partnerships/beijing")).text
    assert "Berlaku sampai" not in (await installation.get("/partnerships/beijing", on="2027-01-01")).text
