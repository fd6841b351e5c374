"""The pages: what each shows, in both languages, that none leaves the past that is shown, and their data beside them."""

import csv
import html
import io
import json
import random
import re
from datetime import date, datetime, timedelta
from urllib.parse import parse_qsl, urlsplit
from zoneinfo import ZoneInfo

import pytest
from fastapi.routing import iter_route_contexts

from cli.facts import JAKARTA, activity_events, partnership_events
from services.reports.app import create_app
from services.reports.asked import Kind
from shared.process.settings import Settings
from shared.web.pages import PLACES
from shared.wire.canonical import digest
from tests.support.engines import fresh_database, open_ledger, running_nats
from tests.support.installation import running_installation
from tests.support.pages import links_in, times_in
from tests.system.test_api import BEIJING, a_letter

PATHS = (
    "/",
    "/activities",
    "/search",
    "/audit/events",
    "/status",
    "/help",
    "/partnerships/beijing",
    "/partnerships/beijing/why",
    "/reports",
    "/reports/ratings",
    "/reports/issued",
    "/rubric",
)


@pytest.fixture(scope="module")
async def jakarta(postgres, tmp_path_factory):
    """An installation with Jakarta's facts, which tests read and add to."""
    with running_nats() as server:
        async with (
            open_ledger(server),
            fresh_database(postgres) as dsn,
            running_installation(server, dsn, tmp_path_factory.mktemp("pages")) as running,
        ):
            events = [*partnership_events(JAKARTA), *activity_events(JAKARTA)]
            assert (await running.post_batch(events)).status_code == 201
            yield running


async def follow(jakarta, address, role=None):
    """Ask for the address of a link as it stands."""
    parts = urlsplit(html.unescape(address))
    asked = {f"{name}_": value for name, value in parse_qsl(parts.query)}
    return await jakarta.get(parts.path, role, **asked)


async def test_the_dashboard_shows_all_partnerships_in_indonesian_first(jakarta):
    page = (await jakarta.get("/", on="2020-12-31")).text

    assert '<html lang="id">' in page
    assert page.count('class="sign"') == 22 + 1  # one will fall
    assert [int(each) for each in re.findall(r"<strong>(\d+)</strong>", page)] == [13, 2, 7, 1]
    assert "22 kemitraan, 31 Desember 2020" in page


async def test_the_dashboard_is_complete_in_english(jakarta):
    page = (await jakarta.get("/", on="2020-12-31", lang="en")).text

    assert '<html lang="en">' in page
    assert "22 partnerships, 31 December 2020" in page
    assert "kemitraan" not in page


async def test_a_partnership_shows_the_activities_behind_each_cell(jakarta):
    page = (await jakarta.get("/partnerships/beijing/why", on="2020-12-31")).text

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
    assert len(links) > 44
    assert all("on=2020-12-31" in each and f"known={today}" in each and "lang=en" in each for each in links)
    assert "Back to today" in page


async def test_no_link_or_form_leaves_the_past_but_the_control_itself(jakarta):
    """All pages are crawled from the dashboard at a past clock: every link and every form keeps both."""
    known = datetime.now(ZoneInfo("Asia/Jakarta")).date().isoformat()
    clocks = {"on": "2020-12-31", "known": known}
    waiting, seen = ["/?" + "&".join(f"{name}={value}" for name, value in clocks.items())], set()
    while waiting:
        address = waiting.pop(0)
        seen.add(address)
        answer = await follow(jakarta, address, role="auditor")
        assert answer.status_code == 200, (address, answer.text[:300])
        for link in links_in(answer.text):
            parts = urlsplit(link)
            if leaves_by_intent(parts.path):
                continue
            asked = dict(parse_qsl(parts.query))
            assert {name: asked.get(name) for name in clocks} == clocks, (address, link)
            plain = link.partition("#")[0]
            if not parts.path.endswith((".json", ".csv")) and is_of_a_new_kind(plain, {*seen, *waiting}):
                waiting.append(plain)

    kinds = {urlsplit(kind_of(each)).path for each in seen}
    assert kinds >= {
        "/",
        "/activities",
        "/audit/events",
        "/audit/events/x",
        "/help",
        "/partnerships/x",
        "/partnerships/x/why",
        "/activities/x",
        "/receipts/x",
        "/rubric",
        "/status",
        "/reports",
        "/reports/ratings",
        "/reports/changes",
        "/reports/issued",
    }


def leaves_by_intent(path: str) -> bool:
    """What shows no past: accounts, services and alerts as they are now, files, which name their own moment, and forms."""
    return path.startswith(OF_NOW) or bool(FORMS.match(path))


