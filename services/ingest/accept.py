"""Decide whether what was sent may stand in the ledger, given the book as it stands. Pure: time and state are arguments."""

import contextlib
import difflib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any
from uuid import UUID

from pydantic import ValidationError

from services.ingest.requests import Requested, invalid
from shared.domain.access import Role
from shared.domain.amend import Activity, DoesNotFit, Partnership, amend, change
from shared.domain.book import Book, Touched, fold
from shared.domain.codes import Outcome
from shared.domain.events import (
    ActivityCorrected,
    ActivityFacts,
    ActivityRecorded,
    ActivityRetracted,
    Event,
    HomeChanged,
    HomeFacts,
    ImportReversed,
    MilestoneReached,
    PartnershipChanged,
    PartnershipEnded,
    PartnershipFacts,
    PartnershipRegistered,
    RatingLifted,
    RatingSet,
    RubricAdopted,
)
from shared.domain.homes import changed_facts
from shared.domain.occurred import parse_occurred
from shared.domain.rubric import JAKARTA_2020, Rubric
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
    RubricAdopted,
    HomeChanged,
)
"""Events that are right or wrong by what stands; they are appended only if their partition has not moved on meanwhile."""


@dataclass(frozen=True, slots=True)
class StandingJudgement:
    """An official judgement: whose rating it sets, and the event that lifted it, if one has."""

    partnership: str
    lifted_by: UUID | None = None


@dataclass(frozen=True, slots=True)
class StandingAdoption:
    """A rubric that was adopted: by which event, from which day it holds, and the adoption in whose place it stands."""

    event_id: UUID
    rubric: Rubric
    valid_from: date
    replaces: UUID | None = None


@dataclass(frozen=True, slots=True)
class Situation:
    """What a decision needs to know besides the request: who, when, and what stands.

    `today` is the day in the home's time zone. `judgements` are those that the request names, `adoptions` all rubrics
    adopted, if the request adopts one. `slugs` are all partnerships of the home, for telling what a wrong one may have
    meant. `stood_by` says by which event each activity stood when its correction came in. `role` and `partnerships` are the
    author's, `time_zone` is the home's: they stand in the event. `says` is what the home says of itself, if that changes.
    """

    home: str
    author: str
    now: datetime
    today: date
    book: Book
    judgements: Mapping[UUID, StandingJudgement] = field(default_factory=dict)
    adoptions: Collection[StandingAdoption] = ()
    slugs: Collection[str] = ()
    stood_by: Mapping[UUID, UUID] = field(default_factory=dict)
    role: Role | None = None
    partnerships: frozenset[str] | None = None
    time_zone: str | None = None
    says: HomeFacts | None = None


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
        if isinstance(each.data, ActivityCorrected):
            with contextlib.suppress(ValueError):
                touched.activities.add(UUID(str(each.data.changes.get("caused_by"))))
    return touched


def accept(requests: Sequence[Requested], ids: Sequence[UUID], situation: Situation) -> list[Accepted] | Problem:
    """Decide the requests in their order, each upon what those before it leave; one refused refuses all.

    `ids` are the events' ids, given by the client or drawn for it.
    """
    accepted: list[Accepted] = []
    if len(requests) > 1:
        situation = replace(situation, book=situation.book.copy())
    touched = touched_by(requests)
    activities_matter = bool(touched.activities or touched.batches)
    for request, event_id in zip(requests, ids, strict=True):
        refusal = _refuse(request, situation)
        if refusal is not None:
            return refusal
        partnership = _partnership_of(request, situation)
        posting = Posting(
            event_id,
            situation.home,
            request.type,
            request.sent,
            partnership,
            situation.author,
            situation.now,
            role=situation.role,
            partnerships=situation.partnerships,
            time_zone=situation.time_zone,
        )
        accepted.append(Accepted(posting, isinstance(request.data, STANDS_ON_THE_STATE)))
        # To fold an activity takes longer than all else that is done for it, and what nobody names nobody asks for.
        if len(accepted) < len(requests) and (activities_matter or not isinstance(request.data, ActivityRecorded)):
            situation = _after(situation, request, event_id, partnership)
    return accepted


