"""The press: worker processes that lay out PDF, so that a report that cannot be laid out harms no one but its reader."""

import atexit
import os
import subprocess
import sys
import threading
from contextlib import suppress
from functools import cache
from pathlib import Path
from queue import Empty, LifoQueue

import structlog

from services.reports.render.glyphs import font_folders
from shared.wire.problems import Fault, Problem

SECONDS = 90.0
"""On the wall: on a busy machine everything else comes before a report."""
MOST_BYTES = 600 * 2**20
"""So much memory a worker may take; what would take more ends it."""
REPORTS_PER_WORKER = 50
"""A worker keeps what it may use again; a new one begins with nothing."""
log = structlog.get_logger()


class Press:
    """At most so many workers, each started when it is needed, replaced after some reports, and ended when it hangs."""

    def __init__(
        self,
        workers: int = 2,
        seconds: float = SECONDS,
        reports_per_worker: int = REPORTS_PER_WORKER,
        most_bytes: int = MOST_BYTES,
    ) -> None:
        self._seconds, self._most_bytes = seconds, most_bytes
        self._reports_per_worker = reports_per_worker
        self._idle: LifoQueue[_Worker | None] = LifoQueue()
        for _ in range(workers):
            self._idle.put(None)

    def pdf(self, report: bytes) -> bytes:
        """Return the PDF of a report given as JSON; call it in a thread, it blocks.

        Raises `Fault`: 503 where all workers are busy for too long, or where the report took one too long or broke it;
        500 where it cannot be laid out. Each says what to ask for instead.
        """
        try:
            worker = self._idle.get(timeout=self._seconds)
        except Empty:
            raise Fault(_BUSY) from None
        after: _Worker | None = None
        try:
            if worker is not None:
                worker, answer = self._of_a_used_one(worker, report)
            else:
                worker = _Worker(self._most_bytes)
                answer = worker.answer(report, self._seconds)
            after = worker if worker.answered < self._reports_per_worker else None
        finally:
            if worker is not None and after is None:
                worker.end()
            self._idle.put(after)
        return answer

    def _of_a_used_one(self, worker: "_Worker", report: bytes) -> "tuple[_Worker, bytes]":
        """Return the PDF and the worker that made it: one that breaks may have kept too much of earlier reports."""
        try:
            return worker, worker.answer(report, self._seconds)
        except Fault as fault:
            worker.end()
            if fault.problem is not _BROKEN:
                raise
        fresh = _Worker(self._most_bytes)
        try:
            return fresh, fresh.answer(report, self._seconds)
        except BaseException:
            fresh.end()
            raise

    def close(self) -> None:
        """End all workers that are idle; those at work end with their report."""
        with suppress(Empty):
            while True:
                worker = self._idle.get_nowait()
                if worker is not None:
                    worker.end()


def _environment() -> dict[str, str]:
    """Return what a worker is told: where an interpreter may find its libraries, and nothing else of this process.

    More threads than one would take memory and save no time.
    """
    kept = {name: os.environ[name] for name in ("LD_LIBRARY_PATH",) if name in os.environ}
    return {**kept, "RAYON_NUM_THREADS": "1"}


class _Worker:
    """One process, and how many reports it has answered."""

    def __init__(self, most_bytes: int) -> None:
        file = Path(__file__).with_name("pdf_worker.py")
        folders = [str(each) for each in font_folders()]
        self.answered = 0
        self._process = subprocess.Popen(
            [sys.executable, "-P", str(file), str(most_bytes), *folders],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=_environment(),
        )

    def answer(self, report: bytes, seconds: float) -> bytes:
        """Return the PDF. Raises `Fault` where there is none."""
        deadline = threading.Timer(seconds, self._process.kill)
        deadline.start()
        try:
            kind, body = self._asked(report)
        finally:
            deadline.cancel()
        self.answered += 1
        if kind == b"P":
            return body
        log.error("a report cannot be laid out", said=body.decode("utf-8", "replace")[:2000])
        raise Fault(_NOT_LAID_OUT)

    def end(self) -> None:
        """End the process, whatever it does."""
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            with suppress(OSError):
                if pipe is not None:
                    pipe.close()

    def _asked(self, report: bytes) -> tuple[bytes, bytes]:
        process = self._process
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            process.stdin.write(len(report).to_bytes(8, "big") + report)
            process.stdin.flush()
        except OSError:
            raise self._broken() from None
        head = process.stdout.read(9)
        size = int.from_bytes(head[1:], "big")
        body = process.stdout.read(size)
        if len(head) < 9 or len(body) < size:
            raise self._broken()
        return head[:1], body

    def _broken(self) -> Fault:
        log.error("a worker ended without an answer", status=self._process.wait())
        return Fault(_BROKEN)


@cache
def the_press() -> Press:
    """Return the press of this process; its workers end with it."""
    press = Press()
    atexit.register(press.close)
    return press


_INSTEAD = "Ask for a shorter period, for one partnership, or for XLSX, CSV or JSON, which hold the same."
_BUSY = Problem(
    503, "press-is-busy", "Other reports are being laid out as PDF.", "Try again in a minute.", retry_after_seconds=60
)
_BROKEN = Problem(503, "not-laid-out", "Laying out this report as PDF took more time or memory than it may.", _INSTEAD)
_NOT_LAID_OUT = Problem(500, "not-laid-out", "This report cannot be laid out as PDF; the log says why.", _INSTEAD)
