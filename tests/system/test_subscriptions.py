"""Subscribing, deliveries and acknowledgements over HTTP: one's own only, held to what one may see, with a real mail server."""

import re
from uuid import uuid4

import httpx
import pytest

from shared.postgres.pool import open_pool
from tests.support.alerts import raise_alert, states
from tests.support.engines import fresh_database, open_ledger, running_nats
from tests.support.homes import three_homes_on
from tests.support.receivers import ALLOWED, answering, mail_server, receiving
from tests.support.waiting import until

PATH = "/scoring/v1/subscriptions"


@pytest.fixture(scope="module")
async def shared_homes(postgres, tmp_path_factory):
    with running_nats() as server, mail_server() as mail:
        async with (
            open_ledger(server),
            fresh_database(postgres) as dsn,
            three_homes_on(
                server,
                dsn,
                tmp_path_factory.mktemp("subscriptions"),
                webhook_networks=[ALLOWED],
                smtp_url=mail.url,
                mail_from="kembar@example.org",
            ) as homes,
        ):
            pool = await open_pool(homes.installation.settings, "scoring")
            yield homes, pool, mail.box
            await pool.close()


@pytest.fixture
async def homes(shared_homes):
    homes, pool, box = shared_homes
    for table in ("outbox", "alert", "subscription", "acknowledgement"):
        await pool.execute(f"DELETE FROM {table}")
    box.mails.clear()
    return homes


@pytest.fixture
def pool(shared_homes):
    return shared_homes[1]


@pytest.fixture
def box(shared_homes):
    return shared_homes[2]


@pytest.fixture
async def receiver():
    async with receiving(answering(200)) as running:
        yield running


async def made(homes, role="bureau", *, channel=None, home="jakarta", status=201, **wish):
    body = {"channel": channel, **wish}
    answer = await homes.ask(PATH, role, home, method="POST", body=body)
    assert answer.status_code == status, answer.text
    return answer.json()


async def test_a_subscription_is_made_shown_changed_and_ended(homes, receiver):
    asked = {"scope": {"kind": "partnership", "value": "hanoi"}, "silence_months": 18, "lead_days": [7, 180]}
    one = await made(homes, channel={"webhook": receiver.url}, quiet_hours={"from": "22:00", "to": "06:00"}, **asked)
    shown = (await homes.ask(f"{PATH}/{one['id']}", "bureau")).json()

    assert one["secret"].startswith("whsec_")
    assert shown == {name: value for name, value in one.items() if name != "secret"}
    assert (shown["state"], shown["address"], shown["lead_days"]) == ("active", receiver.url, [180, 7])

    changes = {"kinds": ["will_fall"], "quiet_hours": None, "digest": "weekly", "language": "en"}
    changed = (await homes.ask(f"{PATH}/{one['id']}", "bureau", method="PATCH", body=changes)).json()
    assert changed == {**shown, **changes}

    assert (await homes.ask(f"{PATH}/{one['id']}", "bureau", method="DELETE")).status_code == 204
    assert (await homes.ask(f"{PATH}/{one['id']}", "bureau", method="DELETE")).status_code == 204
    ended = (await homes.ask(f"{PATH}/{one['id']}", "bureau")).json()
    assert (ended["state"], ended["address"], ended["ended_because"]) == ("ended", None, "ended by its owner")
    again = await homes.ask(f"{PATH}/{one['id']}", "bureau", method="PATCH", body=changes)
    assert (again.status_code, again.json()["type"]) == (409, "/problems/subscription-stands-otherwise")


async def test_one_sees_ones_own_and_an_administrator_ends_anybodys_of_the_home(homes, receiver):
    one = await made(homes, channel={"webhook": receiver.url})
    others = [("viewer", "jakarta"), ("administrator", "auckland")]

    for role, home in others:
        assert (await homes.ask(f"{PATH}/{one['id']}", role, home)).status_code == 404
        assert (await homes.ask(f"{PATH}/{one['id']}", role, home, method="DELETE")).status_code == 404
        assert (await homes.ask(f"{PATH}/{one['id']}/deliveries", role, home)).status_code == 404
        assert (await homes.ask(PATH, role, home)).json()["items"] == []
    assert (await homes.ask(PATH, "viewer", of="home")).status_code == 403
    assert (await homes.ask(PATH, None)).status_code == 401

    (listed,) = (await homes.ask(PATH, "administrator", of="home")).json()["items"]
    assert (listed["id"], listed["address"]) == (one["id"], f"127.0.0.2:{receiver.port}")
    for action in ("pause", "sample", "secret"):
        assert (await homes.ask(f"{PATH}/{one['id']}/{action}", "administrator", method="POST")).status_code == 404
    assert (await homes.ask(f"{PATH}/{one['id']}", "administrator", method="DELETE")).status_code == 204
    assert (await homes.ask(f"{PATH}/{one['id']}", "bureau")).json()["ended_because"] == "ended by an administrator"


