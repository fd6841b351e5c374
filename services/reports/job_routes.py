"""The routes of long work: order it, watch it, cancel it, have its result, issue that."""

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated, Any
from uuid import UUID, uuid4

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import JSONResponse
from fastapi.sse import EventSourceResponse, ServerSentEvent
from pydantic import BaseModel, Field

from services.reports.issued import Made, issuer_of
from services.reports.issued_routes import (
    NOT_ISSUED,
    NOT_JSON,
    ChangeAsked,
    IssuingDocument,
    Makers,
    ReportAsked,
    issue_made,
    settled_order,
)
from services.reports.issued_store import read_bytes
from services.reports.jobs import MOST_UNFINISHED, OVER, Job, begin_job, cancel_job, job_document, read_job, read_jobs
from services.reports.orders import REPORT, TOUCHED, MakeReport
from services.reports.render.formats import FORMATS, Format
from shared.domain.access import Action, Principal
from shared.postgres.pool import Pool
from shared.web.problems import described
from shared.web.rules import requires
from shared.wire.problems import Fault, Problem

router = APIRouter(prefix="/reports/v1", tags=["jobs"])
LOOK_EVERY_SECONDS = 0.2
STREAM_FOR_SECONDS = 300.0
"""Then a stream ends, and whoever listens comes again, as browsers do by themselves."""
COME_AGAIN_MILLISECONDS = 1_000
Owner = Annotated[Principal, requires(Action.ORDER_REPORT)]
Issuer = Annotated[Principal, requires(Action.ISSUE_REPORT)]


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


class JobsDocument(BaseModel):
    """One's own jobs, the latest first, at most a hundred."""

    items: list[JobDocument]


WITH_PLACE = {
    "description": "It is being worked on; `Location` says where to ask for it",
    "headers": {"Location": {"description": "The job", "schema": {"type": "string"}}},
}
RESULT: dict[int | str, dict[str, Any]] = {
    **described({409: "The job is not done", 410: "The result is not kept any more"}),
    200: {"description": "What came of it", "content": {"application/octet-stream": {"schema": {}}}},
}


@router.post(
    "/jobs",
    status_code=202,
    response_model=JobDocument,
    responses={**NOT_JSON, 202: {**WITH_PLACE, "model": JobDocument}},
)
async def order(request: Request, owner: Owner, asked: ReportAsked | ChangeAsked) -> JSONResponse:
    """Order a report, or which issued reports a change would let read otherwise, and answer at once with the job.

    What is known now is settled at the order. At most 20 of an account's jobs may wait or be worked on. It goes on
    whatever ends, and its result is kept for 7 days.
    """
    if isinstance(asked, ChangeAsked):
        return await accepted(request, owner, TOUCHED, asked.as_of(request).document())
    return await ordered(request, owner, await settled_order(request, owner, asked))


@router.get("/jobs", response_model=JobsDocument)
async def jobs(request: Request, owner: Owner) -> JSONResponse:
    """Answer one's own jobs, the latest first."""
    return JSONResponse({"items": [job_document(each) for each in await read_jobs(_pool(request), owner)]})


async def own_job(request: Request, owner: Owner, job: UUID) -> Job:
    """Return a job of whoever asks; raise the 404 where it is another's, or none."""
    return await existing_job(request, owner, job)


OwnJob = Annotated[Job, Depends(own_job)]


@router.get("/jobs/{job}", response_model=JobDocument)
async def one_job(job: OwnJob) -> JSONResponse:
    """Answer how far a job has come."""
    return JSONResponse(job_document(job))


@router.delete(
    "/jobs/{job}", response_model=JobDocument, responses=described({409: "The job is over and cannot be cancelled"})
)
async def cancel(request: Request, owner: Owner, job: UUID) -> JSONResponse:
    """Cancel a job that is not over: what works on it leaves off within a second or two."""
    standing = await existing_job(request, owner, job)
    if not await cancel_job(_pool(request), owner, job) and standing.state != "cancelled":
        raise Fault(_is_over(await existing_job(request, owner, job)))
    return JSONResponse(job_document(await existing_job(request, owner, job)))


