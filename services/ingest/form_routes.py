"""Where forms are sent: the event that a page carries is posted as any other is, and its receipt is shown.

What cannot be stored comes back on a page that holds it still, with what to do and the way to send or to change it.
"""

import re
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

import shared.web.pages
from services.ingest.post import Desk
from services.ingest.requests import Requested, read_event
from shared.domain.access import Action, Principal
from shared.ledger.ledger import CONNECTION_ERRORS
from shared.postgres.pool import DATABASE_ERRORS
from shared.projection.homes import read_home
from shared.web.app import UNREACHABLE
from shared.web.forms import NEVER_STORED, Form, ReadsForm, RequiresSignIn
from shared.web.pages import language_of, language_of_home, make_templates, render
from shared.web.principal import refuse_forgery
from shared.web.rules import Forbidden
from shared.wire.problems import Fault, Finding, Problem
from shared.wire.strict_json import NotStrictJson, parse_json
from shared.words.words import Words

LARGEST_FORM_BYTES = 524_288
PROBLEMS_IN_WORDS = {
    **shared.web.pages.PROBLEMS_IN_WORDS,
    "invalid": "Something in it cannot be stored as it stands. Change it, and send it again.",
    "not-json": "What the page sent cannot be read. Fill the form in again.",
    "too-large": "It is larger than the ledger takes. Shorten the texts.",
    "other-body": "It stands in the ledger already, and otherwise: it was changed after it was sent. To change what stands, correct it.",
    "stands-otherwise": "The ledger stands otherwise meanwhile. Look at what stands, then decide anew.",
    "corrected-meanwhile": "Somebody else has corrected it meanwhile. Compare the versions before you send yours.",
    "unknown-activity": "There is no such activity, or it is not one that you may see.",
    "unknown-caused-by": "The activity that it follows from is not there. Copy its id from its page, or leave it empty.",
    "unknown-batch": "No activity that counts carries this import's name.",
    "unknown-judgement": "There is no such official rating that stands.",
    "outcome-unknown": "Whether it was stored cannot be known now. Send it again: it is stored once, however often it is sent.",
    "too-busy": "Others keep changing the same partnership. Send it again in a moment.",
    "queue-is-full": "More is being posted than can be stored in time. Send it again in a moment.",
    "behind": "The service is still reading what was stored last. Send it again in a moment.",
    "unreachable": "A part of Kembar cannot be reached just now. Send it again in a moment; it is stored once.",
    "no-room": "The disk is full. Tell the administrator to make room; then send it again.",
}
CAN_BE_SENT_AGAIN = (
    "outcome-unknown",
    "too-busy",
    "queue-is-full",
    "behind",
    "unreachable",
    "no-room",
    "took-too-long",
)
_OWN_PAGE = re.compile(r"/[a-z0-9-]+(/[a-z0-9-]+)*")

router = APIRouter(include_in_schema=False, dependencies=[Depends(refuse_forgery)])
templates = make_templates(Path(__file__).parent / "templates")
Poster = Annotated[Principal, Depends(RequiresSignIn(Action.POST))]
Filled = Annotated[Form, Depends(ReadsForm(LARGEST_FORM_BYTES, most_fields=10))]


@router.get("/ingest/post")
async def form_again(request: Request, poster: Poster, back: str = "") -> Response:
    """Lead back to the form of an event that was not stored, such as in the other language."""
    asked = {"lang": lang} if (lang := request.query_params.get("lang")) else {}
    address = f"{own_page(back)}?{urlencode(asked)}" if asked else own_page(back)
    return RedirectResponse(address, status_code=303, headers=NEVER_STORED)


@router.post("/ingest/post")
async def post_form(request: Request, poster: Poster, filled: Filled) -> Response:
    """Store the event that a page carries and show its receipt; or show what keeps it from being stored.

    Decision and effect are those of `POST /ingest/v1/events`: the same id and event are stored once.
    """
    desk: Desk = request.app.state.desk
    try:
        receipts = await desk.post(_read(filled), poster)
    except Forbidden:
        raise
    except Fault as fault:
        return await _not_stored(request, poster, filled, fault.problem)
    except (*CONNECTION_ERRORS, *DATABASE_ERRORS):
        return await _not_stored(request, poster, filled, UNREACHABLE)
    (receipt,) = receipts.items
    asked = {
        "position": str(receipt.position),
        **({"lang": lang} if (lang := request.query_params.get("lang")) else {}),
    }
    address = f"/receipts/{receipt.event_id}?{urlencode(asked)}"
    return RedirectResponse(address, status_code=303, headers=NEVER_STORED)


def _read(filled: Form) -> list[Requested]:
    """Return what is to be posted. Raises `Fault` as the API does; an id must be there, so that twice is once."""
    try:
        data = parse_json(filled.get("data", "").encode())
    except NotStrictJson as error:
        finding = Finding("data", error.problem, error.remedy)
        raise Fault(Problem(400, "not-json", "The form's data are not JSON.", error.remedy, (finding,))) from error
    if not filled.get("id"):
        finding = Finding("id", "“id” is missing.", "Open the form anew.")
        raise Fault(Problem(422, "invalid", "The form has no id. Nothing was stored.", finding.remedy, (finding,)))
    requested = read_event({"type": filled.get("type"), "id": filled["id"], "data": data})
    if isinstance(requested, Problem):
        raise Fault(requested)
    return requested


async def _not_stored(request: Request, poster: Principal, filled: Form, problem: Problem) -> HTMLResponse:
    """Show what is in the way; the page holds what was to be stored, to be changed or sent again."""
    home = await _home(request, poster)
    words = Words(language_of(request, language_of_home(home)))
    said = PROBLEMS_IN_WORDS.get(problem.kind, "Something is wrong here. Try again in a moment.")
    page = render(
        templates,
        "not_stored.html",
        request,
        words,
        home=home,
        reader=poster,
        here={"back": own_page(filled.get("back", ""))},
        said=words.say(said),
        problem=problem.document(),
        findings=problem.findings,
        carried={name: filled.get(name, "") for name in ("id", "type", "data", "back")},
        back=own_page(filled.get("back", "")),
        again=problem.kind in CAN_BE_SENT_AGAIN,
        compare=problem.kind == "corrected-meanwhile",
        stands=problem.kind == "other-body" and "stands" in problem.more,
    )
    page.headers.update(NEVER_STORED)
    if problem.retry_after_seconds is not None:
        page.headers["Retry-After"] = str(problem.retry_after_seconds)
    page.status_code = problem.status
    return page


async def _home(request: Request, poster: Principal) -> Any:  # noqa: ANN401 - a home, or None
    """Return whose page it is; None where the tables cannot be read, for the page must be shown all the same."""
    try:
        return await read_home(request.app.state.runtime.pool, poster.home)
    except DATABASE_ERRORS:
        return None


def own_page(path: str) -> str:
    """Return the path of a page of ours; the form of an activity for anything else."""
    return path if _OWN_PAGE.fullmatch(path) and len(path) < 300 else "/record"
