"""How fast alerts are told: matched with subscriptions, and from the receipt of the event to the first attempt."""

import asyncio
import json
import os
import statistics
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import httpx
import psutil

import services.access.store as access
import services.scoring.store as scoring
from cli.bench.engines import empty_postgres
from cli.bench.figures import Figure, Samples
from cli.bench.history import HOME, PARTNERSHIPS, registration, slug
from cli.bench.installation import Installation, running_installation
from cli.bench.machine import machine_load
from services.ingest.ticker import close_days
from services.scoring.delivery.matching import AtHome, match, write
from shared.ledger.ledger import Ledger
from shared.postgres.migrate import migrate_all
from shared.postgres.pool import Pool, open_pool, open_pool_of_owner
from shared.postgres.queries import load_queries
from shared.process.clock import now
from shared.process.settings import Settings

SUBSCRIPTIONS, ACCOUNTS = 100_000, 1_000
PER_SECOND = 100
ALERTS = 1_000
CALLERS = 16
NETWORK, HOST = "127.0.0.2/32", "127.0.0.2"
ALERT, AT = UUID(int=1), datetime(2026, 11, 21, tzinfo=UTC)
ROW: Mapping[str, Any] = {"home": HOME, "alert": ALERT, "partnership": slug(7), "raised_at": AT, "traceparent": None}
AT_HOME = {HOME: AtHome(ZoneInfo("Asia/Jakarta"), released=True)}
own = load_queries(__file__, "alerts.sql")


def measure_alerts(runs: int, say: Callable[[str], None]) -> list[Figure]:
    """Return milliseconds to match 100,000 subscriptions, and from a receipt to the first attempt at 100 alerts/s."""
    samples, told = asyncio.run(_measure_matching(runs, say))
    matched = [
        Figure("alerts", f"{SUBSCRIPTIONS:,} subscriptions, {name}: {told[name]:,} {what}", "ms", samples.median(key))
        for name in told
        for what, key in (("matched", name), ("matched, planned and written", f"{name}, written"))
    ]
    for run in range(1, runs + 1):
        with _webhooks_allowed(), running_installation() as installation:
            told_of = asyncio.run(tell(installation, ALERTS))
        hundredths = statistics.quantiles(sorted(told_of.took_ms), n=100)
        samples.add("p50", hundredths[49])
        samples.add("p99", hundredths[98])
        samples.add("processor", told_of.processor_ms / ALERTS)
        say(f"alerts told: run {run} of {runs} done, {machine_load()}")
    first = f"from the receipt to the first attempt, {PER_SECOND} events/s that raise one"
    work = Figure("alerts", "processor time of all parts for one", "ms", samples.median("processor"))
    latencies = (Figure("alerts", f"{first}, {name}", "ms", samples.median(name)) for name in ("p50", "p99"))
    return [*matched, *latencies, work]


async def _measure_matching(runs: int, say: Callable[[str], None]) -> tuple[Samples, dict[str, int]]:
    samples, told = Samples(), dict[str, int]()
    with empty_postgres() as settings:
        await migrate_all(settings, {each.SCHEMA: each.migrations() for each in (scoring, access)})
        owner, pool = await open_pool_of_owner(settings, scoring.SCHEMA), await open_pool(settings, scoring.SCHEMA)
        async with owner, pool:
            for name, to_all in (("most to one partnership", False), ("all to all", True)):
                await make_subscriptions(owner, SUBSCRIPTIONS, ACCOUNTS, to_all=to_all)
                for run in range(1, runs + 1):
                    told[name] = await match_once(pool, samples, name)
                    say(f"alerts: {name}, run {run} of {runs} done")
    return samples, told


async def make_subscriptions(owner: Pool, subscriptions: int, accounts: int, *, to_all: bool) -> None:
    """Fill the tables with subscriptions, in the place of those that are there."""
    async with owner.acquire() as connection:
        await connection.execute("DELETE FROM subscription")
        await own.drop_accounts(connection, home=HOME)
        await own.make_accounts(connection, home=HOME, accounts=accounts)
        await own.make_memberships(connection, home=HOME, accounts=accounts)
        await own.make_subscriptions(
            connection, home=HOME, accounts=accounts, subscriptions=subscriptions, to_all=to_all
        )
        await own.make_alert(connection, home=HOME, alert=ALERT, raised_at=AT)
        await own.settle(connection)


async def match_once(pool: Pool, samples: Samples, name: str) -> int:
    """Match the alert, then plan and write what follows and take it back; return how many are told."""
    async with pool.acquire() as connection:
        await match(connection, [ROW], AT_HOME, AT)  # a deliverer keeps its session, and has asked before
        started = time.perf_counter()
        told = await match(connection, [ROW], AT_HOME, AT)
        samples.add(name, 1_000 * (time.perf_counter() - started))
        transaction = connection.transaction()
        await transaction.start()
        await write(connection, [ROW], told, AT_HOME, AT)
        samples.add(f"{name}, written", 1_000 * (time.perf_counter() - started))
        await transaction.rollback()
    return len(told)


@contextmanager
def _webhooks_allowed() -> Iterator[None]:
    """Let the installation that is started meanwhile send webhooks to this machine."""
    os.environ["KEMBAR_WEBHOOK_NETWORKS"] = json.dumps([NETWORK])
    try:
        yield
    finally:
        del os.environ["KEMBAR_WEBHOOK_NETWORKS"]


