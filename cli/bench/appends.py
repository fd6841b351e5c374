"""Durable single appends over HTTP, beside a route that does nothing and publishing with nothing around it."""

import asyncio
import json
import random
import statistics
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from cli.bench.engines import START_SECONDS, empty_ledger, temporary_folder
from cli.bench.figures import Figure, Samples
from cli.bench.history import FIRST_DAY, activity, batches_of_entries, history
from cli.bench.installation import running_installation
from cli.bench.load import Order, Taken, post_all
from cli.bench.raw_ledger import seconds_to_publish, seconds_to_publish_batches
from cli.embedded.nats_server import free_ports
from cli.embedded.part import Part

APPENDS_BY_CALLERS = {1: 500, 8: 2_000, 64: 6_000}
BATCH, BATCHED = 64, 12_800


def measure_appends(runs: int, say: Callable[[str], None]) -> list[Figure]:
    """Return appends per second at 1, 8 and 64 callers, with the median latency and that of the slowest hundredth."""
    samples = Samples()
    for run in range(1, runs + 1):
        with running_installation() as installation:
            for callers, count in APPENDS_BY_CALLERS.items():
                _note(samples, f"append {callers}", installation.post("/ingest/v1/events", _bodies(count), callers))
        with _nothing() as port:
            for callers, count in APPENDS_BY_CALLERS.items():
                _note(samples, f"nothing {callers}", post_all(Order(port, "/nothing", "", callers, _bodies(count))))
        asyncio.run(_publish(samples))
        say(f"appends: run {run} of {runs} done")
    return [figure for callers in APPENDS_BY_CALLERS for figure in _figures(samples, callers)]


def _figures(samples: Samples, callers: int) -> Iterator[Figure]:
    who = f"{callers} caller{'s' if callers > 1 else ''}"
    raw = {
        "a route that does nothing": samples.median(f"nothing {callers}"),
        "publishing": samples.median(f"publish {callers}"),
        f"publishing batches of {BATCH}": samples.median("publish batches"),
    }
    yield Figure("appends", f"{who}, durable", "events/s", samples.median(f"append {callers}"), raw)
    for name in ("p50", "p99"):
        raw = {"a route that does nothing": samples.median(f"nothing {callers} {name}")}
        yield Figure("appends", f"{who}, latency {name}", "ms", samples.median(f"append {callers} {name}"), raw)


def _note(samples: Samples, name: str, taken: Taken) -> None:
    hundredths = statistics.quantiles(taken.latencies_ms, n=100)
    samples.add(name, len(taken.latencies_ms) / taken.seconds)
    samples.add(f"{name} p50", hundredths[49])
    samples.add(f"{name} p99", hundredths[98])


def _bodies(count: int) -> list[str]:
    chance = random.Random(count)  # noqa: S311 - the same in every run
    return [json.dumps({"type": "activity.recorded", "data": activity(chance, FIRST_DAY)}) for _ in range(count)]


async def _publish(samples: Samples) -> None:
    """Publish the same number of events to a server of the same configuration, at the same number of callers."""
    async with empty_ledger() as ledger:
        needed = sum(APPENDS_BY_CALLERS.values()) + BATCHED
        entries = [entry for batch in batches_of_entries(history(needed)) for entry in batch]
        for callers, count in APPENDS_BY_CALLERS.items():
            published, entries = entries[:count], entries[count:]
            samples.add(f"publish {callers}", count / await seconds_to_publish(ledger, published, callers))
        samples.add("publish batches", BATCHED / await seconds_to_publish_batches(ledger, entries, BATCH))


@contextmanager
def _nothing() -> Iterator[int]:
    """Serve the route that does nothing; yields its port."""
    with temporary_folder() as folder:
        (port,) = free_ports(1)
        part = Part(
            name="nothing",
            command=[sys.executable, "-m", "cli.bench.nothing", str(port)],
            folder=folder,
            is_ready=lambda: _answers(f"http://127.0.0.1:{port}/"),
        )
        part.start()
        try:
            part.wait_until_ready(START_SECONDS)
            yield port
        finally:
            part.stop()


def _answers(url: str) -> bool:
    """Say whether anything answers; that there is nothing at this address is an answer too."""
    try:
        urllib.request.urlopen(url, timeout=1).close()  # noqa: S310 - our own loopback address
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False
    return True
