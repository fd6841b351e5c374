"""Copy the ledger: continuously into an archive, up to a position for a backup, and from an archive into a new ledger."""

import asyncio
import json
import uuid
from collections.abc import Callable, Iterable, Iterator
from contextlib import aclosing, closing
from itertools import islice
from pathlib import Path

import structlog

from shared.ledger.archive import Archive
from shared.ledger.follow import MOST_AT_ONCE, Checkpoint, LedgerBroken, follow, follow_until
from shared.ledger.ledger import CONNECTION_ERRORS, RECORDED_AT, Ledger, Stored
from shared.wire.envelope import LARGEST_BATCH

PAUSE_SECONDS = 0.25
"""Between two writes to the archive: a ledger that takes events one by one needs the disk more than its copy does."""
WAIT_AFTER_TROUBLE_SECONDS = 0.5
BATCH_SECONDS = 60.0
MOST_BATCH_BYTES = 4 * 2**20

log = structlog.get_logger()
Advanced = Callable[[int], None]
"""Is told how far a copy has come."""


async def keep_copying(
    ledger: Ledger, folder: Path, copied: Callable[[Checkpoint], None], troubled: Callable[[str], None]
) -> None:
    """Copy the ledger into the archive for ever, through lost connections and a full disk.

    `LedgerBroken` ends it where the ledger differs from what was copied, `ArchiveBroken` where the archive is damaged.
    """
    while True:
        try:
            with closing(await asyncio.to_thread(Archive.open, folder)) as archive:
                copied(archive.checkpoint)
                async with aclosing(follow(ledger, archive.checkpoint)) as lists:
                    async for entries in lists:
                        await asyncio.to_thread(archive.append, entries)
                        copied(archive.checkpoint)
                        if len(entries) < MOST_AT_ONCE:
                            await asyncio.sleep(PAUSE_SECONDS)
        except CONNECTION_ERRORS as error:
            troubled(repr(error))
            log.warning("the archive goes on from its end", error=repr(error))
            await asyncio.sleep(WAIT_AFTER_TROUBLE_SECONDS)


async def copy_until(ledger: Ledger, archive: Archive, end: int, advanced: Advanced) -> None:
    """Bring the archive up to the position `end`."""
    async with aclosing(follow_until(ledger, archive.checkpoint, end)) as lists:
        async for entries in lists:
            archive.append(entries)
            advanced(archive.checkpoint.position)


async def write_anew(ledger: Ledger, entries: Iterable[Stored], advanced: Advanced) -> int:
    """Write entries into an empty ledger under the positions that they had; return the last.

    The server stamps them anew, so each carries the moment at which it was recorded. Raises `LedgerBroken` where the
    ledger is not empty, or gives one of them another position.
    """
    position = await ledger.end()
    if position != 0:
        raise LedgerBroken(f"The ledger is not empty: it ends at position {position}. Restore into an empty one.")
    for batch in _batches(entries):
        await _publish(ledger, batch, position)
        position = batch[-1].position
        advanced(position)
    return position


async def first_difference(ledger: Ledger, copies: Iterator[Stored], end: int, advanced: Advanced) -> str | None:
    """Say where ledger and archive first differ up to the position `end`; None where they do not.

    What the archive does not hold yet is only checked for density. Raises `LedgerBroken` where the ledger leaves a
    position out.
    """
    async with aclosing(follow_until(ledger, Checkpoint(), end)) as lists:
        async for entries in lists:
            for entry in entries:
                copy = next(copies, None)
                if copy is not None and copy != entry:
                    return f"Position {entry.position} is not the same in the ledger as in the archive."
            advanced(entries[-1].position)
    return None


def _batches(entries: Iterable[Stored]) -> Iterator[list[Stored]]:
    """Cut into batches that the server takes at once, and that fit into its memory."""
    rest = iter(entries)
    while batch := list(islice(rest, 1)):
        size_bytes = len(batch[0].payload)
        while len(batch) < LARGEST_BATCH and size_bytes < MOST_BATCH_BYTES and (more := next(rest, None)):
            batch.append(more)
            size_bytes += len(more.payload)
        yield batch


async def _publish(ledger: Ledger, batch: list[Stored], stands_at: int) -> None:
    """Append a batch as it is, at once or not at all, only where the ledger ends at `stands_at`."""
    name = uuid.uuid4().hex
    for number, entry in enumerate(batch, 1):
        headers = {
            RECORDED_AT: entry.recorded_at.isoformat(timespec="microseconds"),
            "Nats-Batch-Id": name,
            "Nats-Batch-Sequence": str(number),
        }
        if number == 1:
            headers["Nats-Expected-Last-Sequence"] = str(stands_at)
        if number < len(batch):
            await ledger.client.publish(entry.subject, entry.payload, headers=headers)
            continue
        headers["Nats-Batch-Commit"] = "1"
        answer = await ledger.client.request(entry.subject, entry.payload, BATCH_SECONDS, headers=headers)
        acknowledged = json.loads(answer.data)
        if acknowledged.get("error") or acknowledged["seq"] != entry.position:
            raise LedgerBroken(f"The ledger did not take position {entry.position} as it was: {acknowledged}.")
