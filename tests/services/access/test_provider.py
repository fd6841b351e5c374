"""Signing in through an identity provider: a real one, and everything that a forged answer may try."""

import asyncio
import base64
import contextlib
import hmac
import logging
import shutil
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from joserfc import jwk, jwt
from joserfc.jwk import ECKey, RSAKey

from services.access.provider import SECRET, Provider, ProviderAway, Visit
from services.access.store import queries
from shared.process.settings import Settings
from tests.support.access import running_access
from tests.support.engines import fresh_database, same_secrets
from tests.support.installation import SetClock
from tests.support.provider import CLIENT_SECRET, running_provider, unsigned

ANOTHERS = RSAKey.generate_key(2048, {"kid": "of-today"})
SMALL = ECKey.generate_key("P-256", {"kid": "mine"})


@pytest.fixture(scope="module")
async def provider():
    async with running_provider(SetClock()) as running:
        yield running


@pytest.fixture(scope="module")
async def office(postgres, provider, tmp_path_factory):
    """Access with an identity provider."""
    secrets = tmp_path_factory.mktemp("secrets")
    shutil.copytree(same_secrets(), secrets, dirs_exist_ok=True)
    (secrets / SECRET).write_text(CLIENT_SECRET)
    settings = {
        "secrets_folder": secrets,
        "oidc_issuer": provider.issuer,
        "oidc_roles": {"biro": "jakarta/bureau", "kbri": "jakarta/embassy/beijing+hanoi", "audit": "jakarta/auditor"},
    }
    async with fresh_database(postgres) as dsn, running_access(dsn, **settings) as running:
        yield running


@pytest.fixture
async def access(office, provider):
    await office.begin()
    provider.clock = office.clock
    provider.spoil, provider.person = None, {"sub": "248289761001", "name": "Sri Rahayu", "groups": ["biro"]}
    yield office
    await office.close_browsers()


async def go(browser, next="/"):
    """Go to the provider; return the address with which it sends the browser back."""
    away = await browser.get("/sign-in/provider", next=next)
    assert away.status_code == 303, away.text
    async with httpx.AsyncClient(trust_env=False) as http:
        return (await http.get(away.headers["location"])).headers["location"]


async def come_back(browser, address):
    return await browser.http.get(address, headers={"Sec-Fetch-Site": "cross-site"})


async def sign_in(access):
    browser = access.browser()
    return browser, await come_back(browser, await go(browser))


async def test_whoever_the_provider_knows_is_in_as_what_its_claims_say(access, provider):
    browser = access.browser()

    answer = await come_back(browser, await go(browser, next="/partnerships/beijing"))

    assert (answer.status_code, answer.headers["location"]) == (303, "/partnerships/beijing")
    me = (await browser.http.get("/access/v1/me")).json()
    assert (me["home"], me["role"], me["partnerships"]) == ("jakarta", "bureau", None)
    assert "sri" not in me["account"].lower()
    assert await access.audit() == [("sign-in", None)]


async def test_the_same_person_has_one_account_and_the_roles_of_today(access, provider):
    first, _ = await sign_in(access)
    account = await first.account()
    provider.person = {**provider.person, "groups": ["kbri", "unknown", 7]}

    second, _ = await sign_in(access)

    assert await second.account() == account
    me = (await second.http.get("/access/v1/me")).json()
    assert (me["role"], me["partnerships"]) == ("embassy", ["beijing", "hanoi"])
    assert await first.account() is None  # it came in as what the person is no more


async def test_a_role_that_was_given_here_stays_whatever_the_provider_says(access, provider):
    browser, _ = await sign_in(access)
    account = await browser.account()
    await queries.write_membership(
        access.pool, account=account, home="jakarta", role="issuer", partnerships=None, from_provider=False
    )
    provider.person = {**provider.person, "groups": []}

    again, answer = await sign_in(access)

    assert answer.status_code == 303
    assert (await again.http.get("/access/v1/me")).json()["role"] == "issuer"


