"""What an issued report is: its one id, its event, its document, and how it differs from the same made again. Pure."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import islice, zip_longest
from typing import Any
from uuid import UUID

from shared.domain.access import Principal, Role
from shared.domain.events import report_issued_id
from shared.wire.canonical import canonical
from shared.wire.envelope import rfc3339

MOST_DIFFERENCES = 100


@dataclass(frozen=True, slots=True)
class Issued:
    """A report that was issued, as its event says.

    `position` is where the event stands, `made_at` up to where the report knows. `partnership` is the one that it is about,
    None for all. `content` is the hash of the same report as JSON, None where the event does not say it.
    """

    home: str
    event_id: UUID
    position: int
    recorded_at: datetime
    author: str
    kind: str
    partnership: str | None
    question: Mapping[str, Any]
    made_at: int
    hash: str
    content: str | None
    versions: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Made:
    """A report as bytes, and the same as JSON; `question` can be asked again, `versions` are of what made it.

    `question` is the report's, with the `format` and, of CSV, the `table`.
    """

    question: dict[str, Any]
    position: int
    content: bytes
    raw: bytes
    hash: str
    content_hash: str
    media_type: str
    file_name: str
    versions: dict[str, str]

    def kept(self) -> dict[str, bytes]:
        """Return what is to be kept, by its hash."""
        return {self.hash: self.raw, self.content_hash: self.content}

    def document(self) -> dict[str, Any]:
        """Return what is told of it; by this it can be found again, and issued."""
        return {
            "question": self.question,
            "position": self.position,
            "hash": self.hash,
            "content": self.content_hash,
            "size_bytes": len(self.raw),
            "media_type": self.media_type,
            "file_name": self.file_name,
            "versions": self.versions,
        }


def issuer_of(home: str) -> Principal:
    """Return as whom issued reports are made, whoever issues them: the same question then has the same bytes for all."""
    return Principal(f"{home}/{Role.ISSUER}", home, Role.ISSUER)


def issued_id(home: str, made: Made) -> UUID:
    """Return the id of the event that fixes a report; the same report of the same question is fixed once."""
    return report_issued_id(home, canonical(made.question), made.hash)


def event_data(made: Made) -> dict[str, Any]:
    """Return the data of the event `report.issued`."""
    return {
        "kind": made.question["kind"],
        "question": made.question,
        "position": made.position,
        "hash": made.hash,
        "content": made.content_hash,
        "versions": made.versions,
    }


def issued_document(issued: Issued) -> dict[str, Any]:
    """Return an issued report as the API answers it."""
    return {
        "event_id": str(issued.event_id),
        "position": issued.position,
        "recorded_at": rfc3339(issued.recorded_at),
        "author": issued.author,
        "kind": issued.kind,
        "format": issued.question.get("format"),
        "partnership": issued.partnership,
        "question": dict(issued.question),
        "made_at": issued.made_at,
        "hash": issued.hash,
        "content": issued.content,
        "versions": dict(issued.versions),
    }


def comparison(issued: Issued, made: Made, content_then: Any) -> dict[str, Any]:  # noqa: ANN401
    """Answer whether a report made again is what was issued, and where it differs; None where its JSON is not kept."""
    says_the_same = issued.content == made.content_hash if issued.content is not None else None
    return {
        "event_id": str(issued.event_id),
        "same": issued.hash == made.hash,
        "says_the_same": True if issued.hash == made.hash else says_the_same,
        "issued": {"hash": issued.hash, "content": issued.content, "versions": dict(issued.versions)},
        "again": {"hash": made.hash, "content": made.content_hash, "versions": made.versions},
        "versions_differ": sorted(
            name for name in {*issued.versions, *made.versions} if issued.versions.get(name) != made.versions.get(name)
        ),
        "differences": None
        if content_then is None
        else differences_between(content_then, json.loads(made.content), MOST_DIFFERENCES),
    }


def differences_between(then: Any, now: Any, most: int) -> list[dict[str, Any]]:  # noqa: ANN401 - as JSON has it
    """Return the first places in which two JSON values differ, by their JSON pointers; what is not there is null."""
    return list(islice(_differences(then, now, ""), most))


def _differences(then: Any, now: Any, path: str) -> Iterator[dict[str, Any]]:  # noqa: ANN401
    if isinstance(then, dict) and isinstance(now, dict):
        for key in sorted({*then, *now}):
            yield from _differences(then.get(key), now.get(key), f"{path}/{_escaped(key)}")
    elif isinstance(then, list) and isinstance(now, list):
        for index, (one, other) in enumerate(zip_longest(then, now)):
            yield from _differences(one, other, f"{path}/{index}")
    elif then != now:
        yield {"at": path, "then": then, "now": now}


def _escaped(key: str) -> str:
    """Return a key as a JSON pointer has it (RFC 6901)."""
    return key.replace("~", "~0").replace("/", "~1")
