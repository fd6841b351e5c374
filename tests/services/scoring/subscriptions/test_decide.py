"""What can be subscribed to, and what is said of what cannot."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.scoring.delivery.mail import mail_of
from services.scoring.messages import Message
from services.scoring.subscriptions.decide import Wish, findings_of, is_mail_address, masked
from services.scoring.subscriptions.documents import Changes
from tests.support.engines import PRESENT


@pytest.mark.parametrize(
    ("wish", "field"),
    [
        (Wish(scope="partnership", value="seoul"), "scope.value"),
        (Wish(scope="partnership"), "scope.value"),
        (Wish(scope="all", value="hanoi"), "scope.value"),
        (Wish(scope="country", value="vn"), "scope.value"),
        (Wish(scope="rating", value="active"), "scope.value"),
        (Wish(scope="issue"), "scope.value"),
        (Wish(kinds=()), "kinds"),
        (Wish(silence_months=0), "silence_months"),
        (Wish(silence_months=121), "silence_months"),
        (Wish(lead_days=()), "lead_days"),
        (Wish(lead_days=(90, 8)), "lead_days"),
    ],
)
def test_what_cannot_be_told_is_named_by_its_field(wish, field):
    assert [each.field for each in findings_of(wish, ["hanoi", "beijing"])] == [field]


@pytest.mark.parametrize(
    "wish",
    [
        Wish(),
        Wish(scope="partnership", value="hanoi", silence_months=18, lead_days=(180, 1)),
        Wish(scope="country", value="VN"),
        Wish(scope="issue", value="Pendidikan"),
        Wish(scope="rating", value="tidak_aktif"),
    ],
)
def test_what_can_be_told_is_taken(wish):
    assert findings_of(wish, ["hanoi"]) == []


def test_changes_leave_the_rest_as_it_is_and_null_takes_what_is_ones_own_away():
    wish = Changes.model_validate({"silence_months": 12, "quiet_hours": {"from": "22:00", "to": "06:00"}}).made_to(
        Wish()
    )
    kept = Changes.model_validate({"kinds": ["will_fall", "dormant", "dormant"], "digest": None}).made_to(wish)
    back = Changes.model_validate({"silence_months": None, "quiet_hours": None}).made_to(kept)

    assert (wish.silence_months, f"{wish.quiet_from:%H:%M}", kept.kinds) == (12, "22:00", ("dormant", "will_fall"))
    assert (kept.silence_months, kept.digest) == (12, "none")
    assert (back.silence_months, back.quiet_from, back.kinds) == (None, None, kept.kinds)


@pytest.mark.parametrize("text", ["a@example.org", "o'neill+x@mail.example.org", "a.b@localhost"])
def test_an_address_is_an_address(text):
    assert is_mail_address(text)


@pytest.mark.parametrize(
    "text",
    [
        *("", "a", "a@", "@b.org", "a b@c.org", "a@b.org\r\nBcc: x@y.org", "a@b.org,c@d.org", "<a@b.org>", "a@b..org"),
        *('"a"@b.org', ".a@b.org", "a..b@c.org", "a@b.org;c", "ä@b.org", "a@" + "b" * 250 + ".org", "a@-b.org"),
    ],
)
def test_what_could_be_more_than_an_address_is_none(text):
    assert not is_mail_address(text)


@given(st.text(), st.text())
def test_nothing_in_a_message_can_add_a_header_to_its_mail(subject, plain):
    mail = mail_of(Message(subject, plain, plain), "id", "kembar@example.org", "a@example.org", PRESENT, None)

    written = mail.as_bytes().partition(b"\r\n\r\n")[0]
    names = [line.partition(b":")[0].decode() for line in written.split(b"\r\n") if line[:1] not in (b" ", b"\t")]
    assert sorted(names) == sorted(
        ["From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "MIME-Version", "Content-Type"]
    )
    assert b"\n" not in written.replace(b"\r\n", b"")


def test_others_see_enough_of_an_address_to_know_it_again():
    assert masked("email", "warga@example.org") == "w…@example.org"
    assert masked("webhook", "https://example.org/secret/path?token=1") == "example.org"
    assert masked("email", None) is None
