"""E-mail, by a real SMTP server: what stands in it, what confirms and ends a subscription, and what is refused."""

import re
from datetime import timedelta

import pytest

from services.scoring.delivery.mail import how_reached
from services.scoring.subscriptions import store
from shared.process.clock import now
from shared.process.secrets import SecretMissing
from shared.process.settings import Settings
from tests.services.scoring.delivery.test_deliver import attempts, settled
from tests.support.alerts import delivering, raise_alert, states, subscribe
from tests.support.receivers import mail_server
from tests.support.waiting import until


@pytest.fixture
def mail():
    with mail_server() as server:
        yield server


@pytest.fixture
def with_mail(settings, mail):
    return settings.model_copy(update={"smtp_url": mail.url, "mail_from": "kembar@example.org"})


async def test_an_alert_by_mail_is_plain_and_html_and_is_ended_by_one_click(pool, with_mail, mail):
    made = await subscribe(pool, "warga@example.org", None, language="en")
    async with delivering(with_mail):
        await raise_alert(pool)
        await settled(pool)

    (sent,) = mail.box.mails
    delivery = await pool.fetchval("SELECT delivery FROM delivery")
    key = await pool.fetchval("SELECT key FROM subscription WHERE subscription = $1", made.id)
    assert mail.box.recipients == [["warga@example.org"]]
    assert (sent["From"], sent["To"]) == ("Kembar <kembar@example.org>", "warga@example.org")
    assert sent["Message-ID"] == f"<{delivery}@example.org>"
    assert sent["Auto-Submitted"] == "auto-generated"
    assert sent["List-Unsubscribe"] == f"<https://kembar.test/subscriptions/end?key={key}&lang=en>"
    assert sent["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert [part.get_content_type() for part in sent.iter_parts()] == ["text/plain", "text/html"]
    assert key in sent.get_body(("plain",)).get_content()


async def test_an_address_is_asked_first_and_told_only_after_it_has_confirmed(pool, with_mail, mail):
    made = await subscribe(pool, "warga@example.org", None, at=now(), confirmed=False)
    async with delivering(with_mail):
        await raise_alert(pool)
        await settled(pool)
        (asked,) = mail.box.mails
        await store.confirm(pool, made.id, now())
        await raise_alert(pool, "seoul")
        await settled(pool)

    key = await pool.fetchval("SELECT key FROM subscription WHERE subscription = $1", made.id)
    assert (
        re.search(r"https://kembar\.test/subscriptions/confirm\?key=(\S+)", asked.get_body(("plain",)).get_content())[1]
        == key
    )
    assert asked["List-Unsubscribe"] is None
    assert len(mail.box.mails) == 2


async def test_the_same_message_sent_again_has_the_same_id(pool, with_mail, mail):
    await subscribe(pool, "warga@example.org", None)
    async with delivering(with_mail):
        await raise_alert(pool)
        await settled(pool)
        await pool.execute("UPDATE delivery SET state = 'pending'")
        await until(lambda: len(mail.box.mails) == 2)

    assert len({sent["Message-ID"] for sent in mail.box.mails}) == 1


async def test_an_address_that_is_refused_for_good_has_failed_and_stands_in_nothing_that_is_kept(pool, with_mail, mail):
    mail.box.refused["gone@example.org"] = "550 no gone@example.org here"
    mail.box.refused["busy@example.org"] = "451 later"
    gone = await subscribe(pool, "gone@example.org", None)
    busy = await subscribe(pool, "busy@example.org", None)
    async with delivering(with_mail):
        await raise_alert(pool)
        await settled(pool, gone.id)
        await until(lambda: attempts(pool, busy.id))

    assert await states(pool, gone.id) == ["failed"]
    assert await states(pool, busy.id) == ["pending"]
    assert "gone@" not in str(await pool.fetch("SELECT * FROM attempt")) + str(
        await pool.fetch("SELECT * FROM delivery")
    )
    assert await pool.fetchval("SELECT excerpt FROM attempt WHERE status = 550") == "no … here"


async def test_no_mail_server_and_one_that_is_away_are_attempts_that_failed(pool, settings, with_mail):
    made = await subscribe(pool, "warga@example.org", None)
    async with delivering(settings):
        await raise_alert(pool)
        await until(lambda: attempts(pool, made.id))
    away = with_mail.model_copy(update={"smtp_url": "smtp://127.0.0.1:1"})
    async with delivering(away):
        await pool.execute("UPDATE delivery SET due_at = now() - interval '1 minute'")
        await until(lambda: _two(pool, made))

    assert [words for _, words in await attempts(pool, made.id)] == [
        "This installation has no mail server: KEMBAR_SMTP_URL is not set.",
        "The mail server cannot be reached.",
    ]


async def _two(pool, made):
    return len([each for each in await attempts(pool, made.id) if each[1]]) == 2


async def test_an_ended_subscription_has_no_address_any_more(pool):
    made = await subscribe(pool, "warga@example.org", None)
    async with pool.acquire() as connection, connection.transaction():
        assert await store.end_subscription(connection, made.id, "ended by its owner", now())
        assert not await store.end_subscription(connection, made.id, "ended by its owner", now() + timedelta(days=1))

    tables = ("subscription", "delivery", "attempt", "webhook_secret")
    kept = [await pool.fetch(f"SELECT * FROM {table}") for table in tables]
    assert "warga@" not in str(kept)


def test_a_mail_server_elsewhere_is_reached_with_tls_only(tmp_path):
    (tmp_path / "smtp.password").write_text("secret\n")
    far = Settings(smtp_url="smtp://kembar@mail.example.org", mail_from="kembar@example.org", secrets_folder=tmp_path)
    implicit = far.model_copy(update={"smtp_url": "smtps://mail.example.org"})
    near = far.model_copy(update={"smtp_url": "smtp://127.0.0.1:2525"})

    assert [how_reached(each)["start_tls"] for each in (far, implicit, near)] == [True, None, None]
    assert [how_reached(each)["use_tls"] for each in (far, implicit, near)] == [False, True, False]
    assert [how_reached(each)["port"] for each in (far, implicit, near)] == [587, 465, 2525]
    assert (how_reached(far)["username"], how_reached(far)["password"]) == ("kembar", "secret")
    (tmp_path / "smtp.password").unlink()
    with pytest.raises(SecretMissing):
        how_reached(far)


@pytest.mark.parametrize("url", ["http://mail.example.org", "smtp://", "smtp://user:password@mail.example.org"])
def test_a_mail_server_is_named_without_its_password(url):
    with pytest.raises(ValueError, match="no mail server"):
        Settings(smtp_url=url)
