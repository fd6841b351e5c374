"""The routes of ingest: read the request, post it, answer with receipts."""

from collections.abc import Callable, Coroutine, Mapping
from types import MappingProxyType
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import JSONResponse
from fastapi.routing import APIRoute
from pydantic import BaseModel

from services.ingest.post import Desk, Receipt, Receipts, too_large
from services.ingest.requests import read_batch, read_event
from services.ingest.straight import Function
from shared.domain.access import Action, Principal
from shared.domain.events import EVENT_TYPES, WRITTEN_BY_THE_LEDGER
from shared.web.problems import described
from shared.web.rules import Requires
from shared.wire.problems import Fault, Finding, Problem
from shared.wire.strict_json import NotStrictJson, parse_json

LARGEST_EVENT_BYTES = 262_144
"""What is read of one event's body; the canonical form of what it holds must then fit the ledger."""
LARGEST_BATCH_BYTES = 33_554_432


class RawRoute(APIRoute):
    """A route whose function takes the request as it came, and who sent it: FastAPI documents it and gathers no arguments."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return the function itself, behind its rule."""
        return behind_its_rule(self.endpoint)


Ruled = Callable[[Request, Principal], Coroutine[Any, Any, Response]]
MAY_POST = Requires(Action.POST)


def behind_its_rule(function: Ruled) -> Callable[[Request], Coroutine[Any, Any, Response]]:
    """Return what asks whether the sender may post at all, and only then calls the function."""

    async def ask_and_call(request: Request) -> Response:
        home = request.query_params.get("home") if request.scope["query_string"] else None
        return await function(request, await MAY_POST(request, home))

    return ask_and_call


router = APIRouter(prefix="/ingest/v1", tags=["ingest"], route_class=RawRoute)
Poster = Annotated[Principal, Depends(MAY_POST)]


class ReceiptDocument(BaseModel):
    """Proof that an event stands in the ledger: keep it."""

    event_id: str
    position: int
    hash: str
    recorded_at: str


class ReceiptsDocument(BaseModel):
    """The receipts of a batch, in its order."""

    receipts: list[ReceiptDocument]


def _event_schema() -> dict[str, Any]:
    """Return the schema of one event, a choice by type; FastAPI collects what it refers to."""
    return {
        "oneOf": [
            {
                "type": "object",
                "title": name,
                "description": model.__doc__,
                "required": ["type", "data"],
                "additionalProperties": False,
                "properties": {
                    "type": {"const": name},
                    "id": {"type": "string", "format": "uuid", "description": "Send one, to be safe to send again."},
                    "data": {"$ref": f"#/components/schemas/{model.__name__}"},
                },
            }
            for name, model in EVENT_TYPES.items()
            if name not in WRITTEN_BY_THE_LEDGER
        ]
    }


_PROBLEMS = described(
    {
        400: "The body is not JSON that can be kept",
        409: "The id stands with another body, or the ledger stands otherwise",
        507: "The disk of the ledger is full",
    }
)
_EVENT_BODY = {"requestBody": {"required": True, "content": {"application/json": {"schema": _event_schema()}}}}
_BATCH_BODY = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": {
                    "type": "object",
                    "required": ["events"],
                    "additionalProperties": False,
                    "properties": {
                        "events": {"type": "array", "minItems": 1, "maxItems": 1000, "items": _event_schema()}
                    },
                }
            }
        },
    }
}


@router.post(
    "/events",
    status_code=201,
    response_model=ReceiptDocument,
    responses={**_PROBLEMS, 200: {"model": ReceiptDocument, "description": "It stood there already; the old receipt"}},
    openapi_extra=_EVENT_BODY,
)
async def post_event(request: Request, principal: Poster) -> JSONResponse:
    """Store one event and answer with its receipt: 201, or 200 with the old receipt for the same id and body."""
    requested = read_event(await read_json(request, LARGEST_EVENT_BYTES))
    if isinstance(requested, Problem):
        raise Fault(requested)
    receipts = await _desk(request).post(requested, principal)
    return JSONResponse(_documents(receipts)[0], status_code=201 if receipts.new else 200)


@router.post(
    "/batches",
    status_code=201,
    response_model=ReceiptsDocument,
    responses={
        **_PROBLEMS,
        200: {"model": ReceiptsDocument, "description": "All stood there already; the old receipts"},
    },
    openapi_extra=_BATCH_BODY,
)
async def post_batch(request: Request, principal: Poster) -> JSONResponse:
    """Store 1 to 1,000 events whole or not at all, next to each other, and answer with their receipts in order."""
    requested = read_batch(await read_json(request, LARGEST_BATCH_BYTES))
    if isinstance(requested, Problem):
        raise Fault(requested)
    receipts = await _desk(request).post(requested, principal)
    return JSONResponse({"receipts": _documents(receipts)}, status_code=201 if receipts.new else 200)


POSTINGS: Mapping[str, Function] = MappingProxyType(
    {
        f"{router.prefix}/events": behind_its_rule(post_event),
        f"{router.prefix}/batches": behind_its_rule(post_batch),
    }
)
"""The routes above by path, for the straight way past the router, but not past the rules."""


def _desk(request: Request) -> Desk:
    desk: Desk = request.app.state.desk
    return desk


def _documents(receipts: Receipts) -> list[dict[str, Any]]:
    return [receipt_document(each) for each in receipts.items]


def receipt_document(receipt: Receipt) -> dict[str, Any]:
    """Return a receipt as the API answers it."""
    return {
        "event_id": str(receipt.event_id),
        "position": receipt.position,
        "hash": receipt.hash,
        "recorded_at": receipt.recorded_at,
    }


async def read_json(request: Request, largest_bytes: int) -> Any:  # noqa: ANN401
    """Return the body of a request as JSON; raise the 413 or 400 of one that cannot be kept."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > largest_bytes:
            raise Fault(too_large(len(body)))
    try:
        return parse_json(bytes(body))
    except NotStrictJson as error:
        finding = Finding("body", error.problem, error.remedy)
        title = "The body is not JSON that can be kept. Nothing was stored."
        raise Fault(Problem(400, "not-json", title, error.remedy, (finding,))) from error
