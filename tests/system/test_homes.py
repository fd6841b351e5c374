"""Several homes in one installation: each has its own days, and sees nothing of the others."""

import asyncio
import re
from datetime import UTC, datetime
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest

from tests.support.build import rubric_data
from tests.support.homes import MINISTRY, PARTNERSHIPS, ZONES, an_activity_of, mark
from tests.support.installation import PRESENT
from tests.support.tables import a_csv, a_row

SHOWN_AT = [
    "/",
    "/partnerships/hanoi",
    "/scoring/v1/ratings",
    "/scoring/v1/ratings/hanoi",
    "/reports/v1/ratings",
    "/reports/v1/activities",
    "/ingest/v1/homes",
    "/ingest/v1/imports",
    "/ingest/v1/mappings",
    "/ingest/v1/status",
    "/scoring/v1/status",
    "/reports/v1/status",
]


@pytest.mark.parametrize("home", ZONES)
async def test_nothing_of_one_home_is_seen_from_another(three_homes, home):
    own = f"Name-{mark(home, 'hanoi')}"
    for path in SHOWN_AT:
        for role in ("bureau", "auditor", "viewer"):
            answer = await three_homes.ask(path, role, home)
            assert [other for other in ZONES if other != home and f"Mark-{other}" in answer.text] == [], path
    assert own in (await three_homes.ask("/scoring/v1/ratings", "viewer", home)).text
    activities = (await three_homes.ask("/reports/v1/activities", "viewer", home)).json()["items"]
    assert {each["title"]["id"] for each in activities} >= {mark(home, slug) for slug in PARTNERSHIPS}
    assert {each["author"].split("/")[0] for each in activities} == {home}


@pytest.mark.parametrize("path", [path for path in SHOWN_AT if "status" not in path])
@pytest.mark.parametrize("role", ["bureau", "issuer", "embassy", "viewer", "auditor", "administrator"])
async def test_only_a_ministry_names_another_home(three_homes, role, path):
    for home in ("auckland", "all", "nowhere"):
        answer = await three_homes.ask(path, role, home_=home)

        expected = {403, 422} if home == "all" else {403}
        assert answer.status_code in expected, answer.text
        assert "Mark-" not in answer.text


async def test_a_ministry_reads_across(three_homes):
    for home in ZONES:
        for path in ("/scoring/v1/ratings", "/reports/v1/ratings", "/reports/v1/activities", "/"):
            shown = (await three_homes.ask(path, "ministry", MINISTRY, home_=home)).text
            assert [each for each in ZONES if f"Mark-{each}" in shown] == [home], path
    across = (await three_homes.ask("/scoring/v1/ratings", "ministry", MINISTRY, home_="all")).json()["items"]
    assert [(each["home"], each["partnership"]) for each in across] == [
        (home, slug) for home in sorted(ZONES) for slug in sorted(PARTNERSHIPS)
    ]
    homes = (await three_homes.ask("/ingest/v1/homes", "ministry", MINISTRY, home_="all")).json()["items"]
    assert {each["home"]: each["time_zone"] for each in homes} == ZONES


