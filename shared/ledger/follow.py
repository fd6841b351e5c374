"""Follow the ledger from a position on: every event once, in order, none left out, or a fault.

One pull consumer without acknowledgements; the caller's checkpoint is the only cursor. Requests are sent ahead, so that
the server always has one to fill, and never more than the caller can take.
"""

import asyncio
import json
import time
from collections import deque
from collections.abc import AsyncGenerator
from contextlib import aclosing, suppress
from dataclasses import dataclass
from datetime import datetime
from uuid import uuid4

import structlog
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription
from nats.errors import Error as NatsError
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy

from shared.ledger.ledger import EPOCH, RECORDED_AT, TRACEPARENT, Ledger, Stored, moment
from shared.ledger.stream import STREAM
from shared.wire.canonical import digest

MOST_AT_ONCE = 5_000
HEARTBEAT_SECONDS = 1.0
PULL_SECONDS = 20.0
CATCH_UP_SECONDS = 5.0
SILENCE_SECONDS = 15.0

log = structlog.get_logger()


class LedgerBroken(Exception):
    """The ledger lost, reordered or changed an event that was read before. Nothing may be written on top of it."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """How far a reader has come: the last event's position, hash and moment; 0 and nothing at the beginning."""

    position: int = 0
    hash: str = ""
    recorded_at: datetime = EPOCH

    def after(self, entry: Stored) -> "Checkpoint":
        """Return the checkpoint once `entry` has been read."""
        return Checkpoint(entry.position, digest(entry.payload), entry.recorded_at)


async def follow(ledger: Ledger, checkpoint: Checkpoint) -> AsyncGenerator[list[Stored], None]:
    """Yield what stands after the checkpoint, in lists of up to 5,000, for ever; wait where there is nothing yet.

    `recorded_at` is held monotone: a clock set back cannot make a later event look earlier. Raises `LedgerBroken` where
    the event at the checkpoint is gone or differs, or where a position is left out twice over; errors of the connection
    pass through: begin again from the checkpoint.
    """
    held = checkpoint.recorded_at
    expected = checkpoint.position + 1
    missing_before = 0
    while True:
        await check_what_was_read(ledger, checkpoint)
        pull = await _Pull.start(ledger, expected)
        try:
            while (found := await pull.take()) is not None:
                entries = []
                left_out = False
                for entry in found:
                    if entry.position < expected:
                        continue
                    if entry.position > expected:
                        left_out = True
                        break
                    held = max(held, entry.recorded_at)
                    entries.append(Stored(entry.position, held, entry.subject, entry.payload, entry.traceparent))
                    expected += 1
                if entries:
                    yield entries
                    checkpoint = checkpoint.after(entries[-1])
                if left_out:
                    if missing_before == expected:
                        raise LedgerBroken(
                            f"Position {expected} is missing from the ledger. Stop writing, find out what happened to the "
                            "store of nats-server, and restore it from a copy."
                        )
                    missing_before = expected
                    break
        finally:
            await pull.stop()
        log.info("the ledger is followed anew", position=expected)


async def follow_until(ledger: Ledger, checkpoint: Checkpoint, end: int) -> AsyncGenerator[list[Stored], None]:
    """Yield what stands after the checkpoint up to the position `end`, which the ledger must have reached.

    Raises `LedgerBroken` as `follow` does, and where the server does not give a position that it says it holds.
    """
    async with aclosing(follow(ledger, checkpoint)) as lists:
        position = checkpoint.position
        while position < end:
            try:
                async with asyncio.timeout(SILENCE_SECONDS):
                    entries = await anext(lists)
            except TimeoutError:
                raise LedgerBroken(
                    f"Position {position + 1} is not served, although the ledger should reach {end}. Stop writing, and "
                    "restore the store of nats-server from a copy."
                ) from None
            position = entries[-1].position
            yield entries[: len(entries) - max(0, position - end)]


async def check_what_was_read(ledger: Ledger, checkpoint: Checkpoint) -> None:
    """Raise `LedgerBroken` unless the event at the checkpoint stands as it was read."""
    if checkpoint.position == 0:
        return
    stands = await _at_or_beyond_the_end(ledger, checkpoint.position)
    if stands is None:
        raise LedgerBroken(
            f"The ledger ends before position {checkpoint.position}, which was read before: it was rolled back or made "
            "anew. Restore it from a copy; do not write to it."
        )
    if digest(stands.payload) != checkpoint.hash:
        raise LedgerBroken(
            f"Position {checkpoint.position} holds other bytes than were read before. Restore the ledger from a copy; do "
            "not write to it."
        )


