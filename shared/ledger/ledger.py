"""The ledger as a service sees it: append, find, look at the end. Following it is in `follow`."""

import asyncio
import json
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import structlog
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import ConnectionClosedError, NoRespondersError
from nats.errors import Error as NatsError
from nats.errors import TimeoutError as NatsTimeoutError

from shared.ledger.rights import inbox_of
from shared.ledger.runs import Runs
from shared.ledger.stream import DIRECT_GET, STREAM, check_fsync, check_stream
from shared.ledger.subjects import any_in_partition, any_with_id, home_in
from shared.process.secrets import read_secret
from shared.wire.envelope import LARGEST_BATCH

KEEP_TRYING_SECONDS = 12.0
"""A cluster has been seen to need 7 s to choose a new leader (measured); give up only after that."""
ONE_TRY_SECONDS = 4.0
READ_BACK_SECONDS = 1.0
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
WRONG_LAST_SEQUENCE, SUBJECT_IS_TAKEN = 10071, 10077
NO_ROOM = (10023, 10047)
RECORDED_AT = "Kembar-Recorded-At"
"""Set on events that were restored from a copy: the server stamps them anew, but they were recorded when they were."""

TRACEPARENT = "traceparent"
"""The header of W3C Trace Context, beside the event: what is hashed, signed and copied is the payload alone."""

CONNECTION_ERRORS = (NatsError, OSError, TimeoutError)
"""What a call raises while the server cannot be reached; begin again once it can."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Entry:
    """What is to be appended. `partition_stands_at`, where given, refuses it if its partition has moved on since.

    `traceparent` lets whoever follows the ledger go on with a trace; it is kept beside the event.
    """

    home: str
    event_id: UUID
    subject: str
    payload: bytes
    partition_stands_at: int | None = None
    traceparent: str | None = None


@dataclass(frozen=True, slots=True)
class Stored:
    """What stands in the ledger: position, the ledger's timestamp, subject and bytes.

    `traceparent`, where its request was traced, stands beside the event and is no part of it: no copy has it.
    """

    position: int
    recorded_at: datetime
    subject: str
    payload: bytes
    traceparent: str | None = field(default=None, compare=False)

    @property
    def home(self) -> str:
        """The home it belongs to."""
        return home_in(self.subject)


@dataclass(frozen=True, slots=True)
class LedgerState:
    """What the server says of the ledger: its last position, how many before it are missing, and its bytes on the disk."""

    end: int = 0
    missing: int = 0
    size_bytes: int = 0


class NotAppended(Exception):
    """The ledger refused: an id is taken, or a partition has moved on. Nothing was stored."""


class LedgerFull(Exception):
    """The ledger's disk is full. Nothing of this was stored; make room, and post again."""


class OutcomeUnknown(Exception):
    """The ledger did not answer in time: stored or not cannot be known. Sending again with the same id is safe."""


