"""The routes of scoring: the ratings of now."""

from typing import Annotated, Any

from fastapi import APIRouter, Request

from services.scoring.store import read_ratings
from shared.domain.access import Action, Principal
from shared.domain.text import Slug
from shared.web.rules import requires
from shared.wire.problems import Fault, Problem
from shared.wire.rating_document import as_shown_to

router = APIRouter(prefix="/scoring/v1", tags=["scoring"])
Reader = Annotated[Principal, requires(Action.READ)]
ReaderAcross = Annotated[Principal, requires(Action.READ, across=True)]


@router.get("/ratings")
async def ratings(request: Request, reader: ReaderAcross) -> dict[str, Any]:
    """Answer how every partnership of the home stands now, and up to which position that was read.

    For a ministry, `home` names another home, or `all` of them.
    """
    position = request.app.state.progress.checkpoint.position
    rows = await read_ratings(request.app.state.runtime.pool, reader)
    return {"items": [_item(row, reader) for row in rows], "position": position}


@router.get("/ratings/{partnership}")
async def rating(request: Request, reader: Reader, partnership: Slug) -> dict[str, Any]:
    """Answer how one partnership stands now."""
    rows = await read_ratings(request.app.state.runtime.pool, reader, partnership)
    if not rows:
        title = f"There is no partnership “{partnership}” in force today."
        remedy = "See /scoring/v1/ratings for those that are, /reports/v1/ratings for other days."
        raise Fault(Problem(404, "unknown-partnership", title, remedy))
    return _item(rows[0], reader)


def _item(row: Any, reader: Principal) -> dict[str, Any]:  # noqa: ANN401
    shown = as_shown_to(reader, row["document"])
    return {"home": row["home"], **shown, "on": row["rated_on"].isoformat(), "position": row["position"]}
