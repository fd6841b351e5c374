"""What is asked and answered about subscriptions and deliveries, as the OpenAPI document describes it."""

from dataclasses import asdict
from datetime import date, datetime, time
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, model_validator

from services.scoring.subscriptions.decide import Digest, Kind, ScopeKind, Wish, masked
from services.scoring.subscriptions.store import state_of, wish_in
from shared.domain.text import Day, Line, Slug
from shared.domain.unfit import Unfit
from shared.words.words import Language

Hour = Annotated[str, Field(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$", examples=["22:00"])]
Months = Annotated[int, Field(strict=True, ge=1, le=120)]
LeadDays = Annotated[list[Annotated[int, Field(strict=True, ge=1, le=180)]], Field(min_length=1, max_length=11)]
Kinds = Annotated[list[Kind], Field(min_length=1, max_length=5)]


class Closed(BaseModel):
    """A value with no other fields than these."""

    model_config = ConfigDict(extra="forbid")


class Scope(Closed):
    """What is subscribed to: all, or a partnership, a country, an issue basis, or a rating that is left or reached."""

    kind: ScopeKind = "all"
    value: Annotated[str, Field(max_length=300, examples=["hanoi"])] = ""


class QuietHours(Closed):
    """When nothing is sent, in the home's time zone; what is due then is sent when they end. They may pass midnight."""

    from_: Annotated[Hour, Field(alias="from")]
    to: Hour


class Where(Closed):
    """Where messages go: to a webhook, or to an e-mail address."""

    webhook: Annotated[str | None, Field(max_length=2_000, examples=["https://example.org/kembar"])] = None
    email: Annotated[str | None, Field(max_length=254, examples=["biro@example.org"])] = None

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.webhook is None) == (self.email is None):
            raise Unfit("It names no channel, or both.", "Name “webhook” or “email”.")
        return self


class Changes(Closed):
    """What is to be another; what is left out stays. null takes an own threshold, or quiet hours, away."""

    scope: Scope | None = None
    kinds: Kinds | None = None
    silence_months: Annotated[
        Months | None, Field(description="Tell of silence after so many months instead of the rubric's")
    ] = None
    lead_days: Annotated[
        LeadDays | None,
        Field(description="Tell so many days ahead of a fall: 180, 120, 90, 60, 45, 30, 21, 14, 7, 3, 1"),
    ] = None
    language: Language | None = None
    quiet_hours: QuietHours | None = None
    digest: Digest | None = None

    def made_to(self, wish: Wish) -> Wish:
        """Return a wish with these changes."""
        said = {name: getattr(self, name) for name in self.model_fields_set & CHANGED_BY_NAME}
        values = {
            name: tuple(value) if isinstance(value, list) else value
            for name, value in said.items()
            if value is not None or name == "silence_months"
        }
        if self.scope is not None:
            values |= {"scope": self.scope.kind, "value": self.scope.value}
        if "quiet_hours" in self.model_fields_set:
            hours = self.quiet_hours
            values["quiet_from"] = time.fromisoformat(hours.from_) if hours else None
            values["quiet_to"] = time.fromisoformat(hours.to) if hours else None
        return Wish(**asdict(wish) | values).in_order()


CHANGED_BY_NAME = {"kinds", "silence_months", "lead_days", "language", "digest"}


class Subscribe(Changes):
    """A subscription as an account asks for it; what is left out is the default."""

    channel: Where


class SubscribeByEmail(Changes):
    """A subscription as somebody without an account asks for it."""

    email: Annotated[str, Field(max_length=254, examples=["warga@example.org"])]


class Snooze(Closed):
    """Nothing is told of a partnership up to and including a day; null takes that back."""

    partnership: Slug
    until: Day | None


class Note(Closed):
    """What somebody who sees to an alert has to say."""

    note: Line | None = None


class SnoozedDocument(BaseModel):
    """A partnership of which nothing is told up to and including a day."""

    partnership: str
    until: date


class SubscriptionDocument(BaseModel):
    """A subscription. Its address is shown to whose it is; others see enough to know it again, and none once it ended."""

    id: UUID
    home: str
    account: Annotated[str | None, Field(description="null for somebody without an account")]
    scope: Scope
    kinds: list[str]
    silence_months: int | None
    lead_days: list[int]
    language: str
    channel: Literal["webhook", "email"]
    address: str | None
    quiet_hours: dict[str, str] | None
    digest: str
    snoozed: list[SnoozedDocument]
    state: Literal["unconfirmed", "active", "paused", "ended"]
    made_at: datetime
    confirmed_at: datetime | None
    paused_at: datetime | None
    ended_at: datetime | None
    ended_because: str | None


class MadeDocument(SubscriptionDocument):
    """A subscription that was made, and a webhook's secret, which is shown this once."""

    secret: Annotated[str | None, Field(examples=["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"])]


class SubscriptionsDocument(BaseModel):
    """Subscriptions in the order in which they were made; `next` is the cursor of the following page."""

    items: list[SubscriptionDocument]
    next: str | None


class SecretDocument(BaseModel):
    """A webhook's new secret, shown this once. For 24 hours each message has a signature by the one before too."""

    secret: str


class AttemptDocument(BaseModel):
    """An attempt to deliver. Without an outcome it is under way, or was cut off: nobody knows whether it arrived."""

    number: int
    began_at: datetime
    took_ms: int | None
    status: int | None
    outcome: str | None
    excerpt: str | None


class DeliveryDocument(BaseModel):
    """A message to one subscription; its id is the `webhook-id` or stands in the `Message-ID`, the same at every attempt."""

    id: UUID
    subscription: UUID
    kind: Literal["alert", "digest", "confirmation", "sample"]
    partnership: str | None
    alert: UUID | None
    state: Literal["pending", "delivered", "failed", "dropped"]
    why: str | None
    made_at: datetime
    due_at: datetime
    settled_at: datetime | None
    attempts: list[AttemptDocument]


class DeliveriesDocument(BaseModel):
    """Deliveries, the latest first; `next` is the cursor of the following page."""

    items: list[DeliveryDocument]
    next: str | None


class AcknowledgementDocument(BaseModel):
    """Who has seen to an alert."""

    alert: UUID
    account: str
    note: str | None
    at: datetime


class AcknowledgementsDocument(BaseModel):
    """Who has seen to which alerts, the latest first."""

    items: list[AcknowledgementDocument]


def subscription_document(row: Any, *, own: bool) -> dict[str, Any]:  # noqa: ANN401
    """Return a subscription as it is shown."""
    wish = wish_in(row)
    hours = (
        {"from": f"{wish.quiet_from:%H:%M}", "to": f"{wish.quiet_to:%H:%M}"}
        if wish.quiet_from is not None and wish.quiet_to is not None
        else None
    )
    same = (
        "home",
        "account",
        "channel",
        "made_at",
        "confirmed_at",
        "paused_at",
        "ended_at",
        "ended_because",
        "snoozed",
    )
    return {
        "id": row["subscription"],
        "scope": {"kind": wish.scope, "value": wish.value},
        "kinds": wish.kinds,
        "silence_months": wish.silence_months,
        "lead_days": wish.lead_days,
        "language": wish.language,
        "quiet_hours": hours,
        "digest": wish.digest,
        "address": row["address"] if own else masked(row["channel"], row["address"]),
        "state": state_of(row),
        **{name: row[name] for name in same},
    }


def delivery_document(row: Any) -> dict[str, Any]:  # noqa: ANN401
    """Return a delivery as it is shown."""
    same = ("subscription", "kind", "alert", "state", "why", "made_at", "due_at", "settled_at")
    named = row["partnership"] if row["kind"] == "alert" else None
    return {
        "id": row["delivery"],
        "partnership": named,
        "attempts": row["attempted"],
        **{name: row[name] for name in same},
    }
