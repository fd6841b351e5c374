"""Which issued reports a correction, a retraction or the reversal of an import lets read otherwise.

Each is made twice, from what was known right before the change and right after it, for the same moment: so nothing differs
but by the change. A change that is not posted yet is tried in a transaction that is taken back.
"""

import asyncio
import json
import secrets
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, tzinfo
from typing import Any, cast
from uuid import UUID, uuid4

from pydantic import ValidationError

from services.reports.asked import Asked, asked_again
from services.reports.issued import Issued, differences_between, issuer_of
from services.reports.issued_store import queries, read_issued
from services.reports.making import compose, gather_at
from services.reports.material import Material
from services.reports.project import EventProjector
from services.reports.render.as_json import render_json
from services.reports.store import read_amended
from shared.domain.access import Principal, partnerships_in_order
from shared.domain.amend import Activity, DoesNotFit, correct
from shared.domain.book import Touched as Named
from shared.domain.events import EVENT_TYPES, ActivityCorrected, ActivityRetracted
from shared.ledger.ledger import Stored
from shared.ledger.subjects import subject_of
from shared.postgres.pool import Connection, Pool
from shared.projection.parking import Read
from shared.wire.canonical import canonical, digest
from shared.wire.envelope import Posting, decode, encode
from shared.wire.problems import Fault, Finding, Problem, findings_of

MOST_PLACES = 20
"""So many places are named in which a report would read otherwise."""
NOT_POSTED = 2**52
"""From here on are the positions at which changes are tried that are not posted; no ledger comes so far."""
TYPES = ("activity.corrected", "activity.retracted")
EVERYBODY = "not-posted"

Tell = Callable[[str, int, int], None]
Pair = tuple[Material | None, Material | None]


@dataclass(frozen=True, slots=True)
class Change:
    """A change: the `event` that made it, or the `type` and `data` of one that is not posted, as of `now`."""

    event: UUID | None = None
    type: str | None = None
    data: Mapping[str, Any] | None = None
    now: datetime | None = None

    def document(self) -> dict[str, Any]:
        """Return the change as JSON."""
        if self.event is not None:
            return {"correction": str(self.event)}
        assert self.now is not None
        return {"type": self.type, "data": self.data, "now": self.now.isoformat()}


def change_of(document: Mapping[str, Any]) -> Change:
    """Return the change that `Change.document` wrote."""
    if "correction" in document:
        return Change(event=UUID(document["correction"]))
    return Change(type=document["type"], data=document["data"], now=datetime.fromisoformat(document["now"]))


@dataclass(frozen=True, slots=True)
class Touched:
    """The issued reports that read otherwise, each with the places; and how many were looked at."""

    change: Change
    items: Sequence[dict[str, Any]]
    compared: int
    unreadable: Sequence[str]

    @property
    def content(self) -> bytes:
        """The whole answer as JSON."""
        return canonical(
            {
                "change": self.change.document(),
                "items": list(self.items),
                "compared": self.compared,
                "unreadable": list(self.unreadable),
            }
        )

    def kept(self) -> dict[str, bytes]:
        """Return what is to be kept, by its hash."""
        return {digest(self.content): self.content}

    def document(self) -> dict[str, Any]:
        """Return what is told of it."""
        return {
            "hash": digest(self.content),
            "size_bytes": len(self.content),
            "media_type": "application/json",
            "file_name": "touched.json",
            "touched": len(self.items),
        }


@dataclass(frozen=True, slots=True)
class _Changing:
    """A change as it is compared: of which partnership, None for several, and for reports issued before which position."""

    partnership: str | None
    before: int | None
    materials: Callable[[Asked], Awaitable[Pair]]


