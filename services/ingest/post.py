"""Carry out a posting: gather what the decision needs, decide, append, answer with receipts.

The book can be a moment behind the ledger. So whatever would be refused for not being known is decided once more when the
book has caught up, and what was accepted because of what stands is appended only if its partition has not moved on.
"""

import asyncio
import contextlib
import random
import time
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID, uuid4

from services.ingest.accept import STANDS_ON_THE_STATE, Accepted, Situation, accept, touched_by
from services.ingest.allow import own_part, refuse_by_rule
from services.ingest.homes import Homes
from services.ingest.requests import Requested
from services.ingest.store import read_adoptions, read_judgements, read_slugs
from shared.domain.access import Principal, partnerships_of
from shared.domain.amend import Partnership
from shared.domain.book import Book, Touched
from shared.domain.events import (
    ActivityCorrected,
    ActivityRecorded,
    ActivityRetracted,
    HomeChanged,
    HomeFacts,
    RatingLifted,
    RubricAdopted,
)
from shared.ledger.ledger import Entry, Ledger, LedgerFull, NotAppended, OutcomeUnknown, Stored
from shared.ledger.subjects import partition_of, subject_of
from shared.ledger.writer import TooManyWaiting, Writer
from shared.postgres.pool import Pool
from shared.process.clock import Clock
from shared.process.settings import Settings
from shared.process.traces import step
from shared.projection.book_store import read_touched
from shared.projection.homes import read_home
from shared.projection.progress import Progress
from shared.web.rules import Forbidden
from shared.wire.canonical import digest
from shared.wire.envelope import LARGEST_PAYLOAD_BYTES, attributes, body_hash, encode, rfc3339
from shared.wire.problems import Fault, Finding, Problem

