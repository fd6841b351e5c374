"""What programs fetch: Atom and iCalendar, read by libraries that did not write them, of one's own and of nothing else."""

from datetime import date

import feedparser
import pytest
from ical.calendar_stream import IcsCalendarStream

from services.scoring.store import SCHEMA
from shared.postgres.pool import open_pool
from tests.support.homes import MINISTRY, ZONES, an_activity_of, mark, token_of
from tests.support.listening import raise_alerts

ATOM, CALENDAR = "/feeds/jakarta/alerts.atom", "/feeds/jakarta/calendar.ics"
TAG = "tag:kembar,2026:jakarta/alerts/"


@pytest.fixture(scope="module")
async def tables(three_homes):
    pool = await open_pool(three_homes.installation.settings, SCHEMA)
    yield pool
    await pool.close()


def parsed(answer):
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].startswith("application/atom+xml")
    feed = feedparser.parse(answer.content)
    assert not feed.bozo, feed.bozo_exception
    return feed


def events_in(answer):
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].startswith("text/calendar")
    return {each.uid: each for each in IcsCalendarStream.calendar_from_ics(answer.text).events}


def links_of(feed):
    return {each.rel: each.href for each in feed.feed.links}


async def test_whoever_follows_the_archives_reads_every_alert(three_homes, tables):
    raised = await raise_alerts(three_homes, tables, ("jakarta", "beijing", 120), kind="rating_fell")
    path, asked = "/feeds/jakarta/partnerships/beijing.atom", {"kinds": "rating_fell", "lang": "en"}
    feed = parsed(await three_homes.ask(path, "viewer", **asked))
    found, archives = [each.id for each in feed.entries], 0

    while "prev-archive" in (links := links_of(feed)):
        assert links["next"] == links["prev-archive"]
        path = links["prev-archive"].removeprefix(three_homes.installation.settings.site)
        feed = parsed(await three_homes.ask(path, "viewer"))
        found += [each.id for each in feed.entries]
        archives += 1

    assert archives == 2
    assert links_of(feed)["current"].endswith("beijing.atom?kinds=rating_fell&lang=en")
    assert set(found) == {f"{TAG}{each}" for each in raised}


async def test_a_feed_is_sent_again_only_where_it_has_changed(three_homes, tables):
    first = await three_homes.ask(ATOM, "viewer")
    asked = {"Authorization": f"Bearer {token_of('viewer', 'jakarta')}", "If-None-Match": first.headers["etag"]}

    again = await three_homes.installation.http.get(ATOM, headers=asked)
    (alert,) = await raise_alerts(three_homes, tables, ("jakarta", "hanoi", 1))
    await three_homes.ask("/scoring/v1/status", "viewer")
    changed = await three_homes.installation.http.get(ATOM, headers=asked)

    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["cache-control"] == "private, no-cache"
    assert parsed(changed).entries[0].id == f"{TAG}{alert}"


@pytest.mark.parametrize(
    ("asked", "status", "kind"),
    [
        ("/feeds/jakarta/alerts.atom?archive=1000", 404, "unknown-archive"),
        ("/feeds/jakarta/alerts.atom?archive=0", 422, "invalid"),
        ("/feeds/jakarta/alerts.atom?kinds=asleep", 422, "invalid"),
        ("/feeds/jakarta/alerts.atom?lang=fr", 422, "invalid"),
        ("/feeds/jakarta/partnerships/nowhere.atom", 404, "unknown-partnership"),
        ("/feeds/jakarta/calendar.ics?partnership=nowhere", 404, "unknown-partnership"),
        ("/feeds/auckland/alerts.atom", 403, "forbidden"),
        ("/feeds/all/alerts.atom", 422, "invalid"),
        ("/feeds/No Home/alerts.atom", 422, "invalid"),
    ],
)
async def test_what_cannot_be_answered_is_a_problem(three_homes, asked, status, kind):
    answer = await three_homes.ask(asked, "viewer")

    assert (answer.status_code, answer.json()["type"]) == (status, f"/problems/{kind}")


