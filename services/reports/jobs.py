"""Long work as rows: who asked for what, how far it has come, what came of it. It outlives every process."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from services.reports.issued_store import KEPT_SECONDS
from shared.domain.access import Principal, Role, partnerships_in_order
from shared.postgres.pool import Pool
from shared.postgres.queries import load_queries
from shared.wire.envelope import rfc3339
from shared.wire.problems import Problem

MOST_UNFINISHED = 20
"""So many jobs of one account may wait or be worked on."""
LEASE_SECONDS = 5.0
"""A worker not heard of for so long is taken to be gone; its job is taken up again by whoever comes first."""
MOST_ATTEMPTS = 3
OVER = ("done", "failed", "cancelled")

queries = load_queries(__file__, "jobs.sql")


@dataclass(frozen=True, slots=True)
class Job:
    """A piece of long work as it stands; `owner` is who asked for it, with the rights of then.

    `kind` says what `asked` is. `state` is queued, running, done, failed or cancelled; `step` says what is being done, and
    `done` of `steps` how far that has come. `result` names what came of it, `problem` why nothing did.
    """

    id: UUID
    owner: Principal
    kind: str
    asked: dict[str, Any]
    state: str
    step: str
    done: int
    steps: int
    posted_at: datetime
    ended_at: datetime | None
    result: dict[str, Any] | None
    problem: dict[str, Any] | None


async def begin_job(
    pool: Pool, owner: Principal, job: UUID, kind: str, asked: dict[str, Any], most: int = MOST_UNFINISHED
) -> bool:
    """Keep that somebody asks for long work; False where as much of theirs waits as may."""
    whose = {"home": owner.home, "owner": owner.account}
    async with pool.acquire() as connection, connection.transaction():
        await queries.one_at_a_time(connection, owner=f"{owner.home} {owner.account}")
        if await queries.unfinished_of(connection, **whose) >= most:
            return False
        said = {"role": owner.role.value, "partnerships": partnerships_in_order(owner)}
        await queries.begin_job(connection, **whose, **said, job=job, kind=kind, asked=asked)
    return True


async def read_job(pool: Pool, owner: Principal, job: UUID) -> Job | None:
    """Return a job of one's own, None where there is none."""
    row = await queries.job_(pool, home=owner.home, owner=owner.account, job=job)
    return _job(row) if row is not None else None


async def read_jobs(pool: Pool, owner: Principal) -> list[Job]:
    """Return one's own jobs, the latest first, at most a hundred."""
    return [_job(row) async for row in queries.jobs_of(pool, home=owner.home, owner=owner.account)]


async def cancel_job(pool: Pool, owner: Principal, job: UUID) -> bool:
    """Cancel a job of one's own; False where it is over, or not there."""
    return await queries.cancel_job(pool, home=owner.home, owner=owner.account, job=job) is not None


async def take_job(pool: Pool, worker: UUID, lease_seconds: float) -> Job | None:
    """Take the job that is next in turn, None where none waits."""
    gone = Problem(
        500, "process-ended", "The work ended its process again and again.", "Ask for less, or tell the bureau."
    )
    await queries.give_up(pool, most_attempts=MOST_ATTEMPTS, problem=gone.document())
    asked = {"worker": worker, "lease_seconds": lease_seconds, "most_attempts": MOST_ATTEMPTS}
    row = await queries.take_job(pool, **asked)
    return _job(row) if row is not None else None


async def drop_what_is_old(pool: Pool, seconds: float = KEPT_SECONDS) -> None:
    """Forget jobs that were over so long ago, and bytes that nobody has issued since."""
    await queries.drop_old_jobs(pool, seconds=seconds)
    await queries.drop_old_bytes(pool, seconds=seconds)


def job_document(job: Job) -> dict[str, Any]:
    """Return a job as the API answers it."""
    here = f"/reports/v1/jobs/{job.id}"
    return {
        "job": str(job.id),
        "kind": job.kind,
        "asked": job.asked,
        "state": job.state,
        "step": job.step,
        "done": job.done,
        "steps": job.steps,
        "posted_at": rfc3339(job.posted_at),
        "ended_at": rfc3339(job.ended_at) if job.ended_at else None,
        "result": {**job.result, "at": f"{here}/result"} if job.result else None,
        "problem": job.problem,
        "events": f"{here}/events",
    }


def _job(row: Any) -> Job:  # noqa: ANN401
    return Job(
        id=row["job"],
        owner=Principal(
            row["owner"],
            row["home"],
            Role(row["role"]),
            frozenset(row["partnerships"]) if row["partnerships"] is not None else None,
        ),
        kind=row["kind"],
        asked=row["asked"],
        state=row["state"],
        step=row["step"],
        done=row["done"],
        steps=row["steps"],
        posted_at=row["posted_at"],
        ended_at=row["ended_at"],
        result=row["result"],
        problem=row["problem"],
    )
