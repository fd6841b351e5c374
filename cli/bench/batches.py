"""Rows per second through batches of 1,000 over HTTP, beside atomic batches with nothing around them."""

import asyncio
import json
import random
from collections.abc import Callable

from cli.bench.engines import empty_ledger
from cli.bench.figures import Figure, Samples
from cli.bench.history import FIRST_DAY, activity, batches_of_entries, history
from cli.bench.installation import running_installation
from cli.bench.raw_ledger import seconds_to_publish_batches
from shared.wire.envelope import LARGEST_BATCH

BATCHES = 10


def measure_batches(runs: int, say: Callable[[str], None]) -> list[Figure]:
    """Return rows per second of one caller that posts one batch after the other."""
    samples = Samples()
    rows = BATCHES * LARGEST_BATCH
    bodies = _bodies()
    for run in range(1, runs + 1):
        with running_installation() as installation:
            samples.add("post", rows / installation.post("/ingest/v1/batches", bodies, callers=1).seconds)
        samples.add("publish", asyncio.run(_published_per_second(rows)))
        say(f"batches: run {run} of {runs} done")
    raw = {f"publishing batches of {LARGEST_BATCH:,}": samples.median("publish")}
    return [Figure("batches", f"batches of {LARGEST_BATCH:,}, durable", "rows/s", samples.median("post"), raw)]


def _bodies() -> list[str]:
    chance = random.Random(BATCHES)  # noqa: S311 - the same in every run
    return [
        json.dumps(
            {
                "events": [
                    {"type": "activity.recorded", "data": activity(chance, FIRST_DAY)} for _ in range(LARGEST_BATCH)
                ]
            }
        )
        for _ in range(BATCHES)
    ]


async def _published_per_second(rows: int) -> float:
    async with empty_ledger() as ledger:
        entries = [entry for batch in batches_of_entries(history(rows)) for entry in batch]
        return rows / await seconds_to_publish_batches(ledger, entries, LARGEST_BATCH)
