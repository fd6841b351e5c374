"""What access decides, without asking anybody: pure functions on what was shown, asked and found."""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from shared.domain.access import Action, Allowed, Principal, Role, Scope, Subject, may
from shared.domain.credentials import TOKEN_LASTS_AT_MOST, Refused
from shared.wire.problems import Finding, Problem

SHORTEST_PASSWORD, LONGEST_PASSWORD = 12, 200
SIGN_IN_NAME = re.compile(r"[a-z0-9][a-z0-9._@+-]{2,79}")
SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
LONGEST_TEXT = 120


@dataclass(frozen=True, slots=True)
class Account:
    """A person or a program, as the tables have it. `home` is the one whose administrators look after it."""

    account: str
    home: str
    kind: str
    sign_in_name: str | None
    shown_name: str
    password_hash: str | None
    language: str
    disabled_at: datetime | None


@dataclass(frozen=True, slots=True)
class Membership:
    """What an account is to a home; `partnerships` are an embassy's own, None for all."""

    home: str
    role: Role
    partnerships: tuple[str, ...] | None = None
    from_provider: bool = False


@dataclass(frozen=True, slots=True)
class TokenAsked:
    """A token that somebody wants: for the account, home and role as which they act, or for a program of the home."""

    label: str
    scopes: Collection[str] | None
    days: int
    program: str | None = None
    role: str | None = None
    partnerships: Sequence[str] | None = None


@dataclass(frozen=True, slots=True)
class TokenPlanned:
    """A token that may be made. `program` says whether its account is a program's, to be made where there is none."""

    account: str
    membership: Membership
    scopes: tuple[str, ...] | None
    label: str
    expires_at: datetime
    program: bool


def may_sign_in(
    account: Account | None, memberships: Sequence[Membership], *, password_fits: bool
) -> Membership | Refused:
    """Return as what somebody comes in, or why not."""
    if account is None:
        return Refused.UNKNOWN
    if not password_fits:
        return Refused.WRONG_PASSWORD
    if account.disabled_at is not None:
        return Refused.DISABLED
    if not memberships:
        return Refused.NO_MEMBERSHIP
    return min(memberships, key=lambda each: (list(Role).index(each.role), each.home))


def plan_token(
    asked: TokenAsked, principal: Principal, partnerships: Sequence[str] | None, now: datetime
) -> TokenPlanned | Problem:
    """Return the token that may be made for whoever asks, or what is wrong.

    `partnerships` are those of the membership as which they act. A token narrows what its maker may do, and never widens
    it: its scopes lie within the maker's own. Tokens make tokens for an administrator only, or a stolen one would live on
    after it was revoked.
    """
    if principal.session is None and not is_administrator(principal):
        return _forbidden("A token cannot make tokens.", "Sign in at /sign-in and make it at /account.")
    if asked.program is not None and not is_administrator(principal):
        return _forbidden("Only an administrator makes tokens for programs.", "Ask an administrator of the home.")
    findings = [*_findings_of_token(asked), *_findings_of_scopes(asked.scopes, principal.scopes)]
    if asked.program is not None:
        findings += findings_of_membership(asked.role or "", asked.partnerships, under="")
        if not SLUG.fullmatch(asked.program):
            findings.append(
                Finding("program", f"“{asked.program[:60]}” is no name of a program.", "Write one such as import-2019.")
            )
    if findings:
        return invalid(*findings)
    scopes = asked.scopes if asked.scopes is not None else principal.scopes
    return TokenPlanned(
        account=f"{principal.home}/{asked.program}" if asked.program else principal.account,
        membership=Membership(principal.home, Role(asked.role or ""), _known(asked.partnerships))
        if asked.program
        else Membership(principal.home, principal.role, _known(partnerships)),
        scopes=None if scopes is None else tuple(sorted(scopes)),
        label=asked.label.strip(),
        expires_at=now + timedelta(days=asked.days),
        program=asked.program is not None,
    )


def is_administrator(principal: Principal) -> bool:
    """Say whether somebody may look after people and tokens of the home as which they act."""
    return isinstance(may(principal, Action.KEEP_PEOPLE, Subject(principal.home)), Allowed)


def may_read_audit(principal: Principal) -> bool:
    """Say whether somebody may read the audit trail of the home as which they act."""
    return isinstance(may(principal, Action.READ_AUDIT, Subject(principal.home)), Allowed)


def findings_of_membership(role: str, partnerships: Sequence[str] | None, *, under: str = "") -> list[Finding]:
    """Return what is wrong with a membership as somebody wrote it."""
    found = []
    given = [each for each in Role if each is not Role.PUBLIC]
    if role not in given:
        found.append(Finding(f"{under}role", f"“{role[:60]}” is no role.", f"Use one of {', '.join(given)}."))
    if partnerships is not None and role != Role.EMBASSY:
        found.append(Finding(f"{under}partnerships", "Only an embassy has partnerships of its own.", "Leave them out."))
    found += [
        Finding(f"{under}partnerships", f"“{each[:60]}” is no partnership's short name.", "Write one such as beijing.")
        for each in partnerships or ()
        if not SLUG.fullmatch(each)
    ]
    return found