async def test_what_one_home_posts_changes_nothing_of_another(three_homes):
    event_id, here, there = str(uuid4()), "jakarta", "auckland"
    before = (await three_homes.ask("/reports/v1/ratings", "viewer", there)).json()["items"]
    only_here = {"partnership": "only-here", "name": {"id": "Di sini"}, "level": "city", "country": "JP"}
    assert (await three_homes.post("partnership.registered", only_here, "bureau", here)).status_code == 201
    posted = await three_homes.post("activity.recorded", an_activity_of(here, "hanoi"), "bureau", here, id=event_id)
    activity = posted.json()["event_id"]
    judgement = {"partnership": "hanoi", "rating": "tidak_aktif", "reason": "Sepi", "valid_from": "2020-01-01"}
    ruling = (await three_homes.post("rating.set", judgement, "bureau", here)).json()["event_id"]
    adopted = {"rubric": rubric_data(id="of-jakarta", window_months=1), "valid_from": "2020-01-01"}
    assert (await three_homes.post("rubric.adopted", adopted, "bureau", here)).status_code == 201

    refused = [
        await three_homes.post("activity.recorded", an_activity_of(there, "only-here"), "bureau", there),
        await three_homes.post(
            "activity.recorded", an_activity_of(there, "hanoi", caused_by=activity), "bureau", there
        ),
        await three_homes.post("activity.retracted", {"activity": activity, "reason": "Salah"}, "bureau", there),
        await three_homes.post(
            "rating.lifted", {"partnership": "hanoi", "judgement": ruling, "reason": "x"}, "bureau", there
        ),
    ]
    assert [each.json()["type"].removeprefix("/problems/unknown-") for each in refused] == [
        "partnership",
        "caused-by",
        "activity",
        "judgement",
    ]
    assert (await three_homes.ask("/reports/v1/ratings", "viewer", there)).json()["items"] == before
    assert (await three_homes.ask("/reports/v1/ratings", "viewer", there, rubric="of-jakarta")).status_code == 422
    own = {"rubric": rubric_data(id="of-jakarta", window_months=2), "valid_from": "2020-01-01"}
    assert (await three_homes.post("rubric.adopted", own, "bureau", "los-angeles")).status_code == 201
    same_id = an_activity_of(there, "hanoi", outcome="planned", occurred="2030")
    assert (await three_homes.post("activity.recorded", same_id, "bureau", there, id=event_id)).status_code == 201
    here_now = (await three_homes.ask("/scoring/v1/ratings/hanoi", "viewer", here)).json()
    assert (here_now["official"]["rating"], here_now["rubric"]["id"]) == ("tidak_aktif", "of-jakarta")


async def test_an_import_and_a_mapping_belong_to_one_home(three_homes):
    async def hand_in(home):
        raw = a_csv(a_row(Kota="hanoi", Judul=mark(home, "hanoi"), Tanggal="1999"))
        asked = {"format": "csv", "name": "same-name"}
        answer = await three_homes.ask("/ingest/v1/imports", "bureau", home, method="POST", raw=raw, **asked)
        assert answer.status_code == 202, answer.text
        return f"/ingest/v1/imports/{answer.json()['import']}"

    async def done(path, home):
        async with asyncio.timeout(100):
            while (work := (await three_homes.ask(path, "bureau", home)).json())["state"] != "completed":
                assert work["state"] in ("checking", "loading", "completing"), work
                await asyncio.sleep(0.05)
        three_homes.installation.last_position = max(three_homes.installation.last_position, work["position"])

    paths = {home: await hand_in(home) for home in ("auckland", "los-angeles")}
    for home, path in paths.items():
        await done(path, home)
    for home, other in (("auckland", "los-angeles"), ("los-angeles", "auckland")):
        for method, path in (("GET", ""), ("POST", "/load"), ("DELETE", "")):
            assert (await three_homes.ask(paths[other] + path, "bureau", home, method=method)).status_code == 404
        listed = (await three_homes.ask("/ingest/v1/imports", "bureau", home)).json()["items"]
        assert [each["author"] for each in listed] == [f"{home}/bureau"]

    reversal = {"batch": "same-name", "reason": "Berkas lama"}
    assert (await three_homes.post("import.reversed", reversal, "bureau", "auckland")).status_code == 201
    for home, left in (("auckland", 0), ("los-angeles", 1)):
        items = (await three_homes.ask("/reports/v1/activities", "viewer", home, limit="500")).json()["items"]
        assert sum(each.get("batch") == "same-name" for each in items) == left

    for home, meaning in (("auckland", "title.id"), ("los-angeles", "title.en")):
        body = {"columns": {"Apa": meaning}}
        await three_homes.ask("/ingest/v1/mappings/ours", "bureau", home, method="PUT", body=body)
    for home, meaning in (("auckland", "title.id"), ("los-angeles", "title.en")):
        kept = await three_homes.ask("/ingest/v1/mappings/ours", "bureau", home)
        assert kept.json()["columns"] == {"Apa": meaning}
    assert (await three_homes.ask("/ingest/v1/mappings", "bureau", "jakarta")).json()["items"] == []
    assert (await three_homes.ask("/ingest/v1/mappings/ours", "bureau", "jakarta")).status_code == 404


