"""Issued reports over HTTP: fixed once, made again to the byte, and what a correction lets read otherwise."""

import asyncio
import hashlib
import json
import os
import random
import re
from uuid import uuid4

import pytest

from cli.rebuild import PROJECTIONS
from services.access import store as access
from services.access.decide import Membership, TokenPlanned
from services.reports.render.formats import Format
from shared.domain.access import Role
from shared.ledger.ledger import Ledger
from shared.postgres.pool import open_pool
from shared.projection.rebuild import open_rebuild
from tests.support.engines import PRESENT, fresh_database, open_ledger, running_nats
from tests.support.installation import running_installation
from tests.support.issued import STUDY, ask, id_of, issue, jakarta_on

WITHOUT = ("coverage", "known", "position", "question", "stands", "sections", "subtitle")
"""What of a report's JSON says up to when it knows, or says the rest in words."""
NAMES = dict.fromkeys(("kind", "to", "partnership", "rubric", "lang", "compare_known")) | {"from": "from_"}
CHANGES = 8 if os.environ.get("FAULTS") == "long" else 2


@pytest.fixture(scope="module")
async def engine():
    """A nats-server with a ledger, for all tests here."""
    with running_nats() as server:
        async with open_ledger(server):
            yield server


@pytest.fixture(scope="module")
async def jakarta(engine, postgres, tmp_path_factory):
    """One installation with Jakarta's facts, which the tests here add to one after the other."""
    async with (
        fresh_database(postgres) as dsn,
        jakarta_on(engine, dsn, tmp_path_factory.mktemp("issued")) as running,
    ):
        yield running


@pytest.fixture(scope="module")
async def tables(jakarta):
    """The tables of reports, as nobody should touch them."""
    pool = await open_pool(jakarta.settings, "reports")
    yield pool
    await pool.close()


async def known_now(installation):
    """The moment of the last event that is in the tables."""
    period = {"from_": "2017-01-01", "to": "2020-12-31"}
    made = await ask(installation, "GET", "/reports/v1/reports/ratings.json", **period)
    return made.headers["Kembar-Known"]


async def bytes_of(installation, issued, role="issuer"):
    return (await ask(installation, "GET", f"/reports/v1/issued/{id_of(issued)}/bytes", role=role)).content


async def end_of_the_ledger(installation):
    ledger = await Ledger.connect(installation.settings.nats_url, "ingest", installation.settings.secrets_folder)
    try:
        return await ledger.end()
    finally:
        await ledger.close()


# Issuing.


async def test_a_report_is_issued_once_and_its_event_says_who_issued_what(jakarta):
    known = await known_now(jakarta)
    first = await issue(jakarta, known=known)
    end = await end_of_the_ledger(jakarta)
    again = await issue(jakarta, status=200, known=known)

    stands = (await ask(jakarta, "GET", f"/reports/v1/issued/{id_of(first)}", role="auditor")).json()
    raw = await bytes_of(jakarta, first, role="auditor")
    assert again == first
    assert await end_of_the_ledger(jakarta) == end
    assert f"sha256:{hashlib.sha256(raw).hexdigest()}" == stands["hash"] == first["hash"]
    assert (stands["author"], stands["question"]["from"]) == ("jakarta/issuer", "2017-01-01")
    assert stands["made_at"] == stands["question"]["position"] < stands["position"]
    assert stands["versions"]["kembar"]


async def test_what_is_issued_is_what_anybody_who_sees_all_is_answered(jakarta):
    known = await known_now(jakarta)
    issued = await issue(jakarta, known=known, format="csv", lang="en")

    period = {"from_": "2017-01-01", "to": "2020-12-31", "known": known, "lang": "en"}
    answered = await ask(jakarta, "GET", "/reports/v1/reports/ratings.csv", role="viewer", **period)
    assert answered.headers["Kembar-Hash"] == issued["hash"]
    assert answered.content == await bytes_of(jakarta, issued)


async def test_two_who_issue_the_same_at_once_issue_it_once(jakarta):
    known = await known_now(jakarta)
    body = {**STUDY, "known": known, "lang": "en", "from": "2018-01-01"}

    answers = await asyncio.gather(*(ask(jakarta, "POST", "/reports/v1/issued", None, body=body) for _ in range(4)))

    assert sorted(each.status_code for each in answers) == [200, 200, 200, 201]
    assert len({each.json()["receipt"]["position"] for each in answers}) == 1


