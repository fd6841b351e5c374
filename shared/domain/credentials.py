"""Whether what somebody shows still admits them: pure decisions on tokens, sessions and attempts to sign in."""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from shared.domain.access import Principal, Role

SESSION_LASTS = timedelta(hours=12)
"""A working day; then one signs in again."""
SESSION_IDLE = timedelta(hours=2)
"""A session that nobody used for so long is over: somebody else may sit there by now."""
TOKEN_LASTS_AT_MOST = timedelta(days=366)
LINK_LASTS = timedelta(days=3)
ATTEMPTS_WITHIN = timedelta(minutes=15)
ATTEMPTS_BY_NAME_AND_ADDRESS = 10
ATTEMPTS_BY_NAME = 50
ATTEMPTS_BY_ADDRESS = 50
"""A name alone is allowed more than a name from one address, or strangers could lock anybody out."""


class Refused(StrEnum):
    """Why what was shown does not admit; stands in the audit trail and in the log, and is never told to who asks."""

    UNKNOWN = "unknown"
    REVOKED = "revoked"
    EXPIRED = "expired"
    IDLE = "idle"
    DISABLED = "disabled"
    NO_MEMBERSHIP = "no-membership"
    WRONG_PASSWORD = "wrong-password"  # noqa: S105 - a reason, not a password
    TOO_MANY = "too-many"


@dataclass(frozen=True, slots=True)
class Credential:
    """A token or a session as it stands in the tables.

    `session` is a session's id, None for a token; `used_at` is when a session was last used, as far as is known.
    """

    id: str
    account: str
    home: str
    role: Role
    partnerships: frozenset[str] | None
    scopes: frozenset[str] | None
    session: str | None
    expires_at: datetime
    ended_at: datetime | None
    used_at: datetime | None
    is_disabled: bool
    is_member: bool


def admit(credential: Credential | None, now: datetime) -> Principal | Refused:
    """Return who shows this at this moment, or why it admits nobody."""
    if credential is None:
        return Refused.UNKNOWN
    if credential.ended_at is not None:
        return Refused.REVOKED
    if now >= credential.expires_at:
        return Refused.EXPIRED
    if credential.session and credential.used_at and now >= credential.used_at + SESSION_IDLE:
        return Refused.IDLE
    if credential.is_disabled:
        return Refused.DISABLED
    if not credential.is_member:
        return Refused.NO_MEMBERSHIP
    return Principal(
        credential.account,
        credential.home,
        credential.role,
        credential.partnerships,
        credential.scopes,
        credential.session,
    )


@dataclass(frozen=True, slots=True)
class Attempts:
    """How many attempts to sign in failed lately, this one counted."""

    by_name_and_address: int
    by_name: int
    by_address: int

    @property
    def are_too_many(self) -> bool:
        """Whether this one is refused, whatever the password."""
        return (
            self.by_name_and_address > ATTEMPTS_BY_NAME_AND_ADDRESS
            or self.by_name > ATTEMPTS_BY_NAME
            or self.by_address > ATTEMPTS_BY_ADDRESS
        )


def hash_of(secret: str) -> str:
    """Return the hash under which a token, or another secret drawn at random, is kept."""
    return hashlib.sha256(secret.encode()).hexdigest()
