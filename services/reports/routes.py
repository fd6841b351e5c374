"""The routes of reports: ratings and activities for any day or period, as known at any time."""

import base64
import json
from datetime import date
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import JSONResponse

from services.reports.answers import Clocks, Reader, position_for, ratings_for
from services.reports.compose import activity_document
from services.reports.store import ActivityRow, read_activities
from shared.domain.access import Action, Principal, Role, Subject
from shared.domain.text import Slug
from shared.web.rules import demand
from shared.wire.problems import Fault, Finding, Problem

router = APIRouter(prefix="/reports/v1", tags=["reports"])
MOST_PER_PAGE = 500
RubricName = Annotated[
    str | None, Query(description="Another rubric than the law of the day", examples=["jakarta-2020", "jakarta-2020/1"])
]
Cells = Annotated[
    Literal["all", "newest"],
    Query(
        description="Which activities of each lit cell are named: all, or the newest only, which is much less to read"
    ),
]


@router.get("/ratings")
async def ratings(
    request: Request, reader: Reader, question: Clocks, rubric: RubricName = None, cells: Cells = "all"
) -> Response:
    """Answer how every partnership stood on a day (`on`) or over a period (`from`, `to`), as `known` at a moment.

    `rubric` names another than the law of the day, for a look side by side.
    """
    answer = await ratings_for(request, reader, question, rubric, newest=cells == "newest")
    # Written at once: to check thousands of values once more, as is done for a plain dict, took longer than all else.
    return JSONResponse(answer)


@router.get("/activities")
async def activities(
    request: Request,
    reader: Reader,
    question: Clocks,
    partnership: Slug | None = None,
    cursor: str | None = None,
    withdrawn: bool = False,
    limit: Annotated[int, Query(ge=1, le=MOST_PER_PAGE)] = 100,
) -> dict[str, Any]:
    """Answer the activities whose dates touch the day or the period, latest first; all where neither is given.

    With `withdrawn`, those that were retracted or whose import was reversed are among them. `next` is the cursor of the
    following page. It keeps the position at which the first page was answered, so that the pages fit together whatever
    is posted meanwhile.
    """
    if withdrawn:
        demand(reader, Action.READ_WITHDRAWN, Subject(reader.home))
    position, before = await position_for(request, question), None
    if cursor:
        position, before = _read_cursor(cursor, not_after=position)
    day = question.on if request.query_params.get("on") else None
    rows = await read_activities(
        request.app.state.runtime.reading,
        reader,
        position,
        partnership=partnership,
        first=question.first or day,
        last=question.last or day,
        before=before,
        withdrawn=withdrawn,
        most=limit + 1,
    )
    page = rows[:limit]
    return {
        "items": [_shown_to(reader, activity_document(row)) for row in page],
        "next": _cursor(position, page[-1]) if len(rows) > limit else None,
        "position": position,
    }


def _shown_to(reader: Principal, document: dict[str, Any]) -> dict[str, Any]:
    """Return an activity as its reader may see it: the public is not told under which account it was posted."""
    return {**document, "author": None} if reader.role is Role.PUBLIC else document


def _cursor(position: int, row: ActivityRow) -> str:
    content = json.dumps([position, row.last_day.isoformat(), row.position])
    return base64.urlsafe_b64encode(content.encode()).decode().rstrip("=")


def _read_cursor(cursor: str, not_after: int) -> tuple[int, tuple[date, int]]:
    try:
        position, day, row_position = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        if not (0 <= position <= not_after and 0 <= row_position <= position):
            raise ValueError("no such position, or one that is not known then")
        return int(position), (date.fromisoformat(day), int(row_position))
    except (ValueError, TypeError, OverflowError) as error:
        finding = Finding("cursor", "The cursor was not made here.", "Use “next” of the page before, or leave it out.")
        raise Fault(Problem(422, "invalid", "The question cannot be answered.", finding.remedy, (finding,))) from error
