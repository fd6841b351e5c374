"""Problem documents (RFC 9457): what went wrong, where, and what to do about it."""

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError

from shared.domain.unfit import Unfit

MEDIA_TYPE = "application/problem+json"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing wrong in what was sent: the field's path (`data.occurred`), what is wrong, the remedy."""

    field: str
    problem: str
    remedy: str


@dataclass(frozen=True, slots=True)
class Problem:
    """A refusal as a value. `kind` is stable and ends the document's `type`; `remedy` says what the caller should do."""

    status: int
    kind: str
    title: str
    remedy: str
    findings: tuple[Finding, ...] = ()
    retry_after_seconds: int | None = None
    more: dict[str, Any] = field(default_factory=dict)

    def document(self) -> dict[str, Any]:
        """Return the problem as the members of a problem document."""
        document: dict[str, Any] = {
            "type": f"/problems/{self.kind}",
            "title": self.title,
            "status": self.status,
            "detail": self.findings[0].problem if self.findings else self.title,
            "remedy": self.remedy,
        }
        if self.findings:
            document["errors"] = [
                {"field": each.field, "problem": each.problem, "remedy": each.remedy} for each in self.findings
            ]
        return document | self.more


class Fault(Exception):
    """A problem that ends the request wherever it is found."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.title)
        self.problem = problem


def findings_of(error: ValidationError, *, under: str = "", known_fields: Sequence[str] = ()) -> tuple[Finding, ...]:
    """Turn pydantic's errors into findings that name the field and the remedy.

    `under` is the path of the value that was checked; `known_fields` are offered where an unknown one looks like a slip.
    """
    return findings_in(error.errors(include_url=False), under=under, known_fields=known_fields)


def findings_in(errors: Iterable[Any], *, under: str = "", known_fields: Sequence[str] = ()) -> tuple[Finding, ...]:
    """Turn errors as pydantic lists them into findings, as `findings_of` does."""
    return tuple(_finding(each, under, known_fields) for each in errors)


def _finding(error: Any, under: str, known_fields: Sequence[str]) -> Finding:  # noqa: ANN401
    steps = [str(step)[:60] for step in error["loc"] if step != "[key]"]
    path = ".".join([*([under] if under else []), *steps])
    name = _name(steps) or under
    context = error.get("ctx", {})
    match error["type"]:
        case "missing":
            return Finding(path, f"“{name}” is missing.", f"Add “{name}”.")
        case "extra_forbidden":
            offered = known_fields if len(steps) == 1 else ()
            near = difflib.get_close_matches(name, offered, n=1, cutoff=0.7)
            remedy = (
                f"Did you mean “{near[0]}”?"
                if near
                else "Remove it, or look up the right name in the API's documentation."
            )
            return Finding(path, f"“{name[:60]}” is not a field of this event.", remedy)
        case "string_type" | "int_type" | "float_type" | "bool_type" | "list_type" | "dict_type" | "model_type" as kind:
            return Finding(
                path, f"“{name}” must be {_KINDS[kind]}.", "Correct the value, or leave it out where it is not known."
            )
        case "string_too_short":
            return Finding(path, f"“{name}” is empty.", "Fill it in, or leave it out where it is not known.")
        case "too_long":
            return Finding(path, f"“{name}” has more than {context['max_length']} entries.", "Send fewer.")
        case "too_short":
            return Finding(path, f"“{name}” is empty.", "Put at least one entry into it.")
        case "greater_than_equal" | "greater_than":
            return Finding(path, f"“{name}” is too small.", f"Use {context.get('ge', context.get('gt'))} or more.")
        case "less_than_equal" | "less_than":
            return Finding(path, f"“{name}” is too large.", f"Use {context.get('le', context.get('lt'))} or less.")
        case "uuid_parsing" | "uuid_type":
            return Finding(path, f"“{name}” is not a UUID.", "Send the id as it stands in the receipt.")
        case "enum" | "literal_error":
            return Finding(
                path, f"“{_shown(error['input'])}” is not a code for “{name}”.", f"Use {context['expected']}."
            )
        case "value_error":
            said = context["error"]
            if isinstance(said, Unfit):
                return Finding(path, said.problem, said.remedy)
            return Finding(path, f"“{name}”: {said}.", "Correct the value.")
        case "string_too_long":
            return Finding(path, f"“{name}” is longer than {context['max_length']} characters.", "Shorten it.")
        case "string_pattern_mismatch":
            return Finding(
                path, f"“{_shown(error['input'])}” does not have the form of “{name}”.", _form(context["pattern"])
            )
        case _:
            return Finding(path, f"“{name}”: {error['msg'][:1].lower()}{error['msg'][1:]}.", "Correct the value.")


_KINDS = {
    "string_type": "text",
    "int_type": "a whole number",
    "float_type": "a number",
    "bool_type": "true or false",
    "list_type": "a list",
    "dict_type": "an object",
    "model_type": "an object",
}
_FORMS = {
    "^[a-z0-9.+-]+/[a-z0-9.+-]+$": "Use a media type, such as application/pdf.",
    "^[a-z0-9]+(-[a-z0-9]+)*$": "Use lower-case letters, digits and single hyphens, such as new-south-wales.",
    "^[A-Z]{2}$": "Use the two capital letters of ISO 3166-1, such as JP.",
    "^[A-Z]{2,3}-[A-Z0-9_]+-[A-Za-z0-9._-]+$": "Write the register, a hyphen and the number in it, such as ID-KDN-31.",
    "^[A-Z]{3}$": "Use the three capital letters of ISO 4217, such as IDR.",
    "^sha256:[0-9a-f]{64}$": "Use sha256: and 64 hexadecimal digits.",
}


def _name(steps: list[str]) -> str:
    """Return what the last step is called; an entry of a list by its list."""
    return f"{steps[-2]} {steps[-1]}" if len(steps) > 1 and steps[-1].isdigit() else (steps[-1] if steps else "")


def _form(pattern: str) -> str:
    return _FORMS.get(pattern, f"It must match {pattern}.")


def _shown(value: object) -> str:
    return "null" if value is None else str(value)[:60]