OF_NOW = (
    *("/account", "/administration", "/alerts", "/subscriptions", "/feeds"),
    *("/reports/v1", "/reports/readyz", "/ingest", "/scoring", "/access", "/static"),
)


async def test_reports_lead_back_to_the_past_that_one_came_from(jakarta):
    past, period = {"on": "2020-12-31", "known": "2026-11-20"}, {"from": "2017-01-01", "to": "2020-12-31"}
    for path, asked in (
        ("/reports", past),
        ("/reports/issued", past),
        ("/reports/ratings", past),
        ("/reports/ratings", period),
    ):
        page = (await jakarta.get(path, role="auditor", **{f"{name}_": value for name, value in asked.items()})).text
        places = ("/", "/activities", "/search", "/reports", "/status")
        back = [parts for each in links_in(page) if (parts := urlsplit(each)).path in places]
        assert len(back) >= 6  # the brand's sign, the search, three places and the status
        assert all(asked.items() <= dict(parse_qsl(each.query)).items() for each in back), path


@pytest.mark.parametrize("path", PLACES)
async def test_the_navigation_lists_every_place_once_and_marks_the_one_that_is_shown(jakarta, path):
    page = (await jakarta.get(path, role="bureau")).text
    listed = re.findall(
        r'<a href="([^"]+)"( aria-current="page")?>', page.partition('class="places"')[2].partition("</nav>")[0]
    )

    assert [urlsplit(address).path for address, _ in listed] == list(PLACES)
    assert [urlsplit(address).path for address, is_marked in listed if is_marked] == [path]


FORMS = re.compile(
    r"/(record|register|home|imports|reversals|rubric/\w+|reports/\w+/issue|activities/[^/]+/(correct|retract)"
    r"|partnerships/[^/]+/(change|end|milestone|programme|judgement))\b"
)
"""Nothing can be posted into the past."""


def is_of_a_new_kind(address: str, seen: set[str]) -> bool:
    """One address of each kind is enough."""
    return kind_of(address) not in {kind_of(each) for each in seen}


def kind_of(address: str) -> str:
    """An address without what tells one partnership, event or filter from another."""
    return re.sub(r"=[^&]*", "=", re.sub(r"/(partnerships|events|activities|receipts)/[^/?.]+", r"/\1/x", address))


async def test_a_ledger_in_which_nobody_posted_for_years_says_so(jakarta):
    page = (await jakarta.get("/")).text

    assert "31 Desember 2020" in page
    assert 'href="/?on=2020-12-31"' in page


async def test_an_empty_ledger_says_what_to_do_first(installation):
    page = await installation.get("/")

    assert page.status_code == 200
    assert "./kembar post --help" in page.text
    assert 'href="/help#begin"' in page.text


async def test_what_people_write_is_shown_as_text(installation):
    await installation.post("partnership.registered", {**BEIJING, "name": {"id": "<b>Beijing</b>"}})
    await installation.post("activity.recorded", a_letter(title={"id": '<script>alert("x")</script>'}))

    for path in ("/", "/partnerships/beijing"):
        page = (await installation.get(path)).text
        assert page.count("<script") == 1
        assert "<script>" not in page
        assert "<b>Beijing" not in page
        assert "&lt;b&gt;Beijing" in page


async def test_pages_forbid_everything_they_do_not_need(installation):
    answer = await installation.get("/")

    assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'; style-src 'self'")
    assert "style=" not in answer.text
    assert "http" not in re.sub(r"http://www.w3.org/\S+", "", answer.text)
    assert "onclick" not in answer.text
    for ending, media_type in (("css", "text/css"), ("js", "text/javascript"), ("svg", "image/svg+xml")):
        (address,) = set(re.findall(rf'"(/static/kembar\.[0-9a-f]{{12}}\.{ending})"', answer.text))
        file = await installation.http.get(address)
        assert file.headers["Content-Type"].startswith(media_type)
        assert "immutable" in file.headers["Cache-Control"]
    other = await installation.http.get("/static/kembar.0123456789ab.css")
    assert other.headers["Cache-Control"] == "no-cache"
    assert (await installation.http.get("/static/other.css")).status_code == 404


@pytest.mark.parametrize(
    ("path", "status"),
    [("/partnerships/nowhere", 404), ("/nothing", 404), ("/?on=2020-02-31", 422), ("/?known=x", 422)],
)
async def test_a_problem_is_a_page_for_people_and_a_document_for_programs(jakarta, path, status):
    page = await jakarta.http.get(path)
    document = await jakarta.http.get(f"/reports/v1{path.replace('/?', '/ratings?')}")

    assert (page.status_code, document.status_code) == (status, status)
    assert page.headers["Content-Type"].startswith("text/html")
    assert document.headers["Content-Type"] == "application/problem+json"


