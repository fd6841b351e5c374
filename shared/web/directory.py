"""Who is known: tokens and sessions as they stand in the tables of access, remembered as long as nothing was taken away.

Every request must see what was revoked before it came. So each asks for the generation, a number that moves on in every
transaction that takes something away, by a query that begins after the request came in. Requests that wait share one:
the busier the service, the fewer queries per request.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import structlog

from shared.domain.access import Principal, Role
from shared.domain.credentials import Credential, Refused, admit
from shared.postgres.pool import DATABASE_ERRORS, Pool, PooledConnection
from shared.postgres.queries import load_queries
from shared.process.clock import Clock

REMEMBERED_AT_MOST = 10_000
NOTE_USE_EVERY_SECONDS = 1.0

queries = load_queries(__file__, "access.sql")
log = structlog.get_logger()


@dataclass(slots=True)
class _Remembered:
    generation: int
    credential: Credential


class Directory:
    """Finds who shows a token or a session; one per app."""

    def __init__(self, pool: Pool, clock: Clock) -> None:
        self.pool = pool
        self.clock = clock
        self._remembered: dict[str, _Remembered] = {}
        self._line: PooledConnection | None = None
        self._generation_now: asyncio.Task[int] | None = None
        self._generation_next: asyncio.Task[int] | None = None
        self._used: dict[str, datetime] = {}
        self._was_used = asyncio.Event()

    async def of_token(self, shown: str, *, is_use: bool = True) -> tuple[Principal | Refused, Credential | None]:
        """Return who shows the token of this hash, or why it admits nobody, and what stands in the tables."""
        return await self._find(shown, queries.token_shown, is_use=is_use)

    async def of_session(self, shown: str, *, is_use: bool = True) -> tuple[Principal | Refused, Credential | None]:
        """Return who shows the session of this hash, or why it admits nobody, and what stands in the tables."""
        return await self._find(shown, queries.session_shown, is_use=is_use)

    async def keep_noting_use(self) -> None:
        """Write down what was used, every second, for ever; what a lost database did not take is written later."""
        try:
            while True:
                await self._was_used.wait()
                await self.note_use()
                await asyncio.sleep(NOTE_USE_EVERY_SECONDS)
        finally:
            await self._hang_up()

    async def note_use(self) -> None:
        """Write down what was used since the last time."""
        used, self._used = self._used, {}
        self._was_used.clear()
        if not used:
            return
        names = sorted(used)  # two writers never wait for each other
        try:
            await queries.write_used(self.pool, credentials=names, used_at=[used[each] for each in names])
        except (*DATABASE_ERRORS, OSError) as error:
            log.warning("what was used could not be noted", error=repr(error))
            self._used = used | self._used
            self._was_used.set()

    async def _find(
        self,
        shown: str,
        read: Any,  # noqa: ANN401
        *,
        is_use: bool,
    ) -> tuple[Principal | Refused, Credential | None]:
        remembered = self._remembered.get(shown)
        if remembered is None or remembered.generation != await self._generation():
            credential = await self._read(shown, read)
        else:
            credential = remembered.credential
        now = self.clock()
        found = admit(credential, now)
        if found is Refused.IDLE:  # it may have been used through another service
            credential = await self._read(shown, read)
            found = admit(credential, now)
        if is_use and credential is not None and isinstance(found, Principal):
            self._note(shown, credential, now)
        return found, credential

    def _note(self, shown: str, credential: Credential, now: datetime) -> None:
        self._used[credential.id] = now
        self._was_used.set()
        remembered = self._remembered.get(shown)
        if credential.session and remembered:
            remembered.credential = replace(credential, used_at=now)

    async def _read(self, shown: str, read: Any) -> Credential | None:  # noqa: ANN401
        row = await read(self.pool, shown=shown)
        if row["id"] is None:
            self._remembered.pop(shown, None)
            return None
        if len(self._remembered) >= REMEMBERED_AT_MOST:
            self._remembered.clear()
        credential = _credential(row)
        self._remembered[shown] = _Remembered(row["generation"], credential)
        return credential

    async def _generation(self) -> int:
        """Return the generation as read by a query that begins after this call; all who wait share it."""
        if self._generation_next is None:
            reading = self._read_generation_after(self._generation_now)
            self._generation_next = asyncio.get_running_loop().create_task(reading)
        return await asyncio.shield(self._generation_next)

    async def _read_generation_after(self, before: asyncio.Task[int] | None) -> int:
        if before is not None:
            await asyncio.wait([before])
        self._generation_now, self._generation_next = self._generation_next, None
        try:
            if self._line is None:  # one of its own: taking one from the pool each time is most of the cost
                self._line = await self.pool.acquire()
            number: int = await queries.generation(self._line)
        except BaseException:
            await self._hang_up()
            raise
        return number

    async def _hang_up(self) -> None:
        line, self._line = self._line, None
        if line is not None:
            await self.pool.release(line)


def _credential(row: Mapping[str, Any]) -> Credential:
    return Credential(
        id=str(row["id"]),
        account=row["account"],
        home=row["home"],
        role=Role(row["role"]),
        partnerships=None if row["partnerships"] is None else frozenset(row["partnerships"]),
        scopes=None if row["scopes"] is None else frozenset(row["scopes"]),
        session=str(row["session"]) if row["session"] else None,
        expires_at=row["expires_at"],
        ended_at=row["ended_at"],
        used_at=row["used_at"],
        is_disabled=row["is_disabled"],
        is_member=row["is_member"],
    )
