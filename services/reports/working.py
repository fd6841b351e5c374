"""Work on jobs, for ever: take what is next in turn, say how far it has come, keep what came of it."""

import asyncio
import contextlib
import time
from dataclasses import dataclass, field
from uuid import UUID, uuid4

import structlog
from prometheus_client import CollectorRegistry, Gauge, Histogram

from services.reports.apart import Apart, ProcessEnded, Step
from services.reports.issued_store import keep_bytes
from services.reports.jobs import LEASE_SECONDS, Job, drop_what_is_old, queries, take_job
from services.reports.orders import Answer, order_of
from shared.postgres.pool import DATABASE_ERRORS, Pool
from shared.process.tasks import end
from shared.wire.problems import Fault, Problem

LOOK_AGAIN_SECONDS = 1.0
WAIT_AFTER_TROUBLE_SECONDS = 0.5
TIDY_UP_EVERY_SECONDS = 600.0
COUNT_AGAIN_SECONDS = 10.0
log = structlog.get_logger()


class JobMeasurements:
    """How many jobs of all accounts wait or are worked on; how long those took that this process worked on."""

    def __init__(self, metrics: CollectorRegistry | None = None) -> None:
        self._jobs = Gauge("kembar_report_jobs", "Jobs that are not over, by state", ["state"], registry=metrics)
        self.seconds = Histogram(
            "kembar_report_job_seconds",
            "How long jobs took from being taken until they were over, or left",
            ["kind"],
            buckets=(0.1, 0.5, 1, 2.5, 5, 10, 30, 60, 300),
            registry=metrics,
        )

    async def keep_counting(self, pool: Pool) -> None:
        """Count the jobs now and then, for ever."""
        while True:
            with contextlib.suppress(*DATABASE_ERRORS, OSError, TimeoutError):
                counted = {row["state"]: row["jobs"] async for row in queries.jobs_by_state(pool)}
                for state in ("queued", "running"):
                    self._jobs.labels(state).set(counted.get(state, 0))
            await asyncio.sleep(COUNT_AGAIN_SECONDS)


@dataclass(frozen=True, slots=True)
class Worker:
    """What works on jobs: so many at once as it has processes. `wake` says that there is something new to do."""

    pool: Pool
    apart: Apart
    most: int
    wake: asyncio.Event
    lease_seconds: float = LEASE_SECONDS
    id: UUID = field(default_factory=uuid4)
    measured: JobMeasurements = field(default_factory=JobMeasurements)


async def keep_working(worker: Worker) -> None:
    """Work on whatever jobs there are, for ever; ended in good order, give back what is under way."""
    try:
        async with asyncio.TaskGroup() as group:
            for _ in range(worker.most):
                group.create_task(_keep_taking(worker))
            group.create_task(_keep_tidy(worker.pool))
            group.create_task(worker.measured.keep_counting(worker.pool))
    finally:
        with contextlib.suppress(*DATABASE_ERRORS, OSError, TimeoutError):
            await queries.let_go(worker.pool, worker=worker.id)


async def _keep_taking(worker: Worker) -> None:
    while True:
        worker.wake.clear()
        try:
            job = await take_job(worker.pool, worker.id, worker.lease_seconds)
            if job is not None:
                began = time.monotonic()
                await _carry_out(worker, job)
                worker.measured.seconds.labels(job.kind).observe(time.monotonic() - began)
                continue
        except (*DATABASE_ERRORS, OSError) as error:
            log.warning("the jobs wait", error=repr(error))
            await asyncio.sleep(WAIT_AFTER_TROUBLE_SECONDS)
            continue
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LOOK_AGAIN_SECONDS):
                await worker.wake.wait()


async def _carry_out(worker: Worker, job: Job) -> None:
    """Have a job done, and say again and again that it is being done; leave off where it was cancelled."""
    try:
        order = order_of(job.kind, job.asked, job.owner)
    except (ValueError, KeyError, TypeError, AttributeError, Fault):
        return await _fail(worker, job, NOT_OURS)
    latest, moved = [Step("beginning", 0, 0)], asyncio.Event()

    def told(step: Step) -> None:
        latest[0] = step
        moved.set()

    doing = asyncio.create_task(worker.apart.fulfil(order, told))
    moving = asyncio.create_task(_keep_saying(worker, job, latest, moved))
    try:
        await asyncio.wait({doing, moving}, return_when=asyncio.FIRST_COMPLETED)
        if doing.done():
            await _keep_what_came(worker, job, doing)
    finally:
        await end(doing, moving)
    return None


async def _fail(worker: Worker, job: Job, problem: Problem) -> None:
    over = {"job": job.id, "worker": worker.id, "state": "failed", "result": None}
    await queries.end_job(worker.pool, **over, problem=problem.document())


async def _keep_saying(worker: Worker, job: Job, latest: list[Step], moved: asyncio.Event) -> None:
    """Renew the lease until the job is no more ours."""
    while True:
        said = {"job": job.id, "worker": worker.id, "lease_seconds": worker.lease_seconds}
        if await queries.note_progress(worker.pool, **said, **latest[0]._asdict()) is None:
            log.info("a job was cancelled, or is worked on elsewhere", job=str(job.id))
            return
        moved.clear()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(worker.lease_seconds / 6):
                await moved.wait()


async def _keep_what_came(worker: Worker, job: Job, doing: asyncio.Task[Answer]) -> None:
    try:
        answer = doing.result()
    except Fault as fault:
        await _fail(worker, job, fault.problem)
    except ProcessEnded:
        await _fail(worker, job, PROCESS_ENDED)
    else:
        async with worker.pool.acquire() as connection, connection.transaction():
            for report_hash, raw in answer.kept().items():
                await keep_bytes(connection, report_hash, raw)
            over = {"job": job.id, "worker": worker.id, "state": "done", "result": answer.document()}
            await queries.end_job(connection, **over, problem=None)


async def _keep_tidy(pool: Pool) -> None:
    while True:
        with contextlib.suppress(*DATABASE_ERRORS, OSError):
            await drop_what_is_old(pool)
        await asyncio.sleep(TIDY_UP_EVERY_SECONDS)


NOT_OURS = Problem(422, "no-question", "The job holds no question that this program can answer.", "Order it anew.")
PROCESS_ENDED = Problem(
    500,
    "process-ended",
    "The process that made the report ended.",
    "Ask for less; tell the administrator if it stays so.",
)
