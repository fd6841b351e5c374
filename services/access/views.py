"""What the pages of access show, made from rows. Pure: templates only lay it out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any

from shared.domain.access import Principal, Role, Scope
from shared.words.dates import date_in_words
from shared.words.words import Words

ROLE_WORDS = {
    Role.BUREAU_EDITOR: "Bureau: posts and corrects",
    Role.ISSUER: "Issuer of reports",
    Role.EMBASSY: "Embassy or consulate",
    Role.VIEWER: "Reader",
    Role.PUBLIC: "The public",
    Role.AUDITOR: "Auditor",
    Role.ADMINISTRATOR: "Administrator",
    Role.MINISTRY: "Ministry",
}
SCOPE_WORDS = {
    Scope.READ: "read",
    Scope.POST: "post",
    Scope.ISSUE: "issue reports",
    Scope.ADMINISTER: "administer",
}
KIND_WORDS = {
    "sign-in": "signed in",
    "sign-in-refused": "sign-in refused",
    "sign-out": "signed out",
    "membership-chosen": "goes on as something else",
    "token-made": "token made",
    "token-revoked": "token revoked",
    "token-refused": "token refused",
    "person-invited": "person invited",
    "link-made": "one-time link made",
    "password-set": "password set",
    "account-disabled": "account disabled",
    "account-enabled": "account enabled",
    "membership-given": "role given",
    "membership-taken": "role taken away",
    "refused": "refused",
}


@dataclass(frozen=True, slots=True)
class TokenLine:
    """A token in a list. `state` is `lives`, `expired` or `revoked`."""

    id: str
    label: str
    account: str
    rights: str
    until: str
    used: str | None
    state: str


@dataclass(frozen=True, slots=True)
class SessionLine:
    """A session in a list."""

    id: str
    begun: str
    used: str
    address: str
    agent: str
    is_this_one: bool


@dataclass(frozen=True, slots=True)
class PersonLine:
    """An account on the page of people. `is_ours` says whether this home looks after it."""

    account: str
    name: str
    sign_in_name: str | None
    roles: list[tuple[str, str]]
    is_disabled: bool
    is_person: bool
    is_ours: bool
    waits: bool


@dataclass(frozen=True, slots=True)
class AuditLine:
    """An entry of the audit trail."""

    when: str
    what: str
    account: str
    address: str
    detail: str


def token_lines(rows: Sequence[Mapping[str, Any]], now: datetime, zone: tzinfo, words: Words) -> list[TokenLine]:
    """Return tokens as a page lists them."""
    return [
        TokenLine(
            id=str(row["token"]),
            label=row["label"],
            account=row["account"],
            rights=_rights(row["role"], row["scopes"], words),
            until=moment_in_words(row["expires_at"], zone, words),
            used=moment_in_words(row["used_at"], zone, words) if row["used_at"] else None,
            state="revoked" if row["revoked_at"] else "expired" if row["expires_at"] <= now else "lives",
        )
        for row in rows
    ]


def session_lines(
    rows: Sequence[Mapping[str, Any]], principal: Principal, zone: tzinfo, words: Words
) -> list[SessionLine]:
    """Return sessions as a page lists them."""
    return [
        SessionLine(
            id=str(row["session"]),
            begun=moment_in_words(row["begun_at"], zone, words),
            used=moment_in_words(row["used_at"], zone, words),
            address=row["address"],
            agent=row["agent"],
            is_this_one=str(row["session"]) == principal.session,
        )
        for row in rows
    ]


def person_lines(rows: Sequence[Mapping[str, Any]], home: str, words: Words) -> list[PersonLine]:
    """Return people and programs as a page lists them."""
    return [
        PersonLine(
            account=row["account"],
            name=row["shown_name"],
            sign_in_name=row["sign_in_name"],
            roles=[(each["role"], _membership(each, words)) for each in row["memberships"]],
            is_disabled=row["disabled_at"] is not None,
            is_person=row["kind"] == "person",
            is_ours=row["home"] == home,
            waits=row["kind"] == "person" and not row["has_password"] and not row["has_provider"],
        )
        for row in rows
    ]


def audit_lines(items: Sequence[Mapping[str, Any]], zone: tzinfo, words: Words) -> list[AuditLine]:
    """Return entries of the audit trail as a page lists them."""
    return [
        AuditLine(
            when=moment_in_words(datetime.fromisoformat(each["at"]), zone, words),
            what=words.say(KIND_WORDS.get(each["kind"], each["kind"])),
            account=each["account"] or "–",
            address=each["address"] or "–",
            detail=", ".join(f"{name}: {value}" for name, value in each["what"].items()),
        )
        for each in items
    ]


def role_choices(words: Words) -> list[tuple[str, str]]:
    """Return the roles that can be given, with their words."""
    return [(role.value, words.say(said)) for role, said in ROLE_WORDS.items() if role is not Role.PUBLIC]


def scope_choices(principal: Principal, words: Words) -> list[tuple[str, str]]:
    """Return the scopes that somebody may give a token, with their words."""
    own = principal.scopes
    return [(each.value, words.say(SCOPE_WORDS[each])) for each in Scope if own is None or each in own]


def moment_in_words(moment: datetime, zone: tzinfo, words: Words) -> str:
    """Return a moment as people in the home write it, to the minute."""
    local = moment.astimezone(zone)
    return f"{date_in_words(local.date(), words.language)} {local:%H.%M}"


def _rights(role: str, scopes: Sequence[str] | None, words: Words) -> str:
    said = words.say(ROLE_WORDS[Role(role)])
    if scopes is None:
        return said
    return f"{said} ({', '.join(words.say(SCOPE_WORDS[Scope(each)]) for each in scopes)})"


def _membership(membership: Mapping[str, Any], words: Words) -> str:
    said = words.say(ROLE_WORDS[Role(membership["role"])])
    return f"{said} ({', '.join(membership['partnerships'])})" if membership["partnerships"] else said