class Ledger:
    """An open connection to the ledger.

    `no_room` is what the server said of its full disk, None while it has room; `one_try_seconds` is how long an append
    waits for an answer before the same message is sent again.
    """

    def __init__(self, client: Client, user: str) -> None:
        self.client = client
        self.user = user
        self.reconnections = 0
        self._runs = Runs(client)
        self.no_room: str | None = None
        self.one_try_seconds = ONE_TRY_SECONDS

    @classmethod
    async def connect(cls, url: str | list[str], user: str, secrets_folder: Path | None) -> "Ledger":
        """Connect to nats-server, any of several, as one of `rights.USERS`; reconnects by itself for as long as it takes.

        The user's key is read from the folder for secrets; without one no key is sent.
        """
        client = Client()
        ledger = cls(client, user)

        async def count() -> None:
            ledger.reconnections += 1

        await client.connect(
            url,
            name=f"kembar-{user}",
            nkeys_seed_str=read_secret(secrets_folder, f"nats-{user}.seed"),
            inbox_prefix=inbox_of(user),
            max_reconnect_attempts=-1,
            reconnect_time_wait=0.25,  # type: ignore[arg-type] # seconds, fractions too
            error_cb=_log_error,
            reconnected_cb=count,
        )
        await ledger._runs.open()
        return ledger

    async def check(self, monitor_urls: Sequence[str]) -> None:
        """Raise `LedgerMisconfigured` unless the stream is write-once and every server syncs each write."""
        await check_stream(self.client)
        await check_fsync(monitor_urls)

    async def close(self) -> None:
        """Close the connection; what was not acknowledged is not waited for."""
        await self.client.close()

    async def append(self, entries: Sequence[Entry]) -> list[Stored]:
        """Append all entries, next to each other, or none; return them as they stand.

        Raises `NotAppended` where an id is taken or a partition has moved on, `LedgerFull` where there is no room,
        `OutcomeUnknown` after 12 s without a clear answer. An attempt is repeated only as the very same message, which
        can be stored no more than once.
        """
        last = await self.append_unread(entries)
        return await self._read(last - len(entries) + 1, len(entries))

    async def append_unread(self, entries: Sequence[Entry]) -> int:
        """Append as `append` does, and return the last entry's position without reading any of them back."""
        if not 1 <= len(entries) <= LARGEST_BATCH:
            raise ValueError(f"{len(entries)} entries; an append takes 1 to {LARGEST_BATCH}")
        if len({(entry.home, entry.event_id) for entry in entries}) != len(entries):
            # The server compares with what is stored, not within a batch: equal ids in two partitions would both pass.
            raise ValueError("an id stands twice in one append")
        publish = self._publish_one if len(entries) == 1 else self._publish_batch
        return await self._insist(publish, entries)

    async def find(self, home: str, event_id: UUID) -> Stored | None:
        """Return the event with this id, None where there is none."""
        return await self._get({"last_by_subj": any_with_id(home, event_id)})

    async def at(self, position: int) -> Stored | None:
        """Return the event at a position, None where there is none."""
        return await self._get({"seq": position})

    async def partition_stands_at(self, home: str, partition: str) -> int:
        """Return the position of the last event in a partition of a home, 0 where there is none."""
        last = await self._get({"last_by_subj": any_in_partition(home, partition)})
        return last.position if last else 0

    async def end(self) -> int:
        """Return the position of the last event, 0 for an empty ledger."""
        return (await self.state()).end

    async def state(self) -> "LedgerState":
        """Return what the server says of the ledger as a whole."""
        answer = json.loads((await self.ask(f"$JS.API.STREAM.INFO.{STREAM}")).data)["state"]
        end = int(answer["last_seq"])
        return LedgerState(end, missing=end - int(answer["messages"]), size_bytes=int(answer["bytes"]))

    async def ask(
        self, subject: str, payload: bytes = b"", timeout_seconds: float = 5.0, headers: dict[str, str] | None = None
    ) -> Msg:
        """Send a question and return the answer; raises one of `CONNECTION_ERRORS` where none comes."""
        with _closed_under_way():
            return await self.client.request(subject, payload, timeout_seconds, headers=headers)

    async def send(
        self, subject: str, payload: bytes, *, reply: str = "", headers: dict[str, str] | None = None
    ) -> None:
        """Send a message to which no answer is waited for here."""
        with _closed_under_way():
            await self.client.publish(subject, payload, reply=reply, headers=headers)

    async def _insist(self, publish: Any, entries: Sequence[Entry]) -> int:  # noqa: ANN401
        if self.no_room:
            raise LedgerFull(f"the ledger's disk is full ({self.no_room})")
        deadline = time.monotonic() + KEEP_TRYING_SECONDS
        tried = 0
        while True:
            tried += 1
            try:
                return _position(await publish(entries))
            except NotAppended:
                # An earlier try of ours may have been stored although its answer was lost.
                if tried > 1 and (last := await self._ours(entries)):
                    return last
                raise
            except (NatsTimeoutError, NoRespondersError, ConnectionClosedError) as error:
                if self.no_room:
                    raise OutcomeUnknown("the ledger's disk is full") from error
                if time.monotonic() > deadline:
                    raise OutcomeUnknown(f"no answer from the ledger after {tried} tries") from error
                await asyncio.sleep(min(0.05 * 2**tried, 1.0))

    async def _ours(self, entries: Sequence[Entry]) -> int | None:
        stored = [await self.find(entry.home, entry.event_id) for entry in entries]
        same = all(found and found.payload == entry.payload for found, entry in zip(stored, entries, strict=True))
        return stored[-1].position if same and stored[-1] else None

    async def _publish_one(self, entries: Sequence[Entry]) -> Msg:
        (entry,) = entries
        return await self.ask(entry.subject, entry.payload, self.one_try_seconds, _headers(entry))

    async def _publish_batch(self, entries: Sequence[Entry]) -> Msg:
        batch = {"Nats-Batch-Id": uuid.uuid4().hex}
        with _closed_under_way():
            for sequence, entry in enumerate(entries[:-1], 1):
                headers = {**batch, "Nats-Batch-Sequence": str(sequence), **_headers(entry)}
                await self.client.publish(entry.subject, entry.payload, headers=headers)
        last = entries[-1]
        commit = {**batch, "Nats-Batch-Sequence": str(len(entries)), "Nats-Batch-Commit": "1", **_headers(last)}
        return await self.ask(last.subject, last.payload, self.one_try_seconds, commit)

    async def _read(self, first: int, count: int) -> list[Stored]:
        """Return what was just acknowledged; in a cluster the server that answers may be a moment behind."""
        stored: list[Stored] = []
        deadline = time.monotonic() + KEEP_TRYING_SECONDS
        while len(stored) < count:
            found = await self._get_many(first + len(stored), count - len(stored))
            stored += found
            if not found:
                if time.monotonic() > deadline:
                    raise OutcomeUnknown(f"position {first} is stored, but could not be read back")
                await asyncio.sleep(0.01)
        return stored

    async def _get_many(self, first: int, count: int) -> list[Stored]:
        """Return events from `first` on: fewer than `count` where the server sends fewer at once, none where none is there."""
        try:
            if count == 1:
                found = await self._get({"seq": first}, READ_BACK_SECONDS)
                return [found] if found else []
            with _closed_under_way():
                return [_stored(each) for each in await self._runs.read(first, count, READ_BACK_SECONDS)]
        except CONNECTION_ERRORS:
            return []  # the question or its answer was lost with a server; whoever reads back asks again

    async def _get(self, question: dict[str, Any], timeout_seconds: float = 5.0) -> Stored | None:
        message = await self.ask(DIRECT_GET, json.dumps(question).encode(), timeout_seconds)
        if message.headers and message.headers.get("Status") == "404":
            return None
        return _stored(message)


