"""Passwords: argon2id, in threads of their own, and always the same work, whether somebody is known or not."""

import asyncio
import base64
import secrets

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from prometheus_client import CollectorRegistry, Counter

AT_ONCE = 2
"""Each verification takes 64 MiB and a core for some tens of milliseconds."""


class Passwords:
    """Makes and verifies hashes of passwords."""

    def __init__(self, metrics: CollectorRegistry) -> None:
        self._hasher = PasswordHasher()
        self._turn = asyncio.Semaphore(AT_ONCE)
        self._of_nobody = hash_of_nobody(self._hasher)
        self._verified = Counter(
            "kembar_password_verifications", "Passwords verified, for known and unknown people alike", registry=metrics
        )

    async def hash(self, password: str) -> str:
        """Return the hash under which a password is kept."""
        async with self._turn:
            return await asyncio.to_thread(self._hasher.hash, password)

    async def fits(self, password_hash: str | None, password: str) -> bool:
        """Say whether a password fits; where there is none, one that nobody knows is verified all the same."""
        async with self._turn:
            fits = await asyncio.to_thread(self._verify, password_hash or self._of_nobody, password)
        self._verified.inc()
        return fits and password_hash is not None

    def _verify(self, password_hash: str, password: str) -> bool:
        try:
            return self._hasher.verify(password_hash, password)
        except (VerificationError, InvalidHashError):
            return False


def hash_of_nobody(hasher: PasswordHasher) -> str:
    """Return a hash with the same parameters to which no password is known: verifying it is the same work."""
    salt, digest = (
        base64.b64encode(secrets.token_bytes(length)).decode().rstrip("=")
        for length in (hasher.salt_len, hasher.hash_len)
    )
    cost = f"m={hasher.memory_cost},t={hasher.time_cost},p={hasher.parallelism}"
    return f"$argon2id$v=19${cost}${salt}${digest}"
