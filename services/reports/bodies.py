"""Read what is sent to a route whose rule must be asked before its body is looked at, and document it."""

from typing import Any, TypeVar

from fastapi import Request
from pydantic import BaseModel, ValidationError

from shared.wire.problems import Fault, Finding, Problem, findings_of
from shared.wire.strict_json import NotStrictJson, parse_json

LARGEST_BYTES = 262_144
Sent = TypeVar("Sent", bound=BaseModel)


async def read_json_body(request: Request) -> Any:  # noqa: ANN401 - as JSON has it
    """Return the body of a request as JSON; raise the 413 or the 400 of one that cannot be read."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > LARGEST_BYTES:
            title = f"The body is larger than the {LARGEST_BYTES:,} bytes that are read. Nothing was done."
            raise Fault(Problem(413, "body-too-large", title, "Send less."))
    try:
        return parse_json(bytes(body))
    except NotStrictJson as error:
        finding = Finding("body", error.problem, error.remedy)
        raise Fault(Problem(400, "not-json", "The body is not JSON.", error.remedy, (finding,))) from error


def fitted(model: type[Sent], content: Any) -> Sent:  # noqa: ANN401
    """Return what was sent as what it must be. Raises `Fault` (422), which names each field and what to do about it."""
    try:
        return model.model_validate(content)
    except ValidationError as error:
        known = [each.alias or name for name, each in model.model_fields.items()]
        findings = findings_of(error, known_fields=known)
        title, remedy = "What was sent cannot be taken as it stands.", "Correct the fields named under “errors”."
        raise Fault(Problem(422, "invalid", title, remedy, findings)) from error


def described_body(*models: type[BaseModel]) -> dict[str, Any]:
    """Return what the OpenAPI document says of a body that is one of these."""
    schemas = [_whole(each.model_json_schema()) for each in models]
    schema = schemas[0] if len(schemas) == 1 else {"oneOf": schemas}
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": schema}}}}


def _whole(schema: dict[str, Any]) -> dict[str, Any]:
    """Return a schema with what it refers to in its place."""
    parts = schema.pop("$defs", {})

    def filled(value: Any) -> Any:  # noqa: ANN401
        if isinstance(value, dict):
            if "$ref" in value:
                return filled(parts[value["$ref"].rpartition("/")[2]])
            return {name: filled(each) for name, each in value.items()}
        return [filled(each) for each in value] if isinstance(value, list) else value

    whole: dict[str, Any] = filled(schema)
    return whole
