"""The routes of issued reports: fix one, see what was fixed, make it again and compare, see what a correction changes."""

import base64
import json
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from services.reports.asked import Kind, Said
from services.reports.bodies import described_body, fitted, read_json_body
from services.reports.issued import Issued, Made, comparison, event_data, issued_document, issued_id, issuer_of
from services.reports.issued_store import keep_bytes, read_bytes, read_issued, read_one_issued
from services.reports.makers import made_while_waiting, makers_of
from services.reports.making import settle
from services.reports.orders import FindTouched, MakeReport, report_order
from services.reports.render.formats import FORMATS, Format
from services.reports.report_routes import asked_for, now_of, tables_of
from services.reports.touched import Change, Touched
from shared.domain.access import Action, Principal
from shared.domain.text import Slug
from shared.postgres.pool import Pool
from shared.web.problems import described
from shared.web.rules import requires
from shared.wire.canonical import digest
from shared.wire.problems import Fault, Finding, Problem

router = APIRouter(prefix="/reports/v1", tags=["issued reports"])
MOST_PER_PAGE = 200
MOST_QUESTIONS = 25
"""So many issued questions are answered again while somebody waits; beyond, it is a job."""
Issuer = Annotated[Principal, requires(Action.ISSUE_REPORT)]
Reader = Annotated[Principal, requires(Action.READ_ISSUED)]
Text = Annotated[str, Field(max_length=60)]
NOT_JSON = described({400: "The body is not JSON"})
NOT_ISSUED = described({400: "The body is not JSON", 507: "There is no room; nothing was issued"})


class ReportAsked(BaseModel):
    """A report as it is asked for, in a body: the same fields as in its address, and the format."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    kind: Kind
    form: Annotated[Format, Field(alias="format")]
    first: Annotated[Text, Field(alias="from")]
    last: Annotated[Text, Field(alias="to")]
    known: Text | None = None
    language: Annotated[Literal["id", "en"], Field(alias="lang")] = "id"
    partnership: Slug | None = None
    rubric: Annotated[str, Field(max_length=100)] | None = None
    table: Annotated[str, Field(max_length=100)] | None = None
    compare_first: Annotated[Text | None, Field(alias="compare_from")] = None
    compare_last: Annotated[Text | None, Field(alias="compare_to")] = None
    compare_known: Text | None = None

    @property
    def said(self) -> Said:
        """What it says, as an address would."""
        return Said(
            self.first,
            self.last,
            self.known,
            self.language,
            self.partnership,
            self.rubric,
            self.compare_first,
            self.compare_last,
            self.compare_known,
        )


class ChangeAsked(BaseModel):
    """A correction or a retraction that is not posted, as it would be sent to ingest."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    type: Literal["activity.corrected", "activity.retracted"]
    data: dict[str, Any]

    def as_of(self, request: Request) -> Change:
        """Return the change as if it were posted now."""
        return Change(type=self.type, data=self.data, now=now_of(request))


class IssuedDocument(BaseModel):
    """A report that was issued: where its event stands, what was asked, and the hash of what was handed out."""

    event_id: UUID
    position: int
    recorded_at: str
    author: str
    kind: str
    format: Any = Field(description="The format of what was handed out")
    partnership: str | None
    question: dict[str, Any]
    made_at: int = Field(description="The position up to which the report knows")
    hash: str = Field(description="The SHA-256 of the bytes that were handed out")
    content: str | None = Field(description="The SHA-256 of the same report as JSON")
    versions: dict[str, str]


class IssuedListDocument(BaseModel):
    """Issued reports, the latest first."""

    items: list[IssuedDocument]
    next: str | None


class IssuingDocument(BaseModel):
    """The receipt of an issued report, and what was fixed."""

    receipt: dict[str, Any]
    hash: str
    content: str
    made_at: int
    question: dict[str, Any]
    versions: dict[str, str]
    bytes_at: str


class Difference(BaseModel):
    """A place in which two reports differ, as a JSON pointer (RFC 6901); what is not there is null."""

    at: str
    then: Any
    now: Any


class MadeBy(BaseModel):
    """A report by its hashes, and what made it."""

    hash: str
    content: str | None
    versions: dict[str, str]


class ComparisonDocument(BaseModel):
    """Whether an issued report, made again, is the same."""

    event_id: UUID
    same: bool = Field(description="The bytes are the same")
    says_the_same: bool | None = Field(description="The report as JSON is the same; null where that was not kept")
    issued: MadeBy
    again: MadeBy
    versions_differ: list[str] = Field(description="The programs that are of another version now")
    differences: list[Difference] | None = Field(
        description="At most 100; null where what was issued is not kept as JSON"
    )


class TouchedReport(BaseModel):
    """An issued report that reads otherwise, and where: at most 20 places."""

    model_config = ConfigDict(populate_by_name=True)

    event_id: UUID
    kind: str
    format: Any
    partnership: str | None
    first: Any = Field(alias="from")
    last: Any = Field(alias="to")
    hash: str
    differences: list[Difference]


