"""Ask nats-server whether its disk is full: it tells nobody who writes.

Where a write fails for want of room, nats-server answers nothing, and writes nothing more until it is started anew, whatever
room there is by then. Only its health check says so.
"""

import asyncio
from collections.abc import Sequence

import httpx

from shared.ledger.ledger import Ledger
from shared.ledger.stream import monitor_client

LOOK_EVERY_SECONDS = 1.0
SIGNS = ("no space left on device", "disk quota exceeded", "file too large")


async def keep_looking_at_the_disk(ledger: Ledger, monitor_urls: Sequence[str]) -> None:
    """Keep `ledger.no_room` as the servers tell it, for ever; of several, all must have no room."""
    async with monitor_client(LOOK_EVERY_SECONDS) as client:
        while True:
            told = [await _no_room_at(client, url) for url in monitor_urls]
            ledger.no_room = next(iter(told), None) if all(told) else None
            await asyncio.sleep(LOOK_EVERY_SECONDS)


async def _no_room_at(client: httpx.AsyncClient, monitor_url: str) -> str | None:
    """Return what a server says of its full disk; None where it has room, or cannot be asked."""
    try:
        answer = await client.get(f"{monitor_url}/healthz")
        said = str(answer.json().get("error", ""))
    except (httpx.HTTPError, ValueError, AttributeError):
        return None
    return said if any(sign in said for sign in SIGNS) else None
