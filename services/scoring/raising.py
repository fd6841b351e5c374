"""Raise alerts: put together what each says, with what the tables hold of it, and keep them."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from services.scoring.alert_document import Document, alert_document
from services.scoring.alerts import KeptAlert, read_documents, read_titles, write_alerts
from services.scoring.watches import Raised
from shared.domain.alerting import Alert
from shared.domain.amend import Activity
from shared.postgres.pool import Connection
from shared.process.traces import go_on
from shared.projection.book_store import BroughtUp


class Titles:
    """The titles of activities at any position of a run of events, to whose end the tables were brought up."""

    def __init__(self, in_tables: Mapping[UUID, Mapping[str, str]], brought: BroughtUp) -> None:
        self._in_tables = in_tables
        self._before = brought.before
        self._changed: dict[UUID, list[tuple[int, Activity]]] = defaultdict(list)
        for position, each in brought.changed:
            if isinstance(each, Activity):
                self._changed[each.id].append((position, each))

    def at(self, position: int, activity: UUID) -> Mapping[str, str] | None:
        """Return the title that an activity had after the event at a position."""
        changed = self._changed.get(activity, [])
        by_then = [each for at, each in changed if at <= position]
        stood = by_then[-1] if by_then else self._before.get(activity) if changed else None
        return stood.facts.title.model_dump(exclude_none=True) if stood else self._in_tables.get(activity)


async def raise_alerts(
    connection: Connection, home: str, raised: Sequence[Raised], brought: BroughtUp, traces: Mapping[int, str]
) -> None:
    """Keep the alerts that a run of events raised, in order, right after the tables were brought up to its end.

    `traces` are the traceparents of those events that have one, by position; what is told of an alert goes on with it.
    """
    if not raised:
        return
    last = sorted({each.last.activity for each in raised if each.last is not None})
    titles = Titles(await read_titles(connection, home, last), brought)
    withdrawn = sorted({alert.about for each in raised for alert in each.alerts if alert.about is not None})
    said: dict[UUID, Document] = await read_documents(connection, home, withdrawn)
    kept: list[KeptAlert] = []
    for each in raised:
        title = titles.at(each.event.position, each.last.activity) if each.last else None
        for alert in each.alerts:
            said[alert.id] = alert_document(alert, each, title, said[alert.about] if alert.about else None)
            trace = traces.get(each.event.position)
            with go_on("raise an alert", "producer", trace, each.event.recorded_at, kembar__kind=alert.kind) as step:
                kept.append(_kept(alert, each, said[alert.id], step.traceparent))
    await write_alerts(connection, kept)


def _kept(alert: Alert, raised: Raised, document: dict[str, Any], traceparent: str | None) -> KeptAlert:
    return KeptAlert(
        home=raised.event.home,
        alert=alert.id,
        partnership=raised.partnership.slug,
        kind=alert.kind,
        rule=alert.rule,
        by_law=alert.by_law,
        crossed=alert.crossed,
        due=alert.due,
        raised_on=raised.on,
        position=raised.event.position,
        raised_at=raised.event.recorded_at,
        about=alert.about,
        document=document,
        traceparent=traceparent,
    )