async def _at_or_beyond_the_end(ledger: Ledger, position: int) -> Stored | None:
    """Return what stands at the position, None where the ledger ends before it.

    In a cluster the server that answers may be a moment behind; the leader, who says where the ledger ends, is not.
    """
    deadline = time.monotonic() + CATCH_UP_SECONDS
    while (stands := await ledger.at(position)) is None:
        if await ledger.end() < position or time.monotonic() > deadline:
            return None
        await asyncio.sleep(0.05)
    return stands


class _Pull:
    """One consumer and the requests that are under way for it."""

    def __init__(self, ledger: Ledger, consumer: str) -> None:
        self._ledger = ledger
        self._consumer = consumer
        self._inbox = ledger.client.new_inbox()
        self._subscription: Subscription | None = None
        self._arrived: deque[Stored] = deque()
        self._something = asyncio.Event()
        self._asked_for = 0
        self._heard_at = time.monotonic()
        self._reconnections = ledger.reconnections
        self._ended = False

    @classmethod
    async def start(cls, ledger: Ledger, position: int) -> "_Pull":
        """Make a consumer that begins at the position."""
        info = await ledger.client.jetstream().add_consumer(
            STREAM,
            ConsumerConfig(
                name=f"{ledger.user}-{uuid4().hex}",
                deliver_policy=DeliverPolicy.BY_START_SEQUENCE,
                opt_start_seq=position,
                ack_policy=AckPolicy.NONE,
                inactive_threshold=30,
                mem_storage=True,
                num_replicas=1,
            ),
        )
        pull = cls(ledger, info.name)
        pull._subscription = await ledger.client.subscribe(
            pull._inbox, cb=pull._receive, pending_msgs_limit=-1, pending_bytes_limit=-1
        )
        return pull

    async def take(self) -> list[Stored] | None:
        """Return what has arrived, waiting for something; None once the consumer is lost and a new one is needed."""
        while not self._arrived:
            if self._is_lost():
                return None
            self._something.clear()
            await self._ask()
            with suppress(TimeoutError):
                async with asyncio.timeout(HEARTBEAT_SECONDS):
                    await self._something.wait()
        taken = [self._arrived.popleft() for _ in range(min(len(self._arrived), MOST_AT_ONCE))]
        await self._ask()
        return taken

    def _is_lost(self) -> bool:
        """Requests do not survive a reconnection; silence for three heartbeats means that nobody fills them."""
        silent = time.monotonic() - self._heard_at > 3 * HEARTBEAT_SECONDS
        return self._ended or silent or self._ledger.reconnections != self._reconnections

    async def stop(self) -> None:
        """End the subscription. The consumer expires by itself: nobody has the right to delete anything."""
        if self._subscription is not None:
            with suppress(NatsError):
                await self._subscription.unsubscribe()

    async def _ask(self) -> None:
        """Keep one full request ahead of what the caller has not taken yet: that is all the back-pressure needed."""
        if self._asked_for + len(self._arrived) > MOST_AT_ONCE:
            return
        self._asked_for += MOST_AT_ONCE
        request = {
            "batch": MOST_AT_ONCE,
            "expires": int(PULL_SECONDS * 1e9),
            "idle_heartbeat": int(HEARTBEAT_SECONDS * 1e9),
        }
        next_messages = f"$JS.API.CONSUMER.MSG.NEXT.{STREAM}.{self._consumer}"
        await self._ledger.send(next_messages, json.dumps(request).encode(), reply=self._inbox)

    async def _receive(self, message: Msg) -> None:
        self._heard_at = time.monotonic()
        status = message.headers.get("Status") if message.headers else None
        if status is None:
            self._asked_for -= 1
            tokens = message.reply.split(".")
            # $JS.ACK.<stream>.<consumer>.<delivered>.<stream sequence>.<consumer sequence>.<nanoseconds>.<pending>
            beside = message.headers or {}
            restored = beside.get(RECORDED_AT)
            recorded_at = datetime.fromisoformat(restored) if restored else moment(int(tokens[-2]))
            position, traceparent = int(tokens[-4]), beside.get(TRACEPARENT)
            self._arrived.append(Stored(position, recorded_at, message.subject, message.data, traceparent))
        elif status in ("404", "408"):
            unfilled = message.headers.get("Nats-Pending-Messages") if message.headers else None
            self._asked_for = max(0, self._asked_for - int(unfilled or MOST_AT_ONCE))
        elif status != "100":
            self._ended = True
        self._something.set()
