"""`kembar import`: hand in a file, show how far it has come and what was found in it."""

import time
from pathlib import Path
from typing import Any

from rich.box import SIMPLE
from rich.markup import escape
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn
from rich.table import Table

from cli.client import Client
from cli.say import err, out, say
from cli.stop import CannotGoOn

FORMATS = {".csv": "csv", ".tsv": "csv", ".txt": "csv", ".xlsx": "xlsx", ".jsonl": "jsonl", ".ndjson": "jsonl"}
LOOK_AGAIN_SECONDS = 0.2
IN_BETWEEN = ("checking", "loading", "completing")
MOST_SHOWN = 50


def import_file(client: Client, file: Path, asked: dict[str, str | None]) -> dict[str, Any]:
    """Hand a file in and wait until it is loaded, refused, or asks for something; return the import with its findings.

    A file that asks for what is answered here already (`day_first`, `duplicates`) is told so.
    """
    file_format = FORMATS.get(file.suffix.lower())
    if file_format is None:
        raise CannotGoOn(f"{file.name} is no kind of file that can be imported.", "Give .csv, .xlsx or .jsonl.")
    try:
        raw = file.read_bytes()
    except OSError as error:
        raise CannotGoOn(f"{file} cannot be read: {error.strerror}.", "Name a file that is there.") from error
    handed_in = client.send("POST", "/ingest/v1/imports", raw, {**asked, "format": file_format})
    return watch(client, _answered(client, handed_in, asked))


def _answered(client: Client, handed_in: dict[str, Any], asked: dict[str, str | None]) -> dict[str, Any]:
    """Go on with a file that was handed in before, and waits for what is said now."""
    waits = handed_in["state"] in ("asked", "ready")
    if waits and asked.get("dry_run") != "true":
        answer = {name: asked.get(name) for name in ("day_first", "duplicates")}
        loading: dict[str, Any] = client.send("POST", f"/ingest/v1/imports/{handed_in['import']}/load", b"", answer)
        return loading
    return handed_in


def watch(client: Client, handed_in: dict[str, Any]) -> dict[str, Any]:
    """Show a bar until nothing moves the import on any more; return it with all its findings that are kept."""
    path = f"/ingest/v1/imports/{handed_in['import']}"
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn())
    with Progress(*columns, console=err, transient=True) as bar:
        task = bar.add_task("checking", total=None)
        while (now := client.get(path, {"limit": "1"}))["state"] in IN_BETWEEN:
            bar.update(task, description=now["state"], total=now["rows"] or None, completed=now["done"])
            time.sleep(LOOK_AGAIN_SECONDS)
    findings: list[dict[str, Any]] = []
    cursor: str | None = "0"
    while cursor is not None:
        now = client.get(path, {"limit": "1000", "cursor": cursor})
        findings += now["findings"]
        cursor = str(now["next"]) if now["next"] is not None else None
    return {**now, "findings": findings}


def print_import(answer: dict[str, Any]) -> None:
    """Print what `import_file` returned; raises `CannotGoOn` where nothing is loaded and somebody must do something."""
    _print_findings(answer["findings"])
    counts = ", ".join(f"{count} × {kind}" for kind, count in sorted(answer["counts"].items())) or "nothing"
    state, batch, rows = answer["state"], answer["batch"], f"{answer['rows']:,} rows"
    if state == "completed":
        position = answer["position"]
        say(f"{rows} are loaded as the batch {batch}; they count from position {position} on. Found: {counts}.")
        say(f"To take them back: kembar reverse {batch} --reason …")
    elif state == "ready":
        say(f"{rows} can be loaded; nothing is stored yet. Found: {counts}. Run it again without --dry-run.")
    elif state == "asked":
        raise CannotGoOn(
            f"Nothing is stored: the file must be asked about. Found: {counts}.",
            "Run it again with --day-first or --month-first for ambiguous dates, --keep-duplicates for likely duplicates.",
        )
    else:
        raise CannotGoOn(f"The import is {state}; nothing of it counts. Found: {counts}.", answer["remedy"])


def reverse_import(client: Client, batch: str, reason: str) -> dict[str, Any]:
    """Take a whole import back, and return the receipt."""
    body = {"type": "import.reversed", "data": {"batch": batch, "reason": reason}}
    receipt: dict[str, Any] = client.post("/ingest/v1/events", body)[1]
    return receipt


def _print_findings(findings: list[dict[str, Any]]) -> None:
    if not findings:
        return
    table = Table(box=SIMPLE, title="Findings", title_justify="left")
    for name in ("row", "column", "kind", "in the file", "what is wrong", "what to do"):
        table.add_column(name, overflow="fold")
    for each in findings[:MOST_SHOWN]:
        problem = each["problem"] + (f" See {each['resembles']}." if each["resembles"] else "")
        cells = (each["column"], each["kind"], each["text"], problem, each["remedy"])
        table.add_row(str(each["row"]) if each["row"] else "", *map(escape, cells))
    out.print(table)
    if len(findings) > MOST_SHOWN:
        say(f"{len(findings) - MOST_SHOWN:,} more are shown with --json.")
