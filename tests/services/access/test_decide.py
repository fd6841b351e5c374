"""What access decides, by examples and properties."""

from datetime import UTC, datetime
from urllib.parse import urljoin, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.access.decide import (
    Account,
    Membership,
    TokenAsked,
    TokenPlanned,
    findings_of_password,
    findings_of_sign_in_name,
    may_sign_in,
    memberships_from,
    plan_token,
    safe_next,
)
from shared.domain.access import Principal, Role, Scope
from shared.domain.credentials import Refused
from shared.web.principal import comes_from_here

NOW = datetime(2026, 11, 21, 3, tzinfo=UTC)
SITE = "https://kembar.example.org/sign-in"
some_scopes = st.frozensets(st.sampled_from(list(Scope)), min_size=1) | st.none()


@given(
    st.text()
    | st.sampled_from(["//", "/\\", "https:", "/", "\t//", "/\t/", "javascript:"]).flatmap(
        lambda begins: st.text().map(lambda rest: begins + rest)
    )
)
def test_wherever_one_is_sent_after_signing_in_is_on_this_site(asked):
    went = urlsplit(urljoin(SITE, safe_next(asked)))

    assert (went.scheme, went.netloc) == ("https", "kembar.example.org")


@given(some_scopes, some_scopes, st.sampled_from(list(Role)), st.booleans())
def test_a_token_never_does_more_than_its_maker(own, asked, role, by_session):
    maker = Principal("jakarta/x", "jakarta", role, None, own, "of-a-session" if by_session else None)

    planned = plan_token(TokenAsked("x", asked, 1), maker, None, NOW)

    if isinstance(planned, TokenPlanned):
        assert by_session or role is Role.ADMINISTRATOR
        assert (planned.account, planned.membership.home, planned.membership.role) == ("jakarta/x", "jakarta", role)
        assert own is None or (planned.scopes is not None and set(planned.scopes) <= own)
    else:
        assert planned.status in (403, 422)


def test_a_person_who_is_several_things_begins_as_the_first_in_the_order_of_roles():
    memberships = [Membership("surabaya", Role.VIEWER), Membership("jakarta", Role.ISSUER)]
    account = an_account()

    assert may_sign_in(account, memberships, password_fits=True) == Membership("jakarta", Role.ISSUER)
    assert may_sign_in(account, [], password_fits=True) is Refused.NO_MEMBERSHIP
    assert may_sign_in(account, memberships, password_fits=False) is Refused.WRONG_PASSWORD
    assert may_sign_in(None, memberships, password_fits=True) is Refused.UNKNOWN


def an_account():
    return Account("jakarta/x", "jakarta", "person", "sri", "Sri", None, "id", None)


@pytest.mark.parametrize(
    ("claims", "found"),
    [
        ({"groups": ["biro"]}, [Membership("jakarta", Role.BUREAU_EDITOR, None, from_provider=True)]),
        ({"groups": "biro"}, [Membership("jakarta", Role.BUREAU_EDITOR, None, from_provider=True)]),
        ({"groups": ["kbri"]}, [Membership("jakarta", Role.EMBASSY, ("beijing", "hanoi"), from_provider=True)]),
        ({"groups": [["biro"], {"biro": 1}, None]}, []),
        ({"groups": {"biro": 1}}, []),
        ({"roles": ["biro"]}, []),
        ({}, []),
    ],
)
def test_only_what_a_role_is_written_for_makes_somebody_something(claims, found):
    roles = {"biro": "jakarta/bureau", "kbri": "jakarta/embassy/beijing+hanoi"}

    assert memberships_from(claims, "groups", roles) == found


@given(st.text())
def test_any_text_is_a_password_or_is_refused_without_being_repeated(password):
    for finding in findings_of_password(password, "sri.rahayu"):
        assert len(password) < 4 or password not in finding.problem + finding.remedy


@pytest.mark.parametrize("name", ["sri", "sri.rahayu", "sri@jakarta.go.id", "kjri_osaka-2", "a+b@c.id"])
def test_usual_names_can_sign_in(name):
    assert findings_of_sign_in_name(name) == []


@pytest.mark.parametrize("name", ["", "ab", ".sri", "Sri", "sri rahayu", "sri\n", "ſri", "x" * 81, "<b>"])
def test_names_that_look_like_others_cannot(name):
    assert findings_of_sign_in_name(name)


@pytest.mark.parametrize(
    ("headers", "here"),
    [
        ({"sec-fetch-site": "same-origin"}, True),
        ({"sec-fetch-site": "cross-site", "origin": "https://a.example", "host": "a.example"}, False),
        ({"origin": "https://a.example", "host": "a.example"}, True),
        ({"origin": "https://a.example:8443", "host": "a.example"}, False),
        ({"origin": "https://b.example", "host": "a.example"}, False),
        ({"origin": "null", "host": "a.example"}, False),
        ({"origin": "", "host": ""}, False),
        ({"origin": "https://[", "host": "["}, True),
        ({"origin": "https://[", "host": "a.example"}, False),
        ({"host": "a.example"}, False),
    ],
)
def test_a_request_is_from_here_where_the_browser_says_so(headers, here):
    assert comes_from_here(headers) is here
