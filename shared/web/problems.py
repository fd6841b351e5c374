"""Problems as HTTP answers, and as the OpenAPI documents describe them."""

from typing import Any

from fastapi.responses import JSONResponse
from pydantic import BaseModel

from shared.wire.problems import MEDIA_TYPE, Problem


class ProblemDocument(BaseModel):
    """What went wrong and what to do (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str
    remedy: str
    errors: list[dict[str, str]] | None = None


def described(descriptions: dict[int, str]) -> dict[int | str, dict[str, Any]]:
    """Return the entries of an OpenAPI document for problems of these statuses.

    They name no model, or each of a thousand entries would have a validator made of it; `documented` adds the schema.
    """
    schema = {"$ref": f"#/components/schemas/{ProblemDocument.__name__}"}
    return {
        status: {"description": text, "content": {MEDIA_TYPE: {"schema": schema}}}
        for status, text in descriptions.items()
    }


def documented(document: dict[str, Any]) -> dict[str, Any]:
    """Return an OpenAPI document with the schema of problems, to which its entries refer."""
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    schemas[ProblemDocument.__name__] = ProblemDocument.model_json_schema()
    return document


PROBLEMS = described(
    {
        401: "The token is missing or not valid",
        403: "The account may not do this",
        404: "There is no such thing",
        413: "The body is larger than is read",
        422: "What was asked or sent cannot be taken as it stands",
        429: "More is being asked than is answered to one account or address",
        503: "Something is not there yet, or cannot be reached just now: ask again",
    }
)
"""What every route can answer."""


def answer(problem: Problem) -> JSONResponse:
    """Return the problem as an HTTP answer."""
    headers = {"Retry-After": str(problem.retry_after_seconds)} if problem.retry_after_seconds is not None else {}
    if problem.status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    return JSONResponse(problem.document(), problem.status, headers, media_type=MEDIA_TYPE)
