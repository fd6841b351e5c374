"""The history of a rating: each change with what caused it, and what of it changed. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from types import MappingProxyType
from typing import Any
from uuid import UUID

from services.scoring.grade import Grade
from shared.domain.access import Principal
from shared.wire.envelope import rfc3339
from shared.wire.rating_document import as_shown_to

WORDS: Mapping[str, str] = MappingProxyType(
    {
        "rating": "rating",
        "score": "score",
        "lit": "cells",
        "dormant": "dormant",
        "provisional": "provisional",
        "official": "official",
        "rubric": "rubric",
    }
)
"""What can change of a grade, and the word for it."""


@dataclass(frozen=True, slots=True)
class KeptChange:
    """A change as it was kept when it happened; `before` and `after` are None where the partnership was not in force."""

    position: int
    event_id: UUID
    event_type: str
    recorded_at: datetime
    on: date
    grade_before: Grade | None
    grade: Grade | None
    before: dict[str, Any] | None
    after: dict[str, Any] | None


def what_changed(before: Grade | None, after: Grade | None) -> list[str]:
    """Return the words for what differs; `in_force` alone where a partnership began or ceased to be rated."""
    if before is None or after is None:
        return ["in_force"]
    return [word for name, word in WORDS.items() if getattr(before, name) != getattr(after, name)]


def change_document(change: KeptChange, reader: Principal) -> dict[str, Any]:
    """Return a change as its reader may see it."""
    return {
        "cause": {
            "event_id": str(change.event_id),
            "type": change.event_type,
            "position": change.position,
            "recorded_at": rfc3339(change.recorded_at),
        },
        "on": change.on.isoformat(),
        "changed": what_changed(change.grade_before, change.grade),
        "before": as_shown_to(reader, change.before) if change.before else None,
        "after": as_shown_to(reader, change.after) if change.after else None,
    }