class TouchedDocument(BaseModel):
    """The issued reports that a change lets read otherwise, of so many compared; `unreadable` hold no question."""

    change: dict[str, Any]
    items: list[TouchedReport]
    compared: int
    unreadable: list[UUID]


@router.post(
    "/issued",
    status_code=201,
    response_model=IssuingDocument,
    responses={**NOT_ISSUED, 200: {"model": IssuingDocument, "description": "It was issued already; the old receipt"}},
    openapi_extra=described_body(ReportAsked),
)
async def issue(request: Request, issuer: Issuer) -> JSONResponse:
    """Fix a report: make it, keep its bytes, and post `report.issued` with its question, position, hash and versions.

    The author of the event is whoever asks. The same report of the same question is issued once: asked again, the old
    receipt. What takes too long is ordered as a job, and its result is issued.
    """
    asked = fitted(ReportAsked, await read_json_body(request))
    made = await made_while_waiting(request, await settled_order(request, issuer_of(issuer.home), asked))
    assert isinstance(made, Made)
    return await issue_made(request, issuer, made)


@router.get("/issued", response_model=IssuedListDocument)
async def issued(
    request: Request,
    reader: Reader,
    partnership: Annotated[Slug | None, Query(description="Only what is about it, all partnerships among that")] = None,
    cursor: Annotated[str | None, Query(max_length=60)] = None,
    limit: Annotated[int, Query(ge=1, le=MOST_PER_PAGE)] = 50,
) -> JSONResponse:
    """Answer the reports that were issued, the latest first. `next` is the cursor of the following page.

    Whoever may see only some partnerships sees the reports on one of them.
    """
    before = _read_cursor(cursor) if cursor else None
    found = await read_issued(_pool(request), reader, before=before, partnership=partnership, most=limit + 1)
    page = found[:limit]
    following = _cursor(page[-1].position) if len(found) > limit else None
    return JSONResponse({"items": [issued_document(each) for each in page], "next": following})


@router.get("/issued/touched-by", response_model=TouchedDocument)
async def touched_by(
    request: Request,
    reader: Reader,
    correction: Annotated[UUID, Query(description="The id of a correction, a retraction or the reversal of an import")],
) -> Response:
    """Answer which reports, of those issued before a correction, it lets read otherwise, and where.

    Each is made from what was known right before the correction and right after it, so that no other event plays a part;
    the answer stays the same for ever.
    """
    return await _touched(request, reader, Change(event=correction))


@router.post(
    "/issued/touched", response_model=TouchedDocument, responses=NOT_JSON, openapi_extra=described_body(ChangeAsked)
)
async def touched(request: Request, reader: Reader) -> Response:
    """Answer which issued reports would read otherwise if this correction or retraction were posted now, and where.

    Each is asked again for its period with all that is known now, with the change and without it. Nothing is stored.
    """
    change = fitted(ChangeAsked, await read_json_body(request))
    return await _touched(request, reader, change.as_of(request))


@router.get("/issued/{event_id}", response_model=IssuedDocument)
async def one_issued(request: Request, reader: Reader, event_id: UUID) -> JSONResponse:
    """Answer what stands in the ledger of an issued report."""
    return JSONResponse(issued_document(await existing(request, reader, event_id)))


@router.get(
    "/issued/{event_id}/bytes",
    response_class=Response,
    responses={
        **described({409: "The bytes are lost, and what is made now are others"}),
        200: {
            "description": "What was handed out",
            "content": {each.media_type.partition(";")[0]: {"schema": {}} for each in FORMATS.values()},
        },
    },
)
async def issued_bytes(request: Request, reader: Reader, event_id: UUID) -> Response:
    """Answer the bytes that were handed out. Where they are lost they are made again, and are the same by their hash."""
    fixed = await existing(request, reader, event_id)
    raw = await read_bytes(_pool(request), fixed.hash)
    if raw is None or digest(raw) != fixed.hash:
        raw = await _made_the_same(request, fixed)
    headers = {
        "ETag": f'"{fixed.hash.removeprefix("sha256:")}"',
        "Kembar-Hash": fixed.hash,
        "Kembar-Position": str(fixed.made_at),
        "Content-Disposition": f'attachment; filename="{fixed.event_id}.{form_of(fixed)}"',
        **FORMATS[form_of(fixed)].headers,
    }
    return Response(raw, media_type=FORMATS[form_of(fixed)].media_type, headers=headers)


@router.post("/issued/{event_id}/again", response_model=ComparisonDocument)
async def again(request: Request, reader: Reader, event_id: UUID) -> JSONResponse:
    """Make an issued report again, of the same question at the same position, and compare it with what was issued."""
    return JSONResponse(await compared(request, await existing(request, reader, event_id)))


