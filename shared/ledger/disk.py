"""Ask nats-server whether its disk is full, which it tells nobody who writes; how much room it has, and whether it syncs.

Where a write fails for want of room, nats-server answers nothing, and writes nothing more until it is started anew, whatever
room there is by then. Only its health check says so.
"""

import asyncio
import time
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

import httpx
from prometheus_client import CollectorRegistry, Gauge

from shared.ledger.ledger import Ledger
from shared.ledger.stream import jetstream_of, monitor_client

LOOK_EVERY_SECONDS = 1.0
MEASURE_EVERY_SECONDS = 10.0
SIGNS = ("no space left on device", "disk quota exceeded", "file too large")


class ServerMeasurements:
    """What each nats-server says of itself, by the host and port of its monitoring address."""

    def __init__(self, metrics: CollectorRegistry) -> None:
        server = ["server"]
        self._answers = Gauge("kembar_nats_answers", "1 while a nats-server can be asked", server, registry=metrics)
        self._syncs = Gauge("kembar_nats_syncs", "1 where it syncs every write", server, registry=metrics)
        self._used = Gauge("kembar_nats_used_bytes", "What its streams take on the disk", server, registry=metrics)
        self._room = Gauge(
            "kembar_nats_room_bytes", "How much more they may take, by what it says", server, registry=metrics
        )

    def note(self, monitor_url: str, jetstream: Mapping[str, Any] | None) -> None:
        """Note what a server says of its JetStream; of one that says nothing the rest is not known, and is left out."""
        server = urlsplit(monitor_url).netloc
        self._answers.labels(server).set(jetstream is not None)
        if jetstream is None:
            for each in (self._syncs, self._used, self._room):
                each.remove(server)
            return
        config, stats = jetstream.get("config") or {}, jetstream.get("stats") or {}
        used = stats.get("storage", 0)
        self._syncs.labels(server).set(bool(config.get("sync_always")))
        self._used.labels(server).set(used)
        self._room.labels(server).set(config.get("max_storage", 0) - used)


async def keep_looking_at_the_disk(
    ledger: Ledger, monitor_urls: Sequence[str], measurements: ServerMeasurements | None = None
) -> None:
    """Keep `ledger.no_room` as the servers tell it, for ever; of several, all must have no room. Measure them now and then."""
    measured_at = float("-inf")
    async with monitor_client(LOOK_EVERY_SECONDS) as client:
        while True:
            told = [await _no_room_at(client, url) for url in monitor_urls]
            ledger.no_room = next(iter(told), None) if all(told) else None
            if measurements is not None and time.monotonic() - measured_at >= MEASURE_EVERY_SECONDS:
                measured_at = time.monotonic()
                for url in monitor_urls:
                    measurements.note(url, await jetstream_of(client, url))
            await asyncio.sleep(LOOK_EVERY_SECONDS)


async def _no_room_at(client: httpx.AsyncClient, monitor_url: str) -> str | None:
    """Return what a server says of its full disk; None where it has room, or cannot be asked."""
    try:
        answer = await client.get(f"{monitor_url}/healthz")
        said = str(answer.json().get("error", ""))
    except (httpx.HTTPError, ValueError, AttributeError):
        return None
    return said if any(sign in said for sign in SIGNS) else None
