"""Signing in by name and password, sessions and their end, on real tables and over HTTP."""

import asyncio
import json
import logging
from datetime import timedelta

import pytest

from services.access import store
from services.access.decide import Membership
from services.access.store import queries
from shared.domain.access import Role
from shared.domain.credentials import (
    ATTEMPTS_BY_NAME,
    ATTEMPTS_BY_NAME_AND_ADDRESS,
    ATTEMPTS_WITHIN,
    SESSION_IDLE,
    SESSION_LASTS,
)
from tests.support.access import PASSWORD, running_access

SAME = "of-the-same-length"
NOT_OF_THE_PROGRAM = ("httpcore", "httpx", "asyncio", "uvicorn.access")
"""The test's own client; and the log of requests, which the program turns off: tests/system/test_people.py looks."""


async def test_whoever_knows_the_password_is_in_and_the_cookie_is_for_the_browser_alone(access):
    account = await access.person("sri")
    browser = access.browser()

    answer = await browser.sign_in("  SRI ", next="/partnerships/beijing")

    assert (answer.status_code, answer.headers["location"]) == (303, "/partnerships/beijing")
    cookie = answer.headers["set-cookie"].lower()
    assert cookie.startswith("kembar=")
    assert all(each in cookie for each in ("httponly", "samesite=lax", "path=/", "max-age=43200"))
    assert "domain" not in cookie
    assert await browser.account() == account


async def test_with_tls_the_cookie_is_bound_to_this_host(database):
    async with running_access(database, public_url="https://kembar.example.org") as access:
        await access.person("sri")
        answer = await access.browser().sign_in("sri")

    cookie = answer.headers["set-cookie"]
    assert cookie.startswith("__Host-kembar=")
    assert "Secure" in cookie
    assert "domain" not in cookie.lower()


@pytest.mark.parametrize(
    "next", ["https://evil.example", "//evil.example", "/\\evil.example", "javascript:alert(1)", ""]
)
async def test_after_signing_in_nobody_is_sent_to_another_site(access, next):
    await access.person("sri")

    assert (await access.browser().sign_in("sri", next=next)).headers["location"] == "/"


async def test_known_and_unknown_people_cost_the_same_work_and_hear_the_same(access):
    await access.person("sri")
    await access.person("closed")
    async with store.transaction(access.pool) as connection:
        await connection.execute("UPDATE account SET disabled_at = made_at WHERE sign_in_name = 'closed'")
        await store.make_person(connection, "jakarta", "no-password-yet", "id", access.clock())
        await connection.execute("UPDATE account SET sign_in_name = shown_name WHERE password_hash IS NULL")
    name_of_the_figure = "kembar_password_verifications_total"
    said, work = set(), []

    for name, password in (
        ("sri", SAME),
        ("nobody", SAME),
        ("closed", PASSWORD),
        ("closed", SAME),
        ("no-password-yet", SAME),
        ("", SAME),
    ):
        before = await access.metric(name_of_the_figure)
        answer = await access.browser().sign_in(name, password)
        work.append(await access.metric(name_of_the_figure) - before)
        said.add((answer.status_code, answer.text, answer.headers.get("set-cookie")))

    assert len(said) == 1
    assert work == [1.0] * 6


async def test_the_audit_trail_keeps_why_each_sign_in_was_refused_and_no_name_that_was_typed(access):
    account = await access.person("sri")
    await access.browser().sign_in("sri", "wrong-password")
    await access.browser().sign_in("my-password-in-the-wrong-field", "x")
    await access.browser().sign_in("sri")

    items = await access.entries()

    assert [(each["kind"], each["what"].get("reason"), each["account"]) for each in items] == [
        ("sign-in-refused", "wrong-password", account),
        ("sign-in-refused", "unknown", None),
        ("sign-in", None, account),
    ]
    assert {each["address"] for each in items} == {"127.0.0.1"}
    assert "wrong-field" not in json.dumps(items)


async def test_attempts_are_limited_by_name_and_address_and_the_right_password_is_refused_too(access):
    await access.person("sri")
    await access.person("budi")
    for _ in range(ATTEMPTS_BY_NAME_AND_ADDRESS - 1):
        await store.begin_attempt(access.pool, "sri", "127.0.0.1", access.clock())
    assert (await access.browser().sign_in("sri", "guess")).status_code == 401

    refused = await access.browser().sign_in("sri")

    assert refused.status_code == 429
    assert (await access.audit())[-1] == ("sign-in-refused", "too-many")
    assert (await access.browser().sign_in("budi")).status_code == 303
    access.clock.moment += ATTEMPTS_WITHIN
    assert (await access.browser().sign_in("sri")).status_code == 303


