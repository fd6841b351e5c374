"""How all partnerships of a home stand, kept from one question to the next: only what was posted about is rated anew.

To rate a thousand partnerships takes a fifth of a second, and a dashboard is asked for all day. What was posted since the last
question names the partnerships that can stand otherwise; anything that concerns the whole home, anything that was parked
and let go, and tables that were swapped, make all anew. Nobody sees what is kept but through `held_to`.
"""

import asyncio
from collections import OrderedDict, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import tzinfo
from typing import Any

from services.reports.compose import compose_ratings
from services.reports.page_store import queries
from services.reports.question import Question
from services.reports.store import read_newest
from shared.domain.access import Principal, Role, partnerships_of
from shared.domain.amend import Partnership
from shared.postgres.pool import Pool
from shared.wire.rating_document import as_shown_to

MOST_KEPT = 12
"""So many questions are kept: a thousand partnerships take about three megabytes in each."""
MOST_ANEW = 200
"""Of more partnerships than this, all are rated anew at once."""
OF_A_SHARE, SHARES_AT_ONCE = 350, 3
"""Of so many partnerships a share is, and so many shares are read at once."""
OF_NO_RATING = ("day.closed", "home.changed", "report.issued")
"""Events of a whole home that change no rating."""


@dataclass(slots=True)
class Standings:
    """How all partnerships of a home stand for one question, as known at a position."""

    position: int
    mark: str
    head: dict[str, Any]
    items: dict[str, dict[str, Any]] = field(default_factory=dict)
    registered: dict[str, Partnership] = field(default_factory=dict)
    not_in_force: frozenset[str] = frozenset()

    def held_to(self, reader: Principal) -> "Standings":
        """Return what of it a reader may see."""
        own = partnerships_of(reader)
        if own is None:
            return self
        return Standings(
            self.position,
            self.mark,
            self.head,
            {slug: each for slug, each in self.items.items() if slug in own},
            {slug: each for slug, each in self.registered.items() if slug in own},
            self.not_in_force & own,
        )

    def document(self, reader: Principal) -> dict[str, Any]:
        """Return the answer as the API gives it to a reader, who may see all that is in it."""
        return {
            "home": reader.home,
            "items": [as_shown_to(reader, self.items[slug]) for slug in sorted(self.items)],
            "not_in_force": sorted(self.not_in_force),
            **self.head,
            "position": self.position,
        }


Key = tuple[object, ...]


class KeptRatings:
    """The standings that were last asked for."""

    def __init__(self, most: int = MOST_KEPT) -> None:
        self._kept: OrderedDict[Key, Standings] = OrderedDict()
        self._turns: defaultdict[Key, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._most = most

    async def of(self, pool: Pool, home: str, question: Question, position: int, zone: tzinfo) -> Standings:
        """Return how all partnerships of a home stand, as known at a position. To be held to its reader."""
        # What is asked as known in the past is kept for its position alone; what stands now moves on with the ledger.
        at = position if question.known is not None else None
        key = (home, question.on, question.first, question.last, at)
        async with self._turns[key]:
            kept = self._kept.get(key)
            found = await self._at(pool, home, question, position, zone, kept)
            self._kept[key] = found
            self._kept.move_to_end(key)
        while len(self._kept) > self._most:
            oldest, _ = self._kept.popitem(last=False)
            self._turns.pop(oldest, None)
        return found

    async def _at(
        self, pool: Pool, home: str, question: Question, position: int, zone: tzinfo, kept: Standings | None
    ) -> Standings:
        since = kept.position if kept is not None else position
        changed = await queries.changed_since(
            pool, home=home, since=min(since, position), position=position, of_no_rating=list(OF_NO_RATING)
        )
        touched = changed["partnerships"]
        if kept is None or since > position or changed["mark"] != kept.mark or changed["is_whole"]:
            return await _standings(pool, home, question, position, zone, changed["mark"])
        if len(touched) > MOST_ANEW:
            return await _standings(pool, home, question, position, zone, changed["mark"])
        if not touched:
            return _moved(kept, position)
        anew = await _standings(pool, home, question, position, zone, changed["mark"], touched)
        return _merged(kept, anew, touched)


def _moved(kept: Standings, position: int) -> Standings:
    return Standings(position, kept.mark, kept.head, kept.items, kept.registered, kept.not_in_force)


def _merged(kept: Standings, anew: Standings, touched: Iterable[str]) -> Standings:
    """Return what was kept, with the partnerships that were rated anew in their place."""
    gone = frozenset(touched)

    def merge(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
        return {**{slug: each for slug, each in before.items() if slug not in gone}, **after}

    return Standings(
        anew.position,
        anew.mark,
        anew.head,
        merge(kept.items, anew.items),
        merge(kept.registered, anew.registered),
        (kept.not_in_force - gone) | anew.not_in_force,
    )


async def _standings(
    pool: Pool,
    home: str,
    question: Question,
    position: int,
    zone: tzinfo,
    mark: str,
    slugs: Sequence[str] | None = None,
) -> Standings:
    """Rate all partnerships of a home, or some: in shares, so that one is rated while the next is still being read."""
    if slugs is None:
        slugs = [row["partnership"] async for row in queries.slugs_as_known(pool, home=home, position=position)]
    turns = asyncio.Semaphore(SHARES_AT_ONCE)

    async def rated(share: Sequence[str]) -> Standings:
        async with turns:
            return await _share(pool, home, question, position, zone, mark, share)

    shares = [slugs[each : each + OF_A_SHARE] for each in range(0, len(slugs), OF_A_SHARE)] or [slugs]
    first, *others = await asyncio.gather(*(rated(each) for each in shares))
    for each in others:
        first.items.update(each.items)
        first.registered.update(each.registered)
        first.not_in_force |= each.not_in_force
    return first


async def _share(
    pool: Pool, home: str, question: Question, position: int, zone: tzinfo, mark: str, slugs: Sequence[str]
) -> Standings:
    """Rate these partnerships of a home."""
    whoever = Principal("", home, Role.VIEWER, frozenset(slugs))
    known = await read_newest(pool, whoever, position, zone, question.day)
    answer = await asyncio.to_thread(compose_ratings, known, question, newest=True)
    head = {name: answer[name] for name in ("on", "from", "to", "known", "rubric")}
    return Standings(
        position,
        mark,
        head,
        {each["partnership"]: each for each in answer["items"]},
        {each.slug: each for each in known.partnerships},
        frozenset(answer["not_in_force"]),
    )
