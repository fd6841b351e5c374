"""500 homes in one installation: what a ministry is answered, how long their day takes to close, how much memory there is."""

import asyncio
import statistics
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from datetime import time as time_of_day

import httpx
import psutil

from cli.bench.engines import Engines, prepared_engines
from cli.bench.figures import Figure, Samples
from cli.bench.history import batches_of_entries
from cli.bench.many_homes import LAST_DAY, Country, history_of
from cli.bench.raw_ledger import publish_batch
from cli.bench.served_apart import port_of, replicas_of
from cli.bench.workers import seconds_until_reached, tables_of, workers_on
from cli.embedded.part import Part
from services.ingest.ticker import close_days
from shared.ledger.ledger import Ledger
from shared.postgres.pool import Pool

COUNTRY = Country(homes=500, partnerships=4, activities=30, days=10)
TIMES = 20
NOON = time_of_day(5)
"""In Jakarta."""
OF_ALL = "/scoring/v1/ratings?home=all&cells=newest"


def measure_homes(runs: int, say: Callable[[str], None]) -> list[Figure]:
    """Return events per second into the tables, the milliseconds of a ministry's answer, the seconds of a day's close, MB."""
    samples, units = Samples(), dict[str, str]()
    for run in range(1, runs + 1):
        with prepared_engines() as engines:
            asyncio.run(_measure(engines, samples, units))
        say(f"homes: run {run} of {runs} done")
    named = f"{COUNTRY.homes} homes, {COUNTRY.homes * COUNTRY.partnerships:,} partnerships, {COUNTRY.events:,} events"
    return [Figure("homes", f"{named}: {name}", units[name], samples.median(name)) for name in samples.names()]


async def _measure(engines: Engines, samples: Samples, units: dict[str, str]) -> None:
    def note(name: str, unit: str, value: float) -> None:
        units[name] = unit
        samples.add(name, value)

    ledger = await Ledger.connect(engines.settings.nats_url, "ingest", engines.settings.secrets_folder)
    for batch in batches_of_entries(history_of(COUNTRY)):
        await publish_batch(ledger, batch)
    async with tables_of(engines.settings) as tables:
        with workers_on(engines.folder, engines.environment) as workers:
            worker = workers.add()
            took = await seconds_until_reached(tables, await ledger.end(), time.monotonic())
            note("into all tables, one worker", "events/s", COUNTRY.events / took)
            note(
                "processor time of the worker, a thousand events",
                "ms",
                1e6 * _processor_seconds(worker) / COUNTRY.events,
            )
            with replicas_of("scoring", 1, engines.folder, engines.environment) as (scoring,):
                note("all ratings, for the ministry", "ms", await _ministry_ms(engines, scoring))
                closed = await _close(engines, ledger, tables)
                for name, seconds in closed.items():
                    note(name, "s", seconds)
                note("memory of the worker", "MB", _megabytes(worker))
                note("memory of scoring", "MB", _megabytes(scoring))
    await ledger.close()


async def _ministry_ms(engines: Engines, scoring: Part) -> float:
    took = []
    headers = {"Authorization": f"Bearer {engines.tokens['ministry']}"}
    url = f"http://127.0.0.1:{port_of(scoring)}"
    async with httpx.AsyncClient(base_url=url, headers=headers, timeout=60, trust_env=False) as http:
        for _ in range(TIMES):
            started = time.perf_counter()
            answer = await http.get(OF_ALL)
            took.append(1_000 * (time.perf_counter() - started))
            answer.raise_for_status()
    return statistics.median(took)


async def _close(engines: Engines, ledger: Ledger, tables: Mapping[str, Pool]) -> Mapping[str, float]:
    """Close one more day in every home, as happens once a day: until it is in the ledger, and until it is in all tables."""
    noon_of_the_day_after = datetime.combine(LAST_DAY + timedelta(days=2), NOON, UTC)
    started = time.monotonic()
    await close_days(ledger, tables["ingest"], engines.settings, lambda: noon_of_the_day_after)
    appended = time.monotonic() - started
    projected = await seconds_until_reached(tables, await ledger.end(), started)
    return {"a day closed in all homes": appended, "the same, in all tables": projected}


def _processor_seconds(part: Part) -> float:
    """Return what a process has used so far: beside others, on a busy machine, it says more than how long it took."""
    assert part.process is not None
    used = psutil.Process(part.process.pid).cpu_times()
    return used.user + used.system


def _megabytes(part: Part) -> float:
    assert part.process is not None
    return psutil.Process(part.process.pid).memory_info().rss / 1e6
