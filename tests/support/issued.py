"""Ask reports as somebody, and issue a report, on a running installation with Jakarta's facts."""

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx

from cli.facts import JAKARTA, activity_events, partnership_events
from tests.support.engines import NatsServer
from tests.support.installation import Installation, running_installation

STUDY = {"kind": "ratings", "format": "json", "from": "2017-01-01", "to": "2020-12-31"}


@contextlib.asynccontextmanager
async def jakarta_on(server: NatsServer, dsn: str, folder: Path, **settings: Any) -> AsyncIterator[Installation]:
    """An installation with Jakarta's facts."""
    async with running_installation(server, dsn, folder, **settings) as running:
        answer = await running.post_batch([*partnership_events(JAKARTA), *activity_events(JAKARTA)])
        assert answer.status_code == 201, answer.text
        yield running


async def ask(
    installation: Installation,
    method: str,
    path: str,
    status: int | None = 200,
    *,
    role: str | None = "issuer",
    body: Any = None,
    **parameters: str,
) -> httpx.Response:
    """Ask reports, once all that was posted can be seen; as the public, if the role is None."""
    headers = {"Kembar-Min-Position": str(installation.last_position)}
    if role is not None:
        headers["Authorization"] = f"Bearer {installation.tokens[role]}"
    asked = {name.rstrip("_"): value for name, value in parameters.items()} or None
    answer = await installation.http.request(method, path, json=body, headers=headers, params=asked)
    assert status in (None, answer.status_code), answer.text
    return answer


async def issue(installation: Installation, status: int = 201, **changes: Any) -> dict[str, Any]:
    """Issue a report; what is asked next sees it."""
    answer = await ask(installation, "POST", "/reports/v1/issued", status, body={**STUDY, **changes})
    issued: dict[str, Any] = answer.json()
    installation.last_position = max(installation.last_position, issued["receipt"]["position"])
    return issued


def id_of(issued: dict[str, Any]) -> str:
    return issued["receipt"]["event_id"]
