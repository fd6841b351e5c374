"""Decide whether a principal may post what it sent, and how much of the book it may know of. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from services.ingest.requests import Requested
from shared.domain.access import ACTION_OF_EVENT, Action, Principal, Refused, Subject, may, partnerships_of
from shared.domain.book import Book
from shared.domain.events import ActivityCorrected, ActivityRecorded, ActivityRetracted


@dataclass(frozen=True, slots=True)
class NotAllowed:
    """A request that its principal may not make: what it would be, to what, and why not."""

    action: Action
    subject: Subject
    refusal: Refused


def refuse_by_rule(
    requests: Sequence[Requested], ids: Sequence[UUID], book: Book, principal: Principal
) -> NotAllowed | None:
    """Return the first request that the principal may not make, None where it may make them all."""
    recorded = {
        event_id: request.data.partnership
        for request, event_id in zip(requests, ids, strict=True)
        if isinstance(request.data, ActivityRecorded)
    }
    for request in requests:
        action = ACTION_OF_EVENT[request.type]
        for partnership in _partnerships_of(request, recorded, book, principal):
            subject = Subject(principal.home, partnership)
            answer = may(principal, action, subject)
            if isinstance(answer, Refused):
                return NotAllowed(action, subject, answer)
    return None


def own_part(book: Book, principal: Principal) -> Book:
    """Return the book without what the principal may not see: to it, what is foreign is not there at all."""
    own = partnerships_of(principal)
    if own is None:
        return book
    return Book(
        {slug: each for slug, each in book.partnerships.items() if slug in own},
        {activity: each for activity, each in book.activities.items() if each.facts.partnership in own},
    )


def _partnerships_of(
    request: Requested, recorded: Mapping[UUID, str], book: Book, principal: Principal
) -> set[str | None]:
    """Return what the request is about. What takes back a reversal is about every partnership of its import."""
    match request.data:
        case ActivityCorrected(activity=activity) | ActivityRetracted(activity=activity):
            amended = {
                each.facts.partnership for each in book.activities.values() if activity in (each.id, each.withdrawn_by)
            }
            return _as_far_as_seen(amended | ({recorded[activity]} if activity in recorded else set()), principal)
        case _:
            return {getattr(request.data, "partnership", None)}


def _as_far_as_seen(partnerships: set[str], principal: Principal) -> set[str | None]:
    """Return the partnerships that an amendment is about; for one of nothing that the principal may see, one of its own.

    Then only its right to amend at all is asked: the activity itself is refused as unknown, not as foreign, for the
    answer must not say that there is one.
    """
    own = partnerships_of(principal)
    if own is None:
        return {*partnerships} or {None}
    return {*partnerships} if partnerships & own else {min(own, default=None)}