async def test_no_page_shows_anything_recorded_after_known(jakarta):
    """Whatever day is asked for, a page as known before the last posting shows nothing of that posting."""
    known = (await jakarta.get("/reports/v1/activities", limit="1")).json()["items"][0]["recorded_at"]
    await jakarta.post("partnership.registered", {**BEIJING, "partnership": "atlantis", "name": {"id": "Atlantis"}})
    late = a_letter(title={"id": "Kabar susulan", "en": "Late news"}, occurred="2018")
    late_id = (await jakarta.post("activity.recorded", late)).json()["event_id"]
    chance, moment = random.Random(20261121), datetime.fromisoformat(known)
    events = (await jakarta.get("/audit/events.json", role="auditor", known=known, type="activity.recorded")).json()
    one = events["items"][0]["event_id"]
    singles = (f"/activities/{one}", f"/receipts/{one}", f"/audit/events/{one}")
    asked = [(f"{path}{form}", {}) for path in (*PATHS[1:], *singles) for form in ("", ".json", ".csv")]
    asked += [("/", {}), ("/index.json", {}), ("/index.csv", {})]
    asked += [(f"/reports/{kind}", period_before(chance, kind)) for kind in Kind]

    for path, period in asked:
        on = (date(1980, 1, 1) + timedelta(days=chance.randrange(18_000))).isoformat()
        day = period or {"on": on, "q": chance.choice(["kabar", "atlantis", "news"])}
        page = await jakarta.get(path, role="auditor", known=known, lang=chance.choice(["id", "en"]), **day)
        assert page.status_code in (200, 404), (path, page.text[:300])
        if "/status" not in path:  # it tells of now
            assert all(each <= moment for each in times_in(page.text)), path
        for later in ("Atlantis", "Kabar susulan", "Late news", late_id):
            assert later not in page.text, path
    for path in (
        f"/activities/{late_id}",
        f"/receipts/{late_id}",
        f"/audit/events/{late_id}",
        "/partnerships/atlantis",
    ):
        assert (await jakarta.get(path, role="auditor", known=known)).status_code == 404, path

    assert "Kabar susulan" in (await jakarta.get("/partnerships/beijing", on="2020-12-31")).text
    assert "Kabar susulan" in (await jakarta.get("/search", q="susulan")).text
    assert "Atlantis" in (await jakarta.get("/search", q="atlan")).text


def period_before(chance, kind):
    """A period of some years, and for a report of changes the one that it is compared with."""
    year = chance.randrange(2010, 2020)
    period = {"from_": f"{year}-01-01", "to_": f"{year + 3}-12-31"}
    compared = {"compare_from": f"{year - 4}-01-01", "compare_to": f"{year - 1}-12-31"}
    return {**period, **(compared if kind is Kind.CHANGES else {})}


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


async def test_counts_open_their_rows(jakarta):
    page = (await jakarta.get("/", on="2020-12-31")).text
    chosen = {}
    for address, count in re.findall(
        r'<a href="(/\?[^"]*(?:rating|mark)=[^"]*)#all"[^>]*><strong>(\d+)</strong>', page
    ):
        rows = (await follow(jakarta, address.replace("/?", "/index.json?"))).json()["listed"]
        assert len(rows) == int(count)
        chosen[address] = rows
    assert len(chosen) == 4

    measures = (await jakarta.get("/partnerships/beijing", on="2020-12-31")).text
    links = re.findall(r'<a href="(/activities\?[^"]*measure=[^"]*)" aria-label="(\d+) kegiatan"', measures)
    assert len(links) >= 10
    for address, count in links:
        found = (await follow(jakarta, address.replace("/activities?", "/activities.json?"))).json()
        assert found["found"] == int(count)


async def test_a_line_of_months_opens_as_many_activities_as_it_counts(jakarta):
    page = (await jakarta.get("/", on="2020-12-31")).text
    lines = re.findall(r'<a href="(/activities\?[^"]*first=[^"]*)">[^<(]+\((\d+)\)</a>', page)

    assert sum(int(count) for _, count in lines) > 20
    for address, count in lines:
        found = (await follow(jakarta, address.replace("/activities?", "/activities.json?"))).json()
        assert found["found"] == int(count), address