async def test_the_list_comes_in_pages_the_latest_first(jakarta):
    for year in ("2011", "2012", "2013"):
        await issue(jakarta, **{"from": f"{year}-01-01", "to": f"{year}-12-31"})
    whole = (await ask(jakarta, "GET", "/reports/v1/issued", role="viewer")).json()

    page = (await ask(jakarta, "GET", "/reports/v1/issued", role="viewer", limit="2")).json()
    found = list(page["items"])
    while page["next"]:
        asked = {"limit": "2", "cursor": page["next"]}
        page = (await ask(jakarta, "GET", "/reports/v1/issued", role="viewer", **asked)).json()
        found += page["items"]

    assert found == whole["items"]
    assert len(whole["items"]) >= 3
    assert [each["position"] for each in found] == sorted((each["position"] for each in found), reverse=True)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"from": "2020-12-31", "to": "2017-01-01"}, "to"),
        ({"known": "2199-01-01"}, "known"),
        ({"format": "doc"}, "format"),
        ({"kind": "gossip"}, "kind"),
        ({"table": "ratings"}, "table"),
        ({"hash": "sha256:0"}, "hash"),
    ],
)
async def test_what_cannot_be_issued_is_refused_by_field_and_nothing_is_stored(jakarta, tables, changes, field):
    end, kept = await end_of_the_ledger(jakarta), await tables.fetchval("SELECT count(*) FROM report_bytes")

    answer = await ask(jakarta, "POST", "/reports/v1/issued", 422, body={**STUDY, **changes})

    assert field in answer.json()["errors"][0]["field"]
    assert answer.json()["remedy"]
    assert await end_of_the_ledger(jakarta) == end
    assert await tables.fetchval("SELECT count(*) FROM report_bytes") == kept


# Rights.


async def test_only_an_issuer_issues(jakarta):
    for role in ("bureau", "embassy", "viewer", "auditor", "administrator"):
        refused = await ask(jakarta, "POST", "/reports/v1/issued", 403, role=role, body=STUDY)
        assert "issue report" in refused.json()["title"]
    await ask(jakarta, "POST", "/reports/v1/issued", 401, role=None, body=STUDY)


async def test_whoever_is_signed_in_issues_in_their_own_name_and_from_our_own_pages_only(jakarta):
    pool = await open_pool(jakarta.settings, access.SCHEMA)
    async with access.transaction(pool) as connection:
        account = await access.make_person(connection, "jakarta", "Sri", "id", PRESENT)
        membership = Membership("jakarta", Role.ISSUER)
        await access.write_membership(connection, account, membership)
        secret = await access.make_session(connection, account, membership, PRESENT, "127.0.0.1", "test")
    await pool.close()
    end, answers = await end_of_the_ledger(jakarta), []
    for site in ("cross-site", "same-origin"):
        headers = {"Cookie": f"kembar={secret}", "Sec-Fetch-Site": site}
        answers.append(await jakarta.http.post("/reports/v1/issued", json={**STUDY, "lang": "en"}, headers=headers))

    assert [each.status_code for each in answers] == [403, 201]
    receipt = answers[1].json()["receipt"]
    jakarta.last_position = receipt["position"]
    assert receipt["position"] == end + 1
    issued = await ask(jakarta, "GET", f"/reports/v1/issued/{receipt['event_id']}")
    assert issued.json()["author"] == account


@pytest.mark.parametrize(("scopes", "status"), [(("issue", "post"), 201), (("issue",), 403), (("read", "post"), 403)])
async def test_a_token_issues_with_the_scopes_to_issue_and_to_post(jakarta, scopes, status):
    """The second is ingest's to ask for: what it refuses is not issued."""
    pool, end = await open_pool(jakarta.settings, access.SCHEMA), await end_of_the_ledger(jakarta)
    name = f"jakarta/{'-'.join(scopes)}"
    async with access.transaction(pool) as connection:
        membership = Membership("jakarta", Role.ISSUER)
        await access.make_program(connection, name, "jakarta", PRESENT)
        await access.write_membership(connection, name, membership)
        planned = TokenPlanned(name, membership, scopes, "terbit", PRESENT.replace(year=2027), program=True)
        _, token = await access.make_token(connection, planned, "test", PRESENT)
    await pool.close()

    headers = {"Authorization": f"Bearer {token}"}
    answer = await jakarta.http.post("/reports/v1/issued", json={**STUDY, "to": "2020-11-30"}, headers=headers)

    assert answer.status_code == status, answer.text
    assert await end_of_the_ledger(jakarta) == end + (status == 201)
    if status == 403:
        assert "scopes do not name" in answer.json()["title"]


