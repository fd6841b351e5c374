"""The routes of long work: order it, watch it, cancel it, have its result, issue that."""

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import JSONResponse
from fastapi.sse import EventSourceResponse, ServerSentEvent
from pydantic import BaseModel

from services.reports.bodies import described_body, fitted, read_json_body
from services.reports.issued import Made, issuer_of
from services.reports.issued_routes import (
    NOT_ISSUED,
    NOT_JSON,
    ChangeAsked,
    IssuingDocument,
    ReportAsked,
    issue_made,
    settled_order,
)
from services.reports.issued_store import read_bytes
from services.reports.jobs import OVER, Job, cancel_job, job_document, read_jobs
from services.reports.ordering import IS_WORKED_ON, JobDocument, accepted, existing_job, ordered
from services.reports.orders import REPORT, TOUCHED
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


class JobsDocument(BaseModel):
    """One's own jobs, the latest first, at most a hundred."""

    items: list[JobDocument]


RESULT: dict[int | str, dict[str, Any]] = {
    **described({409: "The job is not done", 410: "The result is not kept any more"}),
    200: {"description": "What came of it", "content": {"application/octet-stream": {"schema": {}}}},
}


@router.post(
    "/jobs",
    status_code=202,
    response_model=JobDocument,
    responses={**NOT_JSON, 202: IS_WORKED_ON},
    openapi_extra=described_body(ReportAsked, ChangeAsked),
)
async def order(request: Request, owner: Owner) -> JSONResponse:
    """Order a report, or which issued reports a change would let read otherwise, and answer at once with the job.

    What is known now is settled at the order. At most 20 of an account's jobs may wait or be worked on. It goes on
    whatever ends, and its result is kept for 7 days.
    """
    content = await read_json_body(request)
    if isinstance(content, dict) and "type" in content:
        change = fitted(ChangeAsked, content).as_of(request)
        return await accepted(request, owner, TOUCHED, change.document())
    asked = fitted(ReportAsked, content)
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


def _number_of(document: dict[str, Any]) -> str:
    return f"{document['state']}-{document['done']}-{document['steps']}"


def _result_of(job: Job) -> dict[str, Any]:
    if job.result is None:
        title = f"The job is {job.state}, so it has no result."
        remedy = (
            "Ask again when it is done." if job.state not in OVER else "Order it anew; “problem” says what was wrong."
        )
        raise Fault(Problem(409, "job-stands-otherwise", title, remedy))
    return job.result


async def _kept(request: Request, result_hash: str) -> bytes:
    raw = await read_bytes(_pool(request), result_hash)
    if raw is None:
        raise Fault(Problem(410, "result-gone", "The result is not kept any more.", "Order it anew."))
    return raw


def _is_over(job: Job) -> Problem:
    return Problem(
        409, "job-stands-otherwise", f"The job is {job.state}; it cannot be cancelled any more.", "Leave it."
    )


def _no_report(job: Job) -> Problem:
    title = f"The job {job.id} made no report that can be issued."
    return Problem(409, "job-stands-otherwise", title, "Issue the result of a report that was ordered as an issuer.")


def _pool(request: Request) -> Pool:
    pool: Pool = request.app.state.runtime.pool
    return pool