def _after(situation: Situation, request: Requested, event_id: UUID, partnership: str | None) -> Situation:
    """Return what the next request of a batch finds."""
    fold(situation.book, _as_event(request, event_id, partnership, situation))
    match request.data:
        case RatingSet(partnership=slug):
            return replace(situation, judgements={**situation.judgements, event_id: StandingJudgement(slug)})
        case RatingLifted(judgement=judgement):
            lifted = replace(situation.judgements[judgement], lifted_by=event_id)
            return replace(situation, judgements={**situation.judgements, judgement: lifted})
        case RubricAdopted() as data:
            adopted = StandingAdoption(event_id, data.rubric, data.valid_from, data.replaces)
            return replace(situation, adoptions=[*situation.adoptions, adopted])
        case HomeChanged(changes=changes) if situation.says is not None:
            return replace(situation, says=changed_facts(situation.says, changes))
        case _:
            return situation


def _refuse(request: Requested, situation: Situation) -> Problem | None:
    match request.data:
        case PartnershipRegistered(partnership=slug) if slug in situation.book.partnerships:
            said = f"“{slug}” is registered already."
            return _stands(request, "partnership", said, "Post “partnership.changed” to change it.")
        case PartnershipRegistered():
            return None
        case ActivityCorrected(activity=activity) | ActivityRetracted(activity=activity):
            return _refuse_amendment(request, activity, situation)
        case ImportReversed(batch=batch):
            return _refuse_reversal(request, batch, situation)
        case RatingLifted(judgement=judgement):
            return _refuse_lifting(request, judgement, situation)
        case RubricAdopted() as data:
            return _refuse_rubric(request, data.rubric, situation) or _refuse_adoption(request, data, situation)
        case HomeChanged(changes=changes):
            return _refuse_of_home(request, changes, situation)
        case _:
            return _refuse_of_partnership(request, situation)


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
        case MilestoneReached(reached=reached) if parse_occurred(reached).first > situation.today:
            said = f"“{reached}” lies in the future, so it cannot have been reached yet."
            return invalid(
                [Finding(_path(request, "reached"), said, "Correct the date, or post it once it is reached.")]
            )
        case PartnershipEnded(ended_on=day):
            return _refuse_end(request, partnership, day, situation)
        case PartnershipChanged():
            return _refuse_change(request, partnership, situation)
        case _:
            return None


def _refuse_end(request: Requested, partnership: Partnership, day: date, situation: Situation) -> Problem | None:
    if partnership.ended_on is not None:
        said = f"“{partnership.slug}” has ended on {partnership.ended_on}."
        return _stands(request, "partnership", said, "To correct the day, post “partnership.changed” with “ended_on”.")
    findings = _findings_of_end(request, "ended_on", partnership.facts.mou_date, day, situation)
    return invalid(findings) if findings else None


def _refuse_change(request: Requested, partnership: Partnership, situation: Situation) -> Problem | None:
    try:
        changed = change(partnership, _as_event(request, UUID(int=0), partnership.slug, situation))
    except ValidationError as error:
        known = [*PartnershipFacts.model_fields, "ended_on"]
        return invalid(findings_of(error, under=_path(request, "changes"), known_fields=known))
    if changed == partnership:
        return invalid([_changes_nothing(request)])
    if changed.ended_on is None:
        return None
    findings = _findings_of_end(request, "changes.ended_on", changed.facts.mou_date, changed.ended_on, situation)
    return invalid(findings) if findings else None


