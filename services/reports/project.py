"""From events to tables under both clocks: every event as stored, and each activity's and partnership's versions."""

from collections.abc import Collection, Sequence
from itertools import groupby

from services.reports.issued_store import keep_issued
from services.reports.store import (
    Version,
    begin_versions_of_import,
    end_versions,
    read_amended,
    read_registry,
    stage_activities,
    write_events,
    write_versions,
)
from shared.domain.amend import Activity, Partnership
from shared.domain.book import Book, Touched, fold
from shared.domain.events import Event, ImportCompleted
from shared.postgres.pool import Connection
from shared.projection.book_store import in_scope, runs_between_completions
from shared.projection.homes import keep_homes
from shared.projection.kept import Kept
from shared.projection.parking import Read
from shared.projection.scope import EVERYTHING, Scope


class EventProjector:
    """Keeps every event queryable under both clocks."""

    name = "reports"

    def __init__(self) -> None:
        self._registries: Kept[dict[str, Partnership]] = Kept()

    def forget(self) -> None:
        """Keep nothing of what was read before."""
        self._registries.forget()

    async def project(self, connection: Connection, read: Sequence[Read], scope: Scope = EVERYTHING) -> None:
        """Write the events, and the versions that begin and end with them."""
        registries = self._registries.take()
        await write_events(connection, read)
        await keep_homes(connection, [each.event for each in read])
        await keep_issued(connection, [each.event for each in read])
        for home, of_home in groupby(read, key=lambda each: each.event.home):
            if home not in registries:
                registries[home] = await read_registry(connection, home)
            for run in runs_between_completions([each.event for each in of_home]):
                await _project_run(connection, home, run, registries[home], scope)
        self._registries.keep(registries)


async def _project_run(
    connection: Connection, home: str, events: Sequence[Event], registry: dict[str, Partnership], scope: Scope
) -> None:
    if isinstance(events[0].data, ImportCompleted):
        await begin_versions_of_import(connection, events[0], events[0].data, scope)
        return
    touched = Touched()
    for event in events:
        touched.add(event.data)
    book = Book(registry, in_scope(await read_amended(connection, home, touched), home, scope))
    versions = Versions(standing={*book.activities, *book.partnerships})
    for event in events:
        for changed in fold(book, event):
            versions.begin(changed, event.position)
    await end_versions(connection, home, versions.ended)
    await write_versions(connection, home, versions.written())
    await stage_activities(connection, home, [event for staged in book.staged.values() for event in staged])


class Versions:
    """The versions that begin and end while some events are read; `standing` have a version in the table."""

    def __init__(self, standing: Collection[object]) -> None:
        self._standing = standing
        self._open: dict[object, Version] = {}
        self._closed: list[Version] = []
        self.ended: list[Version] = []

    def begin(self, changed: Activity | Partnership, position: int) -> None:
        """Begin a version at a position; the one before it, here or in the table, ends there."""
        key = changed.id if isinstance(changed, Activity) else changed.slug
        before = self._open.pop(key, None)
        if before is not None:
            self._closed.append(Version(before.of, before.from_position, position))
        elif key in self._standing:
            self.ended.append(Version(changed, 0, position))
        self._open[key] = Version(changed, position)

    def written(self) -> list[Version]:
        """Return all versions that began."""
        return [*self._closed, *self._open.values()]
