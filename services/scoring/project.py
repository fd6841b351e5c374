"""From events to ratings: bring the book up to date, then rate whatever the events touched."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby

from services.scoring.standing import Standing
from services.scoring.store import (
    Rated,
    drop_ratings,
    read_missing_facts,
    read_standing,
    write_days,
    write_ratings,
    write_ruling,
)
from shared.domain.amend import Activity, Partnership
from shared.domain.events import DayClosed, Event, RubricAdopted
from shared.domain.rating import History, rate
from shared.domain.rulings import RULING_TYPES, judgements_by_partnership, rubric_in_force
from shared.postgres.pool import Connection
from shared.projection.book_store import bring_up
from shared.projection.homes import keep_homes
from shared.projection.kept import Kept
from shared.projection.parking import Read
from shared.projection.scope import EVERYTHING, Scope
from shared.wire.rating_document import rating_document


class RatingProjector:
    """Keeps the ratings of now."""

    name = "scoring"

    def __init__(self) -> None:
        self._homes: Kept[Standing] = Kept()

    def forget(self) -> None:
        """Keep nothing of what was read before."""
        self._homes.forget()

    async def project(self, connection: Connection, read: Sequence[Read], scope: Scope = EVERYTHING) -> None:
        """Bring the book and the ratings up to these events."""
        homes = self._homes.take()
        stands_at = read[0].event.position - 1 if scope.stands_at is None else scope.stands_at
        for home, of_home in groupby(read, key=lambda each: each.event.home):
            if home not in homes:
                homes[home] = await read_standing(connection, home, stands_at)
            await _project_home(connection, home, [each.event for each in of_home], homes[home], scope)
        self._homes.keep(homes)


async def _project_home(
    connection: Connection, home: str, events: Sequence[Event], standing: Standing, scope: Scope
) -> None:
    await keep_homes(connection, events)
    changed_at, imported_at = await bring_up(connection, home, events, standing.registry, scope)
    standing.put([change for _, change in changed_at])
    standing.forget_facts(imported_at.keys())
    for event in events:
        if event.type in RULING_TYPES:
            await write_ruling(connection, event)
            standing.rulings.append(event)
    days = days_begun(standing.today, events)
    await write_days(connection, home, days)
    standing.today = max(days.values(), default=standing.today)
    touched = touched_at(events, changed_at, imported_at)
    slugs = standing.registry.keys() if touched.everything else touched.partnerships.keys()
    in_scope = sorted(slug for slug in slugs if slug in standing.registry and scope.holds(home, slug))
    await _rate(connection, home, [standing.registry[slug] for slug in in_scope], standing, touched)


def days_begun(today: date | None, events: Sequence[Event]) -> dict[int, date]:
    """Return which day became the home's today at which position: always the day after the last closed one."""
    begun: dict[int, date] = {}
    for event in events:
        if isinstance(event.data, DayClosed) and (today is None or event.data.day >= today):
            today = begun[event.position] = event.data.day + timedelta(days=1)
    return begun


@dataclass(frozen=True, slots=True)
class TouchedAt:
    """Which events touched partnerships last: `everything` for what touched all of them, None for none."""

    everything: Event | None
    partnerships: Mapping[str, Event]

    def last(self, slug: str) -> Event:
        """Return the event that brought a partnership to where it stands."""
        own = self.partnerships.get(slug)
        return max((each for each in (own, self.everything) if each is not None), key=_position)


def touched_at(
    events: Sequence[Event],
    changed: Sequence[tuple[int, Activity | Partnership]],
    imported: Mapping[str, int],
) -> TouchedAt:
    """Return what the events, and the changes that each position made to the book, touched last.

    What is staged touches nothing; `imported` says at which position a partnership got a whole import.
    """
    at = {event.position: event for event in events}
    touched = [(each.partnership, each.position) for each in events if each.partnership and each.import_id is None]
    touched += imported.items()
    for position, each in changed:
        touched.append((each.facts.partnership if isinstance(each, Activity) else each.slug, position))
    of_all = [event for event in events if isinstance(event.data, DayClosed | RubricAdopted)]
    partnerships = {slug: at[position] for slug, position in sorted(touched, key=lambda each: each[1])}
    return TouchedAt(max(of_all, key=_position, default=None), partnerships)


def _position(event: Event) -> int:
    return event.position


async def _rate(
    connection: Connection, home: str, partnerships: Sequence[Partnership], standing: Standing, touched: TouchedAt
) -> None:
    """Rate partnerships today; before any day was closed, on the day that what touched them was recorded."""
    last = {each.slug: touched.last(each.slug) for each in partnerships}
    on = {slug: standing.today or event.recorded_on for slug, event in last.items()}
    in_force = [each for each in partnerships if each.stands(on[each.slug], on[each.slug])]
    await drop_ratings(connection, home, sorted(on.keys() - {each.slug for each in in_force}))
    await read_missing_facts(connection, home, standing, [each.slug for each in in_force])
    judgements = judgements_by_partnership(standing.rulings)
    rated = []
    for each in in_force:
        day = on[each.slug]
        rubric = rubric_in_force(standing.rulings, day)
        facts = standing.facts[each.slug].that_count(rubric, day)
        history = History(each.slug, each.facts.mou_date, facts, judgements.get(each.slug, ()))
        rated.append(Rated(each.slug, day, last[each.slug].position, rating_document(rate(history, rubric, day), each)))
    await write_ratings(connection, home, rated)
