"""`kembar report`: have a report made, show how far it has come, write it to a file; list, fetch and compare issued ones."""

import contextlib
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from rich.box import SIMPLE
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from cli.client import Client, LineCut
from cli.say import err, out, say
from cli.stop import CannotGoOn

JOBS, ISSUED = "/reports/v1/jobs", "/reports/v1/issued"
OVER = ("done", "failed", "cancelled")
COME_AGAIN_SECONDS = 0.5
CUT_AT_MOST = 60
"""So often in a row is a service waited for that does not answer."""
TO_STANDARD_OUTPUT = Path("-")


def make_report(client: Client, asked: dict[str, str | None]) -> dict[str, Any]:
    """Order a report, show how far it has come, and return the job when it is done. Interrupted, it is cancelled."""
    body = {name: value for name, value in asked.items() if value is not None}
    ordered: dict[str, Any] = client.post(JOBS, body)[1]
    try:
        job = watch(client, ordered)
    except KeyboardInterrupt:
        client.send("DELETE", f"{JOBS}/{ordered['job']}", b"", {})
        raise
    if job["state"] != "done":
        problem = job["problem"] or {"title": f"The job was {job['state']}.", "remedy": "Order it again."}
        raise CannotGoOn(problem["title"], problem["remedy"])
    return job


def watch(client: Client, ordered: dict[str, Any]) -> dict[str, Any]:
    """Show a bar until a job is over, and return it; a service that is started anew meanwhile is waited for."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=err, transient=True) as bar:
        task = bar.add_task("waiting", total=None)
        cut = 0
        while ordered["state"] not in OVER:
            try:
                for said in client.listen(ordered["events"]):
                    ordered, cut = said, 0
                    bar.update(task, description=said["step"], total=said["steps"] or None, completed=said["done"])
            except LineCut as error:
                cut += 1
                if cut > CUT_AT_MOST:
                    raise CannotGoOn(
                        f"The line to {client.url} was cut ({error}).",
                        f"The job goes on: ask for {JOBS}/{ordered['job']} later.",
                    ) from error
                time.sleep(COME_AGAIN_SECONDS)
    return ordered


def write_report(client: Client, job: dict[str, Any], to: Path | None, *, force: bool) -> Path:
    """Write what a job has made: whole or not at all, over nothing that is there unless `force`; return where it is."""
    answer = client.fetch(job["result"]["at"], {})
    target = to or Path(job["result"]["file_name"])
    write_whole(answer.content, target, force=force)
    return target


def refuse_to_overwrite(to: Path | None, *, force: bool) -> None:
    """End the command before anything is made where its file is there already, or has no folder."""
    if to is None or to == TO_STANDARD_OUTPUT:
        return
    if to.exists() and not force:
        raise _is_there(to)
    if not to.resolve().parent.is_dir():
        raise CannotGoOn(f"There is no folder {to.resolve().parent}.", "Make it first, or write elsewhere with -o.")


def write_whole(content: bytes, to: Path, *, force: bool) -> None:
    """Write a file so that it is there whole or not at all; another that came up meanwhile is not written over."""
    if to == TO_STANDARD_OUTPUT:
        sys.stdout.buffer.write(content)
        return
    try:
        handle, name = tempfile.mkstemp(dir=to.resolve().parent, prefix=f".{to.name}.")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
                os.fchmod(file.fileno(), 0o666 & ~_mask())
            os.replace(name, to) if force else os.link(name, to)
        finally:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(name)
    except FileExistsError as error:
        raise _is_there(to) from error
    except OSError as error:
        raise CannotGoOn(f"{to} cannot be written: {error.strerror}.", "Write elsewhere with -o.") from error


def issue_result(client: Client, job: dict[str, Any]) -> dict[str, Any]:
    """Issue what a job has made, and return the answer with the receipt."""
    issued: dict[str, Any] = client.post(f"{JOBS}/{job['job']}/issued", {})[1]
    return issued


def say_what_was_made(job: dict[str, Any], to: Path, issued: dict[str, Any] | None) -> None:
    """Say where the report is and by what it can be known again."""
    result = job["result"]
    where = "standard output" if to == TO_STANDARD_OUTPUT else str(to)
    say(f"{where}: {result['size_bytes']:,} bytes, {result['hash']}")
    say(f"It knows all up to position {result['position']}, recorded by {result['question']['known']}.")
    if issued is not None:
        receipt = issued["receipt"]
        say(f"Issued at position {receipt['position']} as {receipt['event_id']}.")


def list_issued(client: Client, partnership: str | None) -> list[dict[str, Any]]:
    """Return all issued reports, the latest first."""
    found: list[dict[str, Any]] = []
    cursor: str | None = ""
    while cursor is not None:
        answer = client.get(ISSUED, {"partnership": partnership, "cursor": cursor or None, "limit": "200"})
        found += answer["items"]
        cursor = answer["next"]
    return found


def print_issued(items: list[dict[str, Any]]) -> None:
    """Print issued reports, a line each."""
    if not items:
        return say("No report has been issued yet.")
    table = Table(box=SIMPLE)
    for name in ("issued at", "report", "period", "partnership", "format", "position", "id"):
        table.add_column(name, overflow="fold")
    for each in items:
        question = each["question"]
        cells = (
            each["recorded_at"][:16],
            each["kind"],
            f"{question.get('from', '–')} – {question.get('to', '–')}",
            each["partnership"] or "all",
            str(each["format"] or "–"),
            str(each["position"]),
            each["event_id"],
        )
        table.add_row(*map(escape, cells))
    return out.print(table)


def print_comparison(answer: dict[str, Any]) -> None:
    """Print how an issued report made again compares. Raises `CannotGoOn` where it is not the same."""
    if answer["same"]:
        return say(f"The same: every byte is as it was issued ({answer['issued']['hash']}).")
    for each in answer["differences"] or []:
        out.print(f"{each['at']}: {each['then']!r} was issued, {each['now']!r} now", markup=False, soft_wrap=True)
    what = "It says the same, but its bytes are others." if answer["says_the_same"] else "It is not the same."
    others = ", ".join(answer["versions_differ"])
    raise CannotGoOn(
        f"{what}\nissued {answer['issued']['hash']}\nnow    {answer['again']['hash']}",
        f"Of another version now: {others}."
        if others
        else "The same versions made both: look for what changed the ledger.",
    )


def print_touched(answer: dict[str, Any]) -> None:
    """Print which issued reports a correction lets read otherwise, and where."""
    say(f"{len(answer['items'])} of {answer['compared']} issued reports read otherwise by it.")
    for each in answer["items"]:
        about = each["partnership"] or "all"
        out.print(
            f"{each['event_id']}  {each['kind']}, {each['from']} – {each['to']}, {about}", markup=False, soft_wrap=True
        )
        for place in each["differences"]:
            out.print(f"    {place['at']}: {place['then']!r} → {place['now']!r}", markup=False, soft_wrap=True)


def _is_there(to: Path) -> CannotGoOn:
    return CannotGoOn(f"{to} is there already.", "Write elsewhere with -o, or over it with --force.")


def _mask() -> int:
    """Return the mask of new files' rights, which can only be read by setting it."""
    mask = os.umask(0)
    os.umask(mask)
    return mask
