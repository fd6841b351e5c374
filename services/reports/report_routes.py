"""The routes of reports that are handed out: any kind, any period, as known at any moment, in any format."""

import asyncio
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from pydantic import StringConstraints

from services.reports.answers import First, KnownAt, Last, Reader
from services.reports.asked import Asked, Kind, Said, read_asked
from services.reports.issued import Made
from services.reports.makers import made_while_waiting
from services.reports.making import Tables, held_to, make, settle
from services.reports.ordering import IS_WORKED_ON, ordered
from services.reports.orders import MakeReport
from services.reports.render.as_csv import render_csv
from services.reports.render.formats import FORMATS, Format, file_name, render
from services.reports.report import Report
from services.reports.routes import RubricName
from services.reports.store import Where, count_deeds, read_partnerships
from services.reports.weight import MILLISECONDS_A_LINE, is_long
from shared.domain.access import Action, Allowed, Principal, Subject, may
from shared.domain.text import Slug
from shared.projection.progress import Progress
from shared.web.homes import zone_of
from shared.web.rules import demand
from shared.wire.canonical import digest
from shared.wire.problems import Fault, Finding, Problem

router = APIRouter(prefix="/reports/v1", tags=["reports"])
OnePartnership = Annotated[Slug | None, Query(description="One partnership only", examples=["hanoi"])]
InLanguage = Annotated[str | None, Query(alias="lang", description="id or en", examples=["id"])]
TableName = Annotated[
    str | None, StringConstraints(max_length=100), Query(description="Another table than the main one, for CSV only")
]
ComparedFirst = Annotated[str | None, Query(alias="compare_from", description="The first day of another period")]
ComparedLast = Annotated[str | None, Query(alias="compare_to", description="The last day of another period")]
ComparedKnown = Annotated[str | None, Query(description="An earlier moment in the ledger, for changes")]
WITHOUT_ACTIVITIES = (Kind.RATINGS, Kind.RECOMMENDATION, Kind.DIAGNOSIS)
"""What has a line for each partnership, and none for each activity."""
MOST_COUNTED = 20_000
ANSWERS: dict[int | str, dict[str, object]] = {
    200: {
        "description": "The report. Its hash is that of the bytes: the same question has the same for ever.",
        "content": {each.media_type.partition(";")[0]: {"schema": {}} for each in FORMATS.values()},
        "headers": {
            name: {"description": text, "schema": {"type": "string"}}
            for name, text in (
                ("Kembar-Position", "The report holds all up to it, and nothing after it"),
                ("Kembar-Hash", "The SHA-256 of the bytes"),
                ("Kembar-Known", "The moment up to which the report knows"),
            )
        },
    },
    202: IS_WORKED_ON,
    304: {"description": "The report is the one whose ETag was sent as If-None-Match"},
}


@router.get("/reports/{kind}.{form}", response_class=Response, responses=ANSWERS)
async def report(
    request: Request,
    reader: Reader,
    kind: Kind,
    form: Format,
    first: First = None,
    last: Last = None,
    known: KnownAt = None,
    language: InLanguage = None,
    partnership: OnePartnership = None,
    rubric: RubricName = None,
    table: TableName = None,
    compare_first: ComparedFirst = None,
    compare_last: ComparedLast = None,
    compare_known: ComparedKnown = None,
) -> Response:
    """Answer a report over a period (`from`, `to`) as `known` at a moment, of all partnerships or one, in a format.

    The same question has the same bytes for ever. Without `known` it is answered as known now: `Kembar-Known` and
    `Kembar-Position` say which moment that was. `changes` compares: with `compare_known`, an earlier moment, or with
    `compare_from` and `compare_to`, another period. What takes long, or is asked for with `Prefer: respond-async`, is
    answered 202 with a job.
    """
    if table is not None and form is not Format.CSV:
        raise Fault(_only_for_csv())
    said = Said(first, last, known, language, partnership, rubric, compare_first, compare_last, compare_known)
    asked = await asked_for(request, reader, kind, said)
    if form in MILLISECONDS_A_LINE or prefers_a_job(request):
        order = MakeReport(reader, await settle(tables_of(request), asked), form, table)
        return await _made_apart(request, reader, order)
    made = await make(tables_of(request), reader, await zone_of(request, reader.home), asked)
    content = await asyncio.to_thread(render_csv, made, table) if table else await asyncio.to_thread(render, made, form)
    named = file_name(made, form)
    return handed_out(request, form, content, named, position=made.stands.position, known=made.stands.known)


