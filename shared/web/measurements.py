"""What is measured of whatever follows the ledger, and of the requests that a service answers."""

import asyncio
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

import structlog
from prometheus_client import CollectorRegistry, Gauge, Histogram
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.postgres.pool import DATABASE_ERRORS, Pool
from shared.process.metrics import SECONDS
from shared.projection.parking import count_parked
from shared.projection.progress import Progress
from shared.web.standstill import Seen

if TYPE_CHECKING:
    from shared.web.runtime import Runtime

COUNT_AGAIN_SECONDS = 10.0
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
NO_ROUTE = "none"
ROUTE = "kembar.route"
"""Where a request's scope names its route, if no router did: never by what was asked, which anybody can make up."""

log = structlog.get_logger()


class Measurements:
    """The gauges of all that follows the ledger in a process, one label for each service."""

    def __init__(self, metrics: CollectorRegistry) -> None:
        self.metrics = metrics
        service = ["service"]
        self._position = Gauge(
            "kembar_projection_position", "The last position in the tables", service, registry=metrics
        )
        self._ready = Gauge("kembar_projection_ready", "1 while the projection can go on", service, registry=metrics)
        self._lag_events = Gauge(
            "kembar_projection_lag_events", "Events that are not in the tables yet", service, registry=metrics
        )
        self._lag_seconds = Gauge(
            "kembar_projection_lag_seconds",
            "How long ago the first of them was seen in the ledger",
            service,
            registry=metrics,
        )
        self._parked = Gauge(
            "kembar_projection_parked", "Events that are parked, and those behind them", service, registry=metrics
        )
        self._partitions = Gauge(
            "kembar_projection_partitions", "Partitions of 64 that this process works on", service, registry=metrics
        )
        self._end = Gauge("kembar_ledger_end", "The last position of the ledger", registry=metrics)
        self._bytes = Gauge("kembar_ledger_bytes", "What the ledger takes on each disk", registry=metrics)
        self._broken = Gauge(
            "kembar_ledger_broken",
            "1 where the ledger lacks positions, or was found to be changed",
            service,
            registry=metrics,
        )
        self._connections = Gauge(
            "kembar_pool_connections",
            "Connections with PostgreSQL by what they are for and do",
            ["service", "pool", "state"],
            registry=metrics,
        )
        self._standby = Gauge(
            "kembar_reads_from_standby", "1 while answers are read from the standby", service, registry=metrics
        )

    def watch(self, progress: Progress, trouble: Callable[[], str | None]) -> None:
        """Measure how far something has come, and whether it can go on."""
        self._position.labels(progress.name).set_function(lambda: progress.checkpoint.position)
        self._ready.labels(progress.name).set_function(lambda: float(trouble() is None))

    def watch_ledger(self, service: str, seen: Seen, is_broken: Callable[[], bool]) -> None:
        """Measure the ledger, and how far a service is behind it."""
        self._end.set_function(lambda: seen.ledger.end)
        self._bytes.set_function(lambda: seen.ledger.size_bytes)
        self._lag_events.labels(service).set_function(lambda: seen.lag.events)
        self._lag_seconds.labels(service).set_function(lambda: seen.lag.seconds)
        self._broken.labels(service).set_function(lambda: float(is_broken() or seen.ledger.missing > 0))

    def watch_runtime(self, runtime: "Runtime") -> None:
        """Measure what a service holds open."""
        service = runtime.progress.name
        self.watch(runtime.progress, lambda: runtime.trouble)
        self.watch_ledger(service, runtime.seen, lambda: runtime.found_broken)
        self.watch_pool(service, "questions", runtime.pool)
        if runtime.projecting_pool is not None:
            self.watch_pool(service, "projecting", runtime.projecting_pool)
            self._partitions.labels(service).set_function(lambda: runtime.partitions_held)
        if (standby := runtime.standby) is not None:
            self._standby.labels(service).set_function(lambda: float(standby.away is None))

    def watch_pool(self, service: str, name: str, pool: Pool) -> None:
        """Measure how many connections a pool has made, how many of them are in use, and how many it may make."""
        of_pool = (service, name)
        self._connections.labels(*of_pool, "made").set_function(pool.get_size)
        self._connections.labels(*of_pool, "used").set_function(lambda: pool.get_size() - pool.get_idle_size())
        self._connections.labels(*of_pool, "most").set_function(pool.get_max_size)

    async def keep_counting_parked(self, service: str, pool: Pool) -> None:
        """Count what is parked now and then, for ever."""
        while True:
            try:
                self._parked.labels(service).set(await count_parked(pool))
            except (*DATABASE_ERRORS, OSError, TimeoutError) as error:
                log.warning("what is parked cannot be counted just now", projection=service, error=repr(error))
            await asyncio.sleep(COUNT_AGAIN_SECONDS)


class MeasuredRequests:
    """Measure each request by its route, never by its address: how long until its answer began, and with which status."""

    def __init__(self, app: ASGIApp, seconds: Histogram) -> None:
        self._app = app
        self._seconds = seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on. One that ends without an answer counts as 500, which is what the server then says."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began, status = time.perf_counter(), None

        async def note(message: Message) -> None:
            nonlocal status
            if status is None and message["type"] == "http.response.start":
                status = message["status"]
                self._note(scope, status, time.perf_counter() - began)
            await send(message)

        try:
            await self._app(scope, receive, note)
        finally:
            if status is None:
                self._note(scope, 500, time.perf_counter() - began)

    def _note(self, scope: Scope, status: int, seconds: float) -> None:
        method = scope["method"] if scope["method"] in METHODS else "other"
        self._seconds.labels(method, route_of(scope), str(status)).observe(seconds)


def new_request_seconds(metrics: CollectorRegistry) -> Histogram:
    """Return what counts the requests of a service."""
    return Histogram(
        "kembar_request_seconds",
        "How long requests took until their answer began",
        ["method", "route", "status"],
        buckets=SECONDS,
        registry=metrics,
    )


def route_of(scope: Scope) -> str:
    """Return the route that a request was answered by, with its parameters unfilled; `none` where there was none."""
    known: str | None = scope.get(ROUTE) or getattr(scope.get("route"), "path", None)
    return known or NO_ROUTE