async def test_lists_come_in_pages(homes, receiver):
    ids = [(await made(homes, channel={"webhook": receiver.url}))["id"] for _ in range(3)]
    first = (await homes.ask(PATH, "bureau", limit="2")).json()
    second = (await homes.ask(PATH, "bureau", limit="2", cursor=first["next"])).json()

    assert len(first["items"]) == 2
    assert [each["id"] for each in first["items"] + second["items"]] == sorted(ids)  # all are of one moment
    assert second["next"] is None


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"channel": {"webhook": "https://127.0.0.3/"}}, "channel.webhook"),
        ({"channel": {"webhook": "http://127.0.0.1:8080/"}}, "channel.webhook"),
        ({"channel": {"webhook": "https://169.254.169.254/latest/meta-data"}}, "channel.webhook"),
        ({"channel": {"webhook": "ftp://example.org/"}}, "channel.webhook"),
        ({"channel": {"email": "a@b.org\nBcc: c@d.org"}}, "channel.email"),
        ({"channel": {}}, "channel"),
        ({"scope": {"kind": "partnership", "value": "atlantis"}}, "scope.value"),
        ({"lead_days": [8]}, "lead_days"),
        ({"kinds": ["withdrawn"]}, "kinds.0"),
        ({"quiet_hours": {"from": "25:00", "to": "06:00"}}, "quiet_hours.from"),
        ({"colour": "red"}, "colour"),
    ],
)
async def test_what_cannot_be_taken_is_named_with_a_remedy_and_nothing_is_kept(homes, pool, receiver, wrong, field):
    problem = await made(homes, status=422, **{"channel": {"webhook": receiver.url}, **wrong})

    assert [each["field"] for each in problem["errors"]] == [field]
    assert problem["errors"][0]["remedy"]
    assert await pool.fetchval("SELECT count(*) FROM subscription") == 0


async def test_an_embassy_subscribes_to_its_own_partnerships_only(homes, receiver):
    await made(homes, "embassy", channel={"webhook": receiver.url}, scope={"kind": "partnership", "value": "hanoi"})
    wrong = {"kind": "partnership", "value": "beijing"}
    await made(homes, "embassy", channel={"webhook": receiver.url}, scope=wrong, status=422)


async def test_a_sample_arrives_and_stands_among_the_deliveries(homes, receiver):
    one = await made(homes, channel={"webhook": receiver.url}, language="en")
    sent = (await homes.ask(f"{PATH}/{one['id']}/sample", "bureau", method="POST")).json()
    await until(lambda: receiver.got)

    body = receiver.got[0].document
    assert (receiver.got[0].id, body["type"], body["data"]["sample"]) == (sent["delivery"], "subscription.sample", True)
    assert body["data"]["message"]["subject"].startswith("[Sample]")

    async def listed():
        (item,) = (await homes.ask(f"{PATH}/{one['id']}/deliveries", "bureau")).json()["items"]
        return item if item["state"] == "delivered" else None

    await until(listed)
    item = await listed()
    assert (item["id"], item["kind"], [each["status"] for each in item["attempts"]]) == (
        sent["delivery"],
        "sample",
        [200],
    )


async def test_a_rotated_secret_signs_beside_the_one_before(homes, pool, receiver):
    one = await made(homes, channel={"webhook": receiver.url})
    newer = (await homes.ask(f"{PATH}/{one['id']}/secret", "bureau", method="POST")).json()["secret"]
    secrets = await pool.fetch("SELECT secret, valid_until IS NULL AS newest FROM webhook_secret")

    assert {row["secret"]: row["newest"] for row in secrets} == {one["secret"]: False, newer: True}


async def test_pause_resume_and_snooze(homes, pool, receiver):
    one = await made(homes, channel={"webhook": receiver.url})
    path = f"{PATH}/{one['id']}"
    assert (await homes.ask(f"{path}/pause", "bureau", method="POST")).json()["state"] == "paused"
    assert (await homes.ask(f"{path}/resume", "bureau", method="POST")).json()["state"] == "active"

    body = {"partnership": "hanoi", "until": "2026-12-01"}
    assert (await homes.ask(f"{path}/snooze", "bureau", method="POST", body=body)).json()["snoozed"] == [body]
    gone = {"partnership": "hanoi", "until": "2026-11-20"}
    assert (await homes.ask(f"{path}/snooze", "bureau", method="POST", body=gone)).status_code == 422
    none = {"partnership": "hanoi", "until": None}
    assert (await homes.ask(f"{path}/snooze", "bureau", method="POST", body=none)).json()["snoozed"] == []


