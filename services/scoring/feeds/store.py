"""The alerts as feeds read them: in order, up to where all shares have come, held to what the reader may see."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from services.scoring.feeds.calendar import Ahead, Expiry, Planned
from services.scoring.store import read_rulings
from shared.domain.access import ALL_HOMES, Principal, partnerships_in_order
from shared.domain.rulings import rubric_in_force
from shared.postgres.pool import Connection, Pool
from shared.postgres.queries import load_queries

queries = load_queries(__file__)
AFTER_ALL = UUID(int=2**128 - 1)
"""After every alert of a position."""


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Where an alert stands among all: by the position that caused it, then by its id."""

    position: int
    alert: UUID

    @classmethod
    def after(cls, position: int) -> "Place":
        """Return the place behind all alerts of a position."""
        return cls(position, AFTER_ALL)


@dataclass(frozen=True, slots=True)
class ToldAlert:
    """An alert as feeds tell it; `json` is its document, which stays the text it is."""

    home: str
    partnership: str
    kind: str
    by_law: bool
    place: Place
    raised_at: datetime
    json: str


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which alerts somebody reads. None means all: homes, partnerships, kinds, partnerships that may be seen.

    `by_law_only` leaves out what is told only to those who chose a threshold of their own.
    """

    home: str | None
    partnership: str | None = None
    kinds: frozenset[str] | None = None
    allowed: frozenset[str] | None = None
    by_law_only: bool = False

    def holds(self, alert: ToldAlert) -> bool:
        """Say whether an alert is among them."""
        return (
            self.home in (None, alert.home)
            and self.partnership in (None, alert.partnership)
            and (self.kinds is None or alert.kind in self.kinds)
            and (alert.by_law or not self.by_law_only)
            and (self.allowed is None or alert.partnership in self.allowed)
        )

    def as_values(self) -> dict[str, Any]:
        """Return it as queries take it."""
        return {
            "home": self.home,
            "partnership": self.partnership,
            "kinds": sorted(self.kinds) if self.kinds is not None else None,
            "allowed": sorted(self.allowed) if self.allowed is not None else None,
            "by_law_only": self.by_law_only,
        }


EVERYTHING = Wanted(None)


def wanted_by(reader: Principal, partnership: str | None, kinds: frozenset[str] | None, *, by_law_only: bool) -> Wanted:
    """Return which alerts a reader is shown of what was asked for."""
    allowed = partnerships_in_order(reader)
    home = None if reader.home == ALL_HOMES else reader.home
    return Wanted(home, partnership, kinds, None if allowed is None else frozenset(allowed), by_law_only)


async def read_alerts_after(
    connection: Connection | Pool, wanted: Wanted, after: Place, until: int, most: int, since: datetime | None = None
) -> list[ToldAlert]:
    """Return the next alerts after a place, up to a position, in order; with `since`, those raised from then on."""
    place = {"position": after.position, "alert": after.alert}
    rows = queries.alerts_after(connection, until=until, most=most, since=since, **place, **wanted.as_values())
    return [_kept(row) async for row in rows]


async def count_alerts(pool: Pool, wanted: Wanted, until: int) -> int:
    """Return how many alerts there are up to a position."""
    count: int = await queries.count_alerts(pool, until=until, **wanted.as_values())
    return count


async def read_alerts_from(pool: Pool, wanted: Wanted, until: int, first: int, most: int) -> Sequence[ToldAlert]:
    """Return alerts in order, the first so many left out."""
    rows = queries.alerts_counted_off(pool, until=until, first=first, most=most, **wanted.as_values())
    return [_kept(row) async for row in rows]


def _kept(row: Any) -> ToldAlert:  # noqa: ANN401
    place = Place(row["position"], row["alert"])
    return ToldAlert(
        row["home"], row["partnership"], row["kind"], row["by_law"], place, row["raised_at"], row["document"]
    )


async def read_ahead(pool: Pool, reader: Principal, partnership: str | None) -> list[Ahead]:
    """Return what lies ahead of the partnerships in force that a reader may see, all of one moment; all or one."""
    home, allowed = reader.home, partnerships_in_order(reader)
    async with pool.acquire() as connection, connection.transaction(isolation="repeatable_read", readonly=True):
        rows = queries.ratings_of_home(connection, home=home, partnership=partnership, allowed=allowed)
        rated = [row async for row in rows]
        named = {"home": home, "partnerships": [row["partnership"] for row in rated]}
        expiries = await _read_expiries(connection, named)
        plans: dict[str, list[Planned]] = defaultdict(list)
        async for row in queries.plans_of(connection, **named):
            plans[row["partnership"]].append(Planned(row["activity"], row["title"], row["occurred"], row["place"]))
        rulings = await read_rulings(connection, home, max((row["position"] for row in rated), default=0))
    return [
        Ahead(
            on=row["rated_on"],
            position=row["position"],
            recorded_at=row["recorded_at"],
            rating=row["summary"],
            rubric=rubric_in_force([each for each in rulings if each.position <= row["position"]], row["rated_on"]),
            expiries=expiries[row["partnership"]],
            plans=plans[row["partnership"]],
        )
        for row in rated
    ]


async def _read_expiries(connection: Connection, named: dict[str, Any]) -> dict[str, list[Expiry]]:
    """Return what expires, by partnership: of memoranda the last one, where it names a day."""
    expiries: dict[str, list[Expiry]] = defaultdict(list)
    async for row in queries.memoranda_of(connection, **named):
        if row["valid_until"] is not None:
            expiries[row["partnership"]].append(Expiry(row["event_id"], None, row["valid_until"]))
    async for row in queries.agreements_of(connection, **named):
        expiries[row["partnership"]].append(Expiry(row["activity"], row["title"], row["valid_until"]))
    return expiries