KEEP_DECIDING_SECONDS = 5.0
CATCH_UP_SECONDS = 5.0
StoodBy = Mapping[UUID, UUID]


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a client keeps as proof: where its event stands, and the hash of the bytes that stand there."""

    event_id: UUID
    position: int
    hash: str
    recorded_at: str


@dataclass(frozen=True, slots=True)
class Receipts:
    """The receipts in the order of the request; `new` is false where all of it stood there already."""

    items: list[Receipt]
    new: bool


@dataclass(frozen=True, slots=True)
class Desk:
    """What posting works with."""

    ledger: Ledger
    writer: Writer
    pool: Pool
    progress: Progress
    settings: Settings
    clock: Clock
    homes: Homes
    _registered: dict[tuple[str, str], Partnership] = field(default_factory=dict)
    _turns: dict[tuple[str, str], asyncio.Lock] = field(default_factory=lambda: defaultdict(asyncio.Lock))

    async def post(self, requests: Sequence[Requested], principal: Principal) -> Receipts:
        """Store the requests, whole or not at all, and return their receipts.

        What stands already under its id with the same body gets its old receipt. Raises `Fault` with the problem to
        answer with: 409 where an id stands with another body, 422 and 409 as `accept` decides, 413 for an event that is
        too large, 503 where the ledger gives no clear answer; `Forbidden` for what the principal may not post.
        """
        ids = [each.id or uuid4() for each in requests]
        deadline = time.monotonic() + KEEP_DECIDING_SECONDS
        try:
            stood_by = await self._stood_by(requests, principal.home)
            while time.monotonic() < deadline:
                receipts = await self._try(requests, ids, principal, stood_by)
                if receipts is not None:
                    return receipts
                await asyncio.sleep(random.uniform(0.001, 0.02))  # noqa: S311 - so that replicas do not step in time
        except OutcomeUnknown as error:
            raise Fault(_unknown_outcome(error, ids)) from error
        except LedgerFull as error:
            raise Fault(_no_room) from error
        except TooManyWaiting as error:
            raise Fault(_queue_is_full(error)) from error
        raise Fault(_too_busy(ids))

    async def _try(
        self, requests: Sequence[Requested], ids: Sequence[UUID], principal: Principal, stood_by: StoodBy
    ) -> Receipts | None:
        """Decide and append once; None where the ledger has moved on in between and all must be decided anew.

        Requests of this process that stand on the same partition take turns, rather than undo each other's decisions.
        """
        partitions = await self._partitions(requests, principal.home)
        if not partitions:
            return await self._decide_and_append(requests, ids, principal, partitions, stood_by)
        async with contextlib.AsyncExitStack() as turns:
            for partition in sorted(partitions):
                await turns.enter_async_context(self._turns[principal.home, partition])
            return await self._decide_and_append(requests, ids, principal, partitions, stood_by)

    async def _decide_and_append(
        self,
        requests: Sequence[Requested],
        ids: Sequence[UUID],
        principal: Principal,
        partitions: Collection[str],
        stood_by: StoodBy,
    ) -> Receipts | None:
        stands_at = await self._stand_at(principal.home, partitions)
        decision = await self._decide(requests, ids, principal, stood_by)
        if isinstance(decision, Problem):
            stood = await self._standing(requests, ids, principal)
            if all(stood):
                return Receipts([receipt_of(each) for each in stood if each], new=False)
            raise Fault(decision)
        with step("append", "producer") as appending:
            entries = [
                _entry(each, stands_at, request, appending.traceparent)
                for each, request in zip(decision, requests, strict=True)
            ]
            try:
                return Receipts([receipt_of(each) for each in await self.writer.append(entries)], new=True)
            except NotAppended:
                return await self._append_the_rest(requests, ids, entries, principal)

    async def _append_the_rest(
        self, requests: Sequence[Requested], ids: Sequence[UUID], entries: Sequence[Entry], principal: Principal
    ) -> Receipts | None:
        """Append what does not stand yet; with what stands already, the request is then stored as a whole."""
        stood = await self._standing(requests, ids, principal)
        if not any(stood):
            return None
        missing = [entry for entry, found in zip(entries, stood, strict=True) if found is None]
        if not missing:
            return Receipts([receipt_of(each) for each in stood if each], new=False)
        try:
            appended = iter(await self.writer.append(missing))
        except NotAppended:
            return None
        return Receipts([receipt_of(found or next(appended)) for found in stood], new=True)

    async def _decide(
        self, requests: Sequence[Requested], ids: Sequence[UUID], principal: Principal, stood_by: StoodBy
    ) -> list[Accepted] | Problem:
        decision = accept(requests, ids, await self._situation(requests, ids, principal, stood_by))
        if isinstance(decision, Problem) and decision.kind.startswith("unknown-"):
            await self._catch_up(await self.ledger.end())
            situation = await self._situation(requests, ids, principal, stood_by, with_slugs=True)
            decision = accept(requests, ids, situation)
        return decision

    async def _situation(
        self,
        requests: Sequence[Requested],
        ids: Sequence[UUID],
        principal: Principal,
        stood_by: StoodBy,
        *,
        with_slugs: bool = False,
    ) -> Situation:
        """Return what the decision needs to know; `Forbidden` where the principal may not post what it sent."""
        book = await self._book(requests, principal.home)
        refused = refuse_by_rule(requests, ids, book, principal)
        if refused is not None:
            raise Forbidden(principal, refused.action, refused.subject, refused.refusal)
        now, zone = self.clock(), await self.homes.zone_of(principal.home)
        named = [each.data.judgement for each in requests if isinstance(each.data, RatingLifted)]
        adopts = any(isinstance(each.data, RubricAdopted) for each in requests)
        return Situation(
            home=principal.home,
            author=principal.account,
            role=principal.role,
            partnerships=partnerships_of(principal),
            time_zone=zone.key,
            now=now,
            today=now.astimezone(zone).date(),
            book=own_part(book, principal),
            judgements=await read_judgements(self.pool, principal.home, named) if named else {},
            adoptions=await read_adoptions(self.pool, principal.home) if adopts else (),
            stood_by=stood_by,
            slugs=await read_slugs(self.pool, principal) if with_slugs else (),
            says=await self._says(requests, principal.home),
        )

    async def _book(self, requests: Sequence[Requested], home: str) -> Book:
        """Return the book of what the requests touch.

        Most postings ask of it only whether a partnership is registered, and a partnership once registered stays so:
        those are answered from memory.
        """
        touched = touched_by(requests)
        if (
            touched.activities
            or touched.batches
            or any(isinstance(each.data, STANDS_ON_THE_STATE) for each in requests)
        ):
            return await read_touched(self.pool, home, touched)
        if any((home, slug) not in self._registered for slug in touched.partnerships):
            read = await read_touched(self.pool, home, touched)
            self._registered.update({(home, slug): each for slug, each in read.partnerships.items()})
        known = {slug: self._registered.get((home, slug)) for slug in touched.partnerships}
        return Book({slug: each for slug, each in known.items() if each is not None})

    async def _says(self, requests: Sequence[Requested], home: str) -> HomeFacts | None:
        """Return what the home says of itself, where a request changes it."""
        if not any(isinstance(each.data, HomeChanged) for each in requests):
            return None
        found = await read_home(self.pool, home)
        return found.facts if found is not None else None

    async def _partitions(self, requests: Sequence[Requested], home: str) -> set[str]:
        """Return the partitions on whose state the decision depends."""
        in_this_request = {
            each.id: each.data.partnership for each in requests if isinstance(each.data, ActivityRecorded)
        }
        partitions = set()
        for each in requests:
            if not isinstance(each.data, STANDS_ON_THE_STATE):
                continue
            partnership = getattr(each.data, "partnership", None)
            if isinstance(each.data, ActivityCorrected | ActivityRetracted):
                activity = each.data.activity
                partnership = in_this_request.get(activity) or await self._partnership_of(home, activity)
            partitions.add(partition_of(home, partnership))
        return partitions

    async def _stand_at(self, home: str, partitions: Collection[str]) -> dict[str, int]:
        """Return where these partitions stand, once the book has come that far."""
        stands_at = {each: await self.ledger.partition_stands_at(home, each) for each in partitions}
        if stands_at:
            await self._catch_up(max(stands_at.values()))
        return stands_at

    async def _stood_by(self, requests: Sequence[Requested], home: str) -> StoodBy:
        """Return by which event each activity stands that is to be corrected, now that the request has come in.

        Of two who correct the same at once, the second then finds that it stands otherwise, and is told.
        """
        corrected = {each.data.activity for each in requests if isinstance(each.data, ActivityCorrected)}
        if not corrected:
            return {}
        await self._stand_at(home, await self._partitions(requests, home))
        book = await read_touched(self.pool, home, Touched(activities=corrected))
        return {activity: book.activities[activity].stands_by for activity in corrected & book.activities.keys()}

    async def _partnership_of(self, home: str, activity: UUID) -> str | None:
        stored = await self.ledger.find(home, activity)
        return attributes(stored.payload).get("subject") if stored else None

    async def _catch_up(self, position: int) -> None:
        if not await self.progress.reach(position, CATCH_UP_SECONDS):
            raise Fault(_behind)

    async def _standing(
        self, requests: Sequence[Requested], ids: Sequence[UUID], principal: Principal
    ) -> list[Stored | None]:
        """Return what stands under each id; raise the 409 where it is another body, or not the principal's to see."""
        own = partnerships_of(principal)
        standing: list[Stored | None] = []
        for request, event_id in zip(requests, ids, strict=True):
            stored = await self.ledger.find(principal.home, event_id) if request.id is not None else None
            if stored is not None:
                found = attributes(stored.payload)
                if own is not None and found.get("subject") not in own:
                    raise Fault(_other_body(request, event_id, None))
                if found["bodyhash"] != body_hash(request.type, request.sent):
                    raise Fault(_other_body(request, event_id, receipt_of(stored)))
            standing.append(stored)
        return standing


