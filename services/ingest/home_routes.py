"""The routes of homes: open one, and see which there are."""

from typing import Annotated, Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse
from pydantic import TypeAdapter, ValidationError

from services.ingest.homes import is_opened_as, open_home
from services.ingest.post import Desk, receipt_of
from services.ingest.routes import ReceiptDocument, read_json, receipt_document
from shared.domain.access import ALL_HOMES, Action, Principal, Subject
from shared.domain.events import HomeOpened
from shared.domain.homes import Home
from shared.domain.text import Slug
from shared.projection.homes import read_homes
from shared.web.problems import described
from shared.web.rules import demand, requires
from shared.wire.problems import Fault, Finding, Problem, findings_of

LARGEST_HOME_BYTES = 65_536
SLUG: TypeAdapter[str] = TypeAdapter(Slug)

router = APIRouter(prefix="/ingest/v1", tags=["homes"])
Opener = Annotated[Principal, requires(Action.OPEN_HOME)]
Reader = Annotated[Principal, requires(Action.READ, across=True)]
_BODY = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": {
                    "type": "object",
                    "required": ["home", "data"],
                    "additionalProperties": False,
                    "properties": {
                        "home": {"type": "string", "pattern": "^[a-z0-9]+(-[a-z0-9]+)*$", "maxLength": 60},
                        "data": {"$ref": f"#/components/schemas/{HomeOpened.__name__}"},
                    },
                }
            }
        },
    }
}
_PROBLEMS = described({400: "The body is not JSON that can be kept", 409: "The home is open, and otherwise"})


@router.post(
    "/homes",
    status_code=201,
    response_model=ReceiptDocument,
    responses={
        **_PROBLEMS,
        200: {"model": ReceiptDocument, "description": "It was opened so already; the old receipt"},
    },
    openapi_extra=_BODY,
)
async def open_(request: Request, principal: Opener) -> JSONResponse:
    """Open a home: its short name and its time zone stay as they are for ever."""
    desk: Desk = request.app.state.desk
    demand(principal, Action.OPEN_HOME, Subject(desk.settings.home))
    home, data = _read(await read_json(request, LARGEST_HOME_BYTES))
    opened, new = await open_home(desk.ledger, home, data, principal.account, principal.role, desk.clock())
    if not new and not is_opened_as(opened, data):
        raise Fault(_opened_otherwise(home))
    return JSONResponse(receipt_document(receipt_of(opened)), status_code=201 if new else 200)


@router.get("/homes")
async def homes(request: Request, reader: Reader) -> dict[str, Any]:
    """Answer the reader's home; for a ministry, `home` names another, or `all` of them."""
    known = await read_homes(request.app.state.runtime.pool)
    return {"items": [_document(each) for each in known if reader.home in (each.slug, ALL_HOMES)]}


def _document(home: Home) -> dict[str, Any]:
    return {"home": home.slug, "time_zone": home.time_zone, **home.facts.model_dump(mode="json", exclude_none=True)}


def _read(body: Any) -> tuple[str, dict[str, Any]]:  # noqa: ANN401
    if not isinstance(body, dict) or body.keys() != {"home", "data"} or not isinstance(body["data"], dict):
        raise Fault(_invalid(Finding("body", "A home is a name and its data.", 'Send {"home": …, "data": {…}}.')))
    try:
        home = SLUG.validate_python(body["home"], strict=True)
    except ValidationError as error:
        raise Fault(_invalid(*findings_of(error, under="home"))) from error
    if home == ALL_HOMES:
        raise Fault(_invalid(Finding("home", f"“{ALL_HOMES}” means all homes.", "Give it another name.")))
    try:
        HomeOpened.model_validate(body["data"])
    except ValidationError as error:
        raise Fault(_invalid(*findings_of(error, under="data", known_fields=list(HomeOpened.model_fields)))) from error
    return home, body["data"]


def _invalid(*findings: Finding) -> Problem:
    title = "The home cannot be opened as it stands. Nothing was stored."
    return Problem(422, "invalid", title, "Correct the fields named under “errors” and send it again.", findings)


def _opened_otherwise(home: str) -> Problem:
    return Problem(
        status=409,
        kind="opened-otherwise",
        title=f"The home “{home}” is open, and was opened with other data. Nothing was stored.",
        remedy="Post “home.changed” to change what it says of itself; its time zone stays.",
    )
