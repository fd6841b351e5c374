"""Two replicas of each service against one on the same machine, and how long the work takes to move among workers."""

import asyncio
import json
import os
import random
import signal
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor

from cli.bench.engines import Engines, prepared_engines
from cli.bench.figures import Figure, Samples
from cli.bench.history import FIRST_DAY, PARTNERSHIPS, activity, batches_of_entries, history, registration
from cli.bench.load import Order, Taken, post_all
from cli.bench.raw_ledger import publish_batch
from cli.bench.served_apart import port_of, replicas_of
from cli.bench.workers import Workers, seconds_until_reached, seconds_until_shared, send, tables_of, workers_on
from cli.embedded.part import Part
from shared.ledger.ledger import Ledger
from shared.postgres.pool import Pool

APPENDS, APPENDING = 6_000, 64
QUESTIONS, ASKING = 600, 8
RATINGS = "/reports/v1/ratings?on=2012-12-31&cells=newest"
COUNTS = (1, 2)
MOVES = ("added", "killed", "hung", "ended in order")


def measure_replicas(runs: int, events: int, say: Callable[[str], None]) -> list[Figure]:
    """Return appends, replay and reading with one and with two of each, and the seconds until the work has moved."""
    samples = Samples()
    for run in range(1, runs + 1):
        with prepared_engines() as engines:
            _serve(engines, samples)
        for count in COUNTS:
            with prepared_engines() as engines:
                asyncio.run(_replay(engines, count, events, samples))
        say(f"replicas: run {run} of {runs} done")
    cores = len(os.sched_getaffinity(0))
    return [*_figures(samples, events, cores), *(_moved(samples, name) for name in MOVES)]


def _figures(samples: Samples, events: int, cores: int) -> Iterator[Figure]:
    for what, unit, name in (
        (f"appends, {APPENDING} callers", "events/s", "appends"),
        (f"{ASKING} callers reading {PARTNERSHIPS} ratings of a past day", "answers/s", "reading"),
        (f"{events:,} events into all tables", "events/s", "replay"),
    ):
        one = {"one of it": samples.median(f"{name} 1")}
        yield Figure("replicas", f"{what}, two on {cores} cores", unit, samples.median(f"{name} 2"), one)


def _moved(samples: Samples, name: str) -> Figure:
    return Figure("replicas", f"a worker is {name}: until all is shared", "s", samples.median(name))


def _serve(engines: Engines, samples: Samples) -> None:
    """Post to one and to two of ingest, then ask one and two of reports, while one worker follows."""
    with workers_on(engines.folder, engines.environment) as workers:
        workers.add()
        for count in COUNTS:
            with replicas_of("ingest", count, engines.folder, engines.environment) as replicas:
                if count == COUNTS[0]:
                    _register(engines, replicas[0])
                taken = _in_turn(engines, replicas, "/ingest/v1/events", _bodies(), APPENDING, "POST")
                samples.add(f"appends {count}", taken)
        asyncio.run(_caught_up(engines))
        for count in COUNTS:
            with replicas_of("reports", count, engines.folder, engines.environment) as replicas:
                samples.add(f"reading {count}", _in_turn(engines, replicas, RATINGS, [""] * QUESTIONS, ASKING, "GET"))


def _in_turn(engines: Engines, replicas: list[Part], path: str, bodies: list[str], callers: int, method: str) -> float:
    """Send all, an equal part of it to each replica by as many callers; return how many were answered in a second."""
    count = len(replicas)
    orders = [
        Order(port_of(each), path, engines.tokens["bureau"], callers // count, bodies[number::count], method)
        for number, each in enumerate(replicas)
    ]
    with ThreadPoolExecutor(count) as posting:
        taken: list[Taken] = list(posting.map(post_all, orders))
    return len(bodies) / max(each.seconds for each in taken)


def _register(engines: Engines, ingest: Part) -> None:
    events = [{"type": "partnership.registered", "data": registration(each)} for each in range(PARTNERSHIPS)]
    post_all(
        Order(port_of(ingest), "/ingest/v1/batches", engines.tokens["bureau"], 1, [json.dumps({"events": events})])
    )


def _bodies() -> list[str]:
    chance = random.Random(APPENDS)  # noqa: S311 - the same in every run
    return [json.dumps({"type": "activity.recorded", "data": activity(chance, FIRST_DAY)}) for _ in range(APPENDS)]


async def _caught_up(engines: Engines) -> None:
    ledger = await Ledger.connect(engines.settings.nats_url, "ingest", engines.settings.secrets_folder)
    async with tables_of(engines.settings) as tables:
        await seconds_until_reached(tables, await ledger.end(), time.monotonic())
    await ledger.close()


async def _replay(engines: Engines, count: int, events: int, samples: Samples) -> None:
    """Let workers wait for a ledger to be written, and follow it; then let the work move among them."""
    ledger = await Ledger.connect(engines.settings.nats_url, "ingest", engines.settings.secrets_folder)
    async with tables_of(engines.settings) as tables:
        with workers_on(engines.folder, engines.environment) as workers:
            for _ in range(count):
                workers.add()
            await seconds_until_shared(tables, count, time.monotonic())
            started = time.monotonic()
            for batch in batches_of_entries(history(events)):
                await publish_batch(ledger, batch)
            samples.add(f"replay {count}", events / await seconds_until_reached(tables, events, started))
            if count == COUNTS[-1]:
                for name, took in (await _moves(workers, tables)).items():
                    samples.add(name, took)
    await ledger.close()


async def _moves(workers: Workers, tables: Mapping[str, Pool]) -> Mapping[str, float]:
    """Return the seconds until all is shared when a third is added, the first killed, the second hung, then ended."""
    first, second = workers.started
    took = {}

    async def until_shared(name: str, among: int) -> None:
        took[name] = await seconds_until_shared(tables, among, time.monotonic())

    workers.add()
    await until_shared("added", 3)
    send(first, signal.SIGKILL)
    await until_shared("killed", 2)
    send(second, signal.SIGSTOP)
    await until_shared("hung", 1)
    send(second, signal.SIGCONT)
    await seconds_until_shared(tables, 2, time.monotonic())
    send(second, signal.SIGTERM)
    await until_shared("ended in order", 1)
    return took