def _entry(accepted: Accepted, stands_at: dict[str, int], request: Requested, traceparent: str | None) -> Entry:
    posting = accepted.posting
    payload = encode(posting)
    if len(payload) > LARGEST_PAYLOAD_BYTES:
        raise Fault(too_large(len(payload), request.where))
    partition = partition_of(posting.home, posting.partnership)
    return Entry(
        home=posting.home,
        event_id=posting.id,
        subject=subject_of(posting.home, posting.id, posting.partnership),
        payload=payload,
        partition_stands_at=stands_at.get(partition) if accepted.stands_on_the_state else None,
        traceparent=traceparent,
    )


def receipt_of(stored: Stored) -> Receipt:
    """Return the receipt of an event that stands."""
    event_id = UUID(stored.subject.split(".")[2])
    return Receipt(event_id, stored.position, digest(stored.payload), rfc3339(stored.recorded_at))


def too_large(size_bytes: int, where: str = "") -> Problem:
    """Return the refusal of an event that is larger than the ledger takes; `where` is its place in a batch."""
    problem = f"The event has {size_bytes:,} bytes."
    remedy = "Shorten the texts, and keep documents outside: an event names them by their hash under “evidence”."
    return Problem(
        status=413,
        kind="too-large",
        title=f"An event is larger than the {LARGEST_PAYLOAD_BYTES:,} bytes that the ledger takes. Nothing was stored.",
        remedy=remedy,
        findings=(Finding(where or "body", problem, remedy),),
    )