@contextmanager
def _closed_under_way() -> Iterator[None]:
    """uvloop raises a RuntimeError where its transport was closed under nats-py; to the caller that is a lost line."""
    try:
        yield
    except RuntimeError as error:
        raise ConnectionClosedError from error


def _headers(entry: Entry) -> dict[str, str]:
    """Say what must hold for the entry to be stored: its id is free, or its partition has not moved. And its trace.

    A message can carry one expectation. With the partition's, a taken id is still refused, because the subject is taken.
    """
    home, partition = entry.home, entry.subject.split(".", 3)[3]
    if entry.partition_stands_at is None:
        expected, where = 0, any_with_id(home, entry.event_id)
    else:
        expected, where = entry.partition_stands_at, any_in_partition(home, partition)
    headers = {
        "Nats-Expected-Last-Subject-Sequence": str(expected),
        "Nats-Expected-Last-Subject-Sequence-Subject": where,
    }
    return headers if entry.traceparent is None else {**headers, TRACEPARENT: entry.traceparent}


def _position(message: Msg) -> int:
    answer = json.loads(message.data)
    error = answer.get("error")
    if error is None:
        return int(answer["seq"])
    if error.get("err_code") in (WRONG_LAST_SEQUENCE, SUBJECT_IS_TAKEN):
        raise NotAppended(error["description"])
    if error.get("err_code") in NO_ROOM:
        raise LedgerFull(f"the ledger's disk is full ({error['description']})")
    log.warning("the ledger refused", **error)
    raise NatsTimeoutError  # passing states of a cluster answer so; the same message is tried again


def _stored(message: Msg) -> Stored:
    headers = message.headers or {}
    restored = headers.get(RECORDED_AT)
    return Stored(
        position=int(headers["Nats-Sequence"]),
        recorded_at=datetime.fromisoformat(restored or headers["Nats-Time-Stamp"]),
        subject=headers["Nats-Subject"],
        payload=message.data,
        traceparent=headers.get(TRACEPARENT),
    )


def moment(nanoseconds: int) -> datetime:
    """Return the moment that many nanoseconds after 1970, cut to microseconds."""
    return EPOCH + timedelta(microseconds=nanoseconds // 1_000)


async def _log_error(error: Exception) -> None:
    """A refused permission looks like a timeout to the caller; only this hears of it."""
    log.warning("nats", error=repr(error))
