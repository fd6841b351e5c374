"""`kembar post`: send events to ingest and print their receipts."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

from rich.progress import track
from rich.table import Table

from cli.client import Client
from cli.say import err, out
from cli.stop import CannotGoOn
from shared.wire.strict_json import NotStrictJson, parse_json

PER_BATCH = 500


def activity_from(given: dict[str, Any], outcome: str, event_id: str | None) -> dict[str, Any]:
    """Return an `activity.recorded` of what was given on the command line."""
    title = {language: text for language, text in given["title"].items() if text is not None}
    data = {name: value for name, value in {**given, "title": title, "outcome": outcome}.items() if value is not None}
    return {"type": "activity.recorded", "id": event_id or str(uuid4()), "data": data}


def read_events(file: Path) -> list[dict[str, Any]]:
    """Read one event, `{"events": [...]}`, a list, or JSON Lines; `-` is standard input.

    An event without an id is given one here, so that sending again after a broken line stores nothing twice.
    """
    try:
        raw = sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()
    except OSError as error:
        raise CannotGoOn(
            f"{file} cannot be read: {error.strerror}.", "Name a file that is there, or - for standard input."
        ) from error
    try:
        value = parse_json(raw)
    except NotStrictJson as whole:
        lines = [line for line in raw.splitlines() if line.strip()]
        try:
            value = [parse_json(line) for line in lines]
        except NotStrictJson as error:
            raise CannotGoOn(f"{file}: {error if len(lines) > 1 else whole}", "Nothing was posted.") from error
    events = value.get("events", [value]) if isinstance(value, dict) else value
    if not isinstance(events, list) or not all(isinstance(event, dict) for event in events):
        raise CannotGoOn(f"{file} holds no events.", 'An event is {"type": ..., "data": {...}}.')
    return [{"id": str(uuid4()), **event} for event in events]


def post_events(client: Client, events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Post events in batches; one alone as such. Each batch is stored whole or not at all."""
    if len(events) == 1:
        return [client.post("/ingest/v1/events", events[0])[1]]
    receipts: list[dict[str, Any]] = []
    batches = list(_batches(events))
    for batch in track(batches, "Posting", console=err, disable=len(batches) == 1):
        try:
            receipts += client.post("/ingest/v1/batches", {"events": batch})[1]["receipts"]
        except CannotGoOn as stop:
            said = f"{len(receipts)} of {len(events)} events stand in the ledger. " if receipts else ""
            raise CannotGoOn(stop.what, f"{said}{stop.remedy}") from stop
    return receipts


def print_receipts(receipts: list[dict[str, Any]]) -> None:
    """Print the receipts for people."""
    table = Table(title="Receipts", title_justify="left")
    for name in ("position", "event id", "recorded at", "hash"):
        table.add_column(name, overflow="fold")
    for each in receipts:
        table.add_row(str(each["position"]), each["event_id"], each["recorded_at"], each["hash"])
    out.print(table)


def _batches(events: list[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    for start in range(0, len(events), PER_BATCH):
        yield events[start : start + PER_BATCH]