async def test_an_embassy_sees_the_issued_reports_of_its_own_partnerships_only(jakarta):
    of_all, own = await issue(jakarta), await issue(jakarta, partnership="beijing")
    foreign = await issue(jakarta, partnership="paris")

    seen = (await ask(jakarta, "GET", "/reports/v1/issued", role="embassy")).json()["items"]

    assert {each["partnership"] for each in seen} == {"beijing"}
    assert id_of(own) in {each["event_id"] for each in seen}
    for hidden in (of_all, foreign):
        for path in ("", "/bytes"):
            await ask(jakarta, "GET", f"/reports/v1/issued/{id_of(hidden)}{path}", 404, role="embassy")
        await ask(jakarta, "POST", f"/reports/v1/issued/{id_of(hidden)}/again", 404, role="embassy")
    again = await ask(jakarta, "POST", f"/reports/v1/issued/{id_of(own)}/again", role="embassy")
    assert again.json()["same"]
    assert await bytes_of(jakarta, own, role="embassy")


async def test_the_public_is_shown_no_issued_report(jakarta):
    """It may name what was taken back since, and who issued it."""
    issued = await issue(jakarta)

    for path in ("issued", f"issued/{id_of(issued)}", f"issued/{id_of(issued)}/bytes"):
        await ask(jakarta, "GET", f"/reports/v1/{path}", 401, role=None)


# The same bytes again.


async def test_bytes_that_are_lost_are_made_again_and_are_the_same(jakarta, tables):
    issued = await issue(jakarta, format="csv")
    before = await bytes_of(jakarta, issued)
    await jakarta.post("activity.recorded", a_letter("paris", "2020-12-30"))
    await tables.execute("DELETE FROM report_bytes")

    assert await bytes_of(jakarta, issued) == before
    assert await tables.fetchval("SELECT bytes FROM report_bytes WHERE hash = $1", issued["hash"]) == before


async def test_bytes_that_were_changed_on_the_disk_are_not_handed_out(jakarta, tables):
    issued = await issue(jakarta, lang="en")
    before = await bytes_of(jakarta, issued)
    await tables.execute("UPDATE report_bytes SET bytes = '\\x00' WHERE hash = $1", issued["hash"])

    assert await bytes_of(jakarta, issued) == before


async def test_made_again_it_is_the_same_whatever_was_posted_since(jakarta):
    issued = await issue(jakarta)
    await jakarta.post("activity.recorded", a_letter("kyiv", "2020-11-11"))

    answer = (await ask(jakarta, "POST", f"/reports/v1/issued/{id_of(issued)}/again")).json()

    assert (answer["same"], answer["says_the_same"], answer["differences"]) == (True, True, [])
    assert answer["versions_differ"] == []


async def test_what_another_program_issued_is_told_with_where_it_differs(jakarta, tables):
    """An issuer posts what it says another program made of the same question: its bytes are in nobody's hands."""
    issued = await issue(jakarta, lang="en", partnership="hanoi")
    content = json.loads(await bytes_of(jakarta, issued))
    content["title"] = "Another title"
    raw = json.dumps(content).encode()
    other = f"sha256:{hashlib.sha256(raw).hexdigest()}"
    versions = {**issued["versions"], "kembar": "0.0.9"}
    data = {"kind": "ratings", "question": issued["question"], "position": issued["made_at"], "versions": versions}
    posted = (await jakarta.post("report.issued", {**data, "hash": other, "content": other}, role="issuer")).json()
    path = f"/reports/v1/issued/{posted['event_id']}"

    lost = await ask(jakarta, "GET", f"{path}/bytes", 409)
    without = (await ask(jakarta, "POST", f"{path}/again")).json()
    await tables.execute("INSERT INTO report_bytes (hash, bytes, kept_at) VALUES ($1, $2, now())", other, raw)
    found = (await ask(jakarta, "POST", f"{path}/again")).json()

    assert lost.json()["type"] == "/problems/bytes-lost"
    assert (without["same"], without["says_the_same"], without["differences"]) == (False, False, None)
    assert found["versions_differ"] == ["kembar"]
    assert [(each["at"], each["then"]) for each in found["differences"]] == [("/title", "Another title")]


