"""The subscriptions in their tables."""

from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from secrets import token_bytes, token_urlsafe
from typing import Any
from uuid import UUID, uuid4

from services.scoring.subscriptions.decide import BOTH_SECRETS_FOR, CONFIRM_WITHIN, MOST_CONFIRMATIONS, Wish
from shared.domain.access import Principal
from shared.postgres.pool import Connection, Pool
from shared.postgres.queries import load_queries

MAIL_SERVER = "mail"
"""The receiver of all e-mail: the one server that the settings name."""
KEY_BYTES, SECRET_BYTES = 24, 32

queries = load_queries(__file__)


@dataclass(frozen=True, slots=True)
class Asked:
    """A subscription that was found good: whose it is, None for somebody without an account, and where it leads."""

    home: str
    owner: Principal | None
    wish: Wish
    channel: str
    address: str
    host: str


async def write_subscription(connection: Connection, asked: Asked, now: datetime) -> tuple[UUID, str | None]:
    """Keep a subscription; return its id, and for a webhook its secret, which nobody can show again.

    A webhook of an account is confirmed by that; an e-mail address is asked first, unless it was asked too often already.
    """
    subscription = uuid4()
    is_mail = asked.channel == "email"
    await queries.write_subscription(
        connection,
        subscription=subscription,
        home=asked.home,
        account=asked.owner.account if asked.owner else None,
        role=asked.owner.role.value if asked.owner else None,
        **_columns(asked.wish),
        channel=asked.channel,
        address=asked.address,
        receiver=MAIL_SERVER if is_mail else asked.host,
        key=token_urlsafe(KEY_BYTES),
        made_at=now,
        confirmed_at=None if is_mail else now,
    )
    if not is_mail:
        return subscription, await write_secret(connection, subscription, now)
    await write_message(connection, subscription, asked.home, "confirmation", MAIL_SERVER, now)
    return subscription, None


async def change_subscription(connection: Connection | Pool, subscription: UUID, wish: Wish) -> None:
    """Keep what somebody wants to be told from now on."""
    await queries.change_subscription(connection, subscription=subscription, **_columns(wish))


def _columns(wish: Wish) -> dict[str, Any]:
    return {
        "scope": wish.scope,
        "value": wish.value,
        "kinds": list(wish.kinds),
        "silence_months": wish.silence_months,
        "lead_days": list(wish.lead_days),
        "language": wish.language,
        "quiet_from": wish.quiet_from,
        "quiet_to": wish.quiet_to,
        "digest": wish.digest,
    }


def wish_in(row: Any) -> Wish:  # noqa: ANN401
    """Return what a subscription wants to be told."""
    return Wish(
        scope=row["scope"],
        value=row["value"],
        kinds=tuple(row["kinds"]),
        silence_months=row["silence_months"],
        lead_days=tuple(row["lead_days"]),
        language=row["language"],
        quiet_from=row["quiet_from"],
        quiet_to=row["quiet_to"],
        digest=row["digest"],
    )


async def write_message(
    connection: Connection, subscription: UUID, home: str, kind: str, receiver: str, now: datetime
) -> UUID:
    """Let a confirmation or a sample be sent; return its id."""
    delivery = uuid4()
    await queries.write_message(
        connection, delivery=delivery, subscription=subscription, home=home, kind=kind, receiver=receiver, now=now
    )
    return delivery


async def write_secret(connection: Connection, subscription: UUID, now: datetime) -> str:
    """Draw a secret that messages are signed with from now on, beside the one of before for a day."""
    secret = f"whsec_{b64encode(token_bytes(SECRET_BYTES)).decode()}"
    await queries.forget_old_secrets(connection, subscription=subscription)
    await queries.retire_secrets(connection, subscription=subscription, until=now + BOTH_SECRETS_FOR)
    await queries.write_secret(connection, subscription=subscription, secret=secret)
    return secret


async def has_been_asked_enough(connection: Connection, address: str, now: datetime) -> bool:
    """Say whether an address has so many confirmations to answer that it is asked no more."""
    await queries.one_subscribes_at_a_time(connection, who=address)
    asked: int = await queries.count_asked(connection, address=address, since=now - CONFIRM_WITHIN)
    return asked >= MOST_CONFIRMATIONS


async def read_subscriptions(
    connection: Connection | Pool,
    home: str,
    account: str | None,
    today: date,
    *,
    after: UUID | None = None,
    most: int = 1,
    subscription: UUID | None = None,
) -> list[Any]:
    """Return subscriptions of an account, or of everybody, in the order in which they were made."""
    rows = queries.subscriptions(
        connection,
        home=home,
        account=account,
        today=today,
        subscription=subscription,
        after=after,
        most=most,
    )
    return [row async for row in rows]


async def confirm(connection: Connection | Pool, subscription: UUID, now: datetime) -> bool:
    """Confirm a subscription; False where it is too late, or was confirmed or ended before."""
    confirmed = await queries.confirm(connection, subscription=subscription, now=now, since=now - CONFIRM_WITHIN)
    return confirmed is not None


async def end_subscription(connection: Connection, subscription: UUID, because: str, now: datetime) -> bool:
    """End a subscription, forget its address and secrets, send nothing more; False where it had ended before."""
    ended = await queries.end_subscription(connection, subscription=subscription, because=because, now=now)
    if ended is None:
        return False
    await queries.forget_secrets(connection, subscription=subscription)
    await queries.drop_pending(connection, subscription=subscription, now=now)
    return True


async def forget_unconfirmed(connection: Connection | Pool, now: datetime) -> None:
    """Forget those who have not confirmed in time."""
    await queries.forget_unconfirmed(connection, before=now - CONFIRM_WITHIN)


async def snooze(connection: Connection | Pool, subscription: UUID, partnership: str, until: date | None) -> None:
    """Say nothing of a partnership up to and including a day; None takes that back."""
    if until is None:
        await queries.drop_snooze(connection, subscription=subscription, partnership=partnership)
    else:
        await queries.write_snooze(connection, subscription=subscription, partnership=partnership, until=until)


def state_of(row: Any) -> str:  # noqa: ANN401
    """Return how a subscription stands, in a word."""
    if row["ended_at"] is not None:
        return "ended"
    if row["confirmed_at"] is None:
        return "unconfirmed"
    return "paused" if row["paused_at"] is not None else "active"


def later_than(rows: Sequence[Any], most: int) -> tuple[Sequence[Any], Any | None]:
    """Return a page of rows that were read with one more, and its last row where more follow."""
    return (rows[:most], rows[most - 1]) if len(rows) > most else (rows, None)