async def _made_apart(request: Request, reader: Principal, order: MakeReport) -> Response:
    """Answer a report that is made in a process apart; 202 with a job where that takes long, or where it is preferred."""
    may_order = isinstance(may(reader, Action.ORDER_REPORT, Subject(reader.home)), Allowed)
    long = await _is_long(request, reader, order)
    if long and not may_order:
        raise Fault(_too_much())
    if may_order and (long or prefers_a_job(request)):
        return await ordered(request, reader, order)
    made = await made_while_waiting(request, order)
    assert isinstance(made, Made)
    known = made.question["known"]
    return handed_out(request, order.form, made.raw, made.file_name, position=made.position, known=known)


async def _is_long(request: Request, reader: Principal, order: MakeReport) -> bool:
    """Say whether a report takes long, by how many partnerships and activities it is about."""
    asked, held = order.asked, held_to(reader, order.asked.partnership)
    pool, position = request.app.state.runtime.reading, asked.position or 0
    partnerships = len(await read_partnerships(pool, held, position, asked.partnership))
    where = Where(held, position, asked.partnership, asked.first, asked.last)
    activities = 0 if asked.kind in WITHOUT_ACTIVITIES else await count_deeds(pool, where, MOST_COUNTED)
    return is_long(order.form, partnerships, activities)


def prefers_a_job(request: Request) -> bool:
    """Say whether whoever asks would rather be told at once where the answer will be (RFC 7240)."""
    said = ",".join(request.headers.getlist("prefer"))
    return "respond-async" in [each.partition(";")[0].strip().lower() for each in said.split(",")]


async def asked_for(request: Request, reader: Principal, kind: Kind, said: Said) -> Asked:
    """Return the question of a request. Raises `Fault` where it is none, `Forbidden` where the reader may not ask it."""
    asked = read_asked(kind, said, now_of(request), await zone_of(request, reader.home))
    demand_for(reader, asked)
    return asked


async def made_for(request: Request, reader: Principal, kind: Kind, said: Said) -> Report:
    """Return the report that a request asks for."""
    asked = await asked_for(request, reader, kind, said)
    return await make(tables_of(request), reader, await zone_of(request, reader.home), asked)


def now_of(request: Request) -> datetime:
    """Return the moment that nothing asked for may be later than: the ledger's clock can be ahead of this machine's."""
    now: datetime = request.app.state.clock()
    progress: Progress = request.app.state.progress
    return max(now, progress.checkpoint.recorded_at)


def demand_for(reader: Principal, asked: Asked) -> None:
    """Refuse a report of changes to whoever may not see what was taken back."""
    if asked.kind is Kind.CHANGES:
        demand(reader, Action.READ_WITHDRAWN, Subject(reader.home))


def tables_of(request: Request) -> Tables:
    """Return where a request's report is read from."""
    runtime = request.app.state.runtime
    return Tables(runtime.reading, request.app.state.progress, runtime.ledger)


def handed_out(request: Request, form: Format, content: bytes, named: str, *, position: int, known: str) -> Response:
    """Return the bytes of a report as an answer, with their hash; 304 where the caller has them already."""
    found = digest(content)
    etag = f'"{found.removeprefix("sha256:")}"'
    headers = {
        "ETag": etag,
        "Kembar-Hash": found,
        "Kembar-Position": str(position),
        "Kembar-Known": known,
        "Content-Disposition": f'attachment; filename="{named}"',
        "Cache-Control": "private, no-cache",
        **FORMATS[form].headers,
    }
    if etag in [each.strip() for each in request.headers.get("If-None-Match", "").split(",")]:
        return Response(status_code=304, headers=headers)
    return Response(content, media_type=FORMATS[form].media_type, headers=headers)


def _too_much() -> Problem:
    title = "The report takes too long to be made while somebody waits."
    remedy = "Sign in and ask again: it is then made as a job. Or ask for CSV, a shorter period, or one partnership."
    return Problem(422, "too-much", title, remedy)


def _only_for_csv() -> Problem:
    finding = Finding("table", "Only CSV is one table.", "Leave it out, or ask for .csv.")
    return Problem(422, "invalid", "The report cannot be made as it was asked for.", finding.remedy, (finding,))
