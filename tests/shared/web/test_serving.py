"""A server that stops ends what would go on for ever, and does not wait for it until its time is up."""

import asyncio
import contextlib

import uvicorn
from fastapi import FastAPI
from fastapi.responses import StreamingResponse

from cli.embedded.nats_server import free_ports
from shared.web.one_port import OnePort
from shared.web.serving import OrderlyServer, apps_in

LONGEST_SECONDS = 8


async def stops_within(*, told: bool) -> float:
    """Return how long a server takes to stop while somebody reads a stream that ends only if the app is told."""
    app, over = FastAPI(), asyncio.Event()
    app.state.before_stopping = [over.set] if told else []

    @app.get("/stream")
    async def stream() -> StreamingResponse:
        async def lines():
            yield b"begun\n"
            await over.wait()

        return StreamingResponse(lines())

    (port,) = free_ports(1)
    front = OnePort({"other": app}, otherwise=app)
    config = uvicorn.Config(front, port=port, log_config=None, timeout_graceful_shutdown=LONGEST_SECONDS)
    server = OrderlyServer(config, apps_in(front))
    server.capture_signals = contextlib.nullcontext
    serving = asyncio.create_task(server.serve())
    async with asyncio.timeout(60):
        while not server.started:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"GET /stream HTTP/1.1\r\nHost: x\r\n\r\n")
    await reader.readuntil(b"begun")
    began = asyncio.get_running_loop().time()
    server.should_exit = True
    if not told:
        asyncio.get_running_loop().call_later(1.5, over.set)
    await serving
    writer.close()
    return asyncio.get_running_loop().time() - began


async def test_a_stream_ends_when_the_server_stops():
    assert await stops_within(told=True) < LONGEST_SECONDS / 2


async def test_a_stream_that_is_not_told_holds_the_server_up():
    assert await stops_within(told=False) >= 1.5
