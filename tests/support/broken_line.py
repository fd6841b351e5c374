"""A line between a browser and a site that can lose an answer: the site has done what it was asked, and nobody hears of it."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from urllib.parse import urlsplit


@dataclass
class Line:
    """Carries all requests on; while `loses` begins a request, its answer is lost, and the connection with it."""

    site: str
    url: str = ""
    loses: bytes | None = None
    lost: int = 0

    async def carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Carry one connection."""
        asked = urlsplit(self.site)
        onward_reader, onward = await asyncio.open_connection(asked.hostname, asked.port)
        losing = asyncio.Event()
        carried = [
            asyncio.create_task(self._there(reader, onward, losing)),
            asyncio.create_task(self._back(onward_reader, writer, losing)),
        ]
        try:
            await asyncio.wait(carried, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for each in carried:
                each.cancel()
            for each in (writer, onward):
                each.close()

    async def _there(self, reader: asyncio.StreamReader, onward: asyncio.StreamWriter, losing: asyncio.Event) -> None:
        while sent := await reader.read(65_536):
            if self.loses is not None and sent.startswith(self.loses):
                losing.set()
            onward.write(sent)
            await onward.drain()

    async def _back(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, losing: asyncio.Event) -> None:
        while answered := await reader.read(65_536):
            if losing.is_set():
                self.lost += 1
                return
            writer.write(answered)
            await writer.drain()


@contextlib.asynccontextmanager
async def line_to(site: str) -> AsyncIterator[Line]:
    """A line to a site, at an address of its own."""
    line = Line(site)
    server = await asyncio.start_server(line.carry, "127.0.0.1", 0)
    line.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield line
    finally:
        server.close()