@pytest.mark.parametrize("question", [{}, {"kind": "ratings", "from": 7}, {"partnership": ["x"], "format": {}}])
async def test_an_event_that_holds_no_question_is_listed_and_cannot_be_made(jakarta, question):
    data = {"kind": "ratings", "question": question, "position": 3, "hash": f"sha256:{'0' * 64}", "versions": {}}
    posted = (await jakarta.post("report.issued", data, role="issuer")).json()
    path = f"/reports/v1/issued/{posted['event_id']}"

    assert (await ask(jakarta, "GET", path)).json()["question"] == question
    for method, asked in (("GET", f"{path}/bytes"), ("POST", f"{path}/again")):
        assert (await ask(jakarta, method, asked, 422)).json()["type"] == "/problems/no-question"


async def test_a_rebuild_makes_the_same_list_and_keeps_the_bytes(jakarta, tables):
    issued = await issue(jakarta)
    before = (await ask(jakarta, "GET", "/reports/v1/issued")).json()
    kept = await tables.fetch("SELECT hash, bytes FROM report_bytes ORDER BY hash")
    settings = jakarta.settings
    ledger = await Ledger.connect(settings.nats_url, "archive", settings.secrets_folder)
    try:
        async with open_rebuild(PROJECTIONS["reports"], ledger, settings) as building:
            await building.build(await building.target(), lambda _: None)
            compared = {each.table: each for each in await building.compare()}
            await building.swap()
    finally:
        await ledger.close()

    assert compared["issued"].rows == compared["issued"].rebuilt_rows > 0
    assert {name: each.first for name, each in compared.items() if each.differences} == {}
    assert compared.keys().isdisjoint({"report_bytes", "job"})
    await tables.expire_connections()
    assert (await ask(jakarta, "GET", "/reports/v1/issued")).json() == before
    assert await tables.fetch("SELECT hash, bytes FROM report_bytes ORDER BY hash") == kept
    assert await bytes_of(jakarta, issued)


async def test_on_an_empty_machine_the_ledger_alone_gives_the_same_bytes(jakarta, engine, postgres, tmp_path):
    """As after a restore: another database, empty, and nothing kept."""
    asked = [{"format": each.value} for each in Format if each is not Format.XML]
    asked += [{"kind": "aid", "format": "xml"}, {"kind": "history", "format": "pdf", "partnership": "paris"}]
    issued = [await issue(jakarta, **each) for each in asked]
    before = [await bytes_of(jakarta, each) for each in issued]

    async with fresh_database(postgres) as dsn, running_installation(engine, dsn, tmp_path) as other:
        other.last_position = jakarta.last_position
        assert [await bytes_of(other, each) for each in issued] == before


async def test_nothing_is_issued_while_ingest_is_away_and_the_same_request_completes_it(
    jakarta, tables, engine, tmp_path
):
    known, end = await known_now(jakarta), await end_of_the_ledger(jakarta)
    asked = {**STUDY, "known": known, "from": "1999-01-01"}
    dsn = jakarta.settings.postgres_dsn
    away = {"postgres_dsn": dsn, "project": False, "ingest_url": "http://127.0.0.1:9"}
    async with running_installation(engine, dsn.get_secret_value(), tmp_path, **away) as other:
        other.last_position = jakarta.last_position
        refused = await ask(other, "POST", "/reports/v1/issued", 503, body=asked)

    assert refused.json()["type"] == "/problems/unreachable"
    assert await end_of_the_ledger(jakarta) == end
    assert (await issue(jakarta, known=known, **{"from": "1999-01-01"}))["receipt"]["position"] == end + 1


# What a correction changes.


def a_letter(partnership, occurred, **changes):
    letter = {
        "partnership": partnership,
        "indicator": "contact",
        "occurred": occurred,
        "direction": "outbound",
        "outcome": "held",
        "title": {"id": f"Surat {uuid4()}"},
    }
    return letter | changes