def findings_of_person(shown_name: str, language: str) -> list[Finding]:
    """Return what is wrong with a person as somebody wrote them down."""
    found = []
    if not shown_name.strip() or len(shown_name) > LONGEST_TEXT:
        found.append(
            Finding("shown_name", "The name is empty or very long.", f"Write up to {LONGEST_TEXT} characters.")
        )
    if language not in ("id", "en"):
        found.append(Finding("language", f"“{language[:20]}” is no language of the pages.", "Use id or en."))
    return found


def findings_of_password(password: str, sign_in_name: str) -> list[Finding]:
    """Return what is wrong with a password that somebody chose: only what guessing programs try first."""
    if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        said = f"A password has {SHORTEST_PASSWORD} to {LONGEST_PASSWORD} characters."
        return [Finding("password", said, "Choose some words that nobody would guess; a password manager draws one.")]
    told = password.lower()
    if sign_in_name in told or "kembar" in told or len(set(told)) < 5:
        said = "This password is easily guessed."
        return [Finding("password", said, "Leave your name and Kembar's out, and use more than a few characters.")]
    return []


def findings_of_sign_in_name(name: str) -> list[Finding]:
    """Return what is wrong with a name for signing in; see `sign_in_name_of` for how it is read."""
    if SIGN_IN_NAME.fullmatch(name):
        return []
    said = f"“{name[:60]}” is no name for signing in."
    return [Finding("name", said, "Use 3 to 80 letters, digits, dots, hyphens, or an e-mail address.")]


def sign_in_name_of(typed: str) -> str:
    """Return a name for signing in as it is kept: how it is typed plays no part."""
    return typed.strip().lower()


def memberships_from(claims: Mapping[str, Any], claim: str, roles: Mapping[str, str]) -> list[Membership]:
    """Return what an identity provider makes of a person, by the values of one claim.

    A role is written `home/role`, an embassy's as `home/embassy/beijing+tokyo`. Values that no role is written for make
    nobody anything.
    """
    said = claims.get(claim)
    values = [said] if isinstance(said, str) else said if isinstance(said, list) else []
    found: dict[tuple[str, str], Membership] = {}
    for value in values:
        if isinstance(value, str) and value in roles:
            home, role, partnerships = [*roles[value].split("/"), "", ""][:3]
            own = tuple(partnerships.split("+")) if partnerships else None
            found[home, role] = Membership(home, Role(role), own, from_provider=True)
    return list(found.values())


def safe_next(asked: str | None) -> str:
    """Return where to go after signing in: an address of this site, whatever was asked for."""
    if not asked or not asked.startswith("/") or asked.startswith("//"):
        return "/"
    return asked if asked.isprintable() and "\\" not in asked else "/"


def invalid(*findings: Finding) -> Problem:
    """Return the refusal of what was sent, by field."""
    title = "What was sent cannot be taken as it stands. Nothing was done."
    return Problem(422, "invalid", title, "Correct the fields named under “errors” and send it again.", findings)


def _forbidden(title: str, remedy: str) -> Problem:
    return Problem(403, "not-allowed", title, remedy)


def not_allowed() -> Problem:
    """Return the refusal of what only an administrator of the home may do."""
    return _forbidden("Only an administrator of this home may do this. Nothing was done.", "Ask one to do it.")


def _findings_of_token(asked: TokenAsked) -> list[Finding]:
    found = []
    if not asked.label.strip() or len(asked.label) > LONGEST_TEXT:
        found.append(Finding("label", "The token has no label, or a very long one.", "Say what it is for."))
    if not 1 <= asked.days <= TOKEN_LASTS_AT_MOST.days:
        said = f"A token lasts 1 to {TOKEN_LASTS_AT_MOST.days} days."
        found.append(Finding("days", said, "Make a new one when it expires."))
    return found


def _findings_of_scopes(asked: Collection[str] | None, own: frozenset[str] | None) -> list[Finding]:
    unknown = [each for each in asked or () if each not in set(Scope)]
    if unknown:
        return [Finding("scopes", f"“{unknown[0][:40]}” is no scope.", f"Use some of {', '.join(Scope)}.")]
    if asked is not None and not asked:
        return [Finding("scopes", "The token would be good for nothing.", "Name a scope, or leave scopes out.")]
    if asked is not None and own is not None and not set(asked) <= own:
        return [Finding("scopes", "The token would do more than yours does.", "Leave out what yours leaves out.")]
    return []


def _known(partnerships: Sequence[str] | None) -> tuple[str, ...] | None:
    return None if partnerships is None else tuple(sorted(set(partnerships)))
