"""Tokens of programs, people of a home, and the audit trail, over HTTP."""

import re
from datetime import timedelta

import pytest

from shared.domain.access import Role
from tests.support.engines import TOKENS

ADMINISTRATOR = TOKENS["administrator"]


async def a_token(access, **wanted):
    answer = await access.send(
        "POST", "/access/v1/tokens", ADMINISTRATOR, {"label": "x", "program": "loader", "role": "bureau", **wanted}
    )
    assert answer.status_code == 201, answer.text
    return answer.json()


async def status(access, token, path="/access/v1/me"):
    return (await access.send("GET", path, token)).status_code


async def test_a_token_is_shown_once_and_kept_as_a_hash(access):
    browser = await access.signed_in("sri")

    made = (await browser.send("POST", "/access/v1/tokens", {"label": "Laptop", "scopes": ["read"], "days": 30})).json()

    me = (await access.send("GET", "/access/v1/me", made["token"])).json()
    assert (me["account"], me["role"], me["scopes"], me["session"]) == (
        await browser.account(),
        "bureau",
        ["read"],
        None,
    )
    listed = (await browser.http.get("/access/v1/tokens")).json()["items"]
    assert [(each["id"], each["label"]) for each in listed] == [(made["id"], "Laptop")]
    assert made["token"] not in str(listed)


async def test_a_list_says_when_a_token_was_last_used(access):
    made = await a_token(access)
    assert await status(access, made["token"]) == 200

    await access.directory.note_use()

    items = (await access.send("GET", "/access/v1/tokens", ADMINISTRATOR)).json()["items"]
    (used_at,) = [each["used_at"] for each in items if each["id"] == made["id"]]
    assert used_at.startswith("2026-11-21T03:00")


async def test_a_revoked_token_is_refused_at_the_very_next_request(access):
    for _ in range(20):
        made = await a_token(access)
        assert await status(access, made["token"]) == 200

        assert (await access.send("DELETE", f"/access/v1/tokens/{made['id']}", ADMINISTRATOR)).status_code == 204

        assert await status(access, made["token"]) == 401
    assert (await access.audit())[-1] == ("token-refused", "revoked")


async def test_without_the_generation_a_revoked_token_would_live_on(access):
    """The same where revoking moves no generation on: so it is the generation that makes what is remembered right."""
    made = await a_token(access)
    assert await status(access, made["token"]) == 200
    await access.as_owner("ALTER TABLE access.token DISABLE TRIGGER moves_generation_on")
    try:
        await access.send("DELETE", f"/access/v1/tokens/{made['id']}", ADMINISTRATOR)
        assert await status(access, made["token"]) == 200
    finally:
        await access.as_owner("ALTER TABLE access.token ENABLE TRIGGER moves_generation_on")


async def test_an_expired_token_is_refused(access):
    made = await a_token(access, days=1)
    access.clock.moment += timedelta(days=1) - timedelta(seconds=1)
    assert await status(access, made["token"]) == 200

    access.clock.moment += timedelta(seconds=1)

    assert await status(access, made["token"]) == 401
    assert (await access.audit())[-1] == ("token-refused", "expired")


@pytest.mark.parametrize(
    "shown", ["Bearer x", "Bearer kembar_" + "A" * 32, "Bearer Ä", "Bearer a b", "Basic YTpi", "Bearer " + "x" * 10_000]
)
async def test_a_token_that_nobody_made_is_refused_and_the_trail_keeps_it(access, shown):
    answer = await access.send_raw("GET", "/access/v1/me", shown.encode("latin-1"))

    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    assert await access.audit() == [("token-refused", "unknown")]


async def test_of_a_disabled_account_every_token_and_session_is_refused_at_once(access):
    browser = await access.signed_in("sri")
    account = await browser.account()
    made = (await browser.send("POST", "/access/v1/tokens", {"label": "x"})).json()["token"]
    assert await status(access, made) == 200

    assert (await access.send("POST", f"/access/v1/people/{account}/disable", ADMINISTRATOR)).status_code == 204

    assert await status(access, made) == 401
    assert await browser.account() is None
    assert (await access.browser().sign_in("sri")).status_code == 401
    assert (await access.send("POST", f"/access/v1/people/{account}/enable", ADMINISTRATOR)).status_code == 204
    assert (await access.browser().sign_in("sri")).status_code == 303
    assert await browser.account() is None


