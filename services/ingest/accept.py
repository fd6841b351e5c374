"""Decide whether what was sent may stand in the ledger, given the book as it stands. Pure: time and state are arguments."""

import difflib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from uuid import UUID

from pydantic import ValidationError

from services.ingest.requests import Requested, invalid
from shared.domain.amend import DoesNotFit, amend, change
from shared.domain.book import Book, Touched, fold
from shared.domain.codes import Outcome
from shared.domain.events import (
    ActivityCorrected,
    ActivityFacts,
    ActivityRecorded,
    ActivityRetracted,
    Event,
    ImportReversed,
    PartnershipChanged,
    PartnershipEnded,
    PartnershipRegistered,
    RatingLifted,
)
from shared.domain.occurred import parse_occurred
from shared.wire.envelope import Posting
from shared.wire.problems import Finding, Problem, findings_of

STANDS_ON_THE_STATE = (
    PartnershipRegistered,
    PartnershipChanged,
    PartnershipEnded,
    ActivityCorrected,
    ActivityRetracted,
    ImportReversed,
    RatingLifted,
)
"""Events that are right or wrong by what stands; they are appended only if their partition has not moved on meanwhile."""


@dataclass(frozen=True, slots=True)
class Situation:
    """What a decision needs to know besides the request: who, when, and what stands.

    `today` is the day in the home's time zone. `judgements` maps official judgements that the request names to their
    partnership. `slugs` are all partnerships of the home, for telling what a wrong one may have meant.
    """

    home: str
    author: str
    now: datetime
    today: date
    book: Book
    judgements: Mapping[UUID, str] = field(default_factory=dict)
    slugs: Collection[str] = ()


@dataclass(frozen=True, slots=True)
class Accepted:
    """An event to append. `stands_on_the_state` says that it was accepted because of what stands in its partition."""

    posting: Posting
    stands_on_the_state: bool


def touched_by(requests: Sequence[Requested]) -> Touched:
    """Return what of the book must be read before these can be decided."""
    touched = Touched()
    for each in requests:
        touched.add(each.data)
        if isinstance(each.data, ActivityFacts) and each.data.caused_by is not None:
            touched.activities.add(each.data.caused_by)
    return touched


def accept(requests: Sequence[Requested], ids: Sequence[UUID], situation: Situation) -> list[Accepted] | Problem:
    """Decide the requests in their order, each upon what those before it leave; one refused refuses all.

    `ids` are the events' ids, given by the client or drawn for it.
    """
    situation = replace(situation, book=situation.book.copy())
    accepted: list[Accepted] = []
    for request, event_id in zip(requests, ids, strict=True):
        refusal = _refuse(request, situation)
        if refusal is not None:
            return refusal
        partnership = _partnership_of(request, situation)
        fold(situation.book, _as_event(request, event_id, partnership, situation))
        posting = Posting(
            event_id, situation.home, request.type, request.sent, partnership, situation.author, situation.now
        )
        accepted.append(Accepted(posting, isinstance(request.data, STANDS_ON_THE_STATE)))
    return accepted


def _refuse(request: Requested, situation: Situation) -> Problem | None:
    book, data = situation.book, request.data
    match data:
        case PartnershipRegistered(partnership=slug):
            if slug in book.partnerships:
                return _stands(
                    request,
                    "partnership",
                    f"“{slug}” is registered already.",
                    "Post “partnership.changed” to change it.",
                )
        case ActivityCorrected(activity=activity) | ActivityRetracted(activity=activity):
            return _refuse_amendment(request, activity, situation)
        case ImportReversed(batch=batch):
            if not any(each.facts.batch == batch and each.withdrawn_by is None for each in book.activities.values()):
                return _unknown(
                    request,
                    "batch",
                    f"No activity that counts carries the batch “{batch}”.",
                    "See the import's own page for its batch.",
                )
        case RatingLifted(judgement=judgement, partnership=slug):
            if situation.judgements.get(judgement) != slug:
                return _unknown(
                    request,
                    "judgement",
                    f"“{slug}” has no official rating {judgement}.",
                    "Send the id of its “rating.set” event.",
                )
        case _:
            return _refuse_of_partnership(request, situation)
    return None


