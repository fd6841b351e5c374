"""Whether what somebody shows admits them: for every combination, by properties."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from shared.domain.access import Principal, Role
from shared.domain.credentials import SESSION_IDLE, Attempts, Credential, Refused, admit

NOW = datetime(2026, 11, 21, 3, tzinfo=UTC)
moments = st.timedeltas(timedelta(days=-2), timedelta(days=2)).map(lambda apart: NOW + apart)
names = st.frozensets(st.sampled_from(["beijing", "hanoi"])) | st.none()
credentials = st.builds(
    Credential,
    id=st.just("of-a-credential"),
    account=st.just("jakarta/bureau"),
    home=st.just("jakarta"),
    role=st.sampled_from(Role),
    partnerships=names,
    scopes=st.frozensets(st.sampled_from(["read", "post"])) | st.none(),
    session=st.just("of-a-session") | st.none(),
    expires_at=moments,
    ended_at=moments | st.none(),
    used_at=moments | st.none(),
    is_disabled=st.booleans(),
    is_member=st.booleans(),
)


@given(credentials, moments)
def test_only_what_nothing_speaks_against_admits_and_exactly_as_what_it_says(credential, now):
    found = admit(credential, now)

    idle = credential.session and credential.used_at and now >= credential.used_at + SESSION_IDLE
    against = [
        credential.ended_at is not None,
        now >= credential.expires_at,
        idle,
        credential.is_disabled,
        not credential.is_member,
    ]
    if any(against):
        assert isinstance(found, Refused)
    else:
        assert found == Principal(
            credential.account,
            credential.home,
            credential.role,
            credential.partnerships,
            credential.scopes,
            credential.session,
        )


@given(credentials, moments, moments)
def test_what_is_refused_for_its_age_is_refused_ever_after(credential, one, other):
    first, last = sorted([one, other])

    if admit(credential, first) in (Refused.EXPIRED, Refused.IDLE):
        assert isinstance(admit(credential, last), Refused)


def test_nothing_admits_nobody():
    assert admit(None, NOW) is Refused.UNKNOWN


@given(*[st.integers(0, 100)] * 3)
def test_more_attempts_never_open_what_fewer_closed(pair, name, address):
    if Attempts(pair, name, address).are_too_many:
        assert Attempts(pair + 1, name, address).are_too_many
        assert Attempts(pair, name + 1, address).are_too_many
        assert Attempts(pair, name, address + 1).are_too_many
