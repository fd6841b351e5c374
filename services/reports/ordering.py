"""Order long work: keep it as a job, and answer with where to ask for it."""

from typing import Any
from uuid import UUID, uuid4

from fastapi import Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field

from services.reports.jobs import MOST_UNFINISHED, Job, begin_job, job_document, read_job
from services.reports.makers import makers_of
from services.reports.orders import REPORT, MakeReport
from shared.domain.access import Principal
from shared.postgres.pool import Pool
from shared.wire.problems import Fault, Problem


class JobDocument(BaseModel):
    """A job: what was asked, how far it has come (`done` of `steps`), and what came of it."""

    job: UUID
    kind: str = Field(description="report, or touched: which issued reports a change would let read otherwise")
    asked: dict[str, Any]
    state: str = Field(description="queued, running, done, failed or cancelled")
    step: str
    done: int
    steps: int
    posted_at: str
    ended_at: str | None
    result: dict[str, Any] | None = Field(description="The hash of what came of it, and where to have that; for 7 days")
    problem: dict[str, Any] | None = Field(description="Why nothing came of it, as a problem document")
    events: str = Field(description="Where its progress is streamed")


IS_WORKED_ON: dict[str, Any] = {
    "description": "It is being worked on; `Location` says where to ask for it",
    "headers": {"Location": {"description": "The job", "schema": {"type": "string"}}},
    "model": JobDocument,
}


async def ordered(request: Request, owner: Principal, order: MakeReport) -> JSONResponse:
    """Keep the order of a report as a job and answer with it."""
    return await accepted(request, owner, REPORT, order.question)


async def accepted(request: Request, owner: Principal, kind: str, asked: dict[str, Any]) -> JSONResponse:
    """Keep a job and answer with it: 202, and where to ask for it. Raises the 429 where too many of theirs wait."""
    job_id = uuid4()
    if not await begin_job(_pool(request), owner, job_id, kind, asked):
        raise Fault(TOO_MANY_JOBS)
    makers_of(request).wake.set()
    document = job_document(await existing_job(request, owner, job_id))
    return JSONResponse(document, status_code=202, headers={"Location": f"/reports/v1/jobs/{job_id}"})


async def existing_job(request: Request, owner: Principal, job: UUID) -> Job:
    """Return a job of one's own; raise the 404 where there is none."""
    found = await read_job(_pool(request), owner, job)
    if found is None:
        remedy = "Send the id as it stood in the answer to the order; jobs that are over are forgotten after 7 days."
        raise Fault(Problem(404, "unknown-job", f"You have no job {job}.", remedy))
    return found


def _pool(request: Request) -> Pool:
    pool: Pool = request.app.state.runtime.pool
    return pool


TOO_MANY_JOBS = Problem(
    status=429,
    kind="too-many-jobs",
    title=f"{MOST_UNFINISHED} of your jobs wait or are worked on already. Nothing was ordered.",
    remedy="Wait for one of them, or cancel one.",
    retry_after_seconds=5,
)
