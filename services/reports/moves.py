"""What each event between two positions did: which versions ended with it and began with it. Pure."""

from collections import defaultdict
from collections.abc import Sequence
from uuid import UUID

from services.reports.material import Moved
from services.reports.store import Version
from shared.domain.amend import Activity, Partnership
from shared.domain.events import Event


def positions_of(versions: Sequence[Version], after: int, position: int) -> set[int]:
    """Return the positions, after one and up to another, at which versions began or ended."""
    ends = {end for each in versions for end in (each.from_position, each.until_position) if end is not None}
    return {each for each in ends if after < each <= position}


def moves(versions: Sequence[Version], events: Sequence[Event]) -> list[Moved]:
    """Return for each event what it changed, in the order of the ledger; what was taken back is as if it were not there."""
    activities: dict[int, dict[UUID, list[Activity | None]]] = defaultdict(lambda: defaultdict(lambda: [None, None]))
    partnerships: dict[int, dict[str, list[Partnership | None]]] = defaultdict(
        lambda: defaultdict(lambda: [None, None])
    )
    for each in versions:
        for side, at in ((1, each.from_position), (0, each.until_position)):
            if at is not None and isinstance(each.of, Partnership):
                partnerships[at][each.of.slug][side] = each.of
            elif at is not None and isinstance(each.of, Activity):
                activities[at][each.of.id][side] = each.of if each.of.withdrawn_by is None else None
    return [
        Moved(
            event,
            {key: (before, now) for key, (before, now) in activities[event.position].items() if before or now},
            {slug: (before, now) for slug, (before, now) in partnerships[event.position].items()},
        )
        for event in events
    ]