async def find_touched(
    pool: Pool, reader: Principal, zone: tzinfo, change: Change, most: int | None, tell: Tell
) -> Touched:
    """Return which issued reports a change lets read otherwise, of those that the reader may see.

    Of a change that is posted: the reports issued before it. Raises `Fault`: 404 where there is no such change, 422 where
    it cannot be made, or where more questions would have to be looked at than may.
    """
    async with pool.acquire() as connection:
        changing = await (_posted if change.event is not None else _tried)(connection, reader, zone, change)
        issued = await read_issued(pool, reader, before=changing.before, partnership=changing.partnership)
        questions, unreadable = _questions(issued)
        if most is not None and len(questions) > most:
            raise Fault(_too_many(most))
        places: dict[bytes, list[dict[str, Any]]] = {}
        for number, (key, asked) in enumerate(questions.items()):
            tell("comparing", number, len(questions))
            places[key] = await _places(changing, asked)
    found = [(each, places[key]) for each in issued if (key := _key(each.question)) in places]
    return Touched(
        change=change,
        items=[_item(each, differing) for each, differing in found if differing],
        compared=len(found),
        unreadable=[str(each.event_id) for each in unreadable],
    )


def _questions(issued: Sequence[Issued]) -> tuple[dict[bytes, Asked], list[Issued]]:
    """Return the questions that were answered, each once whatever its format and moment; and what holds no question."""
    questions: dict[bytes, Asked] = {}
    unreadable = []
    for each in issued:
        try:
            questions.setdefault(_key(each.question), asked_again(each.question))
        except (ValueError, KeyError, TypeError, AttributeError, Fault):
            unreadable.append(each)
    return questions, unreadable


def _key(question: Mapping[str, Any]) -> bytes:
    return canonical({name: said for name, said in question.items() if name not in BY_WHICH_NOTHING_DIFFERS})


BY_WHICH_NOTHING_DIFFERS = ("format", "table", "known", "position")


async def _places(changing: _Changing, asked: Asked) -> list[dict[str, Any]]:
    """Return where the report reads otherwise after the change, as JSON pointers."""
    before, after = await changing.materials(asked)
    then, now = await asyncio.to_thread(_content, before), await asyncio.to_thread(_content, after)
    return differences_between(then, now, MOST_PLACES)


def _content(material: Material | None) -> Any:  # noqa: ANN401 - as JSON has it
    return json.loads(render_json(compose(material))) if material is not None else None


