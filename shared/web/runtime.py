"""What a service holds open while it runs: the ledger, its tables, the tasks that follow."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import structlog
from fastapi import FastAPI

from shared.ledger.follow import LedgerBroken, check_what_was_read
from shared.ledger.ledger import Ledger
from shared.postgres.pool import LONGEST_QUESTION_SECONDS, Pool, open_pool, open_pool_of_worker
from shared.process.clock import Clock
from shared.process.settings import Settings
from shared.process.tasks import end
from shared.projection.parking import Projector
from shared.projection.progress import Progress, read_checkpoints, watch_progress
from shared.projection.reading import Reading, watch_reading
from shared.projection.run import keep_projecting
from shared.web.directory import Directory
from shared.web.measurements import Measurements
from shared.web.standstill import Seen, keep_looking_at_the_ledger

log = structlog.get_logger()


@dataclass(slots=True)
class Runtime:
    """The open parts of a running service; `projecting_pool` is apart, for its statements may take longer.

    `standby` is where answers are read from that may be, None where all are read from the primary.
    `seen` is what was seen of the ledger last, `found_broken` whether it was found to be changed.
    """

    ledger: Ledger
    pool: Pool
    progress: Progress
    seen: Seen = field(default_factory=Seen)
    projecting_pool: Pool | None = None
    standby: Reading | None = None
    partitions_held: int = 0
    found_broken: bool = False
    _tasks: list[asyncio.Task[None]] = field(default_factory=list)

    @property
    def trouble(self) -> str | None:
        """What keeps the service from doing its work, in words; None where nothing does."""
        no_room = self.ledger.no_room and f"The disk of the ledger is full: {self.ledger.no_room}. Make room."
        return self.progress.trouble or no_room or self.seen.standstill.trouble

    @property
    def reading(self) -> Pool:
        """Where answers are read from: never what was not projected, nor anything that is about to be written."""
        return self.pool if self.standby is None else self.standby.as_pool

    def start(self, work: Coroutine[Any, Any, None]) -> None:
        """Let something run beside the requests. If it fails, the whole process stops: half a service is worse than none."""
        task = asyncio.get_running_loop().create_task(work)
        task.add_done_callback(self._stop_the_process_if_failed)
        self._tasks.append(task)

    def note_held(self, partitions: int) -> None:
        """Note how many partitions this process works on now."""
        self.partitions_held = partitions

    async def stop(self) -> None:
        """End the tasks, then close what they used."""
        await end(*self._tasks)
        if self.standby is not None:
            self.standby.close()
        await self.pool.close()
        if self.projecting_pool is not None:
            await self.projecting_pool.close()
        await self.ledger.close()

    def _stop_the_process_if_failed(self, task: asyncio.Task[None]) -> None:
        if task.cancelled() or task.exception() is None:
            return
        self.progress.trouble = str(task.exception())
        self.found_broken |= isinstance(task.exception(), LedgerBroken)
        log.critical("the service stops", reason=str(task.exception()), exc_info=task.exception())
        os.kill(os.getpid(), signal.SIGTERM)


def know_who_asks(app: FastAPI, pool: Pool, clock: Clock) -> Coroutine[Any, Any, None]:
    """Let an app find who shows a token or a session; return what must run beside it to note their use."""
    directory = Directory(pool, clock)
    app.state.directory = directory
    return directory.keep_noting_use()


@asynccontextmanager
async def open_runtime(
    schema: str,
    projector: Projector,
    settings: Settings,
    progress: Progress,
    measurements: Measurements,
    *,
    reads_from_standby: bool = False,
) -> AsyncIterator[Runtime]:
    """Open the ledger and the service's tables, watch how far these have come, and close all in order.

    Whether this process also follows the one into the other is the setting `project`. With `reads_from_standby`, answers
    are read from the standby of PostgreSQL where the settings name one, and `progress` is how far that is. Raises `LedgerMisconfigured` and
    `LedgerBroken`: nothing is served on a ledger that is not what it was.
    """
    ledger = await Ledger.connect(settings.nats_url, schema, settings.secrets_folder)
    try:
        await ledger.check(settings.nats_monitor_urls)
        pool = await open_pool(settings, schema, LONGEST_QUESTION_SECONDS)
    except BaseException:
        await ledger.close()
        raise
    runtime = Runtime(ledger, pool, progress)
    try:
        for checkpoint in set(await read_checkpoints(pool, projector.name)):
            await check_what_was_read(ledger, checkpoint)
        if reads_from_standby and settings.postgres_read_dsn:  # an empty one is none
            there = Progress(progress.name)
            runtime.standby = Reading(settings, schema, pool)
            runtime.start(watch_progress(pool, there))
            runtime.start(watch_reading(runtime.standby, there, progress))
        else:
            runtime.start(watch_progress(pool, progress))
        runtime.start(keep_looking_at_the_ledger(ledger, progress, runtime.seen))
        runtime.start(measurements.keep_counting_parked(progress.name, pool))
        if settings.project:
            runtime.projecting_pool = await open_pool_of_worker(settings, schema)
            runtime.start(keep_projecting(ledger, runtime.projecting_pool, projector, settings, runtime.note_held))
        measurements.watch_runtime(runtime)
        yield runtime
    finally:
        await runtime.stop()
