"""The routes of scoring: the ratings of now."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request

from services.scoring.store import read_ratings
from shared.domain.access import Principal
from shared.domain.text import Slug
from shared.process.settings import Settings
from shared.web.principal import may_read
from shared.wire.problems import Fault, Problem

router = APIRouter(prefix="/scoring/v1", tags=["scoring"])
Reader = Annotated[Principal | None, Depends(may_read)]


@router.get("/ratings")
async def ratings(request: Request, reader: Reader) -> dict[str, Any]:
    """Answer how every partnership of the home stands now, and up to which position that was read."""
    position = request.app.state.progress.checkpoint.position
    rows = await read_ratings(request.app.state.runtime.pool, _home(request, reader), None)
    return {"items": [_item(row) for row in rows], "position": position}


@router.get("/ratings/{partnership}")
async def rating(request: Request, reader: Reader, partnership: Slug) -> dict[str, Any]:
    """Answer how one partnership stands now."""
    rows = await read_ratings(request.app.state.runtime.pool, _home(request, reader), partnership)
    if not rows:
        title = f"There is no partnership “{partnership}” in force today."
        remedy = "See /scoring/v1/ratings for those that are, /reports/v1/ratings for other days."
        raise Fault(Problem(404, "unknown-partnership", title, remedy))
    return _item(rows[0])


def _item(row: Any) -> dict[str, Any]:  # noqa: ANN401
    return {**row["document"], "on": row["rated_on"].isoformat(), "position": row["position"]}


def _home(request: Request, reader: Principal | None) -> str:
    settings: Settings = request.app.state.settings
    return reader.home if reader else settings.home
