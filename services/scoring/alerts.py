"""The tables of alerts: what was raised, what was announced of each partnership, what waits to be handed on."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from pydantic import TypeAdapter

from shared.domain.access import ALL_HOMES, Principal, partnerships_in_order
from shared.domain.alerting import AlertKind, Watch
from shared.postgres.pool import Connection, Pool
from shared.postgres.queries import load_queries

WATCH = TypeAdapter(Watch)
Mark = tuple[int, UUID]
"""Where an alert stands among all: its position and its id."""

queries = load_queries(__file__, "alerts.sql")


@dataclass(frozen=True, slots=True)
class KeptAlert:
    """An alert as it is kept for ever. `raised_on` is the day it speaks for, `raised_at` when its cause was recorded.

    `traceparent` goes to those who tell it, and is not kept.
    """

    home: str
    alert: UUID
    partnership: str
    kind: AlertKind
    rule: str
    by_law: bool
    crossed: tuple[int, ...]
    due: date
    raised_on: date
    position: int
    raised_at: datetime
    about: UUID | None
    document: dict[str, Any]
    traceparent: str | None = None

    @property
    def mark(self) -> Mark:
        """Where it stands among all."""
        return self.position, self.alert


async def write_alerts(connection: Connection, alerts: Sequence[KeptAlert]) -> None:
    """Keep alerts, and lay them where those who deliver them take them from."""
    if not alerts:
        return
    named = {
        "homes": [each.home for each in alerts],
        "alerts": [each.alert for each in alerts],
        "partnerships": [each.partnership for each in alerts],
        "positions": [each.position for each in alerts],
        "raised_at": [each.raised_at for each in alerts],
    }
    await queries.write_alerts(
        connection,
        **named,
        kinds=[each.kind.value for each in alerts],
        rules=[each.rule for each in alerts],
        by_law=[each.by_law for each in alerts],
        crossed=["{" + ",".join(map(str, each.crossed)) + "}" for each in alerts],
        due=[each.due for each in alerts],
        raised_on=[each.raised_on for each in alerts],
        about=[each.about for each in alerts],
        documents=[json.dumps(each.document, ensure_ascii=False) for each in alerts],
    )
    await queries.put_into_outbox(connection, **named, traceparents=[each.traceparent for each in alerts])


async def read_alerts(
    pool: Pool | Connection,
    reader: Principal,
    *,
    up_to: int,
    after: Mark | None = None,
    before: Mark | None = None,
    partnership: str | None = None,
    kinds: Collection[str] | None = None,
    by_law_only: bool = False,
    most: int = 100,
) -> list[KeptAlert]:
    """Return alerts that a reader may see, of positions up to `up_to`.

    The latest first, from the one at `before` on; with `after` those behind it, in order.
    """
    asked: dict[str, Any] = {
        "home": None if reader.home == ALL_HOMES else reader.home,
        "up_to": up_to,
        "partnership": partnership,
        "kinds": sorted(kinds) if kinds is not None else None,
        "by_law_only": by_law_only,
        "allowed": partnerships_in_order(reader),
        "most": most,
    }
    position, alert = after or before or (None, None)
    read = queries.alerts_after if after is not None else queries.alerts_before
    return [_kept(row) async for row in read(pool, **asked, position=position, alert=alert)]


async def read_alert(pool: Pool | Connection, reader: Principal, alert: UUID, *, up_to: int) -> KeptAlert | None:
    """Return one alert, None where there is none that the reader may see."""
    allowed = partnerships_in_order(reader)
    row = await queries.alert_of(pool, home=reader.home, alert=alert, up_to=up_to, allowed=allowed)
    return _kept(row) if row else None


async def read_documents(connection: Connection, home: str, alerts: Collection[UUID]) -> dict[UUID, dict[str, Any]]:
    """Return what was said in these alerts."""
    if not alerts:
        return {}
    return {row["alert"]: row["document"] async for row in queries.documents_of(connection, home=home, alerts=alerts)}


async def read_titles(connection: Connection, home: str, activities: Collection[UUID]) -> dict[UUID, dict[str, str]]:
    """Return the titles of activities, as the tables have them now."""
    if not activities:
        return {}
    rows = queries.titles_of(connection, home=home, activities=activities)
    return {row["activity"]: row["title"] async for row in rows}


async def read_watches(connection: Connection, home: str, partnerships: Collection[str]) -> dict[str, Watch]:
    """Return what was announced of these partnerships; those that are not watched are left out."""
    if not partnerships:
        return {}
    rows = queries.watches(connection, home=home, partnerships=sorted(partnerships))
    return {row["partnership"]: WATCH.validate_python(row["document"]) async for row in rows}


async def write_watches(connection: Connection, home: str, watches: Mapping[str, Watch | None]) -> None:
    """Keep what was announced of partnerships, None where one is not watched any more; sorted, so that none waits."""
    watched = sorted((slug, watch) for slug, watch in watches.items() if watch is not None)
    dropped = sorted(slug for slug, watch in watches.items() if watch is None)
    if watched:
        documents = [WATCH.dump_json(watch, exclude_defaults=True).decode() for _, watch in watched]
        partnerships = [slug for slug, _ in watched]
        await queries.write_watches(connection, home=home, partnerships=partnerships, documents=documents)
    if dropped:
        await queries.drop_watches(connection, home=home, partnerships=dropped)


def _kept(row: Mapping[str, Any]) -> KeptAlert:
    values = dict(row)
    return KeptAlert(**values | {"kind": AlertKind(row["kind"]), "crossed": tuple(row["crossed"])})
