"""The archive: a second copy of the ledger in plain files, every entry with its checksum, every segment with its hash.

A segment is one file, named for its first position. Its lines are for people too:

    kembar-archive 1 <first position> <hash of the segment before>
    <position> <recorded_at> <subject> <payload bytes> <SHA-256 of the line so far, a line break and the payload>
    <payload>
    …
    sealed <last position> <SHA-256 of everything above>

The last segment stays open until it is full. What a crash left half written at its end is cut when it is opened again.
"""

import fcntl
import hashlib
import os
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from shared.ledger.follow import Checkpoint, LedgerBroken
from shared.ledger.ledger import Stored

NOTHING_BEFORE = "0" * 64
FORMAT = "kembar-archive 1"
MOST_ENTRIES = 10_000
MOST_BYTES = 16 * 2**20
ENDING = ".segment"


class ArchiveBroken(Exception):
    """The archive is not as it was written; the message names the file and what is wrong with it."""


@dataclass(frozen=True, slots=True)
class Segment:
    """What a segment's bytes say: `intact_bytes` from its beginning are as they were written.

    `hash` is the seal's, None while the segment is open; `wrong` says what follows the intact part, None for nothing.
    """

    first: int
    before: str
    entries: list[Stored]
    intact_bytes: int
    hash: str | None
    wrong: str | None


def read_archive(folder: Path) -> Iterator[Stored]:
    """Yield every entry of an archive in order, each checked.

    Raises `ArchiveBroken` at the first thing that is not as it was written. A last entry that is half written is not:
    the archive ends before it.
    """
    paths = segments_in(folder)
    before, position = NOTHING_BEFORE, 0
    for number, path in enumerate(paths, 1):
        content = path.read_bytes()
        segment = parse_segment(content)
        is_last = number == len(paths)
        wrong = segment.wrong
        if is_last and wrong is not None and not _holds_more(content[segment.intact_bytes + 1 :]):
            wrong = None
        if wrong is None and segment.first and (segment.first, segment.before) != (position + 1, before):
            wrong = "it does not follow the segment before"
        if wrong is None and segment.hash is None and not is_last:
            wrong = "it was never sealed, but another follows"
        if wrong is not None:
            raise ArchiveBroken(f"{path} is damaged after position {position + len(segment.entries)}: {wrong}.")
        yield from segment.entries
        before, position = segment.hash or "", position + len(segment.entries)


def last_position(folder: Path) -> int:
    """Return the last position of an archive by its last segment alone, 0 for none; `read_archive` checks all."""
    for path in reversed(segments_in(folder)):
        if entries := parse_segment(path.read_bytes()).entries:
            return entries[-1].position
    return 0


def segments_in(folder: Path) -> list[Path]:
    """Return the files of an archive in order; an empty list where there is none."""
    return sorted(folder.glob(f"*{ENDING}"))


def parse_segment(content: bytes) -> Segment:
    """Read a segment as far as it is intact."""
    heading, end = _line(content, 0)
    words = heading.rsplit(" ", 2)
    if end is None or len(words) != 3 or words[0] != FORMAT or not words[1].isdigit():
        return Segment(0, "", [], 0, None, "its heading is not that of a segment")
    first, before = int(words[1]), words[2]
    entries: list[Stored] = []
    while end < len(content):
        if content.startswith(b"sealed ", end):
            return _sealed(content, end, first, before, entries)
        entry, after = _entry(content, end)
        if entry is None or entry.position != first + len(entries):
            return Segment(first, before, entries, end, None, f"what should be position {first + len(entries)} is not")
        entries.append(entry)
        end = after
    return Segment(first, before, entries, end, None, None)


def _sealed(content: bytes, at: int, first: int, before: str, entries: list[Stored]) -> Segment:
    wanted = _seal(first + len(entries) - 1, hashlib.sha256(content[:at]).hexdigest())
    if content[at:] == wanted:
        return Segment(first, before, entries, len(content), wanted.split()[2].decode(), None)
    return Segment(first, before, entries, at, None, "its seal does not fit what it holds")


def _line(content: bytes, start: int) -> tuple[str, int | None]:
    """Return the line that begins there, and where the next begins; None where it does not end."""
    end = content.find(b"\n", start)
    return content[start : max(end, start)].decode("utf-8", "replace"), end + 1 if end >= 0 else None


def _entry(content: bytes, start: int) -> tuple[Stored | None, int]:
    """Return the entry that begins there and where it ends; None where none does that is intact."""
    line, begin = _line(content, start)
    said, _, checksum = line.rpartition(" ")
    words = said.split(" ")
    if begin is None or len(words) != 4 or not (words[0].isdecimal() and words[3].isdecimal()):
        return None, start
    end = begin + int(words[3])
    payload = content[begin:end]
    if _checksum(said, payload) != checksum or content[end : end + 1] != b"\n":
        return None, start
    return Stored(int(words[0]), datetime.fromisoformat(words[1]), words[2], payload), end + 1


def _holds_more(content: bytes) -> bool:
    """Say whether an entry or a seal stands in what is not intact as a whole: then it was not torn, but damaged."""
    start = content.find(b"\n") + 1
    while start > 0:
        if content.startswith(b"sealed ", start) or _entry(content, start)[0] is not None:
            return True
        start = content.find(b"\n", start) + 1
    return False