async def test_a_role_that_is_taken_away_takes_its_tokens_along(access):
    made = await a_token(access)

    taken = await access.send("DELETE", "/access/v1/people/jakarta/loader/roles/bureau", ADMINISTRATOR)

    assert taken.status_code == 204
    assert await status(access, made["token"]) == 401
    assert (await access.audit())[-1] == ("token-refused", "no-membership")


@pytest.mark.parametrize(
    ("wanted", "field"),
    [
        ({"label": " "}, "label"),
        ({"label": "x", "days": 0}, "days"),
        ({"label": "x", "days": 400}, "days"),
        ({"label": "x", "scopes": []}, "scopes"),
        ({"label": "x", "scopes": ["everything"]}, "scopes"),
        ({"label": "x", "program": "Not A Slug", "role": "viewer"}, "program"),
        ({"label": "x", "program": "p", "role": "emperor"}, "role"),
        ({"label": "x", "program": "p", "role": "public"}, "role"),
        ({"label": "x", "program": "p", "role": "viewer", "partnerships": ["beijing"]}, "partnerships"),
        ({"label": "x", "program": "p", "role": "embassy", "partnerships": ["Beijing!"]}, "partnerships"),
        ({"label": "x", "more": 1}, "more"),
    ],
)
async def test_a_token_that_makes_no_sense_is_refused_by_field(access, wanted, field):
    answer = await access.send("POST", "/access/v1/tokens", ADMINISTRATOR, wanted)

    assert answer.status_code == 422, answer.text
    assert [each["field"] for each in answer.json()["errors"]] == [field]


async def test_a_token_cannot_make_more_than_it_is(access):
    bureau = TOKENS["bureau"]
    narrow = (await a_token(access, role="administrator", program="narrow", scopes=["read", "administer"]))["token"]
    attempts = [
        (bureau, {"label": "x"}),
        (bureau, {"label": "x", "program": "p", "role": "administrator"}),
        (narrow, {"label": "x", "scopes": ["post"]}),
    ]

    answers = [await access.send("POST", "/access/v1/tokens", token, wanted) for token, wanted in attempts]

    assert [each.status_code for each in answers] == [403, 403, 422]
    inherited = (await access.send("POST", "/access/v1/tokens", narrow, {"label": "x"})).json()["token"]
    assert (await access.send("GET", "/access/v1/me", inherited)).json()["scopes"] == ["administer", "read"]


async def test_an_administrators_token_without_the_scope_administers_nothing(access):
    reading = (await a_token(access, role="administrator", program="reading", scopes=["read"]))["token"]

    assert await status(access, reading, "/access/v1/people") == 403
    assert (
        await access.send("POST", "/access/v1/people", reading, {"shown_name": "x", "role": "viewer"})
    ).status_code == 403


@pytest.mark.parametrize("role", [role for role in TOKENS if role != "administrator"])
async def test_only_an_administrator_looks_after_people(access, role):
    token = TOKENS[role]
    account = await access.person("sri")
    tried = [
        ("GET", "/access/v1/people", None),
        ("POST", "/access/v1/people", {"shown_name": "x", "role": "viewer"}),
        ("POST", f"/access/v1/people/{account}/link", None),
        ("POST", f"/access/v1/people/{account}/disable", None),
        ("PUT", f"/access/v1/people/{account}/roles/administrator", {}),
        ("DELETE", f"/access/v1/people/{account}/roles/bureau", None),
    ]

    answers = [(await access.send(method, path, token, body)).status_code for method, path, body in tried]

    assert answers == [403] * len(tried)
    assert await status(access, token, "/access/v1/audit") == (200 if role == "auditor" else 403)


async def test_another_homes_administrator_cannot_take_an_account_over(access):
    """Or whoever administers one home could set the password of somebody who is something in another."""
    account = await access.person("sri")
    stranger = await access.signed_in("budi", Role.ADMINISTRATOR, home="surabaya")
    assert (await stranger.send("PUT", f"/access/v1/people/{account}/roles/viewer", {})).status_code == 204

    tried = [await stranger.send("POST", f"/access/v1/people/{account}/{what}") for what in ("link", "disable")]

    assert [each.status_code for each in tried] == [404, 404]
    assert (await access.browser().sign_in("sri")).status_code == 303
    others = (await stranger.http.get("/access/v1/audit")).json()["items"]
    assert {each["home"] for each in others} <= {"surabaya", None}