def stripped(value):
    """A report's JSON without what says up to when it knows."""
    if isinstance(value, dict):
        return {name: stripped(each) for name, each in value.items() if name not in WITHOUT}
    return [stripped(each) for each in value] if isinstance(value, list) else value


async def as_known(installation, question, moment):
    asked = {NAMES[name] or name: said for name, said in question.items() if name != "kind"}
    path = f"/reports/v1/reports/{question['kind']}.json"
    answer = await ask(installation, "GET", path, None, known=moment, **asked)
    return stripped(answer.json())


async def expected(installation, before, after, issued_before):
    """Ask for every issued report as known right before and right after; the same questions once."""
    everything = (await ask(installation, "GET", "/reports/v1/issued", limit="200")).json()["items"]
    differs: dict[str, bool] = {}
    found = set()
    for each in everything:
        if each["position"] < issued_before and {"kind", "from", "to", "known"} <= each["question"].keys():
            question = {name: said for name, said in each["question"].items() if name in NAMES}
            asked = json.dumps(question, sort_keys=True)
            if asked not in differs:
                then, now = [await as_known(installation, question, moment) for moment in (before, after)]
                differs[asked] = then != now
            found |= {each["event_id"]} if differs[asked] else set()
    return found


async def touched_by(installation, event_id, role="issuer"):
    answer = await ask(installation, "GET", "/reports/v1/issued/touched-by", role=role, correction=event_id)
    return answer.json()


async def test_a_correction_touches_exactly_the_issued_reports_that_read_otherwise(jakarta):
    """The oracle asks for every issued report as known before and after, whatever it is about."""
    chance = random.Random(7)
    for partnership in ("paris", "kyiv", "beijing"):
        await issue(jakarta, partnership=partnership)
        await issue(jakarta, partnership=partnership, format="csv", lang="en", **{"from": "2019-01-01"})
        await issue(jakarta, partnership=partnership, kind="history", format="docx", **{"from": "1960-01-01"})
    for kind in ("recommendation", "diagnosis", "results", "aid"):
        await issue(jakarta, kind=kind, format="csv")
    await issue(jakarta, kind="changes", compare_known="2026-11-20")
    activities = (await ask(jakarta, "GET", "/reports/v1/activities", limit="500")).json()["items"]
    sizes = []
    for _ in range(CHANGES):
        activity = chance.choice(activities)
        activities.remove(activity)
        change = chance.choice(
            [{"occurred": "1990"}, {"title": {"id": f"Lain {uuid4()}"}}, {"outcome": "declined"}, None]
        )
        kind = "activity.corrected" if change else "activity.retracted"
        data = {"activity": activity["id"], "reason": "Keliru"} | ({"changes": change} if change else {})
        before = await known_now(jakarta)
        tried = (await ask(jakarta, "POST", "/reports/v1/issued/touched", body={"type": kind, "data": data})).json()
        receipt = (await jakarta.post(kind, data)).json()
        assert "event_id" in receipt, receipt

        found = await touched_by(jakarta, receipt["event_id"])

        ids = {each["event_id"] for each in found["items"]}
        assert ids == await expected(jakarta, before, receipt["recorded_at"], receipt["position"])
        assert ids == {each["event_id"] for each in tried["items"]}
        assert all(each["differences"] for each in found["items"])
        assert all(each["partnership"] in (None, activity["partnership"]) for each in found["items"])
        sizes.append(len(ids))
    assert max(sizes) > 0


async def test_to_ask_what_a_correction_would_change_stores_nothing(jakarta, tables):
    activity = (await ask(jakarta, "GET", "/reports/v1/activities", partnership="beijing")).json()["items"][0]
    held = "SELECT (SELECT count(*) FROM event), (SELECT count(*) FROM activity_version)"
    end, before = await end_of_the_ledger(jakarta), await tables.fetchrow(held)
    data = {"activity": activity["id"], "reason": "Keliru"}

    await ask(jakarta, "POST", "/reports/v1/issued/touched", body={"type": "activity.retracted", "data": data})

    assert await end_of_the_ledger(jakarta) == end
    assert await tables.fetchrow(held) == before


