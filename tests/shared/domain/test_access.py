"""Who may do what: every role, every action, one's own and what is foreign."""

import itertools

import pytest

from shared.domain.access import (
    ACTION_OF_EVENT,
    ALL_HOMES,
    Action,
    Allowed,
    Principal,
    Refused,
    Role,
    Subject,
    may,
    partnerships_in_order,
)
from shared.domain.events import EVENT_TYPES
from tests.support.build import a_principal

EDITING = [
    "post",
    "keep-registry",
    "note-milestone",
    "agree-programme",
    "record-activity",
    "correct-activity",
    "retract-activity",
    "acknowledge",
    "import",
    "reverse-import",
    "judge",
    "adopt-rubric",
    "change-home",
]
LOOKING = [
    "read",
    "read-withdrawn",
    "read-status",
    "read-parked",
    "read-issued",
    "order-report",
    "keep-own-access",
    "subscribe",
]
# Written out once more, beside the rules and not from them: a right that is given away by mistake is seen here.
RIGHTS = {
    "bureau": [*LOOKING, "read-imports", *EDITING],
    "issuer": [*LOOKING, "read-imports", *EDITING, "issue-report"],
    "embassy": [*LOOKING, "post", "record-activity", "correct-activity", "retract-activity", "acknowledge"],
    "viewer": LOOKING,
    "public": ["read", "read-status"],
    "auditor": [*LOOKING, "read-imports", "read-audit"],
    "administrator": [*LOOKING, "read-audit", "keep-people", "open-home"],
    "ministry": LOOKING,
}
OWN, FOREIGN = "hanoi", "beijing"
ASKED_WITHOUT_A_PARTNERSHIP = [*LOOKING, "post", "acknowledge"]


def is_allowed(principal: Principal, action: str, *, home: str = "jakarta", partnership: str | None = None) -> bool:
    return isinstance(may(principal, Action(action), Subject(home, partnership, released=True)), Allowed)


@pytest.mark.parametrize(("role", "action"), list(itertools.product(Role, Action)), ids=str)
def test_each_role_may_do_what_it_is_for_and_nothing_else(role: Role, action: Action):
    granted = action.value in RIGHTS[role]
    narrow = role is Role.EMBASSY
    expected = {
        ("jakarta", None): granted and (not narrow or action in ASKED_WITHOUT_A_PARTNERSHIP),
        ("jakarta", OWN): granted,
        ("jakarta", FOREIGN): granted and not narrow,
        ("surabaya", None): granted and role is Role.MINISTRY,
        ("surabaya", OWN): granted and role is Role.MINISTRY,
        (ALL_HOMES, None): granted and role is Role.MINISTRY,
    }

    found = {
        (home, partnership): is_allowed(a_principal(role), action, home=home, partnership=partnership)
        for home, partnership in expected
    }

    assert found == expected


def test_every_role_is_in_the_table():
    assert set(RIGHTS) == set(Role)


def test_every_event_type_is_an_action():
    assert set(ACTION_OF_EVENT) == set(EVENT_TYPES)


def test_nobody_closes_days_but_the_ledger():
    assert not any(is_allowed(a_principal(role), "close-day") for role in Role)


def test_the_public_sees_only_what_is_released():
    public = a_principal("public")

    assert isinstance(may(public, Action.READ, Subject("jakarta", released=True)), Allowed)
    assert isinstance(may(public, Action.READ, Subject("jakarta", released=False)), Refused)
    assert isinstance(may(a_principal("viewer"), Action.READ, Subject("jakarta", released=False)), Allowed)


def test_an_embassy_that_is_given_no_partnership_has_none():
    nobody = a_principal("embassy", partnerships=None)

    assert partnerships_in_order(nobody) == []
    assert not is_allowed(nobody, "record-activity", partnership=OWN)
    assert is_allowed(nobody, "read")


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.PUBLIC])
def test_whoever_is_narrowed_to_partnerships_is_held_to_them(role: Role):
    narrowed = a_principal(role, partnerships=frozenset({OWN}))

    assert is_allowed(narrowed, "read", partnership=OWN)
    assert not is_allowed(narrowed, "read", partnership=FOREIGN)
    assert partnerships_in_order(narrowed) == [OWN]
    for action in ("import", "adopt-rubric", "issue-report", "change-home", "keep-people"):
        assert not is_allowed(narrowed, action)


@pytest.mark.parametrize(
    ("role", "action", "needed"),
    [
        ("viewer", "read", "read"),
        ("auditor", "read-audit", "read"),
        ("bureau", "record-activity", "post"),
        ("bureau", "post", "post"),
        ("bureau", "import", "post"),
        ("issuer", "issue-report", "issue"),
        ("administrator", "keep-people", "administer"),
        ("administrator", "open-home", "administer"),
    ],
)
def test_a_token_may_do_no_more_than_its_scopes(role: str, action: str, needed: str):
    for scopes in itertools.chain.from_iterable(
        itertools.combinations(("read", "post", "issue", "administer"), count) for count in range(5)
    ):
        assert is_allowed(a_principal(role, scopes=frozenset(scopes)), action) == (needed in scopes)


def test_scopes_add_nothing_to_a_role():
    everything = frozenset({"read", "post", "issue", "administer"})

    assert not is_allowed(a_principal("viewer", scopes=everything), "record-activity", partnership=OWN)


def test_a_refusal_says_why_and_what_to_do():
    answers = [
        may(a_principal("viewer"), Action.RECORD_ACTIVITY, Subject("jakarta", OWN)),
        may(a_principal("bureau"), Action.READ, Subject("surabaya")),
        may(a_principal("public"), Action.READ, Subject("jakarta")),
        may(a_principal("bureau", scopes=frozenset({"read"})), Action.POST, Subject("jakarta")),
        may(a_principal("embassy"), Action.RECORD_ACTIVITY, Subject("jakarta", FOREIGN)),
        may(a_principal("bureau", partnerships=frozenset({OWN})), Action.IMPORT, Subject("jakarta")),
    ]

    for each in answers:
        assert isinstance(each, Refused)
        assert each.why.endswith(".")
        assert each.remedy.endswith(".")
    assert len({each.why for each in answers}) == len(answers)
