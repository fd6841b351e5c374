"""Three homes of one installation, which name their partnerships alike, and a ministry that looks across them."""

import contextlib
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from services.access.decide import Membership
from shared.domain.access import Role
from shared.web.principal import ROLES
from tests.support.engines import NatsServer
from tests.support.installation import AnAccount, Installation, running_installation

ZONES = {"jakarta": "Asia/Jakarta", "auckland": "Pacific/Auckland", "los-angeles": "America/Los_Angeles"}
PARTNERSHIPS = {"hanoi": "VN", "beijing": "CN"}
MINISTRY = "ministry-of-home-affairs"


def token_of(role: str, home: str) -> str:
    return f"token-of-{role}-of-{home}"


def accounts() -> list[AnAccount]:
    """Every role in every home, and the ministry."""
    of_homes = [
        AnAccount(token_of(role, home), f"{home}/{role}", Membership(home, Role(role), _narrowed(role)))
        for home in ZONES
        for role in ROLES
        if role != "ministry"
    ]
    ministry = Membership(MINISTRY, Role.MINISTRY)
    return [*of_homes, AnAccount(token_of("ministry", MINISTRY), f"{MINISTRY}/desk", ministry)]


def _narrowed(role: str) -> tuple[str, ...] | None:
    return ("hanoi",) if role == "embassy" else None


@dataclass
class Homes:
    """The installation, asked as one account of one home."""

    installation: Installation

    async def ask(
        self,
        path: str,
        role: str | None,
        home: str = "jakarta",
        *,
        method: str = "GET",
        body: Any = None,
        raw: bytes | None = None,
        **asked: str,
    ) -> httpx.Response:
        """Ask as this role of this home, as the public where it is None; what was posted before is seen.

        `body` is sent as JSON, `raw` as it is.
        """
        headers = {"Kembar-Min-Position": str(self.installation.last_position)}
        if role is not None:
            headers["Authorization"] = f"Bearer {token_of(role, home)}"
        if body is not None:
            headers["Content-Type"] = "application/json"
        content = json.dumps(body).encode() if body is not None else raw
        parameters = {name.rstrip("_"): value for name, value in asked.items()} or None
        return await self.installation.http.request(method, path, params=parameters, content=content, headers=headers)

    async def post(
        self, event_type: str, data: dict[str, Any], role: str, home: str = "jakarta", **more: str
    ) -> httpx.Response:
        body = {"type": event_type, "data": data, **more}
        answer = await self.ask("/ingest/v1/events", role, home, method="POST", body=body)
        if answer.is_success:
            self.installation.last_position = max(self.installation.last_position, answer.json()["position"])
        return answer


def mark(home: str, partnership: str) -> str:
    """A text that stands in what belongs to this partnership of this home, and nowhere else."""
    return f"Mark-{home}-{partnership}"


@contextlib.asynccontextmanager
async def three_homes_on(server: NatsServer, dsn: str, folder: Path, **settings: Any) -> AsyncIterator[Homes]:
    """Start an installation, open its homes, and post to each what the others must not see."""
    async with running_installation(server, dsn, folder, accounts(), **settings) as running:
        homes = Homes(running)
        for home, zone in list(ZONES.items())[1:]:
            opening = {"home": home, "data": {"name": {"en": home}, "time_zone": zone}}
            answer = await homes.ask("/ingest/v1/homes", "administrator", method="POST", body=opening)
            assert answer.status_code == 201, answer.text
            running.last_position = answer.json()["position"]
        await homes.ask("/ingest/v1/status", "viewer")
        await running.close_days_at(running.clock.moment)
        for home in ZONES:
            for slug, country in PARTNERSHIPS.items():
                await _begin(homes, home, slug, country)
        yield homes


async def _begin(homes: Homes, home: str, slug: str, country: str) -> None:
    name = {"id": f"Name-{mark(home, slug)}"}
    registry = {"partnership": slug, "name": name, "level": "city", "country": country}
    events = [("partnership.registered", registry)]
    events += [("activity.recorded", an_activity_of(home, slug, outcome=outcome)) for outcome in ("held", "declined")]
    for event_type, data in events:
        answer = await homes.post(event_type, data, "bureau", home)
        assert answer.status_code == 201, answer.text


def an_activity_of(home: str, partnership: str, **changes: Any) -> dict[str, Any]:
    """An activity with the mark of its home and partnership; it took place at some time this year."""
    return {
        "partnership": partnership,
        "indicator": "visit",
        "occurred": "2026",
        "direction": "inbound",
        "outcome": "held",
        "title": {"id": mark(home, partnership), "en": mark(home, partnership)},
        "source": mark(home, partnership),
        **changes,
    }