async def test_what_failed_is_listed_and_sent_again(homes, pool, receiver):
    one = await made(homes, channel={"webhook": receiver.url})
    await raise_alert(pool, raised_at=homes.installation.clock())
    await until(lambda: receiver.got)
    await until(lambda: pool.fetchval("SELECT state = 'delivered' FROM delivery"))
    await pool.execute("UPDATE delivery SET state = 'failed'")

    (failed,) = (await homes.ask("/scoring/v1/deliveries", "bureau")).json()["items"]
    status = (await homes.ask("/scoring/v1/status", "bureau")).json()["deliveries"]
    assert (failed["subscription"], status) == (one["id"], {"pending": 0, "failed": 1})
    assert (await homes.ask("/scoring/v1/deliveries", "viewer")).json()["items"] == []
    assert (await homes.ask(f"/scoring/v1/deliveries/{failed['id']}/again", "viewer", method="POST")).status_code == 404

    assert (await homes.ask(f"/scoring/v1/deliveries/{failed['id']}/again", "bureau", method="POST")).status_code == 202
    await until(lambda: len(receiver.got) == 2)
    assert {got.id for got in receiver.got} == {failed["id"]}
    await until(lambda: pool.fetchval("SELECT state = 'delivered' FROM delivery"))
    again = await homes.ask(f"/scoring/v1/deliveries/{failed['id']}/again", "bureau", method="POST")
    assert again.json()["type"] == "/problems/delivery-stands-otherwise"


async def test_what_was_withdrawn_is_not_sent_again(homes, pool, receiver):
    one = await made(homes, channel={"webhook": receiver.url})
    about = await raise_alert(pool, raised_at=homes.installation.clock())
    await until(lambda: _are(pool, one, ["delivered"]))
    await raise_alert(pool, kind="withdrawn", about=about, raised_at=homes.installation.clock())
    await until(lambda: _are(pool, one, ["delivered"] * 2))
    first = await pool.fetchval("UPDATE delivery SET state = 'failed' WHERE alert = $1 RETURNING delivery", about)

    answer = await homes.ask(f"/scoring/v1/deliveries/{first}/again", "bureau", method="POST")

    assert answer.status_code == 409
    assert "withdrawn" in answer.json()["title"]


async def _are(pool, one, wanted):
    return await states(pool, one["id"]) == wanted


async def test_somebody_without_an_account_subscribes_confirms_and_ends_by_mail(homes, pool, box):
    answer = await homes.ask(
        f"{PATH}/by-email", None, method="POST", body={"email": "warga@example.org", "language": "en"}
    )
    assert answer.status_code == 202
    await until(lambda: box.mails)
    link = re.search(r"http://\S+", box.mails[0].get_body(("plain",)).get_content())[0]

    looked = await homes.installation.http.get(link)
    assert "Do you want to get these alerts" in looked.text
    assert await pool.fetchval("SELECT confirmed_at FROM subscription") is None
    assert "is confirmed" in (await homes.installation.http.post(link)).text

    await raise_alert(pool, raised_at=homes.installation.clock())
    await until(lambda: len(box.mails) == 2)
    end = box.mails[1]["List-Unsubscribe"].strip("<>")
    assert (await homes.installation.http.get(end)).status_code == 200
    assert await pool.fetchval("SELECT ended_at FROM subscription") is None
    one_click = {"List-Unsubscribe": "One-Click"}
    cross_site = {"Origin": "https://mail.example.org", "Sec-Fetch-Site": "cross-site"}
    assert (await homes.installation.http.post(end, data=one_click, headers=cross_site)).status_code == 200
    row = await pool.fetchrow("SELECT address, ended_because FROM subscription")
    assert tuple(row) == (None, "ended by the link in a message")
    assert "has ended" in (await homes.installation.http.post(link)).text


async def test_nobody_learns_by_subscribing_whether_an_address_is_known_and_nobody_is_flooded(homes, box):
    answers = [
        await homes.ask(f"{PATH}/by-email", None, method="POST", body={"email": "warga@example.org"}) for _ in range(5)
    ]
    other = await homes.ask(f"{PATH}/by-email", None, method="POST", body={"email": "lain@example.org"})

    assert len({(each.status_code, each.text) for each in [*answers, other]}) == 1
    await until(lambda: len(box.mails) == 4)


