"""The page that says why a partnership is rated so: every lit cell, what was not counted, the rules."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from services.reports.frame import Frame, Framed, Page, table_of
from services.reports.looked import (
    Looked,
    document_of,
    every_activity,
    ids_behind,
    look,
    may_see_withdrawn,
    stands,
    unknown,
)
from services.reports.page_store import Filters, find_activities
from services.reports.report import Table
from services.reports.store import ActivityRow
from services.reports.views import cells_view, newest_behind_cells, not_counted_lines
from shared.domain.codes import Indicator
from shared.domain.text import Slug
from shared.wire.problems import Fault
from shared.wire.sheet import Value

MOST_IN_A_CELL, MOST_NOT_COUNTED = 8, 40
"""So many activities are shown behind a cell and as not counted; the others stand behind a link."""


async def why(frame: Framed, partnership: Slug) -> Page:
    """Show every lit cell with its activities and the day it goes dark, and what was not counted and why."""
    looked = await look(frame, partnership)
    view = stands(looked, frame)
    if looked.item is None or view is None:
        raise Fault(unknown(partnership))
    item, words, question = looked.item, frame.words, frame.question
    shown = newest_behind_cells(item, MOST_IN_A_CELL)
    behind, _ = await _find(frame, looked, Filters(partnership, ids=shown), len(shown), withdrawn=False)
    others, found = await find_not_counted(frame, looked, MOST_NOT_COUNTED)
    return Page(
        frame=frame,
        template="why.html",
        shown={
            "view": view,
            "cells": cells_view(item, behind, words),
            "not_counted": not_counted_lines(others, question.first, question.day, words),
            "not_counted_in_all": found,
            "slug": partnership,
            "rubric": looked.rubric,
            "ratings": {"rubric": item["rubric"], "position": looked.position},
        },
        document=lambda: _document(frame, looked, item),
        table=lambda: _table(frame, looked, item),
        topic="why",
    )


async def find_not_counted(frame: Frame, looked: Looked, most: int, skipped: int = 0) -> tuple[list[ActivityRow], int]:
    """Return what lights no cell, the latest first, and how much there is."""
    filters = Filters(looked.slug, but=ids_behind(looked))
    withdrawn = may_see_withdrawn(frame, looked.slug)
    return await _find(frame, looked, filters, most, withdrawn=withdrawn, skipped=skipped)


async def _find(
    frame: Frame, looked: Looked, filters: Filters, most: int, *, withdrawn: bool, skipped: int = 0
) -> tuple[list[ActivityRow], int]:
    return await find_activities(
        frame.pool, frame.reader, looked.position, filters, withdrawn=withdrawn, most=most, skipped=skipped
    )


async def _document(frame: Frame, looked: Looked, item: Mapping[str, Any]) -> Mapping[str, Any]:
    rows, question = await every_activity(frame, looked), frame.question
    lit = set(ids_behind(looked))
    others = [each for each in rows if each.id not in lit]
    return {
        "rating": item,
        "rubric": looked.rubric.model_dump(mode="json"),
        "activities": [document_of(frame, each) for each in rows],
        "not_counted": [
            {"activity": each.id, "why": each.detail}
            for each in not_counted_lines(others, question.first, question.day, frame.words)
        ],
        "position": looked.position,
    }


async def _table(frame: Frame, looked: Looked, item: Mapping[str, Any]) -> Table:
    """Return the ten cells as rows: one for each activity behind a cell, one for a dark cell."""
    by_id: dict[UUID, ActivityRow] = {each.id: each for each in await every_activity(frame, looked)}
    lines: list[Sequence[Value]] = []
    for indicator in Indicator:
        for way, ids in item["cells"][indicator.value].items():
            dark = item["goes_dark"][indicator.value][way]
            lit = [(each, by_id[UUID(each)].facts) for each in ids]
            titled = [(each, facts.occurred, facts.title.id or facts.title.en) for each, facts in lit]
            lines += [[indicator.value, way, 1, dark, *each] for each in titled]
            if not lit:
                lines.append([indicator.value, way, 0, dark, None, None, None])
    return table_of("cells", ["indicator", "direction", "lit", "goes_dark", "activity", "occurred", "title"], lines)
