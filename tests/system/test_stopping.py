"""Services that stop end the streams that people listen to, and do not wait for them."""

import asyncio

import services.reports.app
import services.scoring.app
from cli.embedded.nats_server import free_ports
from cli.serve import on_one_port
from services.access.app import create_app as create_access
from services.ingest.app import create_app as create_ingest
from tests.support.installation import serving

MOST_SECONDS = 2.0
STREAMS = ("/reports/v1/stream", "/scoring/v1/alerts/stream")


async def listening(port: int, path: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Open a stream and wait until it has begun."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
    await reader.readuntil(b"listening")
    return reader, writer


async def test_services_that_stop_end_both_streams_within_two_seconds(office):
    (port,) = free_ports(1)
    settings = office.installation.settings.model_copy(update={"port": port, "project": False})
    apps = {
        "ingest": create_ingest(settings),
        "scoring": services.scoring.app.create_app(settings),
        "reports": services.reports.app.create_app(settings),
        "access": create_access(settings),
    }
    async with serving(on_one_port(apps), settings):
        streams = [await listening(port, path) for path in STREAMS for _ in range(2)]
        began = asyncio.get_running_loop().time()

    took = asyncio.get_running_loop().time() - began
    for reader, writer in streams:
        await reader.read()
        assert reader.at_eof()
        writer.close()
        await writer.wait_closed()
    assert took < MOST_SECONDS
