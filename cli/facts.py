"""Load facts from CSV files through ingest's HTTP interface, as any client would; loading them again adds nothing."""

import csv
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from cli.client import Client
from cli.say import err
from shared.domain.events import NAMES_OF_DERIVED_IDS

JAKARTA = Path(__file__).resolve().parents[1] / "facts" / "jakarta"
PER_BATCH = 50
SOURCE = "Studi Kasus Kebijakan Publik DKI, Volume 2 (2022)"
BATCH = "studi-kasus-2022"


def load_facts(client: Client, folder: Path) -> tuple[int, int, int]:
    """Post the folder's home, partnerships and activities; return how many there are, how many were new, the last position."""
    events = [*home_events(folder), *partnership_events(folder), *activity_events(folder)]
    new = last = 0
    with Progress(
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), console=err
    ) as progress:
        task = progress.add_task("Posting the facts", total=len(events))
        for start in range(0, len(events), PER_BATCH):
            batch = events[start : start + PER_BATCH]
            status, answer = client.post("/ingest/v1/batches", {"events": batch})
            new += len(batch) if status == 201 else 0
            last = max(last, *(receipt["position"] for receipt in answer["receipts"]))
            progress.advance(task, len(batch))
    return len(events), new, last


def home_events(folder: Path) -> Iterator[dict[str, Any]]:
    """Yield a `home.changed` with what `home.json` says, where there is one."""
    path = folder / "home.json"
    if path.exists():
        changes = json.loads(path.read_text(encoding="utf-8"))
        data = {"changes": changes, "reason": "What reports and maps need of it"}
        yield {"type": "home.changed", "id": str(_id_of("home", "place")), "data": data}


def partnership_events(folder: Path) -> Iterator[dict[str, Any]]:
    """Yield a `partnership.registered` per row of `partnerships.csv`."""
    for row in _rows(folder / "partnerships.csv"):
        yield {
            "type": "partnership.registered",
            "id": str(_id_of("partnership", row["slug"])),
            "data": {
                "partnership": row["slug"],
                "name": {"id": row["name_id"], "en": row["name_en"]},
                "level": row["level"],
                "country": row["country"],
                "latitude": float(row["lat"]),
                "longitude": float(row["lon"]),
                "mou_date": row["mou_date"],
                "issue_basis": row["issue_basis"],
                "fields": [field.strip() for field in row["fields"].split(";")],
            },
        }


def activity_events(folder: Path) -> Iterator[dict[str, Any]]:
    """Yield an `activity.recorded` per row of `activities.csv`."""
    for row in _rows(folder / "activities.csv"):
        note = f": {row['source_note']}" if row["source_note"] else ""
        yield {
            "type": "activity.recorded",
            "id": str(_id_of("activity", row["source_id"])),
            "data": {
                "partnership": row["partnership"],
                "indicator": row["indicator"],
                "occurred": row["occurred"],
                "direction": row["direction"],
                "initiator": row["initiator"],
                "outcome": row["outcome"],
                "mode": row["mode"],
                "actors": row["actors"].split(";"),
                "people_to_people": row["people_to_people"] == "yes",
                "title": {"id": row["title_id"], "en": row["title_en"]},
                "source": f"{SOURCE}, {row['source_id']}{note}",
                "batch": BATCH,
            },
        }


def published_ratings(folder: Path) -> dict[str, str]:
    """Return the rating that the study published for each partnership, as a code."""
    return {row["slug"]: row["published_rating_2020"].replace(" ", "_") for row in _rows(folder / "partnerships.csv")}


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _id_of(kind: str, name: str) -> UUID:
    """Return the id derived from the source's own, so that a second loading is known for what it is."""
    return uuid5(NAMES_OF_DERIVED_IDS, f"{SOURCE}/{kind}/{name}")