def _other_body(request: Requested, event_id: UUID, stands: Receipt | None) -> Problem:
    """Return the refusal of an id that is taken; `stands` is None where the caller may not see by what."""
    shown = {"event_id": str(event_id), "position": stands.position, "hash": stands.hash} if stands else None
    return Problem(
        status=409,
        kind="other-body",
        title=f"The id {event_id} stands in the ledger with another body. Nothing was stored.",
        remedy="To change what stands, post a correction that names it. To post something new, use a new id.",
        findings=(Finding(f"{request.where}.id" if request.where else "id", "The id is taken.", "Use a new id."),),
        more={"stands": shown} if shown else {},
    )


def _unknown_outcome(error: OutcomeUnknown, ids: Sequence[UUID]) -> Problem:
    return Problem(
        status=503,
        kind="outcome-unknown",
        title=f"Whether it was stored cannot be known now: {error}.",
        remedy="Send it again under the same id (see “ids”); it is stored once, however often it is sent.",
        retry_after_seconds=2,
        more={"ids": [str(each) for each in ids]},
    )


def _too_busy(ids: Sequence[UUID]) -> Problem:
    return Problem(
        status=503,
        kind="too-busy",
        title="Others keep changing the same partnership. Nothing was stored.",
        remedy="Send it again in a moment.",
        retry_after_seconds=1,
        more={"ids": [str(each) for each in ids]},
    )


_no_room = Problem(
    status=507,
    kind="no-room",
    title="The disk of the ledger is full. Nothing was stored.",
    remedy="Tell the administrator to make room; then send it again with the same id.",
)


def _queue_is_full(error: TooManyWaiting) -> Problem:
    return Problem(
        status=429,
        kind="queue-is-full",
        title=f"More is being posted than can be stored in time: {error}. Nothing of this was stored.",
        remedy="Send it again after the time in Retry-After; many events go faster in a batch.",
        retry_after_seconds=2,
    )


_behind = Problem(
    status=503,
    kind="behind",
    title="Ingest is still reading what was stored last. Nothing was stored.",
    remedy="Send it again in a moment. If it stays so, look at /ingest/readyz.",
    retry_after_seconds=1,
)