async def test_a_ministry_is_told_of_a_home_that_is_not_there(three_homes):
    answer = await three_homes.ask("/reports/v1/ratings", "ministry", MINISTRY, home_="nowhere")

    assert (answer.status_code, answer.json()["type"]) == (404, "/problems/unknown-home")


async def test_a_ministry_posts_nowhere(three_homes):
    activity = an_activity_of("auckland", "hanoi")
    assert (await three_homes.post("activity.recorded", activity, "ministry", MINISTRY)).status_code == 403
    body = {"type": "activity.recorded", "data": activity}
    answer = await three_homes.ask(
        "/ingest/v1/events", "ministry", MINISTRY, method="POST", body=body, home_="auckland"
    )
    assert answer.status_code == 403


async def test_each_home_has_its_own_today(three_homes):
    for home, zone in ZONES.items():
        today = PRESENT.astimezone(ZoneInfo(zone)).date().isoformat()
        assert (await three_homes.ask("/scoring/v1/ratings/hanoi", "viewer", home)).json()["on"] == today
        assert (await three_homes.ask("/reports/v1/ratings", "viewer", home)).json()["on"] == today


async def test_an_event_is_recorded_on_the_day_of_its_home(three_homes):
    """What happened at some time this year counts from the day on which it was posted, wherever the home is."""
    for home, zone in ZONES.items():
        items = (await three_homes.ask("/reports/v1/activities", "viewer", home)).json()["items"]
        this_year = [each for each in items if each["occurred"] == "2026"]
        assert this_year
        for each in this_year:
            recorded_on = datetime.fromisoformat(each["recorded_at"]).astimezone(ZoneInfo(zone)).date()
            assert each["effective"] == recorded_on.isoformat()


async def test_what_lies_in_the_future_is_judged_by_the_days_of_the_home(three_homes):
    """At three in the morning of the 21st in Greenwich it is still the 20th in Los Angeles."""
    answers = {
        home: await three_homes.post(
            "activity.recorded", an_activity_of(home, "hanoi", occurred="2026-11-21"), "bureau", home
        )
        for home in ZONES
    }

    assert {home: each.status_code for home, each in answers.items()} == {
        "jakarta": 201,
        "auckland": 201,
        "los-angeles": 422,
    }


@pytest.mark.parametrize("home", ["%00", "Jakarta", "a" * 61, "jakarta/x"])
@pytest.mark.parametrize("path", ["/ingest/v1/events", "/reports/v1/ratings"])
async def test_what_is_no_name_of_a_home_is_said_to_be_none(three_homes, path, home):
    answer = await three_homes.ask(f"{path}?home={home}", "bureau", method="POST" if "events" in path else "GET")

    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "home")


async def test_a_day_known_ends_when_it_ends_in_the_home(three_homes):
    asked = {
        home: (await three_homes.ask("/reports/v1/ratings", "viewer", home, known="2026-11-20")).json()
        for home in ZONES
    }

    assert {home: answer["known"] for home, answer in asked.items()} == {
        "jakarta": "2026-11-20T16:59:59.999999Z",
        "auckland": "2026-11-20T10:59:59.999999Z",
        "los-angeles": "2026-11-21T07:59:59.999999Z",
    }


async def test_each_home_closes_its_days_when_they_are_over_there(three_homes):
    async def days() -> dict[str, str]:
        rows = [(await three_homes.ask("/scoring/v1/ratings/hanoi", "viewer", home)).json() for home in ZONES]
        return {home: row["on"] for home, row in zip(ZONES, rows, strict=True)}

    before = await days()
    try:
        await three_homes.installation.close_days_at(
            datetime(2026, 11, 21, 8, 30, tzinfo=UTC)
        )  # Los Angeles: half past midnight
        los_angeles = await days()
        await three_homes.installation.close_days_at(
            datetime(2026, 11, 21, 11, 30, tzinfo=UTC)
        )  # Auckland: half past midnight
        auckland = await days()
    finally:
        three_homes.installation.clock.moment = PRESENT

    assert before == {"jakarta": "2026-11-21", "auckland": "2026-11-21", "los-angeles": "2026-11-20"}
    assert los_angeles == {**before, "los-angeles": "2026-11-21"}
    assert auckland == {**los_angeles, "auckland": "2026-11-22"}


