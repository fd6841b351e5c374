"""Check a file in processes of its own, with a limit of time and of memory: no file can hold up the pages."""

import asyncio
import contextlib
import gc
import multiprocessing
import os
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from multiprocessing.connection import Connection
from typing import Any
from uuid import UUID

from services.ingest.check import Checked, Context, Ready, Share, check_share, refusal, whole
from services.ingest.files import Format

LONGEST_SECONDS = 60.0
MOST_MEMORY_BYTES = 4_000_000_000
WORTH_SHARING_BYTES = 1_000_000
"""A process needs a third of a second to begin; a smaller file is checked in that time."""
MOST_PROCESSES = 4


async def check_apart(
    raw: bytes, file_format: Format, context: Context, longest_seconds: float = LONGEST_SECONDS
) -> Checked:
    """Check the file, a large one in shares on all processors; one that takes too long or too much memory is refused."""
    of = _processes(len(raw), file_format)
    workers = [_Worker(number, of) for number in range(of)]

    def run() -> Checked:
        deadline = time.monotonic() + longest_seconds
        try:
            for worker in workers:
                worker.begin()
            for worker in workers:
                worker.pipe.send((raw, file_format, context))
            return whole([worker.share(deadline, longest_seconds) for worker in workers])
        except (EOFError, ConnectionError):
            return whole([_refusal("The file needs more memory than there is for a check.")])
        finally:
            for worker in workers:
                worker.end()
                worker.pipe.close()

    try:
        return await asyncio.to_thread(run)
    except asyncio.CancelledError:
        for worker in workers:
            worker.end()
        raise


class _Worker:
    """A process that checks one of so many shares, and the line to it."""

    def __init__(self, number: int, of: int) -> None:
        spawning = multiprocessing.get_context("spawn")
        self.pipe, self._far_end = spawning.Pipe()
        self.process = spawning.Process(target=_check, args=(self._far_end, number, of), daemon=True)

    def begin(self) -> None:
        """Start the process; from here on the line breaks where the process ends."""
        self.process.start()
        self._far_end.close()

    def share(self, deadline: float, longest_seconds: float) -> Share:
        """Wait for what the process has found; a refusal where that takes too long."""
        if not self.pipe.poll(max(deadline - time.monotonic(), 0.0)):
            return _refusal(f"The file could not be checked within {longest_seconds:.0f} seconds.")
        return _unpacked(*self.pipe.recv())

    def end(self) -> None:
        """End the process, if it has begun."""
        with contextlib.suppress(ValueError, AttributeError):
            self.process.kill()
            self.process.join()


def _processes(size_bytes: int, file_format: Format) -> int:
    """Return how many processes check a file; a workbook is read by one, for its cells can fill the memory."""
    if file_format is Format.XLSX or size_bytes < WORTH_SHARING_BYTES:
        return 1
    return min(os.cpu_count() or 1, MOST_PROCESSES)


def _check(pipe: Connection, number: int, of: int) -> None:
    """Run in a process apart."""
    gc.disable()  # rows make no cycles, and the process ends with its file
    if sys.platform == "linux":
        import resource

        most = MOST_MEMORY_BYTES // of
        resource.setrlimit(resource.RLIMIT_AS, (most, most))
    try:
        raw, file_format, context = pipe.recv()
        share = check_share(raw, file_format, context, number, of)
    except MemoryError:
        share = _refusal("The file needs more memory than there is for a check.")
    pipe.send(_packed(share))


def _refusal(problem: str) -> Share:
    return refusal(problem, "Send it in parts, or save it as CSV.")


def _packed(share: Share) -> tuple[Share, Sequence[Any]]:
    """Return the share without its rows, and these by column: twenty times faster through a pipe than as objects."""
    columns = (
        [each.row for each in share.rows],
        [each.event_id.bytes for each in share.rows],
        [each.partnership for each in share.rows],
        [each.payload for each in share.rows],
    )
    return replace(share, rows=[]), columns


def _unpacked(share: Share, columns: Sequence[Any]) -> Share:
    rows = zip(*columns, strict=True)
    return replace(share, rows=[Ready(row, UUID(bytes=name), slug, payload) for row, name, slug, payload in rows])
