"""Receivers of webhooks on this machine's own addresses, each of which behaves in its own way; and a mail server."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.controller import Controller
from standardwebhooks import Webhook, WebhookVerificationError

from cli.embedded.nats_server import free_ports

ALLOWED = "127.0.0.2/32"
"""The network that tests allow; 127.0.0.1 and 127.0.0.3 then stand for what is private."""
Behaviour = Callable[["Receiver", asyncio.StreamWriter], Awaitable[None]]


@dataclass(frozen=True)
class Got:
    """A request that came: its path, headers with small letters, and body."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]

    @property
    def document(self) -> dict[str, Any]:
        return json.loads(self.body)

    def verify(self, secret: str) -> dict[str, Any]:
        """Read it as a receiver does, with the standard's own library; raises where no signature fits."""
        return Webhook(secret).verify(self.body, self.headers)


@dataclass
class Receiver:
    """A receiver while it runs: where it is, and what came."""

    behave: Behaviour
    host: str = "127.0.0.2"
    port: int = 0
    got: list[Got] = field(default_factory=list)
    connections: int = 0
    taken: list[str] = field(default_factory=list)
    secret: str | None = None
    unsigned: int = 0

    @property
    def url(self) -> str:
        return f"http://{self.host}:{self.port}/kembar"

    def check_signature(self) -> None:
        """Count what does not fit the secret, when it comes: later a signature is too old."""
        try:
            if self.secret is not None:
                self.got[-1].verify(self.secret)
        except WebhookVerificationError:
            self.unsigned += 1

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
            headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])}
            body = await reader.readexactly(int(headers.get("content-length", 0)))
            self.got.append(Got(lines[0].split(" ")[1], headers, body))
            self.check_signature()
            await self.behave(self, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()


def answering(status: int, *headers: str, body: bytes = b"") -> Behaviour:
    """Answer all with this status."""

    async def behave(receiver: Receiver, writer: asyncio.StreamWriter) -> None:
        if 200 <= status < 300:
            receiver.taken.append(receiver.got[-1].id)
        head = "\r\n".join([f"HTTP/1.1 {status} X", f"Content-Length: {len(body)}", "Connection: close", *headers])
        writer.write(f"{head}\r\n\r\n".encode() + body)
        await writer.drain()

    return behave


def in_turn(*behaviours: Behaviour) -> Behaviour:
    """Behave in one way after the other, and in the last for ever."""
    turns = iter(behaviours)
    last = behaviours[-1]

    async def behave(receiver: Receiver, writer: asyncio.StreamWriter) -> None:
        await next(turns, last)(receiver, writer)

    return behave


async def hanging(receiver: Receiver, writer: asyncio.StreamWriter) -> None:
    """Take the request and never answer."""
    await asyncio.sleep(600)


async def closing(receiver: Receiver, writer: asyncio.StreamWriter) -> None:
    """Take the request and close."""


async def endless(receiver: Receiver, writer: asyncio.StreamWriter) -> None:
    """Answer 200 and go on for ever."""
    receiver.taken.append(receiver.got[-1].id)
    writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    while True:
        writer.write(b"1000\r\n" + b"x" * 4096 + b"\r\n")
        await writer.drain()


@contextlib.asynccontextmanager
async def receiving(behave: Behaviour, host: str = "127.0.0.2", **more: Any) -> AsyncIterator[Receiver]:
    """A receiver of webhooks."""
    receiver = Receiver(behave, host)
    serving: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        serving.add(task)
        with contextlib.suppress(asyncio.CancelledError):
            await receiver.serve(reader, writer)
        serving.discard(task)

    server = await asyncio.start_server(serve, host, 0, **more)
    receiver.port = server.sockets[0].getsockname()[1]
    try:
        yield receiver
    finally:
        server.close()
        for each in serving:
            each.cancel()
        await asyncio.gather(*serving, return_exceptions=True)


class Mailbox:
    """What a mail server has taken, and which recipients it refuses."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self.recipients: list[list[str]] = []
        self.refused: dict[str, str] = {}

    async def handle_RCPT(self, server, session, envelope, address, options):  # noqa: N802 - aiosmtpd's own
        if address in self.refused:
            return self.refused[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):  # noqa: N802 - aiosmtpd's own
        self.mails.append(message_from_bytes(envelope.content, policy=policy.default))
        self.recipients.append(list(envelope.rcpt_tos))
        return "250 taken"


@dataclass
class MailServer:
    """A mail server while it runs."""

    url: str
    box: Mailbox


@contextlib.contextmanager
def mail_server() -> Iterator[MailServer]:
    """A real SMTP server on this machine."""
    box = Mailbox()
    (port,) = free_ports(1)
    controller = Controller(box, hostname="127.0.0.1", port=port)
    controller.start()
    try:
        yield MailServer(f"smtp://127.0.0.1:{port}", box)
    finally:
        controller.stop()
