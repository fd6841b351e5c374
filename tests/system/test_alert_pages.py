"""The pages of alerts and subscriptions, used as a browser does: every form, both languages, nothing of others."""

import csv
import io
import re
from datetime import UTC, datetime
from uuid import uuid4

import httpx
import pytest
from standardwebhooks import Webhook

from services.access import store as access
from services.access.decide import Membership
from services.scoring.pages.routes import PROBLEMS_AGAIN
from services.scoring.store import SCHEMA
from shared.domain.access import Role
from shared.postgres.pool import open_pool
from shared.words.words import Words
from tests.support.access import Browser
from tests.support.build import a_partnership, an_activity
from tests.support.engines import fresh_database, open_ledger, running_nats
from tests.support.forms import forms_on
from tests.support.installation import running_installation
from tests.support.listening import write_alerts
from tests.support.receivers import ALLOWED, answering, receiving
from tests.support.waiting import until


@pytest.fixture(scope="module")
async def running(postgres, tmp_path_factory):
    """An installation with two partnerships, and an alert of each."""
    with running_nats() as server:
        async with (
            open_ledger(server),
            fresh_database(postgres) as dsn,
            running_installation(server, dsn, tmp_path_factory.mktemp("pages"), webhook_networks=[ALLOWED]) as opened,
        ):
            for slug, country in (("hanoi", "VN"), ("tokyo", "JP")):
                name = {"id": f"Kota {slug.title()}", "en": slug.title()}
                registered = a_partnership(partnership=slug, name=name, country=country)
                assert (await opened.post("partnership.registered", registered)).status_code == 201
                await opened.post("activity.recorded", an_activity(partnership=slug, occurred="2026-01-05"))
            await opened.get("/scoring/v1/status", "viewer")
            yield opened


@pytest.fixture(scope="module")
async def tables(running):
    pool = await open_pool(running.settings, SCHEMA)
    for slug in ("hanoi", "tokyo"):
        await write_alerts(pool, "jakarta", slug, 1)
    yield pool
    await pool.close()


@pytest.fixture
async def sign_in(running):
    """Sign somebody new in, and return the browser."""
    opened = []
    pool = await open_pool(running.settings, access.SCHEMA)

    async def signed_in(role: Role = Role.BUREAU_EDITOR, partnerships: tuple[str, ...] | None = None) -> Browser:
        membership = Membership("jakarta", role, partnerships)
        async with access.transaction(pool) as connection:
            account = await access.make_person(connection, "jakarta", f"orang-{uuid4().hex[:8]}", "id", running.clock())
            await access.write_membership(connection, account, membership)
            secret = await access.make_session(connection, account, membership, running.clock(), "127.0.0.1", "test")
        http = httpx.AsyncClient(base_url=running.url, timeout=30, trust_env=False)
        http.cookies.set("kembar", secret, domain="127.0.0.1")
        opened.append(http)
        return Browser(http)

    yield signed_in
    for each in opened:
        await each.aclose()
    await pool.close()


def wish(url: str, **changes):
    """What a form sends as its page shows it."""
    filled = {
        "about": "partnership/hanoi",
        "kinds": ["dormant", "will_fall"],
        "silence_months": "",
        "lead_days": ["30", "7"],
        "language": "id",
        "digest": "none",
        "quiet_from": "",
        "quiet_to": "",
        "channel": "webhook",
        "address": url,
    }
    return {name: value for name, value in {**filled, **changes}.items() if value is not None}


async def test_the_list_says_what_was_raised_with_its_cells_in_both_languages(running, tables):
    page = await running.get("/alerts")
    english = (await running.get("/alerts", lang="en")).text

    assert page.status_code == 200
    assert '<html lang="id">' in page.text
    assert page.text.count('class="sign"') == 2
    assert "menjadi vakum" in page.text
    assert 'rel="alternate" type="application/atom+xml"' in page.text
    assert page.text.count("/partnerships/hanoi?on=2026-11-20") == 1
    assert "fallen silent" in english
    assert "menjadi vakum" not in english
    assert page.headers["content-security-policy"].startswith("default-src 'none'")


async def test_the_list_can_be_narrowed(running, tables):
    of_tokyo = (await running.get("/alerts", partnership="tokyo", kind="")).text
    nothing = (await running.get("/alerts", kind="revived", partnership="")).text

    assert of_tokyo.count('class="sign"') == 1
    assert "/feeds/jakarta/partnerships/tokyo.atom" in of_tokyo
    assert 'class="sign"' not in nothing


