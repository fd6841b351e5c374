"""`kembar post`: send events to ingest and print their receipts."""

import codecs
import re
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4, uuid5

from rich.progress import track
from rich.table import Table

from cli.client import Client
from cli.say import err, out
from cli.stop import CannotGoOn
from shared.domain.events import NAMES_OF_DERIVED_IDS
from shared.wire.canonical import canonical, digest
from shared.wire.strict_json import NotStrictJson, parse_json

PER_BATCH = 500


def activity_from(given: dict[str, Any], outcome: str, event_id: str | None) -> dict[str, Any]:
    """Return an `activity.recorded` of what was given on the command line."""
    title = {language: text for language, text in given["title"].items() if text is not None}
    data = {name: value for name, value in {**given, "title": title, "outcome": outcome}.items() if value is not None}
    return {"type": "activity.recorded", "id": event_id or str(uuid4()), "data": data}


def read_events(file: Path) -> list[dict[str, Any]]:
    """Read one event, `{"events": [...]}`, a list, or JSON Lines; `-` is standard input.

    An event without an id is given one that follows from its content, so that sending the same file again, or the file
    with one line corrected, stores nothing twice.
    """
    try:
        raw = sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()
    except OSError as error:
        remedy = "Name a file that is there, or - for standard input."
        raise CannotGoOn(f"{file} cannot be read: {error.strerror}.", remedy) from error
    value = _parse(file, raw.removeprefix(codecs.BOM_UTF8))
    events = value.get("events", [value]) if isinstance(value, dict) else value
    if not isinstance(events, list) or not events or not all(isinstance(event, dict) for event in events):
        raise CannotGoOn(f"{file} holds no events.", 'An event is {"type": ..., "data": {...}}.')
    return list(_with_ids(events))


def _parse(file: Path, raw: bytes) -> Any:  # noqa: ANN401
    """Read the whole as JSON; where it is none, each line."""
    try:
        return parse_json(raw)
    except NotStrictJson as whole:
        lines = [(number, line) for number, line in enumerate(raw.splitlines(), 1) if line.strip()]
        if len(lines) < 2 or not _is_json(lines[0][1]):
            raise CannotGoOn(f"{file}: {whole}", "Nothing was posted.") from whole
        return [_parse_line(file, number, line) for number, line in lines]


def _parse_line(file: Path, number: int, line: bytes) -> Any:  # noqa: ANN401
    try:
        return parse_json(line)
    except NotStrictJson as error:
        raise CannotGoOn(f"{file}, line {number}: {error}", "Nothing was posted.") from error


def _is_json(line: bytes) -> bool:
    try:
        parse_json(line)
    except NotStrictJson:
        return False
    return True


def _with_ids(events: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    seen: Counter[str] = Counter()
    for event in events:
        if event.get("id") is not None:
            yield event
            continue
        content = digest(canonical(event))
        seen[content] += 1
        yield {**event, "id": str(uuid5(NAMES_OF_DERIVED_IDS, f"{content}/{seen[content]}"))}


def post_events(client: Client, events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Post events in batches; one alone as such. Each batch is stored whole or not at all."""
    if len(events) == 1:
        return [client.post("/ingest/v1/events", events[0])[1]]
    receipts: list[dict[str, Any]] = []
    starts = range(0, len(events), PER_BATCH)
    for start in track(starts, "Posting", console=err, disable=len(starts) == 1):
        try:
            batch = {"events": events[start : start + PER_BATCH]}
            receipts += client.post("/ingest/v1/batches", batch)[1]["receipts"]
        except CannotGoOn as stop:
            what = _numbered_in_file(stop.what, start)
            said = (
                f"The first {len(receipts)} of {len(events)} events stand in the ledger; sending them again is safe. "
            )
            raise CannotGoOn(what, f"{said if receipts else ''}{stop.remedy}") from stop
    return receipts


def _numbered_in_file(what: str, start: int) -> str:
    """Name events by their number in the file, not in the batch that happened to carry them."""
    return re.sub(r"^events\.(\d+)", lambda found: f"event {start + int(found[1]) + 1}", what, flags=re.MULTILINE)


def print_receipts(receipts: list[dict[str, Any]]) -> None:
    """Print the receipts for people."""
    table = Table(title="Receipts", title_justify="left")
    for name in ("position", "event id", "recorded at", "hash"):
        table.add_column(name, overflow="fold")
    for each in receipts:
        table.add_row(str(each["position"]), each["event_id"], each["recorded_at"], each["hash"])
    out.print(table)
