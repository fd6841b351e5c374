"""Where an event stands in the stream: `ledger.<home>.<event id>.<a>.<b>`.

The id stands before the partition, so that one filter finds an id under whatever partnership it was posted. `a` and `b`
(0 to 7 each) come from a stable hash of the partnership: 64 virtual partitions. What concerns the whole home stands under
`all.all`.
"""

import hashlib
from uuid import UUID

WHOLE_HOME = "all.all"
PARTITIONS = 64


def subject_of(home: str, event_id: UUID, partnership: str | None) -> str:
    """Return the subject under which the event is stored, once and for ever."""
    return f"ledger.{home}.{event_id}.{partition_of(home, partnership)}"


def partition_of(home: str, partnership: str | None) -> str:
    """Return `a.b` for a partnership, `all.all` for the whole home."""
    if partnership is None:
        return WHOLE_HOME
    first = hashlib.sha256(f"{home}/{partnership}".encode()).digest()[0]
    return f"{first & 7}.{first >> 3 & 7}"


def partition_number(home: str, partnership: str) -> int:
    """Return the number of a partnership's partition, 0 to 63, by which shares of them are handed out."""
    return _number(partition_of(home, partnership))


def partition_in(subject: str) -> int | None:
    """Return the number of the partition in a subject, None for what concerns the whole home."""
    partition = subject.split(".", 3)[3]
    return None if partition == WHOLE_HOME else _number(partition)


def _number(partition: str) -> int:
    first, second = partition.split(".")
    return int(first) * 8 + int(second)


def any_with_id(home: str, event_id: UUID) -> str:
    """Return the filter that matches the event with this id, in whatever partition."""
    return f"ledger.{home}.{event_id}.>"


def any_in_partition(home: str, partition: str) -> str:
    """Return the filter that matches every event of one partition of a home."""
    return f"ledger.{home}.*.{partition}"


def home_in(subject: str) -> str:
    """Return the home that a subject belongs to."""
    return subject.split(".", 2)[1]