@dataclass(frozen=True, slots=True)
class ToldOf:
    """The milliseconds from each receipt to the first attempt, and the processor time that all parts spent meanwhile."""

    took_ms: Sequence[float]
    processor_ms: float


async def tell(installation: Installation, alerts: int) -> ToldOf:
    """Post so many events that raise one alert each, at the steady rate, and wait until all are told of."""
    arrived: dict[str, float] = {}
    async with _receiver(arrived) as url, _client(installation) as http:
        await _register(http, range(PARTNERSHIPS, alerts))
        await _light_two_cells(http, range(alerts))
        await close_today(installation.settings)
        await _until_quiet(http, installation)
        await _ask(http, "/scoring/v1/subscriptions", {"channel": {"webhook": url}, "kinds": ["rating_rose"]})
        spent_before = _processor_seconds()
        had_receipt = await _post_all(http, alerts)
        async with asyncio.timeout(60):
            while len(arrived) < alerts:  # noqa: ASYNC110 - what is waited for is another process
                await asyncio.sleep(0.05)
    took_ms = [1_000 * (arrived[event] - at) for event, at in had_receipt.items()]
    return ToldOf(took_ms, 1_000 * (_processor_seconds() - spent_before))


def _processor_seconds() -> float:
    """Return what the parts have spent so far; what posts and receives here is none of them."""
    times = [each.cpu_times() for each in psutil.Process().children(recursive=True)]
    return sum(each.user + each.system for each in times)


@asynccontextmanager
async def _receiver(arrived: dict[str, float]) -> AsyncIterator[str]:
    """Receive webhooks, and note when each causing event was first told of."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        at = time.perf_counter()
        body = await reader.readexactly(int(head.partition(b"content-length:")[2].split(b"\r\n", 1)[0]))
        arrived.setdefault(json.loads(body)["data"]["event_id"], at)
        writer.write(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, HOST, 0)
    async with server:
        yield f"http://{HOST}:{server.sockets[0].getsockname()[1]}/"


@asynccontextmanager
async def _client(installation: Installation) -> AsyncIterator[httpx.AsyncClient]:
    headers = {"Authorization": f"Bearer {installation.token}"}
    url = f"http://127.0.0.1:{installation.port}"
    async with httpx.AsyncClient(base_url=url, headers=headers, timeout=30, trust_env=False) as http:
        yield http


async def _ask(http: httpx.AsyncClient, path: str, body: Any) -> Any:  # noqa: ANN401
    answer = await http.post(path, json=body)
    answer.raise_for_status()
    return answer.json()


async def _register(http: httpx.AsyncClient, numbers: range) -> None:
    await _post_in_batches(http, [{"type": "partnership.registered", "data": registration(each)} for each in numbers])


async def _light_two_cells(http: httpx.AsyncClient, numbers: range) -> None:
    """Bring partnerships to one cell below the next rating, so that the first event of each later raises one alert alone."""
    occurred = now().date() - timedelta(days=1)
    lit = [("outbound", number) for number in numbers] + [("inbound", number) for number in numbers]
    letters = [_activity(number, "contact", direction, occurred) for direction, number in lit]
    await _post_in_batches(http, [{"type": "activity.recorded", "data": each} for each in letters])


def _activity(number: int, indicator: str, direction: str, occurred: date) -> dict[str, Any]:
    return {
        "partnership": slug(number),
        "indicator": indicator,
        "occurred": occurred.isoformat(),
        "direction": direction,
        "outcome": "held",
        "title": {"en": f"{indicator} {number}"},
    }


async def _post_in_batches(http: httpx.AsyncClient, events: Sequence[Mapping[str, Any]]) -> None:
    for first in range(0, len(events), 500):
        await _ask(http, "/ingest/v1/batches", {"events": events[first : first + 500]})


async def close_today(settings: Settings) -> None:
    """Close the day as if it were over: from the first closing on, partnerships are watched."""
    ledger = await Ledger.connect(settings.nats_url, "ingest", settings.secrets_folder)
    pool = await open_pool(settings, "ingest")
    try:
        await close_days(ledger, pool, settings, lambda: now() + timedelta(days=1))
    finally:
        await pool.close()
        await ledger.close()


async def _until_quiet(http: httpx.AsyncClient, installation: Installation) -> None:
    """Wait until what was posted is in the tables, and what it raised was handed out."""
    pool = await open_pool(installation.settings, scoring.SCHEMA)
    async with pool, asyncio.timeout(120):
        while (await http.get("/scoring/v1/status")).json()["behind"] or await pool.fetchval(  # noqa: ASYNC110
            "SELECT count(*) FROM outbox"
        ):
            await asyncio.sleep(0.1)


async def _post_all(http: httpx.AsyncClient, count: int) -> dict[str, float]:
    numbers = iter(range(count))
    had_receipt: dict[str, float] = {}
    occurred = now().date() - timedelta(days=1)
    started = time.perf_counter()

    async def call() -> None:
        for number in numbers:
            data = _activity(number, "visit", "outbound", occurred)
            await asyncio.sleep(max(0.0, started + number / PER_SECOND - time.perf_counter()))
            receipt = await _ask(http, "/ingest/v1/events", {"type": "activity.recorded", "data": data})
            had_receipt[receipt["event_id"]] = time.perf_counter()

    await asyncio.gather(*(call() for _ in range(CALLERS)))
    return had_receipt
