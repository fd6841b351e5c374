"""Who asks, in all services at once: one token, one session, and what is taken away from them."""

import json

import pytest

from services.access import store
from services.access.decide import Membership, TokenPlanned
from shared.domain.access import Role
from shared.postgres.pool import open_pool
from tests.support.access import running_access
from tests.support.engines import PRESENT
from tests.system.test_api import BEIJING

READS = ("/scoring/v1/ratings", "/reports/v1/ratings", "/ingest/v1/status", "/access/v1/me", "/")


@pytest.fixture
async def tables(installation):
    pool = await open_pool(installation.settings, store.SCHEMA)
    yield pool
    await pool.close()


async def made(tables, *, scopes=None, home="jakarta"):
    membership = Membership(home, Role.BUREAU_EDITOR)
    async with store.transaction(tables) as connection:
        await store.make_program(connection, f"{home}/muat", home, PRESENT)
        await store.write_membership(connection, f"{home}/muat", membership)
        until = PRESENT.replace(year=2027)
        planned = TokenPlanned(f"{home}/muat", membership, scopes, "muat", until, program=True)
        return await store.make_token(connection, planned, "test", PRESENT)


async def post(installation, headers):
    body = json.dumps({"type": "partnership.registered", "data": BEIJING})
    return await installation.http.post("/ingest/v1/events", content=body, headers=headers)


async def test_a_token_revoked_is_refused_by_every_service_at_the_very_next_request(installation, tables):
    token, shown = await made(tables)
    bearer = {"Authorization": f"Bearer {shown}"}
    assert [(await installation.http.get(path, headers=bearer)).status_code for path in READS] == [200] * len(READS)

    await store.queries.revoke_token(tables, token=token, account=None, home=None, at=PRESENT)

    assert [(await installation.http.get(path, headers=bearer)).status_code for path in READS] == [401] * len(READS)
    assert (await post(installation, bearer)).status_code == 401
    kinds = [row["kind"] for row in await tables.fetch("SELECT kind FROM audit")]
    assert kinds == ["token-refused"] * (len(READS) + 1)


@pytest.mark.parametrize(
    ("scopes", "reading", "posting"), [(("read",), 200, 403), (("post",), 403, 201), (("administer",), 403, 403)]
)
async def test_a_token_does_what_its_scopes_say_and_nothing_else(installation, tables, scopes, reading, posting):
    _, shown = await made(tables, scopes=scopes)
    bearer = {"Authorization": f"Bearer {shown}"}

    answers = [await installation.http.get("/reports/v1/ratings", headers=bearer), await post(installation, bearer)]

    assert [each.status_code for each in answers] == [reading, posting]
    for each in answers:
        if each.status_code == 403:
            assert each.json()["type"] == "/problems/forbidden"
            assert "scopes do not name" in each.json()["title"]
    kept = [row["kind"] for row in await tables.fetch("SELECT kind FROM audit")]
    assert kept == ["refused"] * [reading, posting].count(403)


async def test_a_session_posts_from_our_own_pages_only_and_dies_everywhere_at_once(installation, tables):
    async with store.transaction(tables) as connection:
        account = await store.make_person(connection, "jakarta", "Sri", "id", PRESENT)
        membership = Membership("jakarta", Role.BUREAU_EDITOR)
        await store.write_membership(connection, account, membership)
        secret = await store.make_session(connection, account, membership, PRESENT, "127.0.0.1", "test")
    cookie = {"Cookie": f"kembar={secret}"}

    refused = await post(installation, {**cookie, "Sec-Fetch-Site": "cross-site"})
    taken = await post(installation, {**cookie, "Sec-Fetch-Site": "same-origin"})
    assert (refused.status_code, taken.status_code) == (403, 201)
    assert refused.json()["type"] == "/problems/forged"

    await installation.http.post("/sign-out", headers={**cookie, "Sec-Fetch-Site": "same-origin"})

    assert (await post(installation, {**cookie, "Sec-Fetch-Site": "same-origin"})).status_code == 401
    assert (await installation.http.get("/reports/v1/ratings", headers=cookie)).status_code == 200  # reading is open


@pytest.mark.parametrize(("trusted", "address"), [([], "127.0.0.1"), (["127.0.0.1"], "192.0.2.7")])
async def test_what_a_proxy_says_is_believed_where_it_is_trusted_only(database, trusted, address):
    """Or whoever guesses passwords could be somebody else at each attempt."""
    async with running_access(database, trusted_proxies=trusted) as access:
        browser = access.browser()
        await browser.http.post(
            "/sign-in", data={"name": "x"}, headers={"Sec-Fetch-Site": "same-origin", "X-Forwarded-For": "192.0.2.7"}
        )

        assert [each["address"] for each in await access.pool.fetch("SELECT address FROM audit")] == [address]
