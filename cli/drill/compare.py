"""Compare what was acknowledged with the ledger, and every table with what the ledger says."""

import asyncio
import json
from collections import Counter
from contextlib import aclosing
from dataclasses import dataclass, field

from cli.drill.load import Load
from cli.embedded.reach import open_ledger
from cli.rebuild import PROJECTIONS
from shared.ledger.follow import Checkpoint, follow_until
from shared.ledger.ledger import Ledger, Stored
from shared.process.settings import Settings
from shared.projection.rebuild import open_rebuild
from shared.wire.canonical import digest


@dataclass(frozen=True)
class Loss:
    """What was found wanting: acknowledged events that are gone, changed, twice or elsewhere; tables that differ."""

    acknowledged: int
    gone: int
    changed: int
    twice: int
    elsewhere: int
    never_acknowledged: int
    differing: dict[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def is_nothing(self) -> bool:
        """Whether nothing was lost, and nothing is other than it must be."""
        return not (self.gone or self.changed or self.twice or self.elsewhere or self.differing)


def compare(settings: Settings, load: Load) -> Loss:
    """Read the whole ledger and compute all tables anew; the services may run meanwhile, but nobody may post."""
    return asyncio.run(_compare(settings, load))


async def _compare(settings: Settings, load: Load) -> Loss:
    async with open_ledger(settings) as ledger:
        stored = await read_all(ledger)
        differing = await differing_tables(ledger, settings)
    return loss_of(stored, load, differing)


def loss_of(stored: list[Stored], load: Load, differing: dict[str, tuple[str, ...]]) -> Loss:
    """Return what is wanting of the events that a load was acknowledged. Pure."""
    times = Counter(id_of(each) for each in stored)
    by_id = {id_of(each): each for each in stored}
    found = {each: by_id[each] for each in load.acknowledged if each in by_id}
    return Loss(
        acknowledged=len(load.acknowledged),
        gone=len(load.acknowledged) - len(found),
        changed=sum(
            digest(each.payload) != load.acknowledged[event_id]["hash"]
            or json.loads(each.payload)["data"] != load.sent[event_id]["data"]
            for event_id, each in found.items()
        ),
        twice=sum(count > 1 for count in times.values()),
        elsewhere=sum(each.position != load.acknowledged[event_id]["position"] for event_id, each in found.items()),
        never_acknowledged=len(load.unacknowledged),
        differing=differing,
    )


async def read_all(ledger: Ledger) -> list[Stored]:
    """Return everything that stands in the ledger, in order."""
    entries: list[Stored] = []
    if end := await ledger.end():
        async with aclosing(follow_until(ledger, Checkpoint(), end)) as lists:
            async for some in lists:
                entries += some
    return entries


async def differing_tables(ledger: Ledger, settings: Settings) -> dict[str, tuple[str, ...]]:
    """Compute the tables of each service anew, and return of those that differ the first lines on one side only."""
    differing: dict[str, tuple[str, ...]] = {}
    for projection in PROJECTIONS.values():
        async with open_rebuild(projection, ledger, settings) as building:
            await building.build(await building.target(), lambda position: None)
            compared = await building.compare()
        differing |= {f"{projection.schema}.{each.table}": each.first for each in compared if each.differences}
    return differing


def id_of(entry: Stored) -> str:
    """Return the id of an event in the ledger."""
    return entry.subject.split(".")[2]