@pytest.mark.parametrize("groups", [[], ["nobody-maps-this"], "biroo", None, {"biro": True}])
async def test_whoever_is_nothing_here_is_not_let_in_and_gets_no_account(access, provider, groups):
    provider.person = {"sub": "stranger", "groups": groups}

    browser, answer = await sign_in(access)

    assert answer.status_code == 401
    assert await browser.account() is None
    assert await access.pool.fetchval("SELECT count(*) FROM account WHERE subject = 'stranger'") == 0
    assert await access.audit() == [("sign-in-refused", "unknown")]


def changed(**changes):
    return lambda provider, header, claims: provider.sign({**claims, **changes})


def without(name):
    return lambda provider, header, claims: provider.sign({key: claims[key] for key in claims if key != name})


def with_header(key=None, **header):
    return lambda provider, given, claims: jwt.encode(
        {**given, **header}, claims, key or provider.key, algorithms=["RS256"]
    )


def own_key(**header):
    """A forger's token with the key that fits it in its header; a small one, which the header has room for."""
    brought = {"alg": "ES256", "jwk": SMALL.as_dict(private=False), **header}
    return lambda provider, given, claims: jwt.encode(brought, claims, SMALL, algorithms=["ES256"])


def without_signature(**header):
    return lambda provider, given, claims: unsigned(header, claims)


def signed_by_hand(**header):
    """A token that the provider's own key signs, with a header that no library would write."""

    def spoil(provider, given, claims):
        signed = unsigned({**given, **header}, claims).rstrip(".")
        signature = provider.key.private_key.sign(signed.encode(), padding.PKCS1v15(), hashes.SHA256())
        return f"{signed}.{base64.urlsafe_b64encode(signature).decode().rstrip('=')}"

    return spoil


def public_key_as_secret(provider, header, claims):
    """The classic confusion: the provider's public key taken for a shared secret."""
    secret = provider.key.as_pem(private=False)
    signed = unsigned({**header, "alg": "HS256"}, claims).rstrip(".")
    digest = hmac.digest(secret, signed.encode(), "sha256")
    return f"{signed}.{base64.urlsafe_b64encode(digest).decode().rstrip('=')}"


def signature_of_another_token(provider, header, claims):
    signed = provider.sign(claims)
    return unsigned(header, {**claims, "sub": "somebody-else"}, signed.rpartition(".")[2])


