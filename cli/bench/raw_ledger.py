"""The raw limits of the server below the ledger: the same messages, with nothing of Kembar around them."""

import asyncio
import json
import time
import uuid
from collections.abc import Sequence
from typing import Any

from shared.ledger.ledger import Entry, Ledger
from shared.ledger.stream import STREAM
from shared.ledger.subjects import any_with_id

ASKED_FOR_AT_ONCE = 5_000
ANSWER_SECONDS = 30.0


async def seconds_to_publish(ledger: Ledger, entries: Sequence[Entry], callers: int) -> float:
    """Publish one by one, that many at a time, each waiting for its answer; return how long it took."""
    waiting = iter(entries)

    async def call() -> None:
        for entry in waiting:
            _check(
                await ledger.client.request(entry.subject, entry.payload, ANSWER_SECONDS, headers=_expectation(entry))
            )

    started = time.perf_counter()
    await asyncio.gather(*(call() for _ in range(callers)))
    return time.perf_counter() - started


async def seconds_to_publish_batches(ledger: Ledger, entries: Sequence[Entry], size: int) -> float:
    """Publish atomic batches of a size, one after the other; return how long it took."""
    started = time.perf_counter()
    for first in range(0, len(entries), size):
        await publish_batch(ledger, entries[first : first + size])
    return time.perf_counter() - started


async def publish_batch(ledger: Ledger, entries: Sequence[Entry]) -> None:
    """Publish one atomic batch, and wait until it is on the disk."""
    batch_id = uuid.uuid4().hex
    for sequence, entry in enumerate(entries, 1):
        headers = {"Nats-Batch-Id": batch_id, "Nats-Batch-Sequence": str(sequence), **_expectation(entry)}
        if sequence < len(entries):
            await ledger.client.publish(entry.subject, entry.payload, headers=headers)
        else:
            headers["Nats-Batch-Commit"] = "1"
            _check(await ledger.client.request(entry.subject, entry.payload, ANSWER_SECONDS, headers=headers))


async def seconds_to_pull(ledger: Ledger, count: int) -> float:
    """Pull the first `count` messages without looking into them; return how long it took."""
    name = f"bench-{uuid.uuid4().hex}"
    config = {"name": name, "deliver_policy": "all", "ack_policy": "none", "mem_storage": True}
    wanted = json.dumps({"stream_name": STREAM, "config": config}).encode()
    _check(await ledger.client.request(f"$JS.API.CONSUMER.CREATE.{STREAM}.{name}", wanted, ANSWER_SECONDS))
    next_messages = f"$JS.API.CONSUMER.MSG.NEXT.{STREAM}.{name}"
    question = json.dumps({"batch": ASKED_FOR_AT_ONCE, "expires": int(ANSWER_SECONDS * 1e9)}).encode()
    inbox = ledger.client.new_inbox()
    all_here = asyncio.Event()
    here = 0

    async def receive(_: Any) -> None:  # noqa: ANN401
        nonlocal here
        here += 1
        if here >= count:
            all_here.set()
        elif here % ASKED_FOR_AT_ONCE == 0:
            await ledger.client.publish(next_messages, question, reply=inbox)

    started = time.perf_counter()
    subscription = await ledger.client.subscribe(inbox, cb=receive, pending_msgs_limit=-1, pending_bytes_limit=-1)
    for _ in range(2):
        await ledger.client.publish(next_messages, question, reply=inbox)
    await asyncio.wait_for(all_here.wait(), 10 * ANSWER_SECONDS)
    took = time.perf_counter() - started
    await subscription.unsubscribe()
    return took


def _expectation(entry: Entry) -> dict[str, str]:
    return {
        "Nats-Expected-Last-Subject-Sequence": "0",
        "Nats-Expected-Last-Subject-Sequence-Subject": any_with_id(entry.home, entry.event_id),
    }


def _check(answer: Any) -> None:  # noqa: ANN401
    refused = json.loads(answer.data).get("error")
    if refused:
        raise RuntimeError(f"the server refused: {refused['description']}")
