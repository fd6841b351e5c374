"""The envelope: one CloudEvents 1.0 object per event, made once, at ingest, and read ever after."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from typing import Any
from uuid import UUID

from shared.domain.events import EVENT_TYPES, Event
from shared.wire.canonical import canonical, digest

TODAYS_VERSION = 1
LARGEST_PAYLOAD_BYTES = 65_535
LARGEST_BATCH = 1_000
"""The server takes no more messages in one atomic batch."""


class UnknownVersion(Exception):
    """The ledger holds an event that this program is too old to read; run the newer program."""


@dataclass(frozen=True, slots=True)
class Posting:
    """An event on its way into the ledger; `data` stands as the client sent it.

    `partnership` is None for what concerns the whole home. `author` is the account, never a person's name.
    `import_id` names the import that the event is a row of.
    """

    id: UUID
    home: str
    type: str
    data: Mapping[str, Any]
    partnership: str | None
    author: str
    posted_at: datetime
    import_id: UUID | None = None


def encode(posting: Posting, data: bytes | None = None) -> bytes:
    """Return the canonical bytes that are stored, hashed and replayed; `data` is its canonical data, where made before."""
    if data is None:
        data = canonical(posting.data)
    # The keys of the canonical form are sorted. Written one by one, for an envelope is made for every row of an import.
    before = f'{{"author":{_text(posting.author)},"bodyhash":"{_body_hash(posting.type, data)}","data":'
    after = f',"datacontenttype":"application/json","id":"{posting.id}"'
    if posting.import_id is not None:
        after += f',"importid":"{posting.import_id}"'
    after += f',"source":{_text(f"/homes/{posting.home}")},"specversion":"1.0"'
    if posting.partnership is not None:
        after += f',"subject":{_text(posting.partnership)}'
    after += f',"time":"{rfc3339(posting.posted_at)}","type":{_text(f"{posting.type}.v{TODAYS_VERSION}")}}}'
    return before.encode() + data + after.encode()


def body_hash(event_type: str, data: Mapping[str, Any]) -> str:
    """Return the hash by which a body sent again is known: type and data as the client sent them."""
    return _body_hash(event_type, canonical(data))


def _body_hash(event_type: str, data: bytes) -> str:
    return digest(b'{"data":' + data + f',"type":{_text(event_type)}}}'.encode())


def _text(text: str) -> str:
    return canonical(text).decode()


def attributes(payload: bytes) -> dict[str, Any]:
    """Return the stored envelope as it stands: `bodyhash`, `subject` and the rest."""
    envelope: dict[str, Any] = json.loads(payload)
    return envelope


def decode(payload: bytes, position: int, recorded_at: datetime, zone: tzinfo) -> Event:
    """Read a stored event; `zone` is its home's time zone.

    Raises `UnknownVersion` for a type or version from a newer program, `ValueError` for what is no event at all.
    """
    try:
        envelope = attributes(payload)
        return _decode(envelope, position, recorded_at, zone)
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"Position {position} holds no event: {error!r}.") from error


def _decode(envelope: Mapping[str, Any], position: int, recorded_at: datetime, zone: tzinfo) -> Event:
    event_type, _, version = envelope["type"].rpartition(".v")
    if event_type not in EVENT_TYPES or version != str(TODAYS_VERSION):
        raise UnknownVersion(f"Position {position} holds {envelope['type']}, which this program cannot read.")
    return Event(
        position=position,
        recorded_at=recorded_at,
        recorded_on=recorded_at.astimezone(zone).date(),
        id=UUID(envelope["id"]),
        home=envelope["source"].removeprefix("/homes/"),
        type=event_type,
        author=envelope["author"],
        partnership=envelope.get("subject"),
        data=EVENT_TYPES[event_type].model_validate(envelope["data"]),
        import_id=UUID(envelope["importid"]) if "importid" in envelope else None,
    )


def rfc3339(moment: datetime) -> str:
    """Write a moment as RFC 3339 in UTC with microseconds."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
