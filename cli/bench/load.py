"""The load: a process of its own that posts over kept connections and notes how long each answer took.

Reads an `Order` as JSON from standard input, writes a `Taken` as JSON to standard output. A client of general use would
be slower than what it measures, so this one sends requests made beforehand and reads no more than the status.
"""

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import cast

import httptools
import uvloop


@dataclass(frozen=True, slots=True)
class Order:
    """What to send: each of `bodies` once, by that many callers, each on a connection of its own."""

    port: int
    path: str
    token: str
    callers: int
    bodies: list[str]
    method: str = "POST"


@dataclass(frozen=True, slots=True)
class Taken:
    """How long all took from the first request to the last answer, and how long each answer."""

    seconds: float
    latencies_ms: list[float]


def post_all(order: Order) -> Taken:
    """Carry out an order in another process; raises where an answer is neither 200 nor 201."""
    ended = subprocess.run(
        [sys.executable, "-m", "cli.bench.load"],
        input=json.dumps(asdict(order)),
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return Taken(**json.loads(ended.stdout))


def main() -> None:
    """Carry out the order on standard input."""
    order = Order(**json.load(sys.stdin))
    json.dump(asdict(uvloop.run(_post_all(order))), sys.stdout)


async def _post_all(order: Order) -> Taken:
    requests = iter([_request(order, body.encode()) for body in order.bodies])
    callers = [await _connect(order.port, requests) for _ in range(order.callers)]
    started = time.perf_counter()
    for caller in callers:
        caller.begin()
    await asyncio.gather(*(caller.done for caller in callers))
    took = time.perf_counter() - started
    return Taken(took, [latency for caller in callers for latency in caller.latencies_ms])


def _request(order: Order, body: bytes) -> bytes:
    head = (
        f"{order.method} {order.path} HTTP/1.1\r\nHost: 127.0.0.1:{order.port}\r\nAuthorization: Bearer {order.token}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


async def _connect(port: int, requests: Iterator[bytes]) -> "_Caller":
    _, caller = await asyncio.get_running_loop().create_connection(lambda: _Caller(requests), "127.0.0.1", port)
    return caller


class _Caller(asyncio.Protocol):
    """One connection: sends a request, waits for its answer, sends the next."""

    def __init__(self, requests: Iterator[bytes]) -> None:
        self._requests = requests
        self._parser = httptools.HttpResponseParser(self)
        self._transport: asyncio.Transport | None = None
        self._sent_at = 0.0
        self.latencies_ms: list[float] = []
        self.done = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the connection."""
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is none by inheritance

    def begin(self) -> None:
        """Send the next request, or end where there is none."""
        assert self._transport is not None
        request = next(self._requests, None)
        if request is None:
            self._transport.close()
            self.done.set_result(None)
            return
        self._sent_at = time.perf_counter()
        self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        """Read on in the answer."""
        self._parser.feed_data(data)

    def on_message_complete(self) -> None:
        """Note how long the answer took, and go on; called by the parser."""
        status = self._parser.get_status_code()
        if status not in (200, 201):
            self.done.set_exception(RuntimeError(f"an answer with status {status}"))
            return
        self.latencies_ms.append((time.perf_counter() - self._sent_at) * 1_000)
        self.begin()

    def connection_lost(self, exc: Exception | None) -> None:
        """Say so where the server ended it."""
        if not self.done.done():
            self.done.set_exception(exc or ConnectionResetError("the server closed a connection"))


if __name__ == "__main__":
    main()