def _findings_of_end(
    request: Requested, name: str, mou_date: date | None, day: date, situation: Situation
) -> list[Finding]:
    if day > situation.today:
        said = f"{day} lies in the future, so it cannot have ended yet."
        return [Finding(_path(request, name), said, "Correct the day, or post it once it has ended.")]
    if mou_date is not None and day < mou_date:
        said = f"{day} is before the founding memorandum of {mou_date}."
        return [Finding(_path(request, name), said, "Correct the day.")]
    return []


def _refuse_activity(
    request: Requested, data: ActivityFacts, situation: Situation, under: str = "", itself: UUID | None = None
) -> Problem | None:
    if data.outcome is Outcome.HELD and parse_occurred(data.occurred).first > situation.today:
        said = f"“{data.occurred}” lies in the future, so it cannot have been held yet."
        path = _path(request, f"{under}occurred")
        return invalid([Finding(path, said, "Correct the date, or send the outcome “planned”.")])
    if data.caused_by is not None and (data.caused_by not in situation.book.activities or data.caused_by == itself):
        said = f"There is no other activity {data.caused_by}."
        return _unknown(request, "caused_by", said, "Send the id of an activity, or leave it out.", under)
    return None


def _refuse_amendment(request: Requested, activity_id: UUID, situation: Situation) -> Problem | None:
    activity = situation.book.activities.get(activity_id)
    if activity is None and _taken_back_by(activity_id, request, situation):
        return None
    if activity is None:
        remedy = "Send the id from the activity's receipt."
        return _unknown(request, "activity", f"There is no activity {activity_id}.", remedy)
    if activity.withdrawn_by is not None:
        said = f"The activity was taken back by {activity.withdrawn_by} and counts no more."
        return _stands(request, "activity", said, "Record it anew if it did happen.")
    if not isinstance(request.data, ActivityCorrected):
        return None
    looked_at = request.data.based_on or situation.stood_by.get(activity_id, activity.stands_by)
    if looked_at != activity.stands_by:
        return _corrected_meanwhile(request, activity)
    try:
        amended = amend(activity, _as_event(request, UUID(int=0), activity.facts.partnership, situation))
    except DoesNotFit as error:
        return invalid([Finding(_path(request, "changes.partnership"), error.problem, error.remedy)])
    except ValidationError as error:
        known = list(ActivityFacts.model_fields)
        return invalid(findings_of(error, under=_path(request, "changes"), known_fields=known))
    if amended.facts == activity.facts:
        return invalid([_changes_nothing(request)])
    causes = request.data.changes.get("caused_by") is not None
    facts = amended.facts if causes else amended.facts.model_copy(update={"caused_by": None})
    return _refuse_activity(request, facts, situation, under="changes.", itself=activity_id)


def _refuse_reversal(request: Requested, batch: str, situation: Situation) -> Problem | None:
    counting = (each for each in situation.book.activities.values() if each.withdrawn_by is None)
    if any(each.facts.batch == batch for each in counting):
        return None
    said = f"No activity that counts carries the batch “{batch}”."
    return _unknown(request, "batch", said, "Send the batch as it stands in the import's activities.")


def _refuse_lifting(request: Requested, judgement: UUID, situation: Situation) -> Problem | None:
    standing = situation.judgements.get(judgement)
    slug = getattr(request.data, "partnership", None)
    if standing is None or standing.partnership != slug:
        said = f"“{slug}” has no official rating {judgement}."
        return _unknown(request, "judgement", said, "Send the id of its “rating.set” event.")
    if standing.lifted_by is not None:
        said = f"The official rating was lifted by {standing.lifted_by}."
        return _stands(request, "judgement", said, "Leave it, or set another with “rating.set”.")
    return None


def _refuse_rubric(request: Requested, rubric: Rubric, situation: Situation) -> Problem | None:
    for other in (JAKARTA_2020, *(each.rubric for each in situation.adoptions)):
        if (other.id, other.version) == (rubric.id, rubric.version) and other != rubric:
            said = f"Version {rubric.version} of the rubric “{rubric.id}” says something else."
            return _stands(request, "rubric.version", said, f"Give it the version {rubric.version + 1} or higher.")
    return None


