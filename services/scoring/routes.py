"""The routes of scoring: the ratings of now, what will become of them, and how they came about."""

from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request, Response

from services.scoring.documents import HistoryDocument
from services.scoring.history import change_document
from services.scoring.store import (
    is_registered,
    rating_as_json,
    ratings_as_json,
    read_changes,
    read_foresight,
    read_ratings,
)
from shared.domain.access import Action, Principal, partnerships_of
from shared.domain.text import Slug
from shared.web.rules import requires
from shared.wire.foresight_document import foresight_document
from shared.wire.problems import Fault, Finding, Problem

router = APIRouter(prefix="/scoring/v1", tags=["scoring"])
Reader = Annotated[Principal, requires(Action.READ)]
ReaderAcross = Annotated[Principal, requires(Action.READ, across=True)]
Cells = Annotated[
    Literal["all", "newest"],
    Query(
        description="Which activities of each lit cell are named: all, or the newest only, which is much less to read"
    ),
]
MOST_CHANGES = 100


@router.get("/ratings")
async def ratings(request: Request, reader: ReaderAcross, cells: Cells = "all") -> Response:
    """Answer how every partnership of the home stands now, and up to which position that was read.

    For a ministry, `home` names another home, or `all` of them.
    """
    position = request.app.state.progress.checkpoint.position
    kept = await read_ratings(request.app.state.runtime.pool, reader, newest=cells == "newest")
    return Response(ratings_as_json(kept, reader, position), media_type="application/json")


@router.get("/ratings/{partnership}")
async def rating(request: Request, reader: Reader, partnership: Slug) -> Response:
    """Answer how one partnership stands now, and under `foresight` what will become of it and what would keep or raise it."""
    found = await read_foresight(request.app.state.runtime.pool, reader, partnership)
    if found is None:
        title = f"There is no partnership “{partnership}” in force today."
        remedy = "See /scoring/v1/ratings for those that are, /reports/v1/ratings for other days."
        raise Fault(Problem(404, "unknown-partnership", title, remedy))
    kept, foresight = found
    content = rating_as_json(kept, reader, foresight=foresight_document(foresight))
    return Response(content, media_type="application/json")


@router.get("/ratings/{partnership}/history")
async def history(
    request: Request,
    reader: Reader,
    partnership: Slug,
    cursor: str | None = None,
    limit: Annotated[int, Query(ge=1, le=MOST_CHANGES)] = 20,
) -> HistoryDocument:
    """Answer how a partnership's rating changed, the latest change first: what caused each, and how it stood before and after.

    Each is as it was kept when it happened. Partnerships that are no longer in force have theirs too.
    """
    pool, home, own = request.app.state.runtime.pool, reader.home, partnerships_of(reader)
    if (own is not None and partnership not in own) or not await is_registered(pool, home, partnership):
        title = f"There is no partnership “{partnership}”."
        raise Fault(Problem(404, "unknown-partnership", title, "See /scoring/v1/ratings for those that are in force."))
    position = request.app.state.progress.checkpoint.position
    changes = await read_changes(pool, home, partnership, _read_cursor(cursor) if cursor else None, limit + 1)
    page = changes[:limit]
    more = len(changes) > limit
    items = [change_document(each, reader) for each in page]
    return HistoryDocument.model_validate(
        {"items": items, "next": str(page[-1].position) if more else None, "position": position}
    )


def _read_cursor(cursor: str) -> int:
    if cursor.isascii() and cursor.isdigit() and len(cursor) < 19:
        return int(cursor)
    finding = Finding("cursor", "The cursor was not made here.", "Use “next” of the page before, or leave it out.")
    raise Fault(Problem(422, "invalid", "The question cannot be answered.", finding.remedy, (finding,)))
