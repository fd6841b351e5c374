"""The ledger itself: who recorded what when, and one event as it is stored, with its hash and whether all of it agrees."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from services.reports.answers import position_for
from services.reports.frame import Frame, Framed, Page, one_of, table_of
from services.reports.news import TYPE_WORDS, moment_said
from services.reports.page_store import StoredEvent, read_one_stored, read_stored
from services.reports.report import Table
from shared.domain.access import Action, Subject
from shared.domain.events import EVENT_TYPES
from shared.domain.text import Slug
from shared.ledger.ledger import Ledger
from shared.web.rules import demand
from shared.wire.canonical import canonical, digest
from shared.wire.envelope import attributes, rfc3339
from shared.wire.problems import Fault, Finding, Problem

ROWS_PER_PAGE = 50


@dataclass(frozen=True, slots=True)
class EventLine:
    """An event in the list."""

    position: int
    event_id: str
    when: str
    said: str
    author: str
    partnership: str | None


@dataclass(frozen=True, slots=True)
class Checked:
    """Whether what is kept of an event agrees: its bytes with the ledger's, and with the one form of what they say."""

    same_as_ledger: bool
    is_canonical: bool


async def events(
    frame: Framed, type: str | None = None, partnership: Slug | None = None, before: str | None = None
) -> Page:
    """Show what stands in the ledger, the latest first."""
    demand(frame.reader, Action.READ_WITHDRAWN, Subject(frame.reader.home))
    event_type = one_of("type", type, EVENT_TYPES)
    position = await position_for(frame.request, frame.question)
    found = await read_stored(
        frame.pool,
        frame.reader,
        position,
        before=_position_asked(before),
        event_type=event_type,
        partnership=partnership or None,
        most=ROWS_PER_PAGE + 1,
    )
    page = found[:ROWS_PER_PAGE]
    chosen = {"type": event_type, "partnership": partnership or None}
    here = {name: value for name, value in chosen.items() if value is not None}
    return Page(
        frame=frame,
        template="events.html",
        shown={
            "lines": [_line(each, frame) for each in page],
            "types": [(each, frame.words.say(TYPE_WORDS[each])) for each in EVENT_TYPES],
            "chosen": here,
            "before": str(page[-1].position) if len(found) > ROWS_PER_PAGE else None,
            "audits": "/administration/audit",
        },
        document=lambda: {"items": [_document(each) for each in page], "position": position},
        table=lambda: _table(page),
        topic="ledger",
        here=here,
        live=position if not here else None,
    )


async def event(frame: Framed, event_id: UUID) -> Page:
    """Show one event as it is stored: who, what, when, its bytes, its hash, and whether all of it agrees."""
    demand(frame.reader, Action.READ_WITHDRAWN, Subject(frame.reader.home))
    position = await position_for(frame.request, frame.question)
    stored = await read_one_stored(frame.pool, frame.reader, position, event_id)
    if stored is None:
        title = f"There is no event {event_id} that you may see, as known then."
        raise Fault(Problem(404, "unknown-event", title, "Look for it at /audit/events."))
    checked = await _check(frame.request.app.state.runtime.ledger, stored)
    said = attributes(stored.payload)
    return Page(
        frame=frame,
        template="event.html",
        shown={
            "line": _line(stored, frame),
            "hash": digest(stored.payload),
            "size": len(stored.payload),
            "recorded_at": rfc3339(stored.recorded_at),
            "payload": stored.payload.decode("utf-8", "replace"),
            "laid_out": json.dumps(said, indent=2, ensure_ascii=False),
            "checked": checked,
        },
        document=lambda: {
            **_document(stored),
            "payload": stored.payload.decode("utf-8", "replace"),
            "same_as_ledger": checked.same_as_ledger,
            "is_canonical": checked.is_canonical,
        },
        table=lambda: _table([stored]),
        topic="ledger",
    )


async def _check(ledger: Ledger, stored: StoredEvent) -> Checked:
    """Read the event once more from the ledger itself, and compare it with what the tables hold."""
    entry = await ledger.at(stored.position)
    same = entry is not None and entry.payload == stored.payload
    return Checked(same, canonical(attributes(stored.payload)) == stored.payload)


def _line(stored: StoredEvent, frame: Frame) -> EventLine:
    when = moment_said(stored.recorded_at, frame.zone, frame.words)
    said = frame.words.say(TYPE_WORDS[stored.type])
    return EventLine(stored.position, str(stored.event_id), when, said, stored.author, stored.partnership)


def _document(stored: StoredEvent) -> dict[str, Any]:
    return {
        "position": stored.position,
        "event_id": str(stored.event_id),
        "type": stored.type,
        "partnership": stored.partnership,
        "author": stored.author,
        "recorded_at": rfc3339(stored.recorded_at),
        "hash": digest(stored.payload),
    }


def _table(found: Sequence[StoredEvent]) -> Table:
    keys = ("position", "event_id", "type", "partnership", "author", "recorded_at", "hash")
    documents = [_document(each) for each in found]
    return table_of("events", keys, [[each[key] for key in keys] for each in documents])


def _position_asked(asked: str | None) -> int | None:
    if not asked:
        return None
    if not (asked.isascii() and asked.isdigit() and len(asked) < 16):
        finding = Finding("before", f"“{asked[:30]}” is not a position.", "Use the link to earlier events.")
        raise Fault(
            Problem(422, "invalid", "The question cannot be answered as it stands.", finding.remedy, (finding,))
        )
    return int(asked)