def _refuse_of_partnership(request: Requested, situation: Situation) -> Problem | None:
    slug = getattr(request.data, "partnership", None)
    if slug is None:
        return None
    partnership = situation.book.partnerships.get(slug)
    if partnership is None:
        near = difflib.get_close_matches(slug, situation.slugs, n=1)
        remedy = f"Did you mean “{near[0]}”?" if near else "Register it first with “partnership.registered”."
        return _unknown(request, "partnership", f"There is no partnership “{slug}”.", remedy)
    match request.data:
        case ActivityRecorded() as data:
            return _refuse_activity(request, data, situation)
        case PartnershipEnded():
            if partnership.ended_on is not None:
                return _stands(request, "partnership", f"“{slug}” has ended on {partnership.ended_on}.", "Leave it.")
        case PartnershipChanged():
            try:
                change(partnership, _as_event(request, UUID(int=0), slug, situation))
            except ValidationError as error:
                return invalid(findings_of(error, under=_path(request, "changes")))
        case _:
            pass
    return None


def _refuse_activity(request: Requested, data: ActivityFacts, situation: Situation) -> Problem | None:
    if data.outcome is Outcome.HELD and parse_occurred(data.occurred).first > situation.today:
        said = f"“{data.occurred}” lies in the future, so it cannot have been held yet."
        return invalid([Finding(_path(request, "occurred"), said, "Correct the date, or send the outcome “planned”.")])
    if data.caused_by is not None and data.caused_by not in situation.book.activities:
        return _unknown(
            request,
            "caused_by",
            f"There is no activity {data.caused_by}.",
            "Send the id of an activity, or leave it out.",
        )
    return None


def _refuse_amendment(request: Requested, activity_id: UUID, situation: Situation) -> Problem | None:
    activity = situation.book.activities.get(activity_id)
    if activity is None:
        return _unknown(
            request, "activity", f"There is no activity {activity_id}.", "Send the id from the activity's receipt."
        )
    if activity.withdrawn_by is not None:
        said = f"The activity was taken back by {activity.withdrawn_by} and counts no more."
        return _stands(request, "activity", said, "Record it anew if it did happen.")
    if not isinstance(request.data, ActivityCorrected):
        return None
    try:
        amended = amend(activity, _as_event(request, UUID(int=0), activity.facts.partnership, situation))
    except DoesNotFit as error:
        said, _, remedy = str(error).partition(". ")
        return invalid([Finding(_path(request, "changes.partnership"), f"{said}.", remedy)])
    except ValidationError as error:
        return invalid(
            findings_of(error, under=_path(request, "changes"), known_fields=list(ActivityFacts.model_fields))
        )
    return _refuse_activity(request, amended.facts, situation)


def _partnership_of(request: Requested, situation: Situation) -> str | None:
    match request.data:
        case ActivityCorrected(activity=activity) | ActivityRetracted(activity=activity):
            return situation.book.activities[activity].facts.partnership
        case _:
            slug: str | None = getattr(request.data, "partnership", None)
            return slug


def _as_event(request: Requested, event_id: UUID, partnership: str | None, situation: Situation) -> Event:
    """Return the event as it would be read back, were it stored now."""
    return Event(
        position=0,
        recorded_at=situation.now,
        recorded_on=situation.today,
        id=event_id,
        home=situation.home,
        type=request.type,
        author=situation.author,
        partnership=partnership,
        data=request.data,
    )


def _path(request: Requested, name: str) -> str:
    return f"{request.where}.data.{name}" if request.where else f"data.{name}"


def _unknown(request: Requested, name: str, problem: str, remedy: str) -> Problem:
    return Problem(
        status=422,
        kind=f"unknown-{name.replace('_', '-')}",
        title="The event names something that the ledger does not know. Nothing was stored.",
        remedy="Correct the field named under “errors” and send it again.",
        findings=(Finding(_path(request, name), problem, remedy),),
    )


def _stands(request: Requested, name: str, problem: str, remedy: str) -> Problem:
    return Problem(
        status=409,
        kind="stands-otherwise",
        title="The ledger already stands otherwise. Nothing was stored.",
        remedy="Look at what stands, then decide anew.",
        findings=(Finding(_path(request, name), problem, remedy),),
    )