async def test_the_same_stands_beside_the_list_as_a_document_and_as_rows(running, tables):
    page = (await running.get("/alerts", partnership="tokyo")).text
    document = (await running.get("/scoring/v1/alerts.json", partnership="tokyo")).json()
    rows = await running.get("/scoring/v1/alerts.csv", partnership="tokyo")

    assert all(f'"/scoring/v1/alerts.{form}?partnership=tokyo"' in page for form in ("json", "csv"))
    assert [each["partnership"] for each in document["items"]] == ["tokyo"]
    (row,) = csv.DictReader(io.StringIO(rows.content.decode("utf-8-sig")))
    assert (row["partnership"], row["id"]) == ("tokyo", document["items"][0]["id"])


async def test_who_sees_to_an_alert_is_told_to_the_home_and_not_to_the_public(running, tables, sign_in):
    editor, viewer = await sign_in(), await sign_in(Role.VIEWER)
    alert = re.search(r'name="alert" value="([^"]+)"', (await editor.get("/alerts")).text)[1]

    done = await editor.post("/alerts/acknowledge", alert=alert, note="Surat sudah disiapkan")
    assert (done.status_code, done.headers["location"]) == (303, "/alerts")

    assert "Surat sudah disiapkan" in (await viewer.get("/alerts")).text
    assert "Surat sudah disiapkan" not in (await running.get("/alerts")).text
    assert "I see to it" not in (await viewer.get("/alerts", lang="en")).text
    assert (await viewer.post("/alerts/acknowledge", alert=alert)).status_code == 403
    assert (await (await sign_in()).post("/alerts/acknowledge", alert=alert)).status_code == 409
    await editor.post("/alerts/acknowledge", alert=alert, take_back="yes")
    assert "Surat sudah disiapkan" not in (await viewer.get("/alerts")).text


async def test_a_subscription_is_made_tried_changed_paused_and_ended_by_its_forms(tables, sign_in):
    browser = await sign_in()
    assert 'value="partnership/tokyo" selected' in (await browser.get("/subscriptions", about="partnership/tokyo")).text
    async with receiving(answering(204)) as receiver:
        made = await browser.post("/subscriptions", **wish(receiver.url))
        secret, path = (
            re.search(r"whsec_[\w+/=]+", made.text)[0],
            re.search(r"/subscriptions/[0-9a-f-]{36}", made.text)[0],
        )
        assert secret not in (await browser.get(path)).text
        await browser.post(f"{path}/sample")
        await until(lambda: receiver.got)
        headers, body = receiver.got[0].headers, receiver.got[0].body.decode()
        sent_at = datetime.fromtimestamp(int(headers["webhook-timestamp"]), UTC)
        assert headers["webhook-signature"] == Webhook(secret).sign(receiver.got[0].id, sent_at, body)
        await until(lambda: _says(browser, path, "terkirim"))

        other = re.search(r"whsec_[\w+/=]+", (await browser.post(f"{path}/secret")).text)[0]
        assert other != secret

        changed = wish(
            receiver.url, about="country/JP", digest="daily", silence_months="18", quiet_from="22:00", quiet_to="05:00"
        )
        assert (await browser.post(f"{path}/change", **changed)).status_code == 303
        page = (await browser.get(path, lang="en")).text
        assert "Country: JP" in page
        assert 'name="silence_months" type="number" min="1" max="120" value="18"' in page
        assert 'name="quiet_from" type="time" value="22:00"' in page

        await browser.post(f"{path}/snooze", partnership="hanoi", until="2026-12-24")
        assert "hanoi: tidak disampaikan sampai dengan 24 Desember 2026" in (await browser.get(path)).text
        await browser.post(f"{path}/snooze", partnership="hanoi")
        assert "24 Desember 2026" not in (await browser.get(path)).text

        await browser.post(f"{path}/pause")
        assert "dijeda" in (await browser.get(path)).text
        await browser.post(f"{path}/pause", resume="yes")
        assert "dijeda" not in (await browser.get(path)).text

        assert (await browser.post(f"{path}/end")).headers["location"] == "/subscriptions"
        assert path not in (await browser.get("/subscriptions")).text


async def _says(browser, path, word):
    return word in (await browser.get(path)).text


