"""What is put on record of attempts: that they begin, before they are made, and how they ended. Many at a time.

To write of one attempt costs as much as of a hundred, and every commit waits for the disk.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.scoring.delivery.compose import Claimed
from services.scoring.delivery.matching import AtHome, queries
from services.scoring.delivery.outcome import Outcome, Settled
from services.scoring.delivery.timing import Quiet, outside_of
from shared.postgres.pool import Connection


@dataclass(frozen=True, slots=True)
class Begun:
    """An attempt that is on record and may be made: the how manieth, and when the first of its delivery began.

    `refused` are the attempts before that failed at the receiver; one that was cut off by our own end is none.
    """

    claimed: Claimed
    home: AtHome
    number: int
    refused: int
    first_attempt_at: datetime

    @property
    def quiet(self) -> Quiet | None:
        """The hours in which it is not tried again."""
        return self.claimed.quiet if self.claimed.tells else None


@dataclass(frozen=True, slots=True)
class Ended:
    """How an attempt ended, and what the delivery is by that; not on record yet. `deliverer` is who had it in hand."""

    begun: Begun
    deliverer: UUID
    outcome: Outcome
    settled: Settled
    took_ms: int


async def begin_attempts(
    connection: Connection, deliverer: UUID, claimed: Sequence[Claimed], homes: Mapping[str, AtHome], moment: datetime
) -> list[Begun]:
    """Begin an attempt at each that is still to be told now; drop what nobody is to be told, put off what is not due."""
    dropped: list[tuple[UUID, str]] = []
    put_off: list[tuple[UUID, datetime]] = []
    due: list[Claimed] = []
    for each in claimed:
        home = homes[each.home]
        due_at = outside_of(each.quiet if each.tells else None, moment, home.zone)
        if reason := why_not(each, released=home.released):
            dropped.append((each.delivery, reason))
        elif due_at > moment:
            put_off.append((each.delivery, due_at))
        else:
            due.append(each)
    await _let_go(connection, deliverer, dropped, put_off, moment)
    return await _begin(connection, deliverer, due, homes, moment)


async def _let_go(
    connection: Connection,
    deliverer: UUID,
    dropped: Sequence[tuple[UUID, str]],
    put_off: Sequence[tuple[UUID, datetime]],
    moment: datetime,
) -> None:
    if dropped:
        deliveries, whys = zip(*dropped, strict=True)
        await queries.drop_deliveries(connection, deliverer=deliverer, deliveries=deliveries, whys=whys, now=moment)
    if put_off:
        deliveries, due_at = zip(*put_off, strict=True)
        await queries.put_off(connection, deliverer=deliverer, deliveries=deliveries, due_at=due_at)


async def _begin(
    connection: Connection, deliverer: UUID, due: Sequence[Claimed], homes: Mapping[str, AtHome], moment: datetime
) -> list[Begun]:
    if not due:
        return []
    ids = [each.delivery for each in due]
    rows = queries.begin_attempts(connection, deliverer=deliverer, deliveries=ids, now=moment)
    begun = {row["delivery"]: row async for row in rows}
    return [
        Begun(each, homes[each.home], row["attempts"], row["refused"], row["first_attempt_at"])
        for each in due
        if (row := begun.get(each.delivery)) is not None
    ]


def why_not(claimed: Claimed, *, released: bool) -> str | None:
    """Return why nobody is to be told this any more, None where somebody is."""
    if claimed.address is None:
        return "The subscription has ended."
    if claimed.tells and claimed.account is None and not released:
        return "The home does not show this to the public any more."
    if claimed.tells and not claimed.documents:
        return "The account may not see this partnership any more."
    return None


async def end_attempts(connection: Connection, ended: Sequence[Ended], moment: datetime) -> None:
    """Put on record how attempts ended; what somebody else has in hand by now is left to that one."""
    await queries.end_attempts(
        connection,
        deliveries=[each.begun.claimed.delivery for each in ended],
        deliverers=[each.deliverer for each in ended],
        numbers=[each.begun.number for each in ended],
        took_ms=[each.took_ms for each in ended],
        statuses=[each.outcome.status for each in ended],
        outcomes=[each.outcome.words for each in ended],
        excerpts=[each.outcome.excerpt or None for each in ended],
        states=[each.settled.state for each in ended],
        whys=[None if each.outcome.taken else each.outcome.words for each in ended],
        due_at=[each.settled.due_at for each in ended],
        now=moment,
    )