@router.get("/jobs/{job}/events", response_class=EventSourceResponse)
async def progress(request: Request, owner: Owner, job: OwnJob) -> AsyncIterator[ServerSentEvent]:
    """Stream how far a job has come: `progress` with the job whenever it has moved on, `over` when it is over.

    The first event says how it stands, so whoever was cut off comes again and misses nothing that matters.
    """
    told: dict[str, Any] | None = None
    ends_at = asyncio.get_running_loop().time() + STREAM_FOR_SECONDS
    while asyncio.get_running_loop().time() < ends_at:
        standing = job_document(await existing_job(request, owner, job.id))
        if standing != told:
            over = standing["state"] in OVER
            yield ServerSentEvent(
                data=standing,
                event="over" if over else "progress",
                id=_number_of(standing),
                retry=COME_AGAIN_MILLISECONDS,
            )
            if over:
                return
            told = standing
        await asyncio.sleep(LOOK_EVERY_SECONDS)


@router.get("/jobs/{job}/result", response_class=Response, responses=RESULT)
async def result(request: Request, job: OwnJob) -> Response:
    """Answer what came of a job: the report itself, or the list of what is touched as JSON."""
    found = _result_of(job)
    raw = await _kept(request, found["hash"])
    headers = {
        "Kembar-Hash": found["hash"],
        "Content-Disposition": f'attachment; filename="{found["file_name"]}"',
        **(FORMATS[Format(job.asked["format"])].headers if job.kind == REPORT else {}),
    }
    return Response(raw, media_type=found["media_type"], headers=headers)


@router.post(
    "/jobs/{job}/issued",
    status_code=201,
    response_model=IssuingDocument,
    responses={
        **NOT_ISSUED,
        **described({409: "The job is not done, or made no report", 410: "The result is not kept any more"}),
        200: {"model": IssuingDocument, "description": "It was issued already; the old receipt"},
    },
)
async def issue_result(request: Request, issuer: Issuer, job: UUID) -> JSONResponse:
    """Fix the report that a job has made, as `POST /reports/v1/issued` does."""
    standing = await existing_job(request, issuer, job)
    found = _result_of(standing)
    if standing.kind != REPORT or standing.owner.role is not issuer_of(issuer.home).role:
        raise Fault(_no_report(standing))
    content, raw = await _kept(request, found["content"]), await _kept(request, found["hash"])
    said = {name: found[name] for name in ("question", "position", "hash", "media_type", "file_name", "versions")}
    return await issue_made(request, issuer, Made(**said, content=content, raw=raw, content_hash=found["content"]))


async def ordered(request: Request, owner: Principal, order: MakeReport) -> JSONResponse:
    """Keep the order of a report as a job and answer with it."""
    return await accepted(request, owner, REPORT, order.question)


async def accepted(request: Request, owner: Principal, kind: str, asked: dict[str, Any]) -> JSONResponse:
    """Keep a job and answer with it: 202, and where to ask for it. Raises the 429 where too many of theirs wait."""
    job_id = uuid4()
    if not await begin_job(_pool(request), owner, job_id, kind, asked):
        raise Fault(TOO_MANY_JOBS)
    makers: Makers = request.app.state.makers
    makers.wake.set()
    document = job_document(await existing_job(request, owner, job_id))
    return JSONResponse(document, status_code=202, headers={"Location": f"/reports/v1/jobs/{job_id}"})


async def existing_job(request: Request, owner: Principal, job: UUID) -> Job:
    """Return a job of one's own; raise the 404 where there is none."""
    found = await read_job(_pool(request), owner, job)
    if found is None:
        remedy = "Send the id as it stood in the answer to the order; jobs that are over are forgotten after 7 days."
        raise Fault(Problem(404, "unknown-job", f"You have no job {job}.", remedy))
    return found


def _number_of(document: dict[str, Any]) -> str:
    return f"{document['state']}-{document['done']}-{document['steps']}"


def _result_of(job: Job) -> dict[str, Any]:
    if job.result is None:
        title = f"The job is {job.state}, so it has no result."
        remedy = (
            "Ask again when it is done." if job.state not in OVER else "Order it anew; “problem” says what was wrong."
        )
        raise Fault(Problem(409, "job-not-done", title, remedy))
    return job.result


async def _kept(request: Request, result_hash: str) -> bytes:
    raw = await read_bytes(_pool(request), result_hash)
    if raw is None:
        raise Fault(Problem(410, "result-gone", "The result is not kept any more.", "Order it anew."))
    return raw


def _is_over(job: Job) -> Problem:
    return Problem(409, "job-over", f"The job is {job.state}; it cannot be cancelled any more.", "Leave it.")


def _no_report(job: Job) -> Problem:
    title = f"The job {job.id} made no report that can be issued."
    return Problem(409, "no-report", title, "Issue the result of a report that was ordered as an issuer.")


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
