"""From events to ratings and alerts: bring the book up to date, then rate and look at whatever the events touched."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby

from services.scoring.alerts import read_watches, write_watches
from services.scoring.raising import raise_alerts
from services.scoring.standing import Change, Standing, slug_of
from services.scoring.store import (
    Rated,
    drop_ratings,
    read_day_in_time,
    read_missing,
    read_standing,
    write_changes,
    write_days,
    write_memoranda,
    write_ratings,
    write_rulings,
)
from services.scoring.watches import Raised, Watches, is_in_time
from shared.domain.amend import Activity, Partnership
from shared.domain.events import DayClosed, Event, RubricAdopted
from shared.domain.rulings import RULING_TYPES
from shared.postgres.pool import Connection
from shared.projection.book_store import bring_up, runs_between_completions
from shared.projection.homes import keep_homes
from shared.projection.kept import Kept
from shared.projection.parking import Read
from shared.projection.scope import EVERYTHING, Scope
from shared.wire.rating_document import rating_document


@dataclass(frozen=True, slots=True)
class _Home:
    """A home as the worker keeps it in memory."""

    standing: Standing
    watches: Watches


class RatingProjector:
    """Keeps the ratings of now, and raises alerts."""

    name = "scoring"

    def __init__(self) -> None:
        self._homes: Kept[_Home] = Kept()

    def forget(self) -> None:
        """Keep nothing of what was read before."""
        self._homes.forget()

    async def project(self, connection: Connection, read: Sequence[Read], scope: Scope = EVERYTHING) -> None:
        """Bring the book and the ratings up to these events."""
        homes = self._homes.take()
        stands_at = read[0].event.position - 1 if scope.stands_at is None else scope.stands_at
        for home, of_home in groupby(read, key=lambda each: each.event.home):
            if home not in homes:
                watches = Watches(await read_day_in_time(connection, home, stands_at))
                homes[home] = _Home(await read_standing(connection, home, stands_at), watches)
            await _project_home(connection, home, list(of_home), homes[home], scope)
        self._homes.keep(homes)


async def _project_home(connection: Connection, home: str, read: Sequence[Read], kept: _Home, scope: Scope) -> None:
    events = [each.event for each in read]
    traces = {each.event.position: each.entry.traceparent for each in read if each.entry.traceparent is not None}
    await keep_homes(connection, events)
    standing, watches = kept.standing, kept.watches
    today = standing.today
    changes: list[Change] = []
    touched: dict[str, Event] = {}
    for run in runs_between_completions(events):
        raised: list[Raised] = []
        own = {event.partnership for event in run if event.partnership is not None}
        await _read_missing(connection, home, kept, standing.registry.keys() | own if _of_all(run) else own)
        brought = await bring_up(connection, home, run, dict(standing.registry), scope)
        changed, imported = brought.changed, brought.imported
        standing.forget_facts(imported)
        await _read_missing(connection, home, kept, imported)
        changed_at = _by_position(changed)
        for event in run:
            changed_by_it = changed_at.get(event.position, ())
            to_grade = standing.take(event, changed_by_it, imported)
            to_look_at = watches.take(event, changed_by_it, imported, standing)
            for slug in to_grade:
                if scope.holds(home, slug) and (change := standing.regrade(event, slug)) is not None:
                    changes.append(change)
            looked = (watches.look(event, slug, standing) for slug in to_look_at if scope.holds(home, slug))
            raised += [each for each in looked if each is not None]
            touched |= dict.fromkeys(_touched(event, changed_by_it, imported, standing), event)
        await raise_alerts(connection, home, raised, brought, traces)
    await write_rulings(connection, [event for event in events if event.type in RULING_TYPES])
    in_time = {event.position for event in events if is_in_time(event)}
    await write_days(connection, home, days_begun(today, events), in_time)
    await write_memoranda(connection, (event for event in events if _is_held(event, scope)))
    await write_changes(connection, home, changes)
    await write_watches(connection, home, watches.take_changed())
    await _write_ratings(
        connection, home, {slug: at for slug, at in touched.items() if scope.holds(home, slug)}, standing
    )


def _is_held(event: Event, scope: Scope) -> bool:
    return event.partnership is not None and scope.holds(event.home, event.partnership)


async def _read_missing(connection: Connection, home: str, kept: _Home, slugs: Collection[str]) -> None:
    await read_missing(connection, home, kept.standing, slugs)
    missing = set(slugs) - kept.watches.known.keys()
    kept.watches.known.update(dict.fromkeys(missing) | await read_watches(connection, home, missing))


def _of_all(run: Sequence[Event]) -> bool:
    """Say whether there is an event of the whole home among these, which may change any of its partnerships."""
    return any(event.partnership is None for event in run)


def _by_position(changed: Iterable[tuple[int, Activity | Partnership]]) -> Mapping[int, list[Activity | Partnership]]:
    at: dict[int, list[Activity | Partnership]] = defaultdict(list)
    for position, each in changed:
        at[position].append(each)
    return at


def _touched(
    event: Event, changed: Iterable[Activity | Partnership], imported: Iterable[str], standing: Standing
) -> Iterable[str]:
    """Return the partnerships of which an event brought anything; what is staged brings nothing."""
    if isinstance(event.data, DayClosed | RubricAdopted):
        return list(standing.registry)
    own = (event.partnership,) if event.partnership is not None and event.import_id is None else ()
    return {*own, *imported, *map(slug_of, changed)}


async def _write_ratings(connection: Connection, home: str, touched: Mapping[str, Event], standing: Standing) -> None:
    """Rate what was touched today; before any day was closed, on the day that what touched it was recorded."""
    slugs = sorted(touched.keys() & standing.registry.keys())
    await read_missing(connection, home, standing, slugs)
    rated = []
    for slug in slugs:
        event = touched[slug]
        on = standing.today or event.recorded_on
        if (rating := standing.rate(slug, on)) is not None:
            document = rating_document(rating, standing.registry[slug])
            rated.append(Rated(slug, on, event.position, event.recorded_at, document))
    await drop_ratings(connection, home, sorted({*slugs} - {each.partnership for each in rated}))
    await write_ratings(connection, home, rated)


def days_begun(today: date | None, events: Sequence[Event]) -> dict[int, date]:
    """Return which day became the home's today at which position: always the day after the last closed one."""
    begun: dict[int, date] = {}
    for event in events:
        if isinstance(event.data, DayClosed) and (today is None or event.data.day >= today):
            today = begun[event.position] = event.data.day + timedelta(days=1)
    return begun