async def test_a_home_is_opened_once_and_its_time_zone_stays(three_homes):
    async def opened(**data):
        body = {"home": "auckland", "data": {"name": {"en": "auckland"}, "time_zone": "Pacific/Auckland", **data}}
        return await three_homes.ask("/ingest/v1/homes", "administrator", method="POST", body=body)

    assert (await opened()).status_code == 200
    other = await opened(time_zone="Asia/Tokyo")
    assert (other.status_code, other.json()["type"]) == (409, "/problems/opened-otherwise")
    changed = {"changes": {"time_zone": "Asia/Tokyo"}, "reason": "Moved"}
    assert (await three_homes.post("home.changed", changed, "bureau", "auckland")).status_code == 422


async def test_a_home_changes_what_it_says_of_itself(three_homes):
    changed = {"changes": {"letterhead": ["Auckland Council", "Queen Street"]}, "reason": "A new house"}
    assert (await three_homes.post("home.changed", changed, "bureau", "auckland")).status_code == 201

    (home,) = (await three_homes.ask("/ingest/v1/homes", "viewer", "auckland")).json()["items"]
    assert home["letterhead"] == ["Auckland Council", "Queen Street"]
    again = await three_homes.post("home.changed", {**changed, "reason": "Again"}, "bureau", "auckland")
    assert (again.status_code, again.json()["errors"][0]["field"]) == (422, "data.changes")


async def test_pages_say_whose_they_are_and_begin_in_its_language(three_homes):
    changed = {"changes": {"language": "en", "letterhead": ["City of Los Angeles"]}, "reason": "As spoken there"}
    assert (await three_homes.post("home.changed", changed, "bureau", "los-angeles")).status_code == 201

    there = (await three_homes.ask("/", "viewer", "los-angeles")).text
    across = (await three_homes.ask("/", "ministry", MINISTRY, home_="los-angeles")).text
    here = (await three_homes.ask("/", "viewer", "jakarta")).text

    assert '<html lang="en">' in there
    assert '<html lang="id">' in here
    assert "City of Los Angeles" in there
    assert "City of Los Angeles" not in here
    links = re.findall(r'href="(/[^"]*)"', across)
    assert [each for each in links if "home=los-angeles" not in each and "/static/" not in each] == []
    assert '<input type="hidden" name="home" value="los-angeles">' in across


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"home": "all", "data": {"name": {"en": "All"}, "time_zone": "Asia/Tokyo"}}, "home"),
        ({"home": "Tokyo!", "data": {"name": {"en": "Tokyo"}, "time_zone": "Asia/Tokyo"}}, "home"),
        ({"home": "tokyo", "data": {"name": {"en": "Tokyo"}, "time_zone": "Asia/Atlantis"}}, "data.time_zone"),
        ({"home": "tokyo", "data": {"name": {"en": "Tokyo"}, "time_zone": "localtime"}}, "data.time_zone"),
        ({"home": "tokyo", "data": {"name": {"en": "Tokyo"}}}, "data.time_zone"),
        ({"home": "tokyo"}, "body"),
        ([], "body"),
    ],
)
async def test_a_home_that_cannot_be_opened_says_why(three_homes, body, field):
    answer = await three_homes.ask("/ingest/v1/homes", "administrator", method="POST", body=body)

    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, field)


@pytest.mark.parametrize(
    ("role", "home"), [("bureau", "jakarta"), ("ministry", MINISTRY), ("administrator", "auckland")]
)
async def test_only_an_administrator_of_the_installation_opens_homes(three_homes, role, home):
    body = {"home": "tokyo", "data": {"name": {"en": "Tokyo"}, "time_zone": "Asia/Tokyo"}}

    assert (await three_homes.ask("/ingest/v1/homes", role, home, method="POST", body=body)).status_code == 403