async def test_what_failed_is_listed_and_sent_again(tables, sign_in):
    browser = await sign_in()
    async with receiving(answering(204)) as receiver:
        made = await browser.post("/subscriptions", **wish(receiver.url))
        path = re.search(r"/subscriptions/[0-9a-f-]{36}", made.text)[0]
        await browser.post(f"{path}/sample")
        await until(lambda: _says(browser, path, "terkirim"))
        await tables.execute("UPDATE delivery SET state = 'failed', why = 'menolak'")  # as after three days of tries

        failed = (await browser.get("/subscriptions")).text
        delivery = re.search(r'name="delivery" value="([^"]+)"', failed)[1]
        assert "Yang gagal" in failed
        await browser.post(f"{path}/again", delivery=delivery)
        await until(lambda: len(receiver.got) == 2)

        assert receiver.got[0].id == receiver.got[1].id
        await until(lambda: _says(browser, path, "terkirim"))
        assert "Yang gagal" not in (await browser.get("/subscriptions")).text


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"address": "http://127.0.0.1/x"}, 422),
        ({"address": "bukan alamat", "channel": "email"}, 409),
        ({"about": "partnership/nowhere"}, 422),
        ({"about": "moon/"}, 422),
        ({"kinds": None}, 422),
        ({"lead_days": ["8"]}, 422),
        ({"lead_days": ["seven"]}, 422),
        ({"silence_months": "0"}, 422),
        ({"quiet_from": "22:00"}, 422),
    ],
)
async def test_a_form_that_cannot_be_taken_keeps_nothing_and_says_so(tables, sign_in, changes, status):
    browser = await sign_in()

    answer = await browser.post("/subscriptions", **wish("http://127.0.0.2:9/x", **changes))

    assert answer.status_code == status
    said = PROBLEMS_AGAIN["invalid" if status == 422 else "mail-not-set-up"]
    assert Words("id").say(said) in answer.text
    form = next(each for each in forms_on(answer.text) if each.action == "/subscriptions")
    assert form.values["address"] == [changes.get("address", "http://127.0.0.2:9/x")], "what was typed is there still"
    assert 'id="wrong" autofocus' in answer.text
    assert 'href="/subscriptions/' not in (await browser.get("/subscriptions")).text


async def test_nobody_sees_or_touches_the_subscription_of_another(tables, sign_in):
    owner, other = await sign_in(), await sign_in()
    made = await owner.post("/subscriptions", **wish("http://127.0.0.2:9/milik-sendiri"))
    path = re.search(r"/subscriptions/[0-9a-f-]{36}", made.text)[0]

    assert (await other.get(path)).status_code == 404
    for action in ("change", "pause", "sample", "secret", "snooze", "end"):
        answer = await other.post(f"{path}/{action}", **wish("http://127.0.0.2:9/x", partnership="hanoi"))
        assert answer.status_code == 404, action
    assert "milik-sendiri" in (await owner.get(path)).text
    assert "milik-sendiri" not in (await other.get("/subscriptions")).text


async def test_an_embassy_is_offered_and_shown_its_own_partnerships_only(tables, sign_in):
    embassy = await sign_in(Role.EMBASSY, ("hanoi",))

    offered, shown = (await embassy.get("/subscriptions")).text, (await embassy.get("/alerts")).text

    assert "partnership/hanoi" in offered
    assert "Hanoi" in shown
    assert "tokyo" not in (offered + shown).lower()
    assert "country/JP" not in offered
    assert (
        await embassy.post("/subscriptions", **wish("http://127.0.0.2:9/x", about="partnership/tokyo"))
    ).status_code == 422


async def test_whoever_is_not_signed_in_is_sent_to_sign_in_and_comes_back(running):
    answer = await running.get("/subscriptions", about="partnership/hanoi", lang="en")

    assert answer.status_code == 303
    assert (
        answer.headers["location"]
        == "/sign-in?next=%2Fsubscriptions%3Fabout%3Dpartnership%252Fhanoi%26lang%3Den&lang=en"
    )


async def test_another_site_can_cause_nothing(tables, sign_in):
    browser = await sign_in()
    browser.site = "cross-site"

    for path in ("/subscriptions", f"/subscriptions/{uuid4()}/end", "/alerts/acknowledge"):
        assert (await browser.post(path, **wish("http://127.0.0.2:9/x"))).status_code == 403
    browser.site = "same-origin"
    assert 'href="/subscriptions/' not in (await browser.get("/subscriptions")).text


async def test_a_partnership_leads_to_its_feeds_and_to_subscribing(running):
    page = (await running.get("/partnerships/hanoi", on="2026-03-01")).text

    assert 'type="application/atom+xml"' in page
    assert 'href="/feeds/jakarta/partnerships/hanoi.atom?lang=id"' in page
    assert 'href="/feeds/jakarta/calendar.ics?partnership=hanoi&amp;lang=id"' in page
    assert 'href="/subscriptions?about=partnership%2Fhanoi"' in page
    assert (await running.get("/")).text.count('href="/alerts"') == 1
