"""Who has seen to an alert: said by a person, shown to all who may see the partnership, taken back by the same."""

from collections.abc import Sequence
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Request, Response

from services.scoring.alerts import KeptAlert
from services.scoring.subscriptions.documents import AcknowledgementDocument, AcknowledgementsDocument, Note
from shared.domain.access import Action, Principal, Role, partnerships_in_order
from shared.postgres.pool import Pool
from shared.postgres.queries import load_queries
from shared.web.problems import described
from shared.web.rules import requires
from shared.wire.problems import Fault, Problem

MOST_LISTED = 500
queries = load_queries(__file__, "acknowledgements.sql")
router = APIRouter(prefix="/scoring/v1", tags=["alerts"])
Reader = Annotated[Principal, requires(Action.SUBSCRIBE)]
Acknowledger = Annotated[Principal, requires(Action.ACKNOWLEDGE)]
STANDS = described({409: "Somebody else has acknowledged it"})


async def acknowledged_among(pool: Pool, alerts: Sequence[KeptAlert]) -> dict[UUID, dict[str, Any]]:
    """Return who has seen to these alerts; those that nobody has are left out."""
    named = {"homes": [each.home for each in alerts], "alerts": [each.alert for each in alerts]}
    return {row["alert"]: dict(row) async for row in queries.acknowledged(pool, **named)}


@router.get("/acknowledgements")
async def acknowledgements(request: Request, reader: Reader) -> AcknowledgementsDocument:
    """Answer who has seen to which alerts, the latest 500."""
    pool = request.app.state.runtime.pool
    rows = queries.acknowledgements(pool, home=reader.home, allowed=partnerships_in_order(reader), most=MOST_LISTED)
    return AcknowledgementsDocument.model_validate({"items": [dict(row) async for row in rows]})


@router.post("/alerts/{alert}/acknowledgement", responses=STANDS | described({400: "The body is not JSON"}))
async def acknowledge(request: Request, account: Acknowledger, alert: UUID, asked: Note) -> AcknowledgementDocument:
    """Say that one sees to an alert, for all of the home to know; again, to say something else."""
    await _refuse_unknown(request, account, alert)
    pool, at = request.app.state.runtime.pool, request.app.state.clock()
    row = await queries.acknowledge(
        pool, home=account.home, alert=alert, account=account.account, note=asked.note, at=at
    )
    if row is None:
        title = "Somebody else has acknowledged the alert. Nothing was changed."
        raise Fault(Problem(409, "acknowledged-already", title, "See /scoring/v1/acknowledgements for who it was."))
    return AcknowledgementDocument.model_validate(dict(row))


@router.delete("/alerts/{alert}/acknowledgement", status_code=204)
async def take_back(request: Request, account: Acknowledger, alert: UUID) -> Response:
    """Take one's own acknowledgement back; the bureau takes anybody's back."""
    await _refuse_unknown(request, account, alert)
    of = None if account.role in (Role.BUREAU_EDITOR, Role.ISSUER) else account.account
    pool = request.app.state.runtime.pool
    if not await queries.take_back(pool, home=account.home, alert=alert, account=of):
        title = "There is no acknowledgement of this alert that you could take back."
        raise Fault(Problem(404, "unknown-acknowledgement", title, "See /scoring/v1/acknowledgements."))
    return Response(status_code=204)


async def _refuse_unknown(request: Request, account: Principal, alert: UUID) -> None:
    allowed = partnerships_in_order(account)
    pool = request.app.state.runtime.pool
    if not await queries.is_alert(pool, home=account.home, alert=alert, allowed=allowed):
        title = f"There is no alert {alert} in this home."
        raise Fault(Problem(404, "unknown-alert", title, "See /scoring/v1/alerts for those there are."))