def _checksum(said: str, payload: bytes) -> str:
    return hashlib.sha256(said.encode() + b"\n" + payload).hexdigest()


def _record(entry: Stored) -> bytes:
    recorded_at = entry.recorded_at.astimezone(UTC).isoformat(timespec="microseconds")
    said = f"{entry.position} {recorded_at} {entry.subject} {len(entry.payload)}"
    return f"{said} {_checksum(said, entry.payload)}\n".encode() + entry.payload + b"\n"


def _heading(first: int, before: str) -> bytes:
    return f"{FORMAT} {first} {before}\n".encode()


def _seal(last: int, content_hash: str) -> bytes:
    return f"sealed {last} {content_hash}\n".encode()


class Archive:
    """An archive that one program at a time adds to; `checkpoint` is what it holds on the disk."""

    def __init__(self, folder: Path, lock: int) -> None:
        self.folder = folder
        self.checkpoint = Checkpoint()
        self._lock = lock
        self._turn = threading.Lock()
        self._before = NOTHING_BEFORE
        self._file: int | None = None
        self._hash = hashlib.sha256()
        self._count = self._bytes = 0

    @classmethod
    def open(cls, folder: Path) -> "Archive":
        """Open an archive, making it where there is none; cut what a crash left half written.

        Raises `BlockingIOError` while another program adds to it, `ArchiveBroken` where its end does not fit together.
        Only the end is read; `read_archive` checks all.
        """
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            archive = cls(folder, lock)
            archive._find_the_end()
        except BaseException:
            os.close(lock)
            raise
        return archive

    def append(self, entries: Sequence[Stored]) -> None:
        """Add entries; they are on the disk when it returns. Raises `LedgerBroken` where the first is not the next.

        After an `OSError` the archive must be opened again: how much was written is not known.
        """
        with self._turn:
            pending = bytearray()
            for entry in entries:
                if entry.position != self.checkpoint.position + 1:
                    raise LedgerBroken(
                        f"Position {entry.position} came to the archive, which ends at {self.checkpoint.position}. Find "
                        "out what happened to the ledger before anything is written."
                    )
                if self._file is None:
                    self._begin(entry.position)
                record = _record(entry)
                self._add(pending, record)
                self._count += 1
                self.checkpoint = self.checkpoint.after(entry)
                if self._count >= MOST_ENTRIES or self._bytes >= MOST_BYTES:
                    self._write(pending)
                    self._close_segment()
            self._write(pending)

    def seal(self) -> None:
        """Close the open segment, so that its hash stands in it."""
        with self._turn:
            if self._file is not None:
                self._close_segment()

    def close(self) -> None:
        """Let another program add to it."""
        with self._turn:
            if self._file is not None:
                os.close(self._file)
                self._file = None
            os.close(self._lock)

    def _find_the_end(self) -> None:
        paths = segments_in(self.folder)
        while paths:
            path = paths.pop()
            content = path.read_bytes()
            segment = parse_segment(content)
            rest = content[segment.intact_bytes :]
            if not segment.entries:
                if _holds_more(rest):
                    raise ArchiveBroken(f"{path} is damaged: {segment.wrong}.")
                path.unlink()  # it was begun, and nothing came of it
                _sync_folder(self.folder)
                continue
            before = parse_segment(paths[-1].read_bytes()) if paths else None
            if segment.before != (before.hash if before else NOTHING_BEFORE):
                raise ArchiveBroken(f"{path} does not follow the segment before it.")
            self.checkpoint = Checkpoint().after(segment.entries[-1])
            if segment.hash is not None:
                self._before = segment.hash
                return
            if _holds_more(rest):
                # A power cut can leave a hole before what it kept; the ledger has all of it, and gives it again.
                _write_privately(path.with_suffix(".cut"), rest)
            self._before = segment.before
            self._go_on(path, content[: segment.intact_bytes], len(segment.entries))
            return

    def _go_on(self, path: Path, intact: bytes, count: int) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_APPEND)
        os.ftruncate(self._file, len(intact))
        os.fsync(self._file)
        self._hash = hashlib.sha256(intact)
        self._count, self._bytes = count, len(intact)

    def _begin(self, first: int) -> None:
        path = self.folder / f"{first:016}{ENDING}"
        self._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_EXCL, 0o600)
        _sync_folder(self.folder)
        self._hash = hashlib.sha256()
        self._count = self._bytes = 0
        heading = bytearray()
        self._add(heading, _heading(first, self._before))
        self._write(heading)

    def _add(self, pending: bytearray, more: bytes) -> None:
        pending += more
        self._hash.update(more)
        self._bytes += len(more)

    def _write(self, pending: bytearray) -> None:
        if self._file is None or not pending:
            return
        rest = memoryview(bytes(pending))
        while rest:
            rest = rest[os.write(self._file, rest) :]
        os.fsync(self._file)
        pending.clear()

    def _close_segment(self) -> None:
        assert self._file is not None
        self._before = self._hash.hexdigest()
        self._write(bytearray(_seal(self.checkpoint.position, self._before)))
        os.close(self._file)
        self._file = None


def _write_privately(path: Path, content: bytes) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(content)


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
