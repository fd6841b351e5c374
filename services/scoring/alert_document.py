"""What an alert says, as a document without a language: from it come messages, feeds and what programs are sent. Pure."""

from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import urlencode

from services.scoring.watches import Raised
from shared.domain.alerting import Alert, Announced
from shared.domain.cells import CELLS, Cell
from shared.domain.rating import Fact, Rating
from shared.wire.envelope import rfc3339
from shared.wire.foresight_document import cell_documents, foresight_document

Document = dict[str, Any]


def alert_document(
    alert: Alert, raised: Raised, title: Mapping[str, str] | None, withdraws: Document | None
) -> Document:
    """Return what an alert says: codes in ASCII, days as `2020-12-31`. `title` is that of the last activity."""
    event, facts, rating = raised.event, raised.partnership.facts, raised.now.rating
    before, after = raised.before, Announced.of(rating)
    foresight = foresight_document(raised.foresight)
    return {
        "id": str(alert.id),
        "home": event.home,
        "partnership": raised.partnership.slug,
        "name": facts.name.model_dump(exclude_none=True),
        "country": facts.country,
        "issue": facts.issue_basis,
        "kind": alert.kind.value,
        "rule": alert.rule,
        "by_law": alert.by_law,
        "crossed": list(alert.crossed),
        "due": alert.due.isoformat(),
        "on": raised.on.isoformat(),
        "position": event.position,
        "event_id": str(event.id),
        "event_type": event.type,
        "raised_at": rfc3339(event.recorded_at),
        "rating": {"before": before.rating.value, "after": after.rating.value},
        "score": {"before": before.score, "after": after.score},
        "provisional": rating.provisional,
        "dormant": rating.dormant,
        "silent_since": raised.now.silent_since.isoformat() if raised.now.silent_since else None,
        "silent_months": raised.now.silent_months,
        "last_activity": _activity(raised.last, title) if raised.last else None,
        "cells": _lit_cells(rating),
        "went_dark": cell_documents(_without(before.lit, after.lit)),
        "lit_up": cell_documents(_without(after.lit, before.lit)),
        "falls": _fall(rating),
        "keep": foresight["keep"],
        "raise": foresight["raise"],
        "rubric": {"id": rating.rubric.id, "version": rating.rubric.version},
        "withdraws": {name: value for name, value in withdraws.items() if name != "withdraws"} if withdraws else None,
        "path": _path(raised),
    }


def _activity(fact: Fact, title: Mapping[str, str] | None) -> Document:
    return {
        "id": str(fact.activity),
        "indicator": fact.indicator.value,
        "direction": fact.direction.value,
        "day": fact.effective.isoformat(),
        "title": dict(title or {}),
    }


def _lit_cells(rating: Rating) -> list[Document]:
    lit = [(cell, rating.cells[cell].goes_dark) for cell in CELLS if rating.cells[cell].activities]
    return [
        {"indicator": cell.indicator.value, "direction": cell.direction.value, "goes_dark": day.isoformat()}
        for cell, day in lit
        if day is not None
    ]


def _without(cells: Iterable[Cell], others: tuple[Cell, ...]) -> list[Cell]:
    return [cell for cell in cells if cell not in others]


def _fall(rating: Rating) -> Document | None:
    fall = rating.next_change
    return {"on": fall.on.isoformat(), "rating": fall.rating.value} if fall else None


def _path(raised: Raised) -> str:
    """Return the address of the page as of that moment, which never shows anything else."""
    known = rfc3339(raised.event.recorded_at)
    asked = urlencode({"on": raised.on.isoformat(), "known": known, "home": raised.event.home}, safe=":")
    return f"/partnerships/{raised.partnership.slug}?{asked}"
