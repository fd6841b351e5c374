"""A line between two programs that can be made to lose what one side says."""

import asyncio
import contextlib
from collections.abc import AsyncIterator


class Line:
    """Passes bytes on in both directions; while `deaf`, what the server answers is thrown away."""

    def __init__(self, server_port: int) -> None:
        self._server_port = server_port
        self.deaf = False
        self.swallowed = 0
        self.port = 0

    async def _pass_on(self, reader, writer, *, answers: bool) -> None:
        with contextlib.suppress(ConnectionError):
            while data := await reader.read(65_536):
                if answers and self.deaf:
                    self.swallowed += len(data)
                    continue
                writer.write(data)
                await writer.drain()
        writer.close()

    async def _connect(self, reader, writer) -> None:
        server_reader, server_writer = await asyncio.open_connection("127.0.0.1", self._server_port)
        await asyncio.gather(
            self._pass_on(reader, server_writer, answers=False),
            self._pass_on(server_reader, writer, answers=True),
        )


@contextlib.asynccontextmanager
async def line_to(server_port: int) -> AsyncIterator[Line]:
    """A line to a server on this machine."""
    line = Line(server_port)
    listening = await asyncio.start_server(line._connect, "127.0.0.1", 0)
    line.port = listening.sockets[0].getsockname()[1]
    try:
        yield line
    finally:
        listening.close()
