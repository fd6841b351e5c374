"""From events to ratings: bring the book up to date, then rate whatever the events touched."""

from collections.abc import Sequence
from datetime import date, timedelta
from itertools import groupby

from services.scoring.standing import Standing
from services.scoring.store import (
    drop_ratings,
    read_missing_facts,
    read_standing,
    write_ratings,
    write_ruling,
    write_today,
)
from shared.domain.amend import Activity, Partnership
from shared.domain.events import DayClosed, Event, RubricAdopted
from shared.domain.rating import History, rate
from shared.domain.rulings import RULING_TYPES, judgements_by_partnership, rubric_in_force
from shared.postgres.pool import Connection
from shared.projection.book_store import bring_up
from shared.projection.kept import Kept
from shared.projection.parking import Read
from shared.wire.rating_document import rating_document


class RatingProjector:
    """Keeps the ratings of now."""

    name = "scoring"

    def __init__(self) -> None:
        self._homes: Kept[Standing] = Kept()

    def forget(self) -> None:
        """Keep nothing of what was read before."""
        self._homes.forget()

    async def project(self, connection: Connection, read: Sequence[Read]) -> None:
        """Bring the book and the ratings up to these events."""
        homes = self._homes.take(read)
        for home, of_home in groupby(read, key=lambda each: each.event.home):
            if home not in homes:
                homes[home] = await read_standing(connection, home)
            await _project_home(connection, home, [each.event for each in of_home], homes[home])
        self._homes.keep(read, homes)


async def _project_home(connection: Connection, home: str, events: Sequence[Event], standing: Standing) -> None:
    changed, imported = await bring_up(connection, home, events, standing.registry)
    standing.put(changed)
    standing.forget_facts(imported)
    for event in events:
        if event.type in RULING_TYPES:
            await write_ruling(connection, event)
            standing.rulings.append(event)
    today = today_after(standing.today, events)
    if today != standing.today:
        await write_today(connection, home, today)
        standing.today = today
    everything = any(isinstance(event.data, DayClosed | RubricAdopted) for event in events)
    touched = (
        standing.registry.keys()
        if everything
        else {event.partnership for event in events if event.partnership and event.import_id is None}
        | imported
        | {each.facts.partnership if isinstance(each, Activity) else each.slug for each in changed}
    )
    partnerships = [standing.registry[slug] for slug in sorted(touched) if slug in standing.registry]
    await _rate(connection, home, partnerships, standing, today, events[-1].position)


def today_after(today: date | None, events: Sequence[Event]) -> date:
    """Return the home's today after these events: the day after the last closed one.

    Until a first day was closed it is the day on which the last event was recorded.
    """
    closed = [event.data.day for event in events if isinstance(event.data, DayClosed)]
    days = [day + timedelta(days=1) for day in closed] + ([today] if today else [])
    return max(days, default=events[-1].recorded_on)


async def _rate(
    connection: Connection,
    home: str,
    partnerships: Sequence[Partnership],
    standing: Standing,
    today: date,
    position: int,
) -> None:
    in_force = [each for each in partnerships if each.stands(today, today)]
    await drop_ratings(connection, home, [each.slug for each in partnerships if not each.stands(today, today)])
    await read_missing_facts(connection, home, standing, [each.slug for each in in_force])
    judgements = judgements_by_partnership(standing.rulings)
    rubric = rubric_in_force(standing.rulings, today)
    documents = {}
    for each in in_force:
        facts = standing.facts[each.slug].that_count(rubric, today)
        history = History(each.slug, each.facts.mou_date, facts, judgements.get(each.slug, ()))
        documents[each.slug] = rating_document(rate(history, rubric, today), each)
    await write_ratings(connection, home, today, position, documents)
