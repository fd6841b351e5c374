"""The receipt: what stands in the ledger now, where, with which hash, and what it changed."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from services.reports.answers import position_for
from services.reports.frame import Framed, Page, add_page, table_of
from services.reports.news import TYPE_WORDS, moment_said
from services.reports.posting.desk import Desk, desk_in
from services.reports.posting.effects import Effect, effect_between, effect_in_words, effects_between
from services.reports.posting.fields import capital
from services.reports.posting.store import read_event, read_versions
from services.reports.store import count_facts, read_known, read_newest
from services.reports.study_routes import MOST_FACTS
from shared.domain.access import Action, Allowed, Role, Subject, may
from shared.domain.events import ActivityCorrected, ActivityRecorded, ActivityRetracted, Event
from shared.wire.envelope import rfc3339
from shared.wire.problems import Fault, Problem
from shared.words.words import LANGUAGES, Words

MOST_SHOWN = 50
"""Of a posting that concerns the whole home, so many partnerships are shown."""
CHANGES_NOTHING = (
    "home.opened",
    "home.changed",
    "day.closed",
    "report.issued",
    "milestone.reached",
    "programme.agreed",
)
Waited = Annotated[int | None, Query(ge=0, le=10**15)]
router = APIRouter(include_in_schema=False)


async def receipt(frame: Framed, event_id: UUID, position: Waited = None) -> Page:
    """Show what stands under an id and what it changed; `position` is waited for, so that what was just posted is seen."""
    desk = desk_in(frame)
    await desk.wait_for(position)
    reached = await position_for(frame.request, frame.question)
    stored = await read_event(desk.pool, frame.reader, event_id, reached, desk.zone)
    if stored is None:
        raise Fault(Problem(404, "unknown-event", f"There is no event {event_id}.", "Send the id from its receipt."))
    effects = await _effects(desk, stored.event)
    activity = _activity_of(stored.event)
    sentences = [_in_both_languages(each, desk) for each in effects[:MOST_SHOWN]]
    proof = {
        "event_id": str(event_id),
        "position": stored.event.position,
        "hash": stored.hash,
        "recorded_at": rfc3339(stored.event.recorded_at),
    }
    return Page(
        frame=frame,
        template="receipt.html",
        shown={
            "title": capital(desk.words.say(TYPE_WORDS[stored.event.type])),
            "stored": stored,
            "when": moment_said(stored.event.recorded_at, desk.zone, desk.words),
            "proof": proof,
            "author": stored.event.author if frame.reader.role is not Role.PUBLIC else None,
            "sentences": sentences,
            "more": max(0, len(effects) - MOST_SHOWN),
            "activity": activity,
            "corrects": activity is not None and await _may_correct(desk, activity),
            "posts": isinstance(may(frame.reader, Action.POST, Subject(frame.reader.home)), Allowed),
        },
        document=lambda: {**proof, "changed": [dict(each) for each in sentences]},
        table=lambda: table_of("receipt", list(proof), [[str(each) for each in proof.values()]]),
        topic="record",
    )


async def _effects(desk: Desk, event: Event) -> list[Effect]:
    """Return how each partnership that an event touches stood right before it and right after it, on its day."""
    if event.type in CHANGES_NOTHING:
        return []
    before, on = event.position - 1, event.recorded_on
    if event.partnership is None:
        known = [await read_newest(desk.pool, desk.asker, each, desk.zone, on) for each in (before, event.position)]
        return effects_between(known[0], known[1], on)
    facts = await count_facts(desk.pool, desk.asker, event.position, event.partnership, MOST_FACTS + 1)
    if facts > MOST_FACTS:
        return []
    known = [
        await read_known(desk.pool, desk.asker, each, desk.zone, event.partnership) for each in (before, event.position)
    ]
    return [effect_between(known[0], known[1], event.partnership, on)]


async def _may_correct(desk: Desk, activity: UUID) -> bool:
    """Say whether an activity counts still and may be corrected by whoever asks."""
    found = await read_versions(desk.pool, desk.asker, activity, desk.position)
    if found is None or found.now.withdrawn_by is not None:
        return False
    subject = Subject(desk.asker.home, found.now.facts.partnership)
    return isinstance(may(desk.asker, Action.CORRECT_ACTIVITY, subject), Allowed)


def _in_both_languages(effect: Effect, desk: Desk) -> list[tuple[str, str]]:
    """Return the sentence in the reader's language, then in the other."""
    order = sorted(LANGUAGES, key=lambda each: each != desk.words.language)
    return [(language, effect_in_words(effect, Words(language))) for language in order]


def _activity_of(event: Event) -> UUID | None:
    match event.data:
        case ActivityRecorded():
            return event.id
        case ActivityCorrected(activity=activity) | ActivityRetracted(activity=activity):
            return activity
        case _:
            return None


add_page(router, "/receipts/{event_id}", receipt)