async def test_a_home_that_is_not_released_takes_nobody_without_an_account(homes):
    body = {"changes": {"released": False}, "reason": "Not yet"}
    assert (await homes.post("home.changed", body, "bureau", "auckland")).status_code == 201
    answer = await homes.ask(f"{PATH}/by-email", None, method="POST", body={"email": "a@example.org"}, home_="auckland")
    with_account = await homes.ask(
        f"{PATH}/by-email", "viewer", "auckland", method="POST", body={"email": "a@example.org"}
    )
    await homes.post("home.changed", {"changes": {"released": True}, "reason": "Now"}, "bureau", "auckland")

    assert (answer.status_code, with_account.status_code) == (401, 403)


async def test_without_a_mail_server_nobody_subscribes_by_mail_and_is_told_what_to_do(three_homes):
    by_mail = {"email": "warga@example.org"}
    public = await three_homes.ask(f"{PATH}/by-email", None, method="POST", body=by_mail)
    account = await three_homes.ask(PATH, "viewer", method="POST", body={"channel": by_mail})

    for answer in (public, account):
        assert (answer.status_code, answer.json()["type"]) == (409, "/problems/mail-not-set-up")
        assert "webhook" in answer.json()["remedy"]


@pytest.mark.parametrize("path", ["confirm", "end"])
async def test_a_link_that_leads_nowhere_says_so_in_both_languages(homes, path):
    http: httpx.AsyncClient = homes.installation.http
    for method in ("GET", "POST"):
        for lang, said in (("id", "Tautan ini"), ("en", "This link")):
            for key in ("x" * 32, "", "%00", "\u0000"):
                answer = await http.request(method, f"/subscriptions/{path}", params={"key": key, "lang": lang})
                assert (answer.status_code, said in answer.text) == (404, True)


async def test_an_alert_shows_who_sees_to_it_to_whoever_may_subscribe(homes, pool):
    alert, other = await raise_alert(pool), await raise_alert(pool)
    await pool.execute("UPDATE alert SET position = 1")  # where the tables stand, so that they are listed
    path = f"/scoring/v1/alerts/{alert}/acknowledgement"
    said = (await homes.ask(path, "bureau", method="POST", body={"note": "Kami menghubungi Hanoi"})).json()

    for role in ("viewer", "embassy", "auditor"):
        listed = (await homes.ask("/scoring/v1/alerts", role)).json()["items"]
        assert {each["id"]: each["acknowledged"] for each in listed} == {
            str(alert): {"by": "jakarta/bureau", "at": said["at"], "note": "Kami menghubungi Hanoi"},
            str(other): None,
        }
        one = (await homes.ask(f"/scoring/v1/alerts/{alert}", role)).json()
        assert one["acknowledged"]["by"] == "jakarta/bureau"
    for_all = (await homes.installation.http.get("/scoring/v1/alerts")).json()["items"]
    assert len(for_all) == 2
    assert not [each for each in for_all if "acknowledged" in each]


async def test_who_sees_to_an_alert_says_so_for_all_of_the_home(homes, pool):
    alert = await raise_alert(pool)
    path = f"/scoring/v1/alerts/{alert}/acknowledgement"
    assert (await homes.ask(path, "bureau", method="POST", body={"note": "Kami menghubungi Hanoi"})).status_code == 200

    for role in ("viewer", "embassy", "auditor"):
        (item,) = (await homes.ask("/scoring/v1/acknowledgements", role)).json()["items"]
        assert (item["account"], item["note"]) == ("jakarta/bureau", "Kami menghubungi Hanoi")
    assert (await homes.ask(path, "embassy", method="POST", body={})).status_code == 409
    assert (await homes.ask(path, "embassy", method="DELETE")).status_code == 404
    assert (await homes.ask(path, "viewer", method="POST", body={})).status_code == 403
    assert (await homes.ask(path, "bureau", "auckland", method="POST", body={})).status_code == 404
    assert (await homes.ask(path, "bureau", method="DELETE")).status_code == 204
    assert (await homes.ask("/scoring/v1/acknowledgements", "viewer")).json()["items"] == []

    foreign = await raise_alert(pool, "beijing")
    unknown = (foreign, uuid4())
    for each in unknown:
        answer = await homes.ask(f"/scoring/v1/alerts/{each}/acknowledgement", "embassy", method="POST", body={})
        assert (answer.status_code, answer.json()["type"]) == (404, "/problems/unknown-alert")
