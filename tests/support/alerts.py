"""Alerts as the projector writes them, and subscriptions, put straight into the tables."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from itertools import count
from typing import Any
from uuid import UUID, uuid4

from services.scoring.delivery.deliver import keep_delivering
from services.scoring.delivery.sample import sample_document
from services.scoring.subscriptions import store
from services.scoring.subscriptions.decide import Wish
from services.scoring.subscriptions.store import Asked
from shared.domain.access import Principal
from shared.postgres.pool import Pool
from shared.process.clock import now
from shared.process.settings import Settings
from shared.process.tasks import end
from tests.support.build import HOME, a_principal
from tests.support.engines import same_secrets
from tests.support.receivers import ALLOWED

_positions = count(1)


async def raise_alert(pool: Pool, partnership: str = "hanoi", kind: str = "dormant", **changes: Any) -> UUID:
    """Keep an alert and put it into the outbox; return its id."""
    at = changes.pop("raised_at", None) or datetime.now(UTC)
    values: dict[str, Any] = {"rule": "dormancy", "by_law": True, "crossed": [], "about": None, "home": HOME} | changes
    alert, position = uuid4(), next(_positions)
    document = sample_document(values["home"], at) | {
        "sample": False,
        "id": str(alert),
        "partnership": partnership,
        "kind": kind,
        "position": position,
        "country": values.get("country", "VN"),
        "issue": values.get("issue"),
        "rating": values.get("rating", {"before": "aktif", "after": "kurang_aktif"}),
    }
    if values["about"] is not None:
        document["withdraws"] = await pool.fetchval("SELECT document FROM alert WHERE alert = $1", values["about"])
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute(
            "INSERT INTO alert (home, alert, partnership, kind, rule, by_law, crossed, due, raised_on, position, raised_at, "
            "about, document) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8, $9, $10, $11, $12)",
            values["home"],
            alert,
            partnership,
            kind,
            values["rule"],
            values["by_law"],
            values["crossed"],
            date(2026, 11, 21),
            position,
            at,
            values["about"],
            document,
        )
        await connection.execute(
            "INSERT INTO outbox VALUES ($1, $2, $3, $4, $5)", values["home"], alert, partnership, position, at
        )
        await connection.execute("SELECT pg_notify('kembar_scoring', '')")
    return alert


@dataclass(frozen=True)
class Made:
    """A subscription and a webhook's secret."""

    id: UUID
    secret: str | None


async def subscribe(
    pool: Pool,
    url: str,
    owner: Principal | None = a_principal(),  # noqa: B008 - a frozen value
    *,
    at: datetime = datetime(2026, 1, 1, tzinfo=UTC),
    confirmed: bool = True,
    **wish: Any,
) -> Made:
    """Keep a subscription, confirmed long ago; an address with @ is an e-mail address."""
    channel = "email" if "@" in url else "webhook"
    host = url.partition("://")[2].partition("/")[0]
    asked = Asked(HOME, owner, Wish(**wish), channel, url, host)
    async with pool.acquire() as connection, connection.transaction():
        subscription, secret = await store.write_subscription(connection, asked, at)
        if channel == "email" and confirmed:
            await connection.execute("DELETE FROM delivery WHERE subscription = $1", subscription)
            await store.queries.confirm(
                connection, subscription=subscription, now=at, since=datetime(2000, 1, 1, tzinfo=UTC)
            )
    return Made(subscription, secret)


async def forget_all(pool: Pool) -> None:
    """Empty the tables of subscriptions and alerts, as the service's own role can."""
    for table in ("outbox", "alert", "subscription", "acknowledgement", "worker WHERE projection = 'deliveries'"):
        await pool.execute(f"DELETE FROM {table}")


def settings_of(dsn: str, **settings: Any) -> Settings:
    """Return settings that let webhooks lead to 127.0.0.2 and the public read."""
    chosen = {
        "postgres_dsn": dsn,
        "open_reading": True,
        "webhook_networks": [ALLOWED],
        "public_url": "https://kembar.test",
        "secrets_folder": same_secrets(),
    }
    return Settings(**chosen | settings)


@contextlib.asynccontextmanager
async def delivering(settings: Settings, clock=now, **more: Any) -> AsyncIterator[asyncio.Task[None]]:
    """A deliverer for as long as the context lasts."""
    task = asyncio.create_task(keep_delivering(settings, clock, **more))
    try:
        yield task
    finally:
        failed = task.done() and not task.cancelled() and task.exception()
        await end(task)
        assert not failed, failed


async def states(pool: Pool, subscription: UUID) -> list[str]:
    """Return how the deliveries to a subscription stand, in order."""
    rows = await pool.fetch("SELECT state FROM delivery WHERE subscription = $1 ORDER BY number", subscription)
    return [row["state"] for row in rows]
