"""Lines between two programs that lose, repeat, swap, leave out or renumber what one side says."""

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from functools import reduce
from itertools import groupby, pairwise

from shared.ledger.stream import STREAM

DELIVERY = f"$JS.ACK.{STREAM}.".encode()


class Line:
    """Passes bytes on in both directions; while `deaf`, what the server answers is thrown away."""

    def __init__(self, server_port: int) -> None:
        self._server_port = server_port
        self.deaf = False
        self.swallowed = 0
        self.port = 0

    @property
    def url(self) -> str:
        """The address of a nats-server that is reached by this line."""
        return f"nats://127.0.0.1:{self.port}"

    async def _pass_on(self, reader, writer) -> None:
        with contextlib.suppress(ConnectionError):
            while data := await reader.read(65_536):
                writer.write(data)
                await writer.drain()
        writer.close()

    async def _answer(self, reader, writer) -> None:
        with contextlib.suppress(ConnectionError):
            while data := await reader.read(65_536):
                if self.deaf:
                    self.swallowed += len(data)
                    continue
                writer.write(data)
                await writer.drain()
        writer.close()

    async def _connect(self, reader, writer) -> None:
        server_reader, server_writer = await asyncio.open_connection("127.0.0.1", self._server_port)
        await asyncio.gather(self._pass_on(reader, server_writer), self._answer(server_reader, writer))


class Delivery:
    """An event on its way to a follower, as nats-server wrote it."""

    def __init__(self, words: list[bytes], body: bytes) -> None:
        self._words = words
        self._body = body

    @property
    def position(self) -> int:
        """The position that the server gives it."""
        return int(self._words[3].split(b".")[-4])

    def at(self, position: int) -> "Delivery":
        """The same event under another position."""
        tokens = self._words[3].split(b".")
        tokens[-4] = str(position).encode()
        return Delivery([*self._words[:3], b".".join(tokens), *self._words[4:]], self._body)

    def __bytes__(self) -> bytes:
        return b" ".join(self._words) + b"\r\n" + self._body


Meddle = Callable[[list[Delivery]], list[Delivery]]


class MeddlingLine(Line):
    """Passes everything on but deliveries to followers: a `Meddle` per connection says what becomes of what comes together."""

    def __init__(self, server_port: int, new_meddle: Callable[[], Meddle]) -> None:
        super().__init__(server_port)
        self._new_meddle = new_meddle
        self.meddled = 0

    async def _answer(self, reader, writer) -> None:
        arrived, meddle = bytearray(), self._new_meddle()
        with contextlib.suppress(ConnectionError):
            while data := await reader.read(65_536):
                arrived += data
                for is_delivery, frames in groupby(_frames(arrived), key=lambda each: isinstance(each, Delivery)):
                    came = list(frames)
                    go_on = meddle(came) if is_delivery else came
                    self.meddled += go_on != came
                    writer.writelines(bytes(each) for each in go_on)
                await writer.drain()
        writer.close()


def _frames(arrived: bytearray) -> Iterator[Delivery | bytes]:
    """Take off the protocol messages that have arrived whole: a line, and for a message its headers and payload."""
    while (end := arrived.find(b"\r\n") + 2) >= 2:
        line = bytes(arrived[:end])
        words = line.split()
        size = int(words[-1]) + 2 if words[0] in (b"MSG", b"HMSG") else 0
        if len(arrived) < end + size:
            return
        body = bytes(arrived[end : end + size])
        del arrived[: end + size]
        yield Delivery(words, body) if len(words) > 4 and words[3].startswith(DELIVERY) else line + body


def repeating(chance: random.Random, share: float) -> Meddle:
    """Let this share of the deliveries come again, at once or later."""
    earlier: list[Delivery] = []

    def meddle(together: list[Delivery]) -> list[Delivery]:
        passed_on = []
        for each in together:
            passed_on.append(each)
            earlier.append(each)
            if chance.random() < share:
                passed_on.append(chance.choice([each, *earlier[-50:]]))
        return passed_on

    return meddle


def swapping(chance: random.Random, share: float, *, again: bool = False) -> Meddle:
    """Let this share of the deliveries change places with the next; `again`, whenever the same two come."""
    chosen: dict[int, bool] = {}

    def meddle(together: list[Delivery]) -> list[Delivery]:
        passed_on = list(together)
        for index, (one, next_one) in enumerate(pairwise(together)):
            is_new = one.position not in chosen
            swap = chosen.setdefault(one.position, chance.random() < share) and (is_new or again)
            if swap and passed_on[index] is one:
                passed_on[index : index + 2] = next_one, one
        return passed_on

    return meddle


def one_after_the_other(*meddles: Meddle) -> Meddle:
    """Meddle in several ways."""
    return lambda together: reduce(lambda left, meddle: meddle(left), meddles, together)


def once_in_this_order(positions: Sequence[int]) -> Meddle:
    """Hold the first deliveries back until these have come, and pass them on in this order; the rest of them are lost."""
    held: dict[int, Delivery] = {}
    wanted = set(positions)

    def meddle(together: list[Delivery]) -> list[Delivery]:
        if not wanted:
            return together
        held.update({each.position: each for each in together})
        if not wanted <= held.keys():
            return []
        wanted.clear()
        return [held[position] for position in positions]

    return meddle


def leaving_out(position: int, *, renumbered: bool = False) -> Meddle:
    """Let the event at a position never come; `renumbered`, so that nobody can see it by the positions."""

    def meddle(together: list[Delivery]) -> list[Delivery]:
        left = [each for each in together if each.position != position]
        return [each.at(each.position - (each.position > position)) for each in left] if renumbered else left

    return meddle


@contextlib.asynccontextmanager
async def line_to(server_port: int, new_meddle: Callable[[], Meddle] | None = None) -> AsyncIterator[Line]:
    """A line to a server on this machine."""
    line = Line(server_port) if new_meddle is None else MeddlingLine(server_port, new_meddle)
    listening = await asyncio.start_server(line._connect, "127.0.0.1", 0)
    line.port = listening.sockets[0].getsockname()[1]
    try:
        yield line
    finally:
        listening.close()