FORGERIES = {
    "another audience": ("bad-claim (aud)", changed(aud="another-client")),
    "an audience beside ours, for the other": ("bad-claim (azp)", changed(aud=["kembar", "another"], azp="another")),
    "its own key and the provider's signature": (
        "key-in-header (jwk)",
        lambda *given: signed_by_hand(jwk=SMALL.as_dict(private=False))(*given),
    ),
    "several audiences and no party": ("bad-claim (azp)", changed(aud=["kembar", "another"])),
    "another party": ("bad-claim (azp)", changed(azp="another-client")),
    "no audience": ("bad-claim (aud)", without("aud")),
    "another issuer": ("bad-claim (iss)", changed(iss="https://evil.example")),
    "an issuer with a slash": (
        "bad-claim (iss)",
        lambda provider, header, claims: provider.sign({**claims, "iss": claims["iss"] + "/"}),
    ),
    "no issuer": ("bad-claim (iss)", without("iss")),
    "another nonce": ("bad-claim (nonce)", changed(nonce="of-another-sign-in")),
    "no nonce": ("bad-claim (nonce)", without("nonce")),
    "a nonce that is no text": ("bad-claim (nonce)", changed(nonce=["x"])),
    "expired": (
        "bad-claim (exp)",
        lambda provider, header, claims: provider.sign({**claims, "exp": claims["iat"] - 61}),
    ),
    "no expiry": ("bad-claim (exp)", without("exp")),
    "from the future": (
        "bad-claim (iat)",
        lambda provider, header, claims: provider.sign({**claims, "iat": claims["iat"] + 3600}),
    ),
    "not valid yet": (
        "bad-claim (nbf)",
        lambda provider, header, claims: provider.sign({**claims, "nbf": claims["iat"] + 3600}),
    ),
    "very old": (
        "bad-claim (iat)",
        lambda provider, header, claims: provider.sign({**claims, "iat": claims["iat"] - 3600}),
    ),
    "no subject": ("bad-claim (sub)", without("sub")),
    "a subject that is no text": ("bad-claim (sub)", changed(sub=7)),
    "algorithm none": (
        "bad-signature (UnsupportedAlgorithmError)",
        lambda provider, header, claims: unsigned({"alg": "none"}, claims),
    ),
    "algorithm None": ("bad-signature (UnsupportedAlgorithmError)", without_signature(alg="None", kid="of-today")),
    "a shared secret instead of a key": ("bad-signature (UnsupportedAlgorithmError)", public_key_as_secret),
    "another's key under our kid": ("bad-signature (BadSignatureError)", with_header(key=ANOTHERS)),
    "its own key in the header": ("unknown-key", own_key(kid="mine")),
    "its own key beside our kid": ("bad-signature (InvalidKeyTypeError)", own_key(kid="of-today")),
    "a key's address in the header": ("key-in-header (jku)", with_header(jku="https://evil.example/keys")),
    "a certificate's address in the header": ("key-in-header (x5u)", with_header(x5u="https://evil.example/cert")),
    "a kid that is a path": ("unknown-key", with_header(kid="../../dev/null")),
    "a kid that is a query": ("unknown-key", with_header(kid="x' UNION SELECT 'secret")),
    "an unknown kid": ("unknown-key", with_header(key=ANOTHERS, kid="of-tomorrow")),
    "an extension that must be understood": (
        "bad-signature (UnsupportedHeaderError)",
        signed_by_hand(crit=["exp"], exp=1),
    ),
    "the signature of another token": ("bad-signature (BadSignatureError)", signature_of_another_token),
    "no token": ("bad-signature (DecodeError)", lambda provider, header, claims: ""),
    "not a token": ("bad-signature (DecodeError)", lambda provider, header, claims: "a.b.c"),
}


@pytest.mark.parametrize("forgery", FORGERIES)
async def test_a_forged_token_lets_nobody_in(access, provider, forgery):
    reason, provider.spoil = FORGERIES[forgery]

    browser, answer = await sign_in(access)

    assert answer.status_code == 401
    assert await browser.account() is None
    assert await access.pool.fetchval("SELECT count(*) FROM session") == 0
    assert await access.audit() == [("sign-in-refused", reason)]


async def test_an_answer_that_is_very_long_is_not_read(access, provider):
    provider.spoil = changed(more="x" * 1_100_000)

    browser, answer = await sign_in(access)

    assert answer.status_code == 503
    assert await browser.account() is None


async def test_an_answer_without_an_end_is_not_read_to_it():
    sent = 0

    async def answer(reader, writer):
        nonlocal sent
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n")
        with contextlib.suppress(ConnectionError):
            while sent < 200_000_000:
                writer.write(b" " * 100_000)
                await writer.drain()
                sent += 100_000
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    settings = Settings(oidc_issuer=f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}")
    async with server, httpx.AsyncClient(trust_env=False) as http:
        with pytest.raises(ProviderAway, match="too long"):
            await Provider(settings, http, SetClock()).address_for(Visit.draw())

    assert sent < 20_000_000


async def test_every_forgery_is_let_in_once_it_is_what_the_provider_says(access, provider):
    """The same way with a token that is in order: so it is the forgery that was refused, and not the way."""
    provider.spoil = changed(aud=["kembar"], azp="kembar")

    browser, answer = await sign_in(access)

    assert answer.status_code == 303
    assert await browser.account() is not None


