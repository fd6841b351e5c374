"""The routes of alerts: what was raised, the latest first. None of them writes anything."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request

from services.scoring.alerts import KeptAlert, Mark, read_alert, read_alerts
from services.scoring.documents import AlertDocument, AlertsDocument
from shared.domain.access import Action, Principal
from shared.domain.alerting import AlertKind
from shared.domain.text import Slug
from shared.web.rules import requires
from shared.wire.problems import Fault, Finding, Problem

router = APIRouter(prefix="/scoring/v1", tags=["scoring"])
Reader = Annotated[Principal, requires(Action.READ)]
MOST_ALERTS = 100
OnePartnership = Annotated[Slug | None, Query(description="Of one partnership only", examples=["hanoi"])]
Kinds = Annotated[list[AlertKind] | None, Query(alias="kind", description="Of these kinds only; may be repeated")]
Thresholds = Annotated[
    bool,
    Query(
        description="With those for subscribers that set thresholds of their own: every month of silence, every lead"
    ),
]


@router.get("/alerts")
async def alerts(
    request: Request,
    reader: Reader,
    partnership: OnePartnership = None,
    kinds: Kinds = None,
    thresholds: Thresholds = False,
    cursor: str | None = None,
    limit: Annotated[int, Query(ge=1, le=MOST_ALERTS)] = 20,
) -> AlertsDocument:
    """Answer which alerts were raised, the latest first, of the partnerships that the reader may see.

    Nothing is ever put in between: what was answered under a cursor stays so.
    """
    position = request.app.state.progress.checkpoint.position
    found = await read_alerts(
        request.app.state.runtime.pool,
        reader,
        up_to=position,
        before=read_cursor(cursor) if cursor else None,
        partnership=partnership,
        kinds=kinds,
        by_law_only=not thresholds,
        most=limit + 1,
    )
    page, more = found[:limit], len(found) > limit
    items = [each.document for each in page]
    return AlertsDocument.model_validate(
        {"items": items, "next": cursor_of(page[-1]) if more else None, "position": position}
    )


@router.get("/alerts/{alert}")
async def alert(request: Request, reader: Reader, alert: UUID) -> AlertDocument:
    """Answer what one alert says."""
    position = request.app.state.progress.checkpoint.position
    found = await read_alert(request.app.state.runtime.pool, reader, alert, up_to=position)
    if found is None:
        title = f"There is no alert {alert} that you may see."
        raise Fault(Problem(404, "unknown-alert", title, "See /scoring/v1/alerts for those there are."))
    return AlertDocument.model_validate(found.document)


def cursor_of(alert: KeptAlert) -> str:
    """Return the cursor of what comes before an alert."""
    return f"{alert.position}.{alert.alert.hex}"


def read_cursor(cursor: str) -> Mark:
    """Return where a cursor stands, as `cursor_of` wrote it; raise `Fault` (422) where it was not made here."""
    position, _, alert = cursor.partition(".")
    try:
        if position.isascii() and position.isdigit() and len(position) < 19 and len(alert) == 32:
            return int(position), UUID(hex=alert)
    except ValueError:
        pass
    finding = Finding("cursor", "The cursor was not made here.", "Use “next” of the page before, or leave it out.")
    raise Fault(Problem(422, "invalid", "The question cannot be answered.", finding.remedy, (finding,)))