async def settled_order(request: Request, reader: Principal, asked: ReportAsked) -> MakeReport:
    """Return the order for a report, its question with the moment and the position that "now" is."""
    if asked.table is not None and asked.form is not Format.CSV:
        raise Fault(_invalid(Finding("table", "Only CSV is one table.", "Leave it out, or ask for csv.")))
    question = await asked_for(request, reader, asked.kind, asked.said)
    return MakeReport(reader, await settle(tables_of(request), question), asked.form, asked.table)


async def issue_made(request: Request, issuer: Principal, made: Made) -> JSONResponse:
    """Keep the bytes of a report, then post its event. Killed in between, the bytes wait for the same to be asked again."""
    pool = _pool(request)
    async with pool.acquire() as connection, connection.transaction():
        for report_hash, raw in made.kept().items():
            await keep_bytes(connection, report_hash, raw)
    event_id = issued_id(issuer.home, made)
    posted = await makers_of(request).ingest.post(request, issuer.home, "report.issued", event_id, event_data(made))
    answer = {
        "receipt": posted.receipt,
        "hash": made.hash,
        "content": made.content_hash,
        "made_at": made.position,
        "question": made.question,
        "versions": made.versions,
        "bytes_at": f"/reports/v1/issued/{event_id}/bytes",
    }
    return JSONResponse(answer, status_code=201 if posted.new else 200)


async def existing(request: Request, reader: Principal, event_id: UUID) -> Issued:
    """Return an issued report; raise the 404 where there is none that the reader may see."""
    found = await read_one_issued(_pool(request), reader, event_id)
    if found is None:
        title = f"There is no issued report {event_id}."
        raise Fault(Problem(404, "unknown-report", title, "See /reports/v1/issued for those that there are."))
    return found


async def compared(request: Request, fixed: Issued) -> dict[str, Any]:
    """Make an issued report again and compare the two."""
    made = await _made_again(request, fixed)
    kept = await read_bytes(_pool(request), fixed.content) if fixed.content else None
    return comparison(fixed, made, json.loads(kept) if kept is not None else None)


def form_of(fixed: Issued) -> Format:
    """Return the format of an issued report. Raises `Fault` (422) for one that was posted with a question that is none."""
    try:
        return Format(str(fixed.question.get("format")))
    except ValueError as error:
        raise Fault(_not_a_question(fixed)) from error


async def _made_again(request: Request, fixed: Issued) -> Made:
    """Make an issued report again, up to the position that its event says, once the tables hold that."""
    try:
        order = report_order(issuer_of(fixed.home), {**fixed.question, "position": fixed.made_at})
    except (ValueError, KeyError, TypeError, AttributeError, Fault) as error:
        raise Fault(_not_a_question(fixed)) from error
    if order.asked.known is None:
        raise Fault(_not_a_question(fixed))
    await settle(tables_of(request), order.asked)
    made = await made_while_waiting(request, order)
    assert isinstance(made, Made)
    return made


async def _made_the_same(request: Request, fixed: Issued) -> bytes:
    made = await _made_again(request, fixed)
    if made.hash != fixed.hash:
        raise Fault(_lost(fixed, made))
    await keep_bytes(_pool(request), made.hash, made.raw)
    return made.raw


async def _touched(request: Request, reader: Principal, change: Change) -> Response:
    found = await made_while_waiting(request, FindTouched(reader, change, MOST_QUESTIONS))
    assert isinstance(found, Touched)
    return Response(found.content, media_type="application/json")


def _cursor(position: int) -> str:
    return base64.urlsafe_b64encode(str(position).encode()).decode().rstrip("=")


def _read_cursor(cursor: str) -> int:
    try:
        text = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode("ascii")
        if not (text.isdigit() and len(text) < 16):
            raise ValueError("no position")
        return int(text)
    except ValueError as error:
        remedy = "Use “next” of the page before, or leave it out."
        raise Fault(_invalid(Finding("cursor", "The cursor was not made here.", remedy))) from error


def _pool(request: Request) -> Pool:
    pool: Pool = request.app.state.runtime.pool
    return pool


def _invalid(finding: Finding) -> Problem:
    return Problem(422, "invalid", "The question cannot be answered as it stands.", finding.remedy, (finding,))


def _not_a_question(fixed: Issued) -> Problem:
    return Problem(
        status=422,
        kind="no-question",
        title=f"The event {fixed.event_id} holds no question that this program can ask again.",
        remedy="Look at its question: it was posted by another program, or by a newer one.",
    )


def _lost(fixed: Issued, made: Made) -> Problem:
    remedy = (
        "POST …/again says where they differ. Run the versions that the report was issued with, or restore its bytes."
    )
    return Problem(
        status=409,
        kind="bytes-lost",
        title="The bytes that were issued are not kept here, and what is made now are others.",
        remedy=remedy,
        more={
            "issued": {"hash": fixed.hash, "versions": dict(fixed.versions)},
            "made": {"hash": made.hash, "versions": made.versions},
        },
    )
