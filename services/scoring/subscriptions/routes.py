"""The routes of subscriptions: made, shown, changed, paused, snoozed and ended by whose they are."""

from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel

from services.scoring.subscriptions.desk import Desk
from services.scoring.subscriptions.documents import (
    Changes,
    MadeDocument,
    SecretDocument,
    Snooze,
    Subscribe,
    SubscribeByEmail,
    SubscriptionDocument,
    SubscriptionsDocument,
    subscription_document,
)
from services.scoring.subscriptions.store import later_than
from shared.domain.access import Action, Principal
from shared.web.problems import described
from shared.web.rules import requires

router = APIRouter(prefix="/scoring/v1", tags=["subscriptions"])
Subscriber = Annotated[Principal, requires(Action.SUBSCRIBE)]
Anybody = Annotated[Principal, requires(Action.READ)]
STANDS = described({409: "The subscription stands otherwise, or this installation sends no e-mail"})
NOT_JSON = described({400: "The body is not JSON"})
MOST_LISTED = 100


class SentDocument(BaseModel):
    """The message that is on its way; /scoring/v1/subscriptions/{subscription}/deliveries says what became of it."""

    delivery: UUID


class AskedDocument(BaseModel):
    """The same answer whether the address was known or not."""

    said: str = "If the address takes mail, it is asked to confirm within three days."


@router.post("/subscriptions", status_code=201, responses=STANDS | NOT_JSON)
async def subscribe(request: Request, subscriber: Subscriber, asked: Subscribe) -> MadeDocument:
    """Subscribe to alerts of the home by a webhook or by e-mail.

    Only what the account may see is told, also when that changes later. A webhook's secret is answered this once; an e-mail
    address is first asked to confirm.
    """
    row, secret = await Desk(request, subscriber).subscribe(asked)
    return MadeDocument.model_validate({**subscription_document(row, own=True), "secret": secret})


@router.post("/subscriptions/by-email", status_code=202, responses=STANDS | NOT_JSON)
async def subscribe_by_email(request: Request, anybody: Anybody, asked: SubscribeByEmail) -> AskedDocument:
    """Subscribe without an account, where the home is released to the public; the address is asked to confirm."""
    await Desk(request, anybody).subscribe_by_email(asked)
    return AskedDocument()


@router.get("/subscriptions")
async def subscriptions(
    request: Request,
    subscriber: Subscriber,
    of: Annotated[
        Literal["own", "home"], Query(description="One's own, or for an administrator all of the home")
    ] = "own",
    cursor: UUID | None = None,
    limit: Annotated[int, Query(ge=1, le=MOST_LISTED)] = MOST_LISTED,
) -> SubscriptionsDocument:
    """Answer one's own subscriptions, those that have ended too; for an administrator those of the home."""
    desk = Desk(request, subscriber)
    page, last = later_than(await desk.listed(of, cursor, limit), limit)
    items = [subscription_document(each, own=desk.owns(each)) for each in page]
    return SubscriptionsDocument.model_validate({"items": items, "next": str(last["subscription"]) if last else None})


@router.get("/subscriptions/{subscription}")
async def subscription(request: Request, subscriber: Subscriber, subscription: UUID) -> SubscriptionDocument:
    """Answer one subscription."""
    desk = Desk(request, subscriber)
    return _shown(desk, await desk.found(subscription))


@router.patch("/subscriptions/{subscription}", responses=STANDS | NOT_JSON)
async def change(
    request: Request, subscriber: Subscriber, subscription: UUID, changes: Changes
) -> SubscriptionDocument:
    """Change what is told and when; for another channel make another subscription."""
    desk = Desk(request, subscriber)
    return _shown(desk, await desk.change(subscription, changes))


@router.delete("/subscriptions/{subscription}", status_code=204)
async def end(request: Request, subscriber: Subscriber, subscription: UUID) -> Response:
    """End a subscription: nothing more is sent, and its address is forgotten. An administrator ends any of the home."""
    await Desk(request, subscriber).end(subscription)
    return Response(status_code=204)


@router.post("/subscriptions/{subscription}/sample", status_code=202, responses=STANDS)
async def sample(request: Request, subscriber: Subscriber, subscription: UUID) -> SentDocument:
    """Send a made-up alert, marked as a sample, to see what arrives."""
    return SentDocument(delivery=await Desk(request, subscriber).send_sample(subscription))


@router.post("/subscriptions/{subscription}/secret", responses=STANDS)
async def new_secret(request: Request, subscriber: Subscriber, subscription: UUID) -> SecretDocument:
    """Draw another secret for a webhook. For 24 hours each message has a signature by the one before too."""
    return SecretDocument(secret=await Desk(request, subscriber).new_secret(subscription))


@router.post("/subscriptions/{subscription}/pause", responses=STANDS)
async def pause(request: Request, subscriber: Subscriber, subscription: UUID) -> SubscriptionDocument:
    """Send nothing until it is resumed. What is raised meanwhile is not told; what is being tried waits."""
    desk = Desk(request, subscriber)
    return _shown(desk, await desk.pause(subscription))


@router.post("/subscriptions/{subscription}/resume", responses=STANDS)
async def resume(request: Request, subscriber: Subscriber, subscription: UUID) -> SubscriptionDocument:
    """Send again."""
    desk = Desk(request, subscriber)
    return _shown(desk, await desk.resume(subscription))


@router.post("/subscriptions/{subscription}/snooze", responses=STANDS | NOT_JSON)
async def snooze(request: Request, subscriber: Subscriber, subscription: UUID, asked: Snooze) -> SubscriptionDocument:
    """Tell nothing of a partnership up to and including a day; with null, tell of it again."""
    desk = Desk(request, subscriber)
    return _shown(desk, await desk.snooze(subscription, asked))


def _shown(desk: Desk, row: Any) -> SubscriptionDocument:  # noqa: ANN401
    return SubscriptionDocument.model_validate(subscription_document(row, own=desk.owns(row)))