@pytest.mark.parametrize("sort", ["name", "score", "change"])
async def test_the_list_can_be_sorted_and_filtered_in_the_address(jakarta, sort):
    listed = (await jakarta.get("/index.json", on="2020-12-31", sort=sort, rating="aktif")).json()
    items = {each["partnership"]: each for each in listed["items"]}

    def key(slug):
        item = items[slug]
        by = {
            "name": item["name"]["id"].casefold(),
            "score": -item["score"],
            "change": (item["next_change"] or {}).get("on"),
        }
        return by[sort]

    assert len(listed["listed"]) == 13
    assert [key(each) for each in listed["listed"]] == sorted(key(each) for each in listed["listed"])
    assert len(items) >= 22


def test_every_page_that_is_read_has_its_data_beside_it():
    """Whatever page there is: without data beside it are forms alone, and what is somebody's own."""
    own = ("/sign-", "/account", "/administration", "/subscriptions", "/alerts", "/imports")
    routes = iter_route_contexts(create_app(Settings()).routes)
    paths = {each.path for each in routes if "GET" in (each.methods or ())}
    infrastructure = re.compile(r"/reports/(v1/|healthz|readyz|metrics)|/static/|/docs|/openapi|/redoc")
    pages = {each for each in paths if not infrastructure.match(each) and not each.endswith((".json", ".csv"))}
    read = {each for each in pages if not FORMS.match(re.sub(r"\{\w+\}", "x", each)) and not each.startswith(own)}

    assert len(read) >= 15
    for page in read:
        data = "/index" if page == "/" else page
        assert {f"{data}.json", f"{data}.csv"} <= paths, page


@pytest.mark.parametrize("path", ["/index", *PATHS[1:]])
async def test_the_data_beside_a_page_can_be_read(jakarta, path):
    page = await jakarta.get("/" if path == "/index" else path, role="auditor", on="2020-12-31")
    for form in ("json", "csv"):
        (address,) = re.findall(rf'<link rel="alternate" type="[^"]+" href="({path}\.{form}[^"]*)">', page.text)
        answer = await follow(jakarta, address, role="auditor")
        assert answer.status_code == 200
        if form == "json":
            assert isinstance(answer.json(), dict)
        else:
            rows = list(csv.DictReader(io.StringIO(answer.text.removeprefix("\ufeff"))))
            assert all(len(row) == len(rows[0]) and None not in row for row in rows)


async def test_the_data_beside_a_report_is_that_report(jakarta):
    period = {"from_": "2017-01-01", "to_": "2020-12-31"}
    data = (await jakarta.get("/reports/ratings.json", **period)).json()
    answer = (await jakarta.get("/reports/v1/reports/ratings.json", **period, known=data["stands"]["known"])).json()
    table = (await jakarta.get("/reports/v1/reports/ratings.csv", **period, known=data["stands"]["known"])).text

    assert data["data"] == answer["data"]
    assert (await jakarta.get("/reports/ratings.csv", **period)).text == table


async def test_a_cell_opens_as_many_activities_as_light_it(jakarta):
    page = (await jakarta.get("/partnerships/berlin", on="2020-12-31")).text
    cells = re.findall(r'<a href="[^"]*/why\?[^"]*#([a-z_]+-[a-z]+)" aria-label="(\d+) kegiatan', page)

    assert len(cells) == 9
    for cell, count in cells:
        found = (await jakarta.get("/activities.json", partnership="berlin", cell=cell, on="2020-12-31")).json()
        assert found["found"] == int(count), cell
        assert all(each["outcome"] == "held" for each in found["items"])


async def test_what_lights_no_cell_and_what_does_are_all_that_is_known(jakarta):
    asked = {"partnership": "beijing", "on": "2020-12-31"}
    every = (await jakarta.get("/partnerships/beijing.json", on="2020-12-31")).json()
    lit = {each for ways in every["rating"]["cells"].values() for ids in ways.values() for each in ids}
    dark = (await jakarta.get("/activities.json", **asked, cell="none")).json()

    assert dark["found"] == len(every["activities"]) - len(lit)
    assert {each["id"] for each in dark["items"]} == {each["id"] for each in every["activities"]} - lit


async def test_the_status_tells_what_every_service_tells(jakarta):
    status = (await jakarta.get("/status.json", role="auditor")).json()
    services = {each["service"]: each for each in status["services"]}

    assert {name for name, each in services.items() if each["answers"]} == {"ingest", "scoring", "reports"}
    assert services["scoring"]["deliveries_pending"] == services["scoring"]["deliveries_failed"] == 0
    assert status["versions"].keys() >= {"kembar", "postgresql", "nats-server"}
    public = (await jakarta.get("/status.json")).json()
    assert public["versions"].keys() == {"kembar"}
    assert all(each["answers"] for each in public["services"])


async def test_data_beside_a_page_says_its_problems_as_data(jakarta):
    answer = await jakarta.get("/activities.json", indicator="letters")

    assert answer.status_code == 422
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert "visit" in answer.json()["errors"][0]["remedy"]


