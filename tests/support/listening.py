"""Alerts as the projector would have raised them, written by a test, and somebody who listens to their stream."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import httpx

from shared.postgres.pool import Pool
from tests.support.homes import Homes, an_activity_of, mark, token_of

COLUMNS = "home, alert, partnership, kind, rule, by_law, crossed, due, raised_on, position, raised_at, about, document"


def a_document(home: str, partnership: str, alert: UUID, kind: str, **changes: Any) -> dict[str, Any]:
    """What an alert says, with the mark of its home and partnership."""
    return {
        "id": str(alert),
        "home": home,
        "partnership": partnership,
        "name": {"id": f"Name-{mark(home, partnership)}"},
        "country": "VN",
        "issue": None,
        "kind": kind,
        "rule": "dormancy",
        "by_law": True,
        "crossed": [],
        "due": "2026-11-20",
        "on": "2026-11-20",
        "position": 1,
        "event_id": str(uuid4()),
        "event_type": "day.closed",
        "raised_at": "2026-11-21T03:00:00.000000Z",
        "rating": {"before": "kurang_aktif", "after": "kurang_aktif"},
        "score": {"before": 1, "after": 1},
        "provisional": False,
        "dormant": True,
        "silent_since": "2024-11-20",
        "silent_months": 24,
        "last_activity": None,
        "cells": [],
        "went_dark": [],
        "lit_up": [],
        "falls": None,
        "keep": None,
        "raise": None,
        "rubric": {"id": "jakarta-2020", "version": 1},
        "withdraws": None,
        "path": f"/partnerships/{partnership}?on=2026-11-20&known=2026-11-21T03%3A00%3A00.000000Z",
        **changes,
    }


async def write_alerts(
    pool: Pool,
    home: str,
    partnership: str,
    position: int,
    count: int = 1,
    *,
    kind: str = "dormant",
    by_law: bool = True,
    raised_at: datetime | None = None,
) -> list[UUID]:
    """Write alerts of one position; return their ids in the order in which they stand."""
    alerts = sorted(uuid4() for _ in range(count))
    moment = raised_at or datetime.now(UTC)
    rows = [
        (home, each, partnership, kind, "dormancy", by_law, [], moment.date(), moment.date(), position, moment, None,
         a_document(home, partnership, each, kind, position=position))
        for each in alerts
    ]  # fmt: skip
    places = ", ".join(f"${number}" for number in range(1, 14))
    await pool.executemany(f"INSERT INTO alert ({COLUMNS}) VALUES ({places})", rows)
    return alerts


async def raise_alerts(homes: Homes, pool: Pool, *told: tuple[str, str, int], **more: Any) -> list[UUID]:
    """Raise alerts, given as home, partnership and count, at the position of the very next event; return their ids.

    As in the transaction of the projector they are there before anybody can see that position.
    """
    home = told[0][0]
    position = homes.installation.last_position + 1
    alerts = [each for h, slug, count in told for each in await write_alerts(pool, h, slug, position, count, **more)]
    answer = await homes.post("activity.recorded", an_activity_of(home, "beijing", outcome="declined"), "bureau", home)
    assert answer.json()["position"] == position, answer.text
    return sorted(alerts)


@dataclass
class Listener:
    """Somebody who listens: what was heard, and the last id."""

    lines: AsyncIterator[str]
    heard: list[dict[str, Any]] = field(default_factory=list)
    last_id: str | None = None

    async def event(self) -> dict[str, str]:
        """Return the next block: its fields."""
        fields: dict[str, str] = {}
        async for line in self.lines:
            if not line:
                return fields
            name, _, value = line.partition(":")
            fields[name] = value.removeprefix(" ")
        raise EOFError

    async def hear(self, count: int, timeout_seconds: float = 60) -> list[UUID]:
        """Return the ids of the next alerts."""
        ids: list[UUID] = []
        async with asyncio.timeout(timeout_seconds):
            while len(ids) < count:
                fields = await self.event()
                self.last_id = fields.get("id", self.last_id)
                if "data" in fields:
                    document = json.loads(fields["data"])
                    assert (document["kind"], document["id"]) == (fields["event"], fields["id"].partition(".")[2])
                    self.heard.append(document)
                    ids.append(UUID(document["id"]))
        return ids

    async def ends(self, timeout_seconds: float) -> None:
        """Wait until the stream has ended in order."""
        async with asyncio.timeout(timeout_seconds):
            with contextlib.suppress(EOFError):
                while True:
                    await self.event()


@contextlib.asynccontextmanager
async def listening(
    http: httpx.AsyncClient, token: str | None, last_id: str | None = None, **asked: str
) -> AsyncIterator[Listener]:
    """Open the stream; it begins before this yields."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    if last_id is not None:
        headers["Last-Event-ID"] = last_id
    async with http.stream("GET", "/scoring/v1/alerts/stream", params=asked, headers=headers) as answer:
        assert answer.status_code == 200, await answer.aread()
        assert answer.headers["content-type"].startswith("text/event-stream")
        listener = Listener(answer.aiter_lines())
        await listener.event()
        yield listener


def viewer_of(home: str) -> str:
    return token_of("viewer", home)
