"""The envelope: one CloudEvents 1.0 object per event, made once, at ingest, and read ever after."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from shared.domain.access import ACTION_OF_EVENT, Principal, Refused, Role, Subject, may
from shared.domain.events import EVENT_TYPES, Event
from shared.wire.canonical import canonical, digest

TODAYS_VERSION = 1
LARGEST_PAYLOAD_BYTES = 65_535
LARGEST_BATCH = 1_000
"""The server takes no more messages in one atomic batch."""


class UnknownVersion(Exception):
    """The ledger holds an event that this program is too old to read; run the newer program."""


class NotItsAuthors(ValueError):
    """The ledger holds an event that its author had no right to post: something else than ingest has written it."""


@dataclass(frozen=True, slots=True)
class Posting:
    """An event on its way into the ledger; `data` stands as the client sent it.

    `partnership` is None for what concerns the whole home. `author` is the account, never a person's name.
    `import_id` names the import that the event is a row of. `role` is what the author was to the home, None for the ledger
    itself; `partnerships` are those it might post for, None for all. `time_zone` is the home's.
    """

    id: UUID
    home: str
    type: str
    data: Mapping[str, Any]
    partnership: str | None
    author: str
    posted_at: datetime
    import_id: UUID | None = None
    role: Role | None = None
    partnerships: frozenset[str] | None = None
    time_zone: str | None = None


def encode(posting: Posting, data: bytes | None = None) -> bytes:
    """Return the canonical bytes that are stored, hashed and replayed; `data` is its canonical data, where made before."""
    if data is None:
        data = canonical(posting.data)
    # The keys of the canonical form are sorted. Written one by one, for an envelope is made for every row of an import.
    before = f'{{"author":{_text(posting.author)}'
    if posting.partnerships is not None:
        before += f',"authorpartnerships":{_text(" ".join(sorted(posting.partnerships)))}'
    if posting.role is not None:
        before += f',"authorrole":"{posting.role.value}"'
    before += f',"bodyhash":"{_body_hash(posting.type, data)}","data":'
    after = f',"datacontenttype":"application/json","id":"{posting.id}"'
    if posting.import_id is not None:
        after += f',"importid":"{posting.import_id}"'
    after += f',"source":{_text(f"/homes/{posting.home}")},"specversion":"1.0"'
    if posting.partnership is not None:
        after += f',"subject":{_text(posting.partnership)}'
    after += f',"time":"{rfc3339(posting.posted_at)}"'
    if posting.time_zone is not None:
        after += f',"timezone":{_text(posting.time_zone)}'
    after += f',"type":{_text(f"{posting.type}.v{TODAYS_VERSION}")}}}'
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
    """Read a stored event; `zone` is the time zone of a home whose events do not say theirs.

    Raises `UnknownVersion` for a type or version from a newer program, `NotItsAuthors` for what its author might not post,
    `ValueError` for what is no event at all.
    """
    try:
        envelope = attributes(payload)
        event = _decode(envelope, position, recorded_at, _zone_in(envelope, zone))
        _check_author(envelope, event)
        return event
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


def _zone_in(envelope: Mapping[str, Any], otherwise: tzinfo) -> tzinfo:
    """Return the zone that the event says: it travels with each, so that a day never depends on what was read before."""
    try:
        return ZoneInfo(envelope["timezone"]) if "timezone" in envelope else otherwise
    except OSError as error:
        raise ValueError(f"There is no time zone {envelope['timezone']!r}.") from error


def _check_author(envelope: Mapping[str, Any], event: Event) -> None:
    """Ask the rules once more. What was stored before authors' roles were is taken as it stands."""
    if "authorrole" not in envelope:
        return
    named = envelope.get("authorpartnerships")
    own = frozenset(named.split()) if named is not None else None
    author = Principal(event.author, event.home, Role(envelope["authorrole"]), own)
    for partnership in {event.partnership, getattr(event.data, "partnership", event.partnership)}:
        answer = may(author, ACTION_OF_EVENT[event.type], Subject(event.home, partnership))
        if isinstance(answer, Refused):
            raise NotItsAuthors(f"Position {event.position} was posted without the right to: {answer.why}")


def rfc3339(moment: datetime) -> str:
    """Write a moment as RFC 3339 in UTC with microseconds."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
