"""Who somebody is to a home: an account, its role, and how far that reaches."""

from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """What an account is to a home. The value stands in tables, tokens and answers."""

    BUREAU_EDITOR = "bureau"
    ISSUER = "issuer"
    EMBASSY = "embassy"
    VIEWER = "viewer"
    PUBLIC = "public"
    AUDITOR = "auditor"
    ADMINISTRATOR = "administrator"
    MINISTRY = "ministry"


class Scope(StrEnum):
    """What a token may be used for at most, whatever its role may do."""

    READ = "read"
    POST = "post"
    ISSUE = "issue"
    ADMINISTER = "administer"


@dataclass(frozen=True, slots=True)
class Principal:
    """An account as it acts in one home. `account` stands as author under every event it posts; it is no person's name.

    `partnerships` are an embassy's own; None stands for all of the home. `scopes` narrow a token; None for a person, and
    for a token that may do all that its role may. `session` is the id of the session that a person signed in to, None for
    a token.
    """

    account: str
    home: str
    role: Role
    partnerships: frozenset[str] | None = None
    scopes: frozenset[str] | None = None
    session: str | None = None
