"""From events to tables under both clocks: every event as stored, and each activity's and partnership's versions."""

from collections.abc import Collection, Sequence
from itertools import groupby
from typing import Any

from services.reports.store import end_and_write_versions, read_latest, write_events
from shared.domain.amend import Activity, Partnership
from shared.domain.book import Touched, fold
from shared.domain.occurred import parse_occurred
from shared.postgres.pool import Connection
from shared.projection.parking import Read

Row = dict[str, Any]


class EventProjector:
    """Keeps every event queryable under both clocks."""

    name = "reports"

    async def project(self, connection: Connection, read: Sequence[Read]) -> None:
        """Write the events, and the versions that begin and end with them."""
        await write_events(connection, [_event_row(each) for each in read])
        for home, of_home in groupby(read, key=lambda each: each.event.home):
            await _project_home(connection, home, list(of_home))


async def _project_home(connection: Connection, home: str, read: Sequence[Read]) -> None:
    touched = Touched()
    for each in read:
        touched.add(each.event.data)
    book = await read_latest(connection, home, touched)
    versions = Versions(home, standing={*book.activities, *book.partnerships})
    for event, _ in read:
        for changed in fold(book, event):
            versions.begin(changed, event.position)
    await end_and_write_versions(connection, versions.ended, versions.written())


class Versions:
    """The versions that begin and end while some events are read; `standing` have a version in the table."""

    def __init__(self, home: str, standing: Collection[object]) -> None:
        self._home = home
        self._standing = standing
        self._open: dict[object, Row] = {}
        self._closed: list[Row] = []
        self.ended: list[Row] = []

    def begin(self, changed: Activity | Partnership, position: int) -> None:
        """Begin a version at a position; the one before it, here or in the table, ends there."""
        row = _activity_row(changed) if isinstance(changed, Activity) else _partnership_row(changed)
        row |= {"home": self._home, "from_position": position, "until_position": None}
        key = row.get("activity") or row["partnership"]
        before = self._open.pop(key, None)
        if before is None and key in self._standing:
            self.ended.append({**row, "until_position": position})
        elif before is not None:
            self._closed.append({**before, "until_position": position})
        self._open[key] = row

    def written(self) -> list[Row]:
        """Return all versions that began."""
        return [*self._closed, *self._open.values()]


def _event_row(read: Read) -> Row:
    event, entry = read
    return {
        "position": event.position,
        "home": event.home,
        "event_id": event.id,
        "type": event.type,
        "partnership": event.partnership,
        "author": event.author,
        "recorded_at": event.recorded_at,
        "recorded_on": event.recorded_on,
        "payload": entry.payload,
    }


def _activity_row(activity: Activity) -> Row:
    facts = activity.facts
    occurred = parse_occurred(facts.occurred)
    return {
        "activity": activity.id,
        "partnership": facts.partnership,
        "batch": facts.batch,
        "indicator": facts.indicator.value,
        "direction": facts.direction.value,
        "outcome": facts.outcome.value,
        "mode": facts.mode.value,
        "first_day": occurred.first,
        "last_day": occurred.last,
        "stated_on": activity.stated_on,
        "withdrawn_by": activity.withdrawn_by,
        "facts": facts.model_dump(mode="json", exclude_unset=True),
    }


def _partnership_row(partnership: Partnership) -> Row:
    return {
        "partnership": partnership.slug,
        "facts": partnership.facts.model_dump(mode="json", exclude_unset=True),
        "ended_on": partnership.ended_on,
    }
