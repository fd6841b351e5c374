"""The routes of alerts: what was raised, the latest first. None of them writes anything."""

from collections.abc import Sequence
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Request

from services.scoring.acknowledgements import acknowledged_among
from services.scoring.alerts import KeptAlert, Mark, read_alert, read_alerts
from services.scoring.documents import AlertsDocument, ShownAlert
from shared.domain.access import Action, Allowed, Principal, Subject, may
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


@router.get("/alerts", response_model_exclude_unset=True)
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

    Nothing is ever put in between: what was answered under a cursor stays so, but for who has acknowledged it. That is
    shown to whoever may subscribe.
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
    items = await shown_alerts(request, reader, page)
    return AlertsDocument.model_validate(
        {"items": items, "next": cursor_of(page[-1]) if more else None, "position": position}
    )


@router.get("/alerts/{alert}", response_model_exclude_unset=True)
async def alert(request: Request, reader: Reader, alert: UUID) -> ShownAlert:
    """Answer what one alert says."""
    position = request.app.state.progress.checkpoint.position
    found = await read_alert(request.app.state.runtime.pool, reader, alert, up_to=position)
    if found is None:
        title = f"There is no alert {alert} that you may see."
        raise Fault(Problem(404, "unknown-alert", title, "See /scoring/v1/alerts for those there are."))
    (document,) = await shown_alerts(request, reader, [found])
    return ShownAlert.model_validate(document)


async def shown_alerts(request: Request, reader: Principal, alerts: Sequence[KeptAlert]) -> list[dict[str, Any]]:
    """Return alerts as they are shown: who sees to each is said to whoever may subscribe, and left out for others."""
    if not isinstance(may(reader, Action.SUBSCRIBE, Subject(reader.home)), Allowed):
        return [each.document for each in alerts]
    seen_to = await acknowledged_among(request.app.state.runtime.pool, alerts)
    return [each.document | {"acknowledged": seen_to.get(each.alert)} for each in alerts]


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