async def test_a_search_finds_words_by_their_stems_in_both_languages(jakarta):
    title = {"id": "Wali kota berkunjung ke pasar ikan", "en": "The mayor visiting the fish markets"}
    posted = await jakarta.post("activity.recorded", a_letter(title=title, occurred="2018-03", place="Muara Angke"))
    found = posted.json()["event_id"]

    for text in ("kunjungan pasar", "market", "visited", '"fish markets"', "angke", "pasar -taman"):
        rows = (await jakarta.get("/search.json", q=text)).json()["activities"]
        assert found in [each["id"] for each in rows], text
    for text in ('"markets fish"', "pasar -ikan", "' OR 1=1", "\x00", "((", "&|!"):
        answer = await jakarta.get("/search.json", q=text)
        assert answer.status_code == 200, text
        assert found not in [each["id"] for each in answer.json()["activities"]], text


async def test_filters_hold_together(jakarta):
    """Each filter alone and all at once give what a plain loop over all activities gives."""
    every = []
    for number in range(1, 9):
        every += (await jakarta.get("/activities.json", page=str(number))).json()["items"]
    chance = random.Random(4)
    for _ in range(12):
        like = chance.choice(every)
        names = chance.sample(["partnership", "indicator", "direction", "outcome"], chance.randint(1, 4))
        asked = {name: like[name] for name in names}
        found = (await jakarta.get("/activities.json", **asked)).json()
        expected = {each["id"] for each in every if all(each[name] == like[name] for name in names)}
        assert found["found"] == len(expected)
        assert {each["id"] for each in found["items"]} <= expected


async def test_one_event_is_shown_as_the_ledger_holds_it(jakarta):
    listed = (await jakarta.get("/audit/events.json", role="auditor", type="activity.recorded")).json()["items"]
    event = (await jakarta.get(f"/audit/events/{listed[0]['event_id']}.json", role="auditor")).json()

    assert event["same_as_ledger"] is event["is_canonical"] is True
    assert event["hash"] == digest(event["payload"].encode()) == listed[0]["hash"]
    assert json.loads(event["payload"])["id"] == event["event_id"]
    page = await jakarta.get(f"/audit/events/{listed[0]['event_id']}", role="auditor", lang="en")
    assert "All of it agrees" in page.text


async def test_the_ledger_is_for_whoever_may_look_there(jakarta):
    event_id = (await jakarta.get("/audit/events.json", role="auditor")).json()["items"][0]["event_id"]
    for path in ("/audit/events", f"/audit/events/{event_id}"):
        assert (await jakarta.get(path)).status_code == 401
        assert (await jakarta.get(path, role="viewer")).status_code == 200
    assert 'href="/audit/events"' not in (await jakarta.get("/")).text
    for path in (
        "/partnerships/beijing.json",
        "/activities.json",
        "/search.json",
        "/partnerships/beijing/why.json",
    ):
        assert '"author":"jakarta' not in (await jakarta.get(path)).text, path


async def test_an_embassy_sees_its_own_partnerships_on_every_page(jakarta):
    """The embassy looks after one partnership only; what is kept of all others must not show."""
    await jakarta.get("/", on="2020-12-31")
    for path in ("/", "/index.json", "/activities.json", "/audit/events.json"):
        answer = await jakarta.get(path, role="embassy", on="2020-12-31")
        assert answer.status_code == 200
        assert "Beijing" in answer.text or path == "/audit/events.json"
        assert "Seoul" not in answer.text, path
    assert (await jakarta.get("/partnerships/seoul", role="embassy")).status_code == 404


async def test_a_partnership_that_is_not_in_force_shows_what_it_did(jakarta):
    await jakarta.post("partnership.registered", {**BEIJING, "partnership": "gone", "name": {"id": "Kota Lama"}})
    await jakarta.post(
        "activity.recorded", a_letter(partnership="gone", title={"id": "Surat terakhir"}, occurred="2015")
    )
    await jakarta.post("partnership.ended", {"partnership": "gone", "ended_on": "2016-01-01", "reason": "Selesai"})

    page = (await jakarta.get("/partnerships/gone")).text

    assert "tidak berlaku pada tanggal" in page
    assert "Surat terakhir" in page
    assert (await jakarta.get("/partnerships/gone/why")).status_code == 404
    assert "6 dari 10" not in page


async def test_answers_are_compressed(jakarta):
    answer = await jakarta.get("/", on="2020-12-31")

    assert answer.headers["Content-Encoding"] == "gzip"
    assert answer.num_bytes_downloaded < 25_000