class OneLine:
    """What a query takes for a pool, of one line: the queries wait for one another, and all see its transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._free = asyncio.Lock()

    async def acquire(self) -> Connection:
        """Return the line, once it is free."""
        await self._free.acquire()
        return self._connection

    async def release(self, connection: Connection) -> None:
        """Let the next query have it."""
        self._free.release()


def same_moment(before: Material, after: Material) -> Material:
    """Return what was known before as if it were known at the same moment as what was known after.

    When somebody last posted is no difference either: every change is itself posted.
    """
    known = replace(before.known, position=after.known.position, last_posted_at=after.known.last_posted_at)
    return replace(before, asked=after.asked, known=known)


def _pair(before: Material | None, after: Material | None) -> Pair:
    return (before if before is None or after is None else same_moment(before, after)), after


async def _gathered(connection: Connection, home: str, zone: tzinfo, asked: Asked) -> Material | None:
    """Return what a report is made of, None where the question has no answer then: its partnership was not there yet."""
    try:
        return await gather_at(cast(Pool, OneLine(connection)), issuer_of(home), zone, asked)
    except Fault as fault:
        if fault.problem.status in (404, 422):
            return None
        raise


async def _posted(connection: Connection, reader: Principal, zone: tzinfo, change: Change) -> _Changing:
    row = await queries.amendment_of(
        connection, home=reader.home, event_id=change.event, allowed=partnerships_in_order(reader)
    )
    if row is None:
        raise Fault(_unknown_change(change))
    position, moment = row["position"], row["recorded_at"]

    async def materials(asked: Asked) -> Pair:
        before = await _gathered(connection, reader.home, zone, asked.as_answered(moment, position - 1))
        return _pair(before, await _gathered(connection, reader.home, zone, asked.as_answered(moment, position)))

    return _Changing(row["partnership"], position, materials)


async def _tried(connection: Connection, reader: Principal, zone: tzinfo, change: Change) -> _Changing:
    activity = await _activity_to_change(connection, reader, change)
    now = change.now
    assert now is not None

    async def materials(asked: Asked) -> Pair:
        position = NOT_POSTED + secrets.randbelow(NOT_POSTED // 2)
        read = _as_read(reader.home, activity.facts.partnership, change, position, now, zone)
        asked_now = asked.as_answered(now, position)
        trying = connection.transaction(isolation="repeatable_read")
        await trying.start()
        try:
            before = await _gathered(connection, reader.home, zone, asked_now)
            await EventProjector().project(connection, [read])
            after = await _gathered(connection, reader.home, zone, asked_now)
        finally:
            await trying.rollback()
        return _pair(before, after)

    return _Changing(activity.facts.partnership, None, materials)


async def _activity_to_change(connection: Connection, reader: Principal, change: Change) -> Activity:
    """Return the activity that a change is to change. Raises `Fault` (422) where the change cannot be made."""
    assert change.type is not None
    try:
        data = EVENT_TYPES[change.type].model_validate(change.data)
    except ValidationError as error:
        raise Fault(_invalid(findings_of(error, under="data"))) from error
    assert isinstance(data, ActivityCorrected | ActivityRetracted)
    own = partnerships_in_order(reader)
    named = await read_amended(connection, reader.home, Named(activities={data.activity}))
    seen = [each for each in named if own is None or each.facts.partnership in own]
    standing = [each for each in seen if each.id == data.activity and each.withdrawn_by is None]
    if not standing:
        said = f"There is no activity {data.activity} that counts."
        raise Fault(_unknown_activity(Finding("data.activity", said, "Send the id from the activity's receipt.")))
    if isinstance(data, ActivityCorrected):
        _refuse_what_does_not_fit(standing[0], data)
    return standing[0]


def _refuse_what_does_not_fit(activity: Activity, data: ActivityCorrected) -> None:
    try:
        correct(activity.facts, data.changes)
    except DoesNotFit as error:
        raise Fault(_invalid((Finding("data.changes.partnership", error.problem, error.remedy),))) from error
    except ValidationError as error:
        raise Fault(_invalid(findings_of(error, under="data.changes"))) from error


def _as_read(home: str, partnership: str, change: Change, position: int, now: datetime, zone: tzinfo) -> Read:
    """Return the event as it would be read, were it posted now."""
    assert change.type is not None
    assert change.data is not None
    event_id = uuid4()
    posting = Posting(event_id, home, change.type, change.data, partnership, EVERYBODY, now, time_zone=str(zone))
    entry = Stored(position, now, subject_of(home, event_id, partnership), encode(posting))
    return Read(decode(entry.payload, position, now, zone), entry)


def _item(issued: Issued, places: Sequence[dict[str, Any]]) -> dict[str, Any]:
    return {
        "event_id": str(issued.event_id),
        "kind": issued.kind,
        "format": issued.question.get("format"),
        "partnership": issued.partnership,
        "from": issued.question.get("from"),
        "to": issued.question.get("to"),
        "hash": issued.hash,
        "differences": list(places),
    }


def _unknown_change(change: Change) -> Problem:
    title = f"There is no correction, retraction or reversal {change.event}."
    return Problem(404, "unknown-correction", title, "Send the id from its receipt.")


def _unknown_activity(finding: Finding) -> Problem:
    return Problem(422, "unknown-activity", "The change names no activity.", finding.remedy, (finding,))


def _invalid(findings: tuple[Finding, ...]) -> Problem:
    title, remedy = "The change cannot be made as it stands.", "Correct the fields named under “errors”."
    return Problem(422, "invalid", title, remedy, findings)


def _too_many(most: int) -> Problem:
    title = f"More than {most} issued questions would have to be answered again."
    return Problem(422, "too-much", title, "Order it as a job: POST /reports/v1/jobs with the same body.")