async def test_many_guesses_at_once_are_all_counted(access):
    await access.person("sri")

    answers = await asyncio.gather(*(access.browser().sign_in("sri", "guess") for _ in range(20)))

    assert {each.status_code for each in answers} <= {401, 429}
    assert sum(each.status_code == 401 for each in answers) <= ATTEMPTS_BY_NAME_AND_ADDRESS


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/sign-in"),
        ("POST", "/sign-in"),
        ("GET", "/sign-in/link?key=x"),
        ("POST", "/sign-in/link"),
        ("GET", "/account"),
    ],
)
async def test_an_address_is_held_to_its_rate_where_anybody_may_ask(database, method, path):
    once = 0.001  # more often than that, and a slow machine's requests would find the next one to take
    async with running_access(database, open_requests_per_second=once) as access:
        browser = access.browser()

        answers = [
            await browser.http.request(method, path, headers={"Sec-Fetch-Site": "same-origin"}) for _ in range(4)
        ]

    assert [each.status_code == 429 for each in answers] == [False, True, True, True]


async def test_guesses_from_many_addresses_are_limited_by_the_name(access):
    await access.person("sri")
    now = access.clock()
    for number in range(ATTEMPTS_BY_NAME):
        await store.begin_attempt(access.pool, "sri", f"192.0.2.{number}", now)

    assert (await access.browser().sign_in("sri")).status_code == 429


async def test_without_a_count_of_attempts_guessing_goes_on(access):
    """The same attempts where the tables forget them: so it is the count that refuses."""
    await access.person("sri")
    for _ in range(ATTEMPTS_BY_NAME_AND_ADDRESS):
        await store.begin_attempt(access.pool, "sri", "127.0.0.1", access.clock())
    await access.pool.execute("DELETE FROM attempt")

    assert (await access.browser().sign_in("sri")).status_code == 303


async def test_a_session_that_was_signed_out_is_dead_even_for_a_thief(access):
    browser, thief = await access.signed_in("sri"), access.browser()
    thief.http.cookies.update(browser.http.cookies)
    assert await thief.account() is not None

    assert (await browser.post("/sign-out")).status_code == 303

    assert await thief.account() is None
    assert (await thief.get("/account")).headers["location"] == "/sign-in?next=%2Faccount"


async def test_signing_out_everywhere_ends_every_session_of_the_account_and_no_other(access):
    first, other = await access.signed_in("sri"), await access.signed_in("budi")
    second = access.browser()
    await second.sign_in("sri")

    await second.post("/sign-out", everywhere="yes")

    assert [await each.account() for each in (first, second)] == [None, None]
    assert await other.account() is not None


async def test_signing_in_again_ends_the_session_that_the_browser_had(access):
    browser, thief = await access.signed_in("sri"), access.browser()
    thief.http.cookies.update(browser.http.cookies)

    await browser.sign_in("sri")

    assert await browser.account() is not None
    assert await thief.account() is None


async def test_a_secret_that_was_planted_before_signing_in_is_worth_nothing_afterwards(access):
    await access.person("sri")
    browser, thief = access.browser(), access.browser()
    for each in (browser, thief):
        each.http.cookies.set("kembar", "planted", domain="127.0.0.1")

    await browser.sign_in("sri")

    assert await thief.account() is None


async def test_a_session_ends_by_itself_after_a_working_day_and_earlier_where_nobody_uses_it(access):
    browser = await access.signed_in("sri")
    begun = access.clock.moment
    for _ in range(8):
        access.clock.moment += SESSION_IDLE - timedelta(minutes=20)
        used = await browser.account() is not None
        assert used == (access.clock.moment - begun < SESSION_LASTS)
    assert not used

    browser = access.browser()
    await browser.sign_in("sri")
    access.clock.moment += SESSION_IDLE
    assert await browser.account() is None


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "none"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {},
    ],
    ids=str,
)
@pytest.mark.parametrize(
    ("method", "path"), [("POST", "/sign-in"), ("POST", "/sign-out"), ("DELETE", "/access/v1/sessions")]
)
async def test_what_another_site_may_have_caused_is_refused(access, headers, method, path):
    browser = await access.signed_in("sri")

    answer = await browser.http.request(method, path, data={"name": "sri", "password": PASSWORD}, headers=headers)

    assert answer.status_code == 403
    assert await browser.account() is not None


async def test_an_older_browser_is_believed_by_its_origin(access):
    browser = await access.signed_in("sri")

    answer = await browser.http.post("/sign-out", headers={"Origin": access.url})

    assert answer.status_code == 303
    assert await browser.account() is None


async def test_passwords_are_taken_on_the_own_address_or_with_tls_only(database):
    async with running_access(database, host="0.0.0.0") as access:
        page = await access.browser().get("/sign-in")
        assert 'type="password"' not in page.text
        assert (await access.browser().sign_in("sri")).status_code == 403
        assert (await access.browser().get("/sign-in/link", key="x")).status_code == 403


