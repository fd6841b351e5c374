"""Read what a client sent: which events, under which ids, and whether each is well formed. Pure."""

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from pydantic import ValidationError

from shared.domain.events import EVENT_TYPES, WRITTEN_BY_THE_LEDGER, Data
from shared.wire.envelope import LARGEST_BATCH
from shared.wire.problems import Finding, Problem, findings_of


@dataclass(frozen=True, slots=True)
class Requested:
    """An event that a client wants stored. `sent` is its data as sent, `data` the same as read; `where` leads findings."""

    id: UUID | None
    type: str
    sent: Mapping[str, Any]
    data: Data
    where: str


def read_event(value: object) -> list[Requested] | Problem:
    """Read `{"type", "id"?, "data"}`."""
    return _read([("", value)])


def read_batch(value: object) -> list[Requested] | Problem:
    """Read `{"events": [...]}` of 1 to 1,000 events."""
    if not isinstance(value, dict) or not isinstance(value.get("events"), list):
        return invalid([Finding("events", "A batch is an object with a list “events”.", 'Send {"events": [...]}.')])
    extra = [Finding(key, f"“{key[:60]}” is not a field of a batch.", "Remove it.") for key in value if key != "events"]
    if extra:
        return invalid(extra)
    count = len(value["events"])
    if count == 0:
        return invalid([Finding("events", "The batch has no events.", "Put at least one event into it.")])
    if count > LARGEST_BATCH:
        found = f"The batch has {count:,} events; it takes at most {LARGEST_BATCH:,}."
        return invalid([Finding("events", found, "Send it in several batches.")])
    requested = _read([(f"events.{index}", event) for index, event in enumerate(value["events"])])
    if isinstance(requested, Problem):
        return requested
    ids = [each.id for each in requested if each.id is not None]
    twice = (
        [each for each in requested if each.id is not None and ids.count(each.id) > 1]
        if len(set(ids)) < len(ids)
        else []
    )
    if twice:
        field = f"{twice[1].where}.id"
        return invalid(
            [Finding(field, f"The id {twice[1].id} stands twice in the batch.", "Give each event its own id.")]
        )
    return requested


def invalid(findings: Sequence[Finding]) -> Problem:
    """Return the refusal of what was sent, nothing of which is stored."""
    return Problem(
        status=422,
        kind="invalid",
        title="What was sent cannot be stored as it stands. Nothing was stored.",
        remedy="Correct the fields named under “errors” and send it again.",
        findings=tuple(findings),
    )


def _read(values: Sequence[tuple[str, object]]) -> list[Requested] | Problem:
    requested: list[Requested] = []
    findings: list[Finding] = []
    for where, value in values:
        one = _read_one(where, value)
        if isinstance(one, Requested):
            requested.append(one)
        else:
            findings += one
    return invalid(findings) if findings else requested


def _read_one(where: str, value: object) -> Requested | list[Finding]:
    under = f"{where}." if where else ""
    if not isinstance(value, dict):
        return [Finding(where or "body", "An event is a JSON object.", 'Send {"type": ..., "id": ..., "data": {...}}.')]
    findings = [
        Finding(
            f"{under}{key[:60]}",
            f"“{key[:60]}” is not a field of an event.",
            "An event has “type”, “id” and “data”; put the rest into “data”.",
        )
        for key in value
        if key not in ("type", "id", "data")
    ]
    event_id = _read_id(value.get("id"), f"{under}id", findings)
    model = _read_type(value.get("type"), f"{under}type", findings)
    sent = value.get("data")
    if not isinstance(sent, dict):
        findings.append(
            Finding(f"{under}data", "“data” is missing or no object.", "Add the event's data as an object.")
        )
    if model is None or not isinstance(sent, dict):
        return findings
    try:
        data = model.model_validate(sent)
    except ValidationError as error:
        return findings + list(findings_of(error, under=f"{under}data", known_fields=list(model.model_fields)))
    return findings or Requested(event_id, str(value["type"]), sent, data, where)


def _read_id(value: object, field: str, findings: list[Finding]) -> UUID | None:
    if value is None:
        return None
    try:
        if isinstance(value, str):
            return UUID(value)
    except ValueError:
        pass
    findings.append(
        Finding(field, f"“{str(value)[:60]}” is not a UUID.", "Send a UUID, or leave “id” out to be given one.")
    )
    return None


def _read_type(value: object, field: str, findings: list[Finding]) -> type[Data] | None:
    if isinstance(value, str) and value in EVENT_TYPES and value not in WRITTEN_BY_THE_LEDGER:
        return EVENT_TYPES[value]
    may_be_sent = sorted(set(EVENT_TYPES) - WRITTEN_BY_THE_LEDGER)
    if isinstance(value, str) and value in WRITTEN_BY_THE_LEDGER:
        problem, remedy = f"“{value}” is written by the ledger itself.", "Leave it out."
    else:
        near = difflib.get_close_matches(str(value), may_be_sent, n=1)
        problem = f"“{str(value)[:60]}” is not an event type." if value is not None else "“type” is missing."
        remedy = f"Did you mean “{near[0]}”?" if near else f"Use one of {', '.join(may_be_sent)}."
    findings.append(Finding(field, problem, remedy))
    return None
