"""A rating as the APIs answer it and as scoring keeps it: one form for both."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from shared.domain.access import Principal, Role
from shared.domain.amend import Partnership
from shared.domain.cells import WAYS, Cell
from shared.domain.codes import Indicator
from shared.domain.rating import Judgement, Rating
from shared.domain.rubric import Rubric


def rating_document(rating: Rating, partnership: Partnership) -> dict[str, Any]:
    """Return the rating as JSON: codes in ASCII, days as `2020-12-31`, activities by their ids."""
    change = rating.next_change
    return {
        "partnership": rating.partnership,
        "name": partnership.facts.name.model_dump(exclude_none=True),
        "rating": rating.rating.value,
        "score": rating.score,
        "cells": {
            indicator.value: {
                way.value: [str(each) for each in rating.cells[Cell(indicator, way)].activities] for way in WAYS
            }
            for indicator in Indicator
        },
        "goes_dark": {
            indicator.value: {way.value: _day(rating.cells[Cell(indicator, way)].goes_dark) for way in WAYS}
            for indicator in Indicator
        },
        "provisional": rating.provisional,
        "official": _official(rating.official),
        "dormant": rating.dormant,
        "dormant_on": _day(rating.dormant_on),
        "last_activity_on": _day(rating.last_activity_on),
        "next_change": {"on": _day(change.on), "rating": change.rating.value} if change else None,
        "uncertain": rating.uncertain.value if rating.uncertain else None,
        "rubric": _rubric(rating.rubric),
        "mou_date": _day(partnership.facts.mou_date),
    }


def summary_of(document: dict[str, Any]) -> dict[str, Any]:
    """Return a rating document with only the newest activity of each lit cell: the same for a thousand as for one."""
    cells = {
        indicator: {way: activities[-1:] for way, activities in ways.items()}
        for indicator, ways in document["cells"].items()
    }
    return {**document, "cells": cells}


def as_shown_to(reader: Principal, document: Mapping[str, Any]) -> dict[str, Any]:
    """Return a rating's document as its reader may see it: the public is not told under which account a judgement was set."""
    official = document["official"]
    if official is None or reader.role is not Role.PUBLIC:
        return dict(document)
    return {**document, "official": {**official, "author": None}}


def _official(judgement: Judgement | None) -> dict[str, Any] | None:
    if judgement is None:
        return None
    return {
        "event_id": str(judgement.id),
        "rating": judgement.rating.value,
        "author": judgement.author,
        "reason": judgement.reason,
        "valid_from": _day(judgement.valid_from),
        "valid_until": _day(judgement.valid_until),
    }


def _rubric(rubric: Rubric) -> dict[str, Any]:
    return {"id": rubric.id, "version": rubric.version}


def _day(day: date | None) -> str | None:
    return day.isoformat() if day else None