async def test_a_person_who_was_invited_comes_in_by_the_link_as_what_they_are(access):
    wanted = {"shown_name": "Konsul di Osaka", "role": "embassy", "partnerships": ["tokyo"]}
    invited = (await access.send("POST", "/access/v1/people", ADMINISTRATOR, wanted)).json()
    key = invited["link"].partition("key=")[2]

    browser = access.browser()
    await browser.post("/sign-in/link", key=key, name="kjri.osaka", password="sakura di bulan empat")

    me = (await browser.http.get("/access/v1/me")).json()
    assert (me["account"], me["role"], me["partnerships"]) == (invited["account"], "embassy", ["tokyo"])
    assert "osaka" not in invited["account"]


async def test_an_administrator_cannot_lock_themselves_out(access):
    browser = await access.signed_in("sri", Role.ADMINISTRATOR)
    account = await browser.account()

    tried = [
        await browser.send("POST", f"/access/v1/people/{account}/disable"),
        await browser.send("DELETE", f"/access/v1/people/{account}/roles/administrator"),
    ]

    assert [each.status_code for each in tried] == [422, 422]


async def test_the_audit_trail_comes_in_pages_the_latest_first(access):
    for _ in range(6):
        await a_token(access)

    first = (await access.send("GET", "/access/v1/audit?limit=3", TOKENS["auditor"])).json()
    second = (await access.send("GET", f"/access/v1/audit?limit=3&cursor={first['next']}", TOKENS["auditor"])).json()

    numbers = [each["number"] for each in [*first["items"], *second["items"]]]
    assert numbers == sorted(numbers, reverse=True)
    assert len(set(numbers)) == 6
    assert (first["items"][0]["kind"], first["items"][0]["account"]) == ("token-made", "jakarta/administrator")


async def test_a_session_among_many_can_be_ended_by_its_person_and_by_nobody_else(access):
    first, other = await access.signed_in("sri"), await access.signed_in("budi")
    sessions = (await first.http.get("/access/v1/sessions")).json()["items"]
    assert [each["is_this_one"] for each in sessions] == [True]

    assert (await other.send("DELETE", f"/access/v1/sessions/{sessions[0]['id']}")).status_code == 404
    assert (await first.send("DELETE", f"/access/v1/sessions/{sessions[0]['id']}")).status_code == 204

    assert await first.account() is None


async def test_the_pages_do_what_the_routes_do(access):
    browser = await access.signed_in("sri", Role.ADMINISTRATOR)
    assert "sri" in (await browser.get("/administration/people")).text

    made = await browser.post("/account/tokens", label="Laptop", days="30", scopes=["read", "post"])
    invited = await browser.post("/administration/people", shown_name="<b>Budi</b>", role="viewer", language="id")
    program = await browser.post("/administration/programs", label="Muat", days="9", program="muat", role="bureau")

    assert made.headers["cache-control"] == "no-store"
    token = re.search(r"<pre[^>]*>([^<]+)</pre>", made.text)[1]
    assert (await access.send("GET", "/access/v1/me", token)).json()["scopes"] == ["post", "read"]
    assert "/sign-in/link?key=" in invited.text
    assert "&lt;b&gt;Budi&lt;/b&gt;" in invited.text
    assert "kembar_" in program.text
    page = (await browser.get("/account")).text
    assert token not in page
    assert (await browser.post("/account/tokens/revoke", token=made_id(page))).status_code == 303
    assert await status(access, token) == 401
    trail = (await browser.get("/administration/audit", lang="en")).text
    assert all(each in trail for each in ("token made", "person invited", "token revoked"))


def made_id(page):
    return page.partition('name="token" value="')[2].partition('"')[0]


async def test_the_routes_are_described(access):
    document = (await access.browser().get("/access/v1/openapi.json")).json()

    assert document["openapi"].startswith("3.1")
    assert {"/access/v1/tokens", "/access/v1/audit", "/access/v1/people"} <= document["paths"].keys()
    assert not any(path.startswith(("/sign-in", "/account")) for path in document["paths"])


@pytest.mark.parametrize("path", ["/account", "/administration/people", "/administration/audit", "/sign-out"])
async def test_whoever_is_not_signed_in_is_sent_to_do_so_and_comes_back(access, path):
    answer = await access.browser().get(path)

    assert answer.status_code == 303
    assert answer.headers["location"] == f"/sign-in?next={path.replace('/', '%2F')}"


async def test_a_page_that_is_not_for_everybody_says_so(access):
    browser = await access.signed_in("sri", Role.VIEWER)

    for path in ("/administration/people", "/administration/audit"):
        answer = await browser.get(path)
        assert answer.status_code == 403
        assert "<h1>" in answer.text