@pytest.mark.parametrize("home", ZONES)
@pytest.mark.parametrize("role", ["viewer", "embassy", "public"])
async def test_no_feed_holds_anything_of_others(three_homes, tables, home, role):
    everything = [(each, slug, 1) for each in ZONES for slug in ("hanoi", "beijing")]
    await raise_alerts(three_homes, tables, *everything)
    for each in ZONES:
        for slug in ("hanoi", "beijing"):
            plan = an_activity_of(each, slug, outcome="planned", occurred="2027-05-22")
            assert (await three_homes.post("activity.recorded", plan, "bureau", each)).status_code == 201
    who = None if role == "public" else role

    seen = ""
    for path in ("alerts.atom", "partnerships/hanoi.atom", "partnerships/beijing.atom", "calendar.ics"):
        for of in ZONES:
            answer = await three_homes.ask(f"/feeds/{of}/{path}", who, home)
            assert answer.status_code in (200, 401, 403, 404)
            seen += answer.text.replace("\r\n ", "")

    may = {slug for slug in ("hanoi", "beijing") if role != "embassy" or slug == "hanoi"}
    own = "jakarta" if role == "public" else home
    for of in ZONES:
        for slug in ("hanoi", "beijing"):
            assert (mark(of, slug) in seen) == (of == own and slug in may), (of, slug)


async def test_a_ministry_reads_the_feeds_of_every_home(three_homes):
    for home in ZONES:
        answer = await three_homes.ask(f"/feeds/{home}/calendar.ics", "ministry", MINISTRY)
        assert mark(home, "hanoi") in answer.text.replace("\r\n ", "")


async def test_the_calendar_holds_what_was_posted(three_homes):
    document = {"indicator": "document", "occurred": "2026-01-10", "direction": "mutual", "valid_until": "2029-01-31"}
    signed = {"partnership": "hanoi", "milestone": "signing", "reached": "2025-05-01", "valid_until": "2028-05-01"}
    renewed = {**signed, "milestone": "renewal", "reached": "2026-05-01", "valid_until": "2031-05-01"}
    judged = {
        "partnership": "hanoi",
        "rating": "aktif",
        "reason": "Baru",
        "valid_from": "2026-01-01",
        "valid_until": "2027-12-31",
    }
    posted = {
        name: (await three_homes.post(kind, data, "bureau")).json()["event_id"]
        for name, kind, data in (
            ("document", "activity.recorded", an_activity_of("jakarta", "hanoi", **document)),
            ("plan", "activity.recorded", an_activity_of("jakarta", "hanoi", outcome="planned", occurred="2027-08")),
            ("signed", "milestone.reached", signed),
            ("renewed", "milestone.reached", renewed),
            ("judged", "rating.set", judged),
        )
    }

    events = events_in(await three_homes.ask(CALENDAR, "viewer", partnership="hanoi", lang="en"))

    assert events[f"expires.{posted['document']}@jakarta.kembar"].start == date(2029, 1, 31)
    assert events[f"expires.{posted['renewed']}@jakarta.kembar"].start == date(2031, 5, 1)
    assert f"expires.{posted['signed']}@jakarta.kembar" not in events
    assert events[f"planned.{posted['plan']}@jakarta.kembar"].start == date(2027, 8, 31)
    assert events["official.hanoi@jakarta.kembar"].start == date(2027, 12, 31)
    rating = (await three_homes.ask("/scoring/v1/ratings/hanoi", "viewer")).json()
    falls = [(each["on"], each["rating"]) for each in rating["foresight"]["falls"]]
    assert falls == [
        (each.start.isoformat(), uid.removeprefix("becomes-").partition(".")[0])
        for uid, each in sorted(events.items(), key=lambda found: found[1].start)
        if uid.startswith("becomes-")
    ]
    assert events["dormant.hanoi@jakarta.kembar"].start.isoformat() == rating["foresight"]["dormant_on"]
    assert {each.sequence for each in events.values()} == {rating["position"]}
    assert all(mark("jakarta", "beijing") not in each.summary for each in events.values())
    await three_homes.post(
        "rating.lifted", {"partnership": "hanoi", "judgement": posted["judged"], "reason": "Uji"}, "bureau"
    )
