"""From the receipt of a posting to its changed rating served, while events come in at a steady rate."""

import asyncio
import json
import random
import statistics
import time
from collections.abc import Callable
from typing import Any

from cli.bench.figures import Figure, Samples
from cli.bench.history import FIRST_DAY, activity
from cli.bench.installation import Installation, running_installation

PER_SECOND = 500
CALLERS = 32
SECONDS = 10
ASKED_FOR_OF_A_HUNDRED = 10


def measure_served(runs: int, say: Callable[[str], None]) -> list[Figure]:
    """Return the median and the slowest hundredth, in milliseconds, and how many events a second there were."""
    samples = Samples()
    for run in range(1, runs + 1):
        with running_installation() as installation:
            took_ms, per_second = asyncio.run(post_and_ask(installation, SECONDS))
        hundredths = statistics.quantiles(took_ms, n=100)
        samples.add("p50", hundredths[49])
        samples.add("p99", hundredths[98])
        samples.add("per second", per_second)
        say(f"ratings served: run {run} of {runs} done")
    posted = f"{samples.median('per second'):,.0f} events/s"
    return [
        Figure(
            "ratings", f"from the receipt to the changed rating served, {posted}, {name}", "ms", samples.median(name)
        )
        for name in ("p50", "p99")
    ]


async def post_and_ask(installation: Installation, seconds: float) -> tuple[list[float], float]:
    """Post at the steady rate; of some postings ask at once for the rating as it is after them.

    Returns the milliseconds of each, from its receipt, and how many events a second were posted.
    """
    chance = random.Random(PER_SECOND)  # noqa: S311 - the same in every run
    total = int(PER_SECOND * seconds)
    numbers = iter(range(total))
    took_ms: list[float] = []
    started = time.perf_counter()

    async def call() -> None:
        connection = await _Connection.open(installation)
        for number in numbers:
            data = activity(chance, FIRST_DAY)
            await asyncio.sleep(max(0.0, started + number / PER_SECOND - time.perf_counter()))
            receipt = await connection.ask("POST", "/ingest/v1/events", {"type": "activity.recorded", "data": data})
            if chance.randrange(100) < ASKED_FOR_OF_A_HUNDRED:
                had_receipt = time.perf_counter()
                path = f"/scoring/v1/ratings/{data['partnership']}"
                await connection.ask("GET", path, at_least=receipt["position"])
                took_ms.append(1_000 * (time.perf_counter() - had_receipt))
        connection.close()

    await asyncio.gather(*(call() for _ in range(CALLERS)))
    return took_ms, total / (time.perf_counter() - started)


class _Connection:
    """One kept connection, with nothing of a client of general use around it."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, installation: Installation) -> None:
        self._reader = reader
        self._writer = writer
        self._head = f"Host: 127.0.0.1:{installation.port}\r\nAuthorization: Bearer {installation.token}\r\n"

    @classmethod
    async def open(cls, installation: Installation) -> "_Connection":
        """Connect."""
        return cls(*await asyncio.open_connection("127.0.0.1", installation.port), installation)

    async def ask(self, method: str, path: str, body: Any = None, at_least: int = 0) -> Any:  # noqa: ANN401
        """Send a request and return its answer; raises where that is no success."""
        content = json.dumps(body) if body is not None else ""
        lines = f"{method} {path} HTTP/1.1\r\n{self._head}Kembar-Min-Position: {at_least}\r\n"
        if content:
            lines += f"Content-Type: application/json\r\nContent-Length: {len(content)}\r\n"
        self._writer.write(f"{lines}\r\n{content}".encode())
        head = (await self._reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
        length = int(head.partition("content-length:")[2].split("\r\n", 1)[0])
        answer = await self._reader.readexactly(length)
        status = int(head.split(" ", 2)[1])
        if status not in (200, 201):
            raise RuntimeError(f"an answer with status {status}: {answer[:200]!r}")
        return json.loads(answer)

    def close(self) -> None:
        """End it."""
        self._writer.close()
