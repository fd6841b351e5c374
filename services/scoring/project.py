"""From events to ratings: bring the book up to date, then rate whatever the events touched."""

from collections.abc import Sequence
from datetime import date, timedelta
from itertools import groupby

from services.scoring.store import (
    drop_ratings,
    read_facts,
    read_registry,
    read_rulings,
    read_today,
    write_ratings,
    write_ruling,
    write_today,
)
from shared.domain.amend import Activity
from shared.domain.book import fold
from shared.domain.events import DayClosed, Event, RubricAdopted
from shared.domain.rating import History, rate
from shared.domain.rulings import RULING_TYPES, judgements_by_partnership, rubric_in_force
from shared.postgres.pool import Connection
from shared.projection.book_store import read_book, write_book
from shared.projection.parking import Read
from shared.wire.rating_document import rating_document


class RatingProjector:
    """Keeps the ratings of now."""

    name = "scoring"

    async def project(self, connection: Connection, read: Sequence[Read]) -> None:
        """Bring the book and the ratings up to these events."""
        for home, of_home in groupby(read, key=lambda each: each.event.home):
            await _project_home(connection, home, [each.event for each in of_home])


async def _project_home(connection: Connection, home: str, events: Sequence[Event]) -> None:
    book = await read_book(connection, home, events)
    changed = [change for event in events for change in fold(book, event)]
    await write_book(connection, home, changed)
    for event in events:
        if event.type in RULING_TYPES:
            await write_ruling(connection, event)
    today = today_after(await read_today(connection, home), events)
    await write_today(connection, home, today)
    everything = any(isinstance(event.data, DayClosed | RubricAdopted) for event in events)
    touched = (
        None
        if everything
        else {event.partnership for event in events if event.partnership}
        | {each.facts.partnership if isinstance(each, Activity) else each.slug for each in changed}
    )
    await _rate(connection, home, touched, today, events[-1].position)


def today_after(today: date | None, events: Sequence[Event]) -> date:
    """Return the home's today after these events: the day after the last closed one.

    Until a first day was closed it is the day on which the last event was recorded.
    """
    closed = [event.data.day for event in events if isinstance(event.data, DayClosed)]
    days = [day + timedelta(days=1) for day in closed] + ([today] if today else [])
    return max(days, default=events[-1].recorded_on)


async def _rate(connection: Connection, home: str, touched: set[str] | None, today: date, position: int) -> None:
    registered = await read_registry(connection, home, touched)
    partnerships = [each for each in registered if each.stands(today, today)]
    await drop_ratings(connection, home, [each.slug for each in registered if not each.stands(today, today)])
    facts = await read_facts(connection, home, [each.slug for each in partnerships])
    rulings = await read_rulings(connection, home)
    judgements = judgements_by_partnership(rulings)
    rubric = rubric_in_force(rulings, today)
    rows = []
    for each in partnerships:
        judged = judgements.get(each.slug, ())
        history = History(each.slug, each.facts.mou_date, tuple(facts[each.slug]), judged)
        document = rating_document(rate(history, rubric, today), each)
        rows.append(
            {"home": home, "partnership": each.slug, "rated_on": today, "position": position, "document": document}
        )
    await write_ratings(connection, rows)