async def test_the_first_administrator_comes_by_a_link_that_is_good_once(access):
    link = await access.first_link("jakarta")
    browser, second = access.browser(), access.browser()
    page = (await browser.get("/sign-in/link", key=link)).text
    assert page.count(f"key={link}") == 2  # the same page in either language, and no other, keeps the secret

    answer = await browser.post("/sign-in/link", key=link, name="Sri", password=PASSWORD)

    assert answer.status_code == 303
    assert (await browser.http.get("/access/v1/me")).json()["role"] == "administrator"
    assert (await second.post("/sign-in/link", key=link, name="budi", password=PASSWORD)).status_code == 410
    assert await access.first_link("jakarta") is None


async def test_of_two_who_use_a_link_at_once_one_is_in(access):
    link = await access.first_link("jakarta")

    answers = await asyncio.gather(
        *(access.browser().post("/sign-in/link", key=link, name=f"name-{n}", password=PASSWORD) for n in range(4))
    )

    assert sorted(each.status_code for each in answers) == [303, 410, 410, 410]


async def test_a_newer_link_replaces_the_older_and_an_old_one_expires(access):
    links = [await access.first_link("jakarta") for _ in range(2)]
    assert [(await access.browser().get("/sign-in/link", key=each)).status_code for each in links] == [410, 200]

    access.clock.moment += timedelta(days=3)
    assert (await access.browser().get("/sign-in/link", key=links[1])).status_code == 410


@pytest.mark.parametrize(
    ("name", "password"),
    [("sri", "short"), ("sri", "x" * 12), ("srirahayu", "srirahayu2026"), ("sri", "kembar kembar 1"), ("s", PASSWORD)],
)
async def test_what_is_easily_guessed_is_refused_and_the_link_stays_good(access, name, password):
    link = await access.first_link("jakarta")

    refused = await access.browser().post("/sign-in/link", key=link, name=name, password=password)

    assert refused.status_code == 422
    assert password not in refused.text
    assert (await access.browser().get("/sign-in/link", key=link)).status_code == 200


async def test_a_name_that_somebody_has_is_refused_and_nothing_is_half_done(access):
    await access.person("sri")
    link = await access.first_link("jakarta")

    answer = await access.browser().post("/sign-in/link", key=link, name="sri", password=PASSWORD)

    assert answer.status_code == 422
    assert (await access.browser().get("/sign-in/link", key=link)).status_code == 200


async def test_a_new_password_ends_the_sessions_of_the_old_one(access):
    account = await access.person("sri")
    browser = access.browser()
    await browser.sign_in("sri")
    async with store.transaction(access.pool) as connection:
        link = await store.make_link(connection, account, "test", access.clock())

    await access.browser().post("/sign-in/link", key=link, password="empat kapal ke tokyo")

    assert await browser.account() is None
    assert (await access.browser().sign_in("sri")).status_code == 401


async def test_a_person_of_two_homes_acts_for_one_at_a_time(access):
    account = await access.person("sri")
    async with store.transaction(access.pool) as connection:
        await store.write_membership(connection, account, Membership("surabaya", Role.VIEWER))
    browser = access.browser()
    await browser.sign_in("sri")

    answers = [
        await browser.send("PUT", "/access/v1/sessions/current", {"home": "surabaya", "role": role})
        for role in ("administrator", "viewer")
    ]

    assert [each.status_code for each in answers] == [403, 204]
    me = (await browser.http.get("/access/v1/me")).json()
    assert (me["home"], me["role"], len(me["memberships"])) == ("surabaya", "viewer", 2)


async def test_a_membership_that_was_taken_away_ends_what_came_in_by_it(access):
    account = await access.person("sri")
    browser = access.browser()
    await browser.sign_in("sri")
    assert await browser.account() == account

    await queries.drop_membership(access.pool, account=account, home="jakarta", role="bureau")

    assert await browser.account() is None
    assert (await access.browser().sign_in("sri")).status_code == 401


async def test_no_secret_stands_in_a_log_or_in_the_tables(access, database, caplog):
    caplog.set_level(logging.DEBUG)
    browser = await access.signed_in("sri")
    link = await access.first_link("jakarta")
    await browser.get("/sign-in/link", key=link)
    made = (await browser.send("POST", "/access/v1/tokens", {"label": "x"})).json()["token"]
    await access.send("GET", "/access/v1/me", made)
    await access.send("GET", "/access/v1/me", "kembar_guessed-token-of-nobody")
    await access.browser().sign_in("sri", "a-wrong-password-that-was-typed")
    secrets = [PASSWORD, "a-wrong-password-that-was-typed", link, made, "guessed-token", browser.http.cookies["kembar"]]

    tables = [
        row["tablename"]
        for row in await access.pool.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'access'")
    ]
    kept = "".join([str(await access.pool.fetch(f"SELECT * FROM {each}")) for each in tables])
    logged = "\n".join(
        record.getMessage() for record in caplog.records if not record.name.startswith(NOT_OF_THE_PROGRAM)
    )

    assert "sri" in kept
    assert [each for each in secrets if each in kept or each in logged] == []
