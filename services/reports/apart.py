"""Processes of their own in which reports are made: so many at once and no more, so that no report holds up a page.

A process is started when it is first needed, stays for what comes next, and gives way to everything else on the machine.
"""

import asyncio
import contextlib
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.connection import Connection
from typing import Any, NamedTuple

import structlog

from services.reports.orders import Answer, FindTouched, Order, Tell, fulfil
from services.reports.store import SCHEMA
from shared.postgres.pool import DATABASE_ERRORS, QUERY_TOOK_TOO_LONG, Pool, open_pool
from shared.process.logs import set_up_logs
from shared.process.settings import Settings
from shared.projection.reading import Reading
from shared.web.guards import TOOK_TOO_LONG
from shared.wire.problems import Fault, Problem

LONGEST_SECONDS = 900.0
OUR_FAULT = (ValueError, TypeError, LookupError, AttributeError, AssertionError, ArithmeticError, OSError, MemoryError)
"""What a report raises that has a mistake in it: it is logged, and the next one is made."""
GIVES_WAY_BY = 5
"""Of the steps of niceness: whoever serves pages comes first."""
log = structlog.get_logger()


class Step(NamedTuple):
    """How far the work has come: what is being done, and `done` of `steps` of it."""

    step: str
    done: int
    steps: int


class ProcessEnded(Exception):
    """The process ended while it worked: it was killed, or had no memory left."""


Told = Callable[[Step], None]


class Apart:
    """Some processes, and whoever waits for one of them."""

    def __init__(self, settings: Settings, most: int, longest_seconds: float = LONGEST_SECONDS) -> None:
        self._settings = settings
        self._longest_seconds = longest_seconds
        self._idle = [_Process(settings) for _ in range(most)]
        self._free = asyncio.Semaphore(most)
        self._threads = ThreadPoolExecutor(most, thread_name_prefix="report")
        self.waiting = 0

    async def fulfil(self, order: Order, told: Told = lambda _: None) -> Answer:
        """Have an order carried out. Cancelled, its process is ended.

        Raises `Fault` with what is wrong with the order, or where it takes too long; `ProcessEnded`.
        """
        self.waiting += 1
        try:
            await self._free.acquire()
        finally:
            self.waiting -= 1
        process = self._idle.pop()
        try:
            return await self._fulfil(process, order, told)
        finally:
            self._idle.append(process)
            self._free.release()

    async def _fulfil(self, process: "_Process", order: Order, told: Told) -> Answer:
        loop = asyncio.get_running_loop()

        def tell(step: Step) -> None:
            loop.call_soon_threadsafe(told, step)

        working = loop.run_in_executor(self._threads, process.fulfil, order, tell)
        try:
            async with asyncio.timeout(self._longest_seconds):
                return await asyncio.shield(working)
        except TimeoutError as error:
            raise Fault(TOOK_TOO_LONG) from error
        finally:
            if not working.done():
                process.end()
                with contextlib.suppress(ProcessEnded, Fault):
                    await working

    def close(self) -> None:
        """End all processes."""
        for process in self._idle:
            process.end()
        self._threads.shutdown(wait=False)


class _Process:
    """One process and the line to it; started at its first order, and again after it has ended."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._process: Any = None
        self._line: Connection | None = None

    def fulfil(self, order: Order, told: Told) -> Answer:
        """Hand the order over and wait for its answer; in a thread, for this blocks."""
        if self._process is None or not self._process.is_alive():
            self._start()
        assert self._line is not None
        try:
            self._line.send(order)
            while isinstance(said := self._line.recv(), Step):
                told(said)
        except (EOFError, OSError) as error:
            self.end()
            raise ProcessEnded("the process of a report ended") from error
        if isinstance(said, Problem):
            raise Fault(said)
        answer: Answer = said
        return answer

    def end(self) -> None:
        """End the process at once; whoever waits for its answer is told so."""
        if self._process is not None:
            self._process.kill()
            self._process.join()

    def _start(self) -> None:
        spawning = multiprocessing.get_context("spawn")
        self._line, far_end = spawning.Pipe()
        lifeline, self._held = spawning.Pipe(duplex=False)
        self._process = spawning.Process(target=_serve, args=(far_end, lifeline, self._settings))
        self._process.start()
        far_end.close()
        lifeline.close()


def _serve(line: Connection, lifeline: Connection, settings: Settings) -> None:
    """Run in a process apart: take orders until whoever gives them is gone."""
    os.nice(GIVES_WAY_BY)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # whoever started it says when it ends
    set_up_logs(settings.log_level, service="reports-apart")
    threading.Thread(target=_end_with, args=(lifeline,), daemon=True).start()
    with contextlib.suppress(EOFError, OSError):
        asyncio.run(_take_orders(line, settings))


def _end_with(lifeline: Connection) -> None:
    """End this process when the one that started it ends, in whatever way, and whatever is being worked on."""
    with contextlib.suppress(EOFError, OSError):
        lifeline.recv()
    os._exit(1)


async def _take_orders(line: Connection, settings: Settings) -> None:
    few = settings.model_copy(update={"postgres_connections": 2})
    pool = await open_pool(few, SCHEMA)
    standby = Reading(few, SCHEMA, pool) if few.postgres_read_dsn else None
    while True:
        order: Order = await asyncio.to_thread(line.recv)
        reading = await reading_for(order, pool, standby)
        line.send(await _answered(reading, settings, order, lambda *step: line.send(Step(*step))))


async def reading_for(order: Order, pool: Pool, standby: Reading | None) -> Pool:
    """Return where to read from: a report from the standby that has come so far; what is tried out needs the primary."""
    if standby is None or isinstance(order, FindTouched):
        return pool
    found = await standby.look()
    if found is None or found.position < (order.asked.position or 0):
        return pool
    standby.come_back()
    return standby.as_pool


async def _answered(pool: Pool, settings: Settings, order: Order, tell: Tell) -> Answer | Problem:
    """Return what came of an order. A fault of ours is logged here, and told as one: the process goes on."""
    try:
        return await fulfil(pool, settings, order, tell)
    except Fault as fault:
        return fault.problem
    except QUERY_TOOK_TOO_LONG:
        return TOOK_TOO_LONG
    except DATABASE_ERRORS as error:
        log.warning("a report could not read the tables", error=repr(error))
        return AWAY
    except OUR_FAULT as error:
        log.error("a report failed", exc_info=error)
        return FAILED


AWAY = Problem(
    503, "unreachable", "The tables cannot be reached just now.", "Try again in a moment.", retry_after_seconds=1
)
FAILED = Problem(500, "fault", "Something is wrong on our side.", "Try again; if it stays so, tell the administrator.")