def _refuse_adoption(request: Requested, data: RubricAdopted, situation: Situation) -> Problem | None:
    """Two rubrics cannot hold from the same day, but where the later one says that it stands in the other's place."""
    replaced = {each.replaces for each in situation.adoptions}
    of_that_day = [each for each in situation.adoptions if each.valid_from == data.valid_from]
    standing = [each for each in of_that_day if each.event_id not in replaced]
    if data.replaces is None and standing:
        other = standing[-1]
        said = f"“{other.rubric.id}” version {other.rubric.version} was adopted from {data.valid_from} already."
        remedy = f"Choose another day, or send “replaces”: “{other.event_id}” to put this one in its place."
        return _stands(request, "valid_from", said, remedy)
    if data.replaces is not None and data.replaces not in [each.event_id for each in standing]:
        said = f"No rubric that was adopted from {data.valid_from} by {data.replaces} stands."
        return invalid([Finding(_path(request, "replaces"), said, "Send the id of its “rubric.adopted” event.")])
    return None


def _refuse_of_home(request: Requested, changes: Mapping[str, Any], situation: Situation) -> Problem | None:
    if situation.says is None:
        said = f"The home “{situation.home}” is not opened."
        return _unknown(request, "home", said, "Let an administrator of the installation open it.")
    try:
        changed = changed_facts(situation.says, changes)
    except ValidationError as error:
        known = list(HomeFacts.model_fields)
        return invalid(findings_of(error, under=_path(request, "changes"), known_fields=known))
    return invalid([_changes_nothing(request)]) if changed == situation.says else None


def _corrected_meanwhile(request: Requested, activity: Activity) -> Problem:
    finding = Finding(_path(request, "activity"), "Somebody else has corrected it meanwhile.", "Look at what stands.")
    return Problem(
        status=409,
        kind="corrected-meanwhile",
        title="The activity does not stand as it did when this correction was made. Nothing was stored.",
        remedy="Look at what stands now (“stands”); if the correction is still right, send it anew.",
        findings=(finding,),
        more={
            "stands": {"by": str(activity.stands_by), "data": activity.facts.model_dump(mode="json", exclude_none=True)}
        },
    )


def _changes_nothing(request: Requested) -> Finding:
    return Finding(
        _path(request, "changes"), "The changes leave everything as it stands.", "Leave them, or correct them."
    )


def _taken_back_by(event_id: UUID, request: Requested, situation: Situation) -> list[Activity]:
    """Return the activities that the named event took back, where the request is to take that back."""
    if not isinstance(request.data, ActivityRetracted):
        return []
    return [each for each in situation.book.activities.values() if each.withdrawn_by == event_id]


def _partnership_of(request: Requested, situation: Situation) -> str | None:
    match request.data:
        case ActivityCorrected(activity=activity) | ActivityRetracted(activity=activity):
            if activity in situation.book.activities:
                return situation.book.activities[activity].facts.partnership
            restored = {each.facts.partnership for each in _taken_back_by(activity, request, situation)}
            return restored.pop() if len(restored) == 1 else None
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


def _unknown(request: Requested, name: str, problem: str, remedy: str, under: str = "") -> Problem:
    return Problem(
        status=422,
        kind=f"unknown-{name.replace('_', '-')}",
        title="The event names something that the ledger does not know. Nothing was stored.",
        remedy="Correct the field named under “errors” and send it again.",
        findings=(Finding(_path(request, f"{under}{name}"), problem, remedy),),
    )


def _stands(request: Requested, name: str, problem: str, remedy: str) -> Problem:
    return Problem(
        status=409,
        kind="stands-otherwise",
        title="The ledger already stands otherwise. Nothing was stored.",
        remedy="Look at what stands, then decide anew.",
        findings=(Finding(_path(request, name), problem, remedy),),
    )