async def test_an_embassy_is_told_of_its_own_reports_and_of_its_own_corrections_only(jakarta):
    own = (await jakarta.post("activity.recorded", a_letter("beijing", "2020-01-05"))).json()
    foreign = (await jakarta.post("activity.recorded", a_letter("paris", "2020-01-05"))).json()
    issued = await issue(jakarta, partnership="beijing")
    await issue(jakarta)
    corrections = [
        (await jakarta.post("activity.retracted", {"activity": each["event_id"], "reason": "Keliru"})).json()
        for each in (own, foreign)
    ]

    found = await touched_by(jakarta, corrections[0]["event_id"], role="embassy")

    assert id_of(issued) in {each["event_id"] for each in found["items"]}
    assert {each["partnership"] for each in found["items"]} == {"beijing"}
    path = "/reports/v1/issued/touched-by"
    await ask(jakarta, "GET", path, 404, role="embassy", correction=corrections[1]["event_id"])
    tried = {"type": "activity.retracted", "data": {"activity": foreign["event_id"], "reason": "Keliru"}}
    refused = await ask(jakarta, "POST", "/reports/v1/issued/touched", 422, role="embassy", body=tried)
    assert refused.json()["type"] == "/problems/unknown-activity"


@pytest.mark.parametrize(
    ("data", "field"),
    [
        ({"activity": "x", "changes": {"place": "Paris"}, "reason": "Keliru"}, "data.activity"),
        ({"changes": {"occurred": "later"}, "reason": "Keliru"}, "data.changes.occurred"),
        ({"changes": {"colour": "red"}, "reason": "Keliru"}, "data.changes.colour"),
        ({"changes": {"partnership": "paris"}, "reason": "Keliru"}, "data.changes.partnership"),
    ],
)
async def test_a_change_that_cannot_be_made_is_refused_by_field(jakarta, data, field):
    activity = (await ask(jakarta, "GET", "/reports/v1/activities", partnership="beijing")).json()["items"][0]
    body = {"type": "activity.corrected", "data": {"activity": activity["id"], **data}}

    answer = await ask(jakarta, "POST", "/reports/v1/issued/touched", 422, body=body)

    assert answer.json()["errors"][0]["field"] == field


# The pages.


async def test_a_report_is_issued_from_its_page_in_the_form_that_was_chosen(jakarta):
    page = (await ask(jakarta, "GET", "/reports/aid", from_="2017-01-01", to="2020-12-31", lang="en")).text
    assert "Issue this report" in page
    assert (
        "Issue this report"
        not in (
            await ask(jakarta, "GET", "/reports/aid", role="bureau", from_="2017-01-01", to="2020-12-31", lang="en")
        ).text
    )
    form = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', page.partition("/issue")[2]))
    headers = {"Authorization": f"Bearer {jakarta.tokens['issuer']}", "Sec-Fetch-Site": "same-origin"}
    sent = {**form, "format": "csv", "lang": "en"}
    answer = await jakarta.http.post("/reports/aid/issue", data=sent, headers=headers)
    assert answer.status_code == 303, answer.text
    shown = await jakarta.http.get(answer.headers["Location"], headers=headers)

    assert shown.status_code == 200
    issued = (await ask(jakarta, "GET", "/reports/v1/issued")).json()["items"][0]
    assert issued["hash"] in shown.text
    assert (issued["kind"], issued["format"], issued["question"]["known"]) == ("aid", "csv", form["known"])
    refused = await jakarta.http.post(
        "/reports/aid/issue", data=sent, headers={**headers, "Authorization": f"Bearer {jakarta.tokens['bureau']}"}
    )
    assert refused.status_code == 403


async def test_the_pages_list_what_was_issued_and_make_it_again(jakarta):
    issued = await issue(jakarta, partnership="hanoi")
    page = f"/reports/issued/{id_of(issued)}"

    listed = (await ask(jakarta, "GET", "/reports/issued", role="viewer")).text
    one = (await ask(jakarta, "GET", page, role="viewer", lang="en")).text
    again = (await ask(jakarta, "POST", f"{page}/again", role="viewer", lang="en")).text
    missing = await ask(jakarta, "GET", f"/reports/issued/{uuid4()}", 404, role="viewer")

    assert page in listed
    assert "Laporan yang diterbitkan" in listed
    assert issued["hash"] in one
    assert "The same: every byte is as it was issued." in again
    assert "<html" in missing.text
    assert (
        (await ask(jakarta, "GET", "/reports/issued", 401, role=None)).headers["content-type"].startswith("text/html")
    )