async def test_a_code_and_a_state_are_good_once(access):
    browser = access.browser()
    address = await go(browser)
    assert (await come_back(browser, address)).status_code == 303
    browser.http.cookies.delete("kembar")

    assert (await come_back(browser, address)).status_code == 401
    assert await access.audit() == [("sign-in", None), ("sign-in-refused", "unknown-state")]


async def test_a_code_that_was_used_is_refused_under_a_new_state_too(access, provider):
    browser = access.browser()
    used = parse_qs(urlsplit(await go(browser)).query)["code"][0]
    provider.codes.pop(used)
    state = parse_qs(urlsplit(await go(browser)).query)["state"][0]

    answer = await come_back(browser, f"/sign-in/provider/return?code={used}&state={state}")

    assert answer.status_code == 401
    assert await access.audit() == [("sign-in-refused", "code-refused")]


async def test_a_sign_in_begun_in_one_browser_cannot_end_in_another(access):
    """Or somebody could sign a stranger in to their own account, and read what they enter."""
    mine, theirs = access.browser(), access.browser()
    address = await go(mine)

    assert (await come_back(theirs, address)).status_code == 401
    assert await theirs.account() is None
    assert await access.audit() == [("sign-in-refused", "other-browser")]


async def test_an_answer_of_another_provider_is_refused(access, provider):
    browser = access.browser()
    address = (await go(browser)).replace("iss=http", "iss=https%3A%2F%2Fevil.example&x=http")

    assert (await come_back(browser, address)).status_code == 401
    assert await access.audit() == [("sign-in-refused", "other-issuer")]


async def test_whoever_comes_back_too_late_begins_again(access):
    browser = access.browser()
    address = await go(browser)
    access.clock.moment += timedelta(minutes=15)

    assert (await come_back(browser, address)).status_code == 401


@pytest.mark.parametrize("query", ["", "?state=x", "?code=x", "?state=x&error=access_denied", "?state=%00"])
async def test_coming_back_without_having_gone_is_refused(access, query):
    assert (await come_back(access.browser(), f"/sign-in/provider/return{query}")).status_code == 401


async def test_no_secret_of_the_provider_stands_in_a_log(access, provider, caplog):
    caplog.set_level(logging.DEBUG)
    provider.seen.clear()
    browser, _ = await sign_in(access)
    secrets = [*provider.seen, CLIENT_SECRET, browser.http.cookies["kembar"]]

    quiet = ("httpcore", "httpx", "asyncio", "uvicorn.access")
    logged = "\n".join(each.getMessage() for each in caplog.records if not each.name.startswith(quiet))
    audited = str(await access.entries())

    assert len(secrets) == 7
    assert [each for each in secrets if each in logged or each in audited] == []


@pytest.mark.parametrize(
    "said", [{"issuer": "https://evil.example"}, {"token_endpoint": "http://evil.example/token"}, {"jwks_uri": None}]
)
async def test_a_provider_that_says_it_is_another_or_answers_unheard_is_not_asked(postgres, provider, tmp_path, said):
    shutil.copytree(same_secrets(), tmp_path, dirs_exist_ok=True)
    (tmp_path / SECRET).write_text(CLIENT_SECRET)
    provider.discovery = said
    try:
        async with (
            fresh_database(postgres) as dsn,
            running_access(dsn, secrets_folder=tmp_path, oidc_issuer=provider.issuer) as access,
        ):
            assert (await access.browser().get("/sign-in/provider")).status_code == 503
            await access.close_browsers()
    finally:
        provider.discovery = {}


async def test_a_new_key_of_the_provider_is_fetched(access, provider):
    await sign_in(access)
    before = provider.key
    provider.key = jwk.RSAKey.generate_key(2048, {"kid": "of-tomorrow", "use": "sig"})
    provider.spoil = lambda provider, header, claims: provider.sign(claims, {"kid": "of-tomorrow"})
    access.clock.moment += timedelta(minutes=1)
    try:
        _, answer = await sign_in(access)
    finally:
        provider.key = before
    assert answer.status_code == 303
