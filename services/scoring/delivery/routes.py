"""The routes of deliveries: what was sent, every attempt, what failed, and to send it again."""

from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel

from services.scoring.delivery.deliver import hint_at_deliveries
from services.scoring.delivery.matching import queries
from services.scoring.subscriptions.desk import Desk
from services.scoring.subscriptions.documents import DeliveriesDocument, delivery_document
from services.scoring.subscriptions.store import later_than
from shared.domain.access import Action, Principal, Subject
from shared.web.problems import described
from shared.web.rules import demand, requires
from shared.wire.problems import Fault, Finding, Problem

router = APIRouter(prefix="/scoring/v1", tags=["deliveries"])
Subscriber = Annotated[Principal, requires(Action.SUBSCRIBE)]
State = Literal["pending", "delivered", "failed", "dropped"]
Cursor = Annotated[str | None, Query(max_length=30)]
Limit = Annotated[int, Query(ge=1, le=100)]


class AgainDocument(BaseModel):
    """The delivery that begins anew."""

    delivery: UUID


@router.get("/subscriptions/{subscription}/deliveries")
async def deliveries_of_subscription(
    request: Request,
    subscriber: Subscriber,
    subscription: UUID,
    state: State | None = None,
    cursor: Cursor = None,
    limit: Limit = 20,
) -> DeliveriesDocument:
    """Answer what was sent to a subscription, the latest first, with every attempt."""
    desk = Desk(request, subscriber)
    await desk.found(subscription)
    before, most = _read_cursor(cursor), limit + 1
    found = queries.deliveries_of_subscription(
        desk.pool, subscription=subscription, state=state, before=before, most=most
    )
    return _page([row async for row in found], limit)


@router.get("/deliveries")
async def deliveries(
    request: Request,
    subscriber: Subscriber,
    state: State = "failed",
    of: Annotated[
        Literal["own", "home"], Query(description="One's own, or for an administrator all of the home")
    ] = "own",
    cursor: Cursor = None,
    limit: Limit = 20,
) -> DeliveriesDocument:
    """Answer the deliveries in some state, the latest first; those that failed, if none is named."""
    desk = Desk(request, subscriber)
    if of == "home":
        demand(subscriber, Action.KEEP_PEOPLE, Subject(subscriber.home))
    account = None if of == "home" else subscriber.account
    named = {"home": subscriber.home, "account": account, "state": state}
    found = queries.deliveries_of_account(desk.pool, **named, before=_read_cursor(cursor), most=limit + 1)
    return _page([row async for row in found], limit)


@router.post(
    "/deliveries/{delivery}/again",
    status_code=202,
    responses=described({409: "The delivery has not failed, or is of no use any more"}),
)
async def again(request: Request, subscriber: Subscriber, delivery: UUID) -> AgainDocument:
    """Let a delivery that has failed begin anew, under the same id, for another three days."""
    desk = Desk(request, subscriber)
    row = await queries.delivery_of(desk.pool, delivery=delivery, home=subscriber.home)
    if row is None or not (desk.administers or desk.owns(row)):
        title = f"There is no delivery {delivery} to a subscription of your own."
        raise Fault(Problem(404, "unknown-delivery", title, "See /scoring/v1/deliveries for those that failed."))
    if refusal := _why_not_again(row):
        raise Fault(refusal)
    if not await queries.send_again(desk.pool, delivery=delivery, now=desk.clock()):
        raise Fault(_stands_otherwise("The delivery has not failed.", "Only what has failed is sent again."))
    await hint_at_deliveries(desk.pool)
    return AgainDocument(delivery=delivery)


def _why_not_again(row: Any) -> Problem | None:  # noqa: ANN401
    if row["ended_at"] is not None:
        return _stands_otherwise("The subscription has ended.", "Make another; later alerts go there.")
    if row["is_withdrawn"]:
        return _stands_otherwise("The alert was withdrawn since.", "Nothing is to be told any more.")
    return None


def _stands_otherwise(title: str, remedy: str) -> Problem:
    return Problem(409, "delivery-stands-otherwise", f"{title} Nothing was done.", remedy)


def _page(rows: list[Any], limit: int) -> DeliveriesDocument:
    page, last = later_than(rows, limit)
    items = [delivery_document(each) for each in page]
    return DeliveriesDocument.model_validate({"items": items, "next": str(last["number"]) if last else None})


def _read_cursor(cursor: str | None) -> int | None:
    if cursor is None or (cursor.isascii() and cursor.isdigit() and len(cursor) < 19):
        return int(cursor) if cursor else None
    finding = Finding("cursor", "The cursor was not made here.", "Use “next” of the page before, or leave it out.")
    raise Fault(Problem(422, "invalid", "The question cannot be answered.", finding.remedy, (finding,)))
