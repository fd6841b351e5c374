"""The pages of issued reports: which there are, one of them with its hash, to be made again and compared, and to issue one."""

import json
from collections.abc import Mapping, Sequence
from typing import Annotated, Any
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse

from services.reports.answers import position_for
from services.reports.asked import Kind
from services.reports.bodies import fitted
from services.reports.frame import Frame, Framed, Page, add_page, table_of
from services.reports.issued import Issued, Made, issued_document, issuer_of
from services.reports.issued_routes import Reader, ReportAsked, compared, existing, issue_made, settled_order
from services.reports.issued_store import read_issued
from services.reports.makers import made_while_waiting
from services.reports.posting.desk import desk_in
from services.reports.report import Table
from services.reports.report_pages import KIND_WORDS
from shared.domain.access import Action, Principal
from shared.web.forms import NEVER_STORED, Filled, RequiresSignIn
from shared.web.principal import refuse_forgery
from shared.wire.problems import Fault, Problem
from shared.words.dates import date_in_words, occurred_in_words
from shared.words.words import Language

MOST_SHOWN = 100
KEYS = ("event_id", "position", "recorded_at", "author", "kind", "format", "partnership", "made_at", "hash", "content")
ASKED = (
    "from",
    "to",
    "known",
    "partnership",
    "rubric",
    "compare_known",
    "compare_from",
    "compare_to",
    "format",
    "lang",
)
Issuer = Annotated[Principal, Depends(RequiresSignIn(Action.ISSUE_REPORT))]
Waited = Annotated[int | None, Query(ge=0, le=10**15)]
router = APIRouter(include_in_schema=False)


async def issued_list(
    reader: Reader, frame: Framed, before: Annotated[int | None, Query(ge=0, le=2**53)] = None
) -> Page:
    """Show the reports that were issued, as known then, the latest first."""
    position = await position_for(frame.request, frame.question)
    ends = position + 1 if before is None else min(before, position + 1)
    found = await read_issued(frame.pool, reader, before=ends, most=MOST_SHOWN + 1)
    page = found[:MOST_SHOWN]
    return Page(
        frame=frame,
        template="issued.html",
        shown={
            "lines": [_line(each, frame) for each in page],
            "following": str(page[-1].position) if len(found) > MOST_SHOWN else None,
        },
        document=lambda: {"items": [issued_document(each) for each in page], "position": position},
        table=lambda: _table(page),
        topic="reports",
    )


async def issued_one(reader: Reader, frame: Framed, event_id: UUID, position: Waited = None) -> Page:
    """Show an issued report: who issued it when, what was asked, its hash; `position` is waited for."""
    await desk_in(frame).wait_for(position)
    return _page(frame, await _known(reader, frame, event_id), None)


async def issued_again(reader: Reader, frame: Framed, event_id: UUID) -> HTMLResponse:
    """Make an issued report again and show how it compares."""
    fixed = await _known(reader, frame, event_id)
    page = _page(frame, fixed, await compared(frame.request, fixed))
    own = f"/reports/issued/{event_id}"
    return page.as_html(own, path=own)


@router.post("/reports/{kind}/issue", dependencies=[Depends(refuse_forgery)])
async def issue(request: Request, issuer: Issuer, kind: str, form: Filled) -> RedirectResponse:
    """Fix the report that the page shows, as it was known at its moment, and lead to what was fixed."""
    said = {name: form[name] for name in ASKED if form.get(name)}
    asked = fitted(ReportAsked, {"kind": kind, **said})
    made = await made_while_waiting(request, await settled_order(request, issuer_of(issuer.home), asked))
    assert isinstance(made, Made)
    receipt = json.loads(bytes((await issue_made(request, issuer, made)).body))["receipt"]
    return RedirectResponse(_address_of(receipt, asked.language), status_code=303, headers=NEVER_STORED)


def _address_of(receipt: Mapping[str, Any], language: Language) -> str:
    asked = {"position": receipt["position"], **({"lang": language} if language != "id" else {})}
    return f"/reports/issued/{receipt['event_id']}?{urlencode(asked)}"


async def _known(reader: Principal, frame: Frame, event_id: UUID) -> Issued:
    """Return an issued report; raise the 404 where none was known by then that the reader may see."""
    fixed = await existing(frame.request, reader, event_id)
    if fixed.position > await position_for(frame.request, frame.question):
        title = f"There is no event {event_id} that you may see, as known then."
        raise Fault(Problem(404, "unknown-event", title, "Look for it at /reports/issued."))
    return fixed


def _page(frame: Frame, fixed: Issued, again: dict[str, Any] | None) -> Page:
    asked_home = {"home": frame.reader.home} if frame.request.query_params.get("home") else {}
    return Page(
        frame=frame,
        template="issued_one.html",
        shown={
            "again": again,
            "line": _line(fixed, frame),
            "fixed": fixed,
            "own": f"/reports/issued/{fixed.event_id}",
            "versions": sorted(fixed.versions.items()),
            "bytes_at": f"/reports/v1/issued/{fixed.event_id}/bytes"
            + (f"?{urlencode(asked_home)}" if asked_home else ""),
        },
        document=lambda: issued_document(fixed),
        table=lambda: _table([fixed]),
        topic="reports",
    )


def _line(fixed: Issued, frame: Frame) -> dict[str, Any]:
    words, recorded = frame.words, fixed.recorded_at.astimezone(frame.zone)
    return {
        "id": fixed.event_id,
        "kind": words.say(KIND_WORDS[Kind(fixed.kind)]) if fixed.kind in set(Kind) else fixed.kind,
        "format": str(fixed.question.get("format", ""))[:10].upper(),
        "period": _period(fixed, words.language),
        "partnership": fixed.partnership,
        "author": fixed.author,
        "issued": f"{date_in_words(recorded.date(), words.language)}, {recorded:%H:%M}",
        "position": fixed.position,
        "hash": fixed.hash,
    }


def _period(fixed: Issued, language: Language) -> str:
    """Return the period in words; as it was written where that is no period."""
    first, last = (str(fixed.question.get(each, "–"))[:40] for each in ("from", "to"))
    try:
        return f"{occurred_in_words(first, language)} – {occurred_in_words(last, language)}"
    except (ValueError, KeyError):
        return f"{first} – {last}"


def _table(found: Sequence[Issued]) -> Table:
    documents = [issued_document(each) for each in found]
    return table_of("issued", KEYS, [[each[key] for key in KEYS] for each in documents])


add_page(router, "/reports/issued", issued_list)
add_page(router, "/reports/issued/{event_id}", issued_one)
router.add_api_route("/reports/issued/{event_id}/again", issued_again, methods=["POST"])
