"""What the pages of one partnership look at: its entry, how it is rated and why, what it did, how far it has come."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from services.reports.answers import known_for
from services.reports.compose import activity_document, compose_ratings, histories_of
from services.reports.frame import Frame, table_of
from services.reports.life import compose_life, of_each_year
from services.reports.page_store import read_documents
from services.reports.report import Table
from services.reports.store import ActivityRow, DeedRows, Known, Where, read_activities, read_deeds, read_events
from services.reports.studies import measures_document
from services.reports.study_routes import MOST_DEEDS
from services.reports.views import StandingView, standing_view
from shared.domain.access import Action, Allowed, Role, Subject, may
from shared.domain.amend import Partnership
from shared.domain.cells import CELLS
from shared.domain.diagnosis import Deed, diagnose
from shared.domain.events import Event, ProgrammeAgreed
from shared.domain.foresight import Foresight, foresee
from shared.domain.months import subtract_months
from shared.domain.rating import History
from shared.domain.rubric import Rubric
from shared.domain.rulings import rubric_in_force
from shared.wire.problems import Fault, Problem
from shared.wire.rating_document import as_shown_to
from shared.wire.sheet import Value

CELLS_ASKED = (*(f"{cell.indicator.value}-{cell.direction.value}" for cell in CELLS), "none")
"""The cells as an address names them; `none` asks for what lights no cell."""


@dataclass(frozen=True, slots=True)
class Looked:
    """All that rates one partnership. `item` is its rating, None where it is not in force then."""

    registered: Partnership
    known: Known
    item: Mapping[str, Any] | None
    rubric: Rubric
    history: History
    ahead: Foresight | None

    @property
    def position(self) -> int:
        """As known at which it is looked at."""
        return self.known.position

    @property
    def slug(self) -> str:
        """Its short name."""
        return self.registered.slug


async def look(frame: Frame, slug: str) -> Looked:
    """Return what rates a partnership. Raises `Fault` (404) for one that is not known."""
    known = await known_for(frame.request, frame.reader, frame.question, slug)
    if not known.partnerships:
        raise Fault(unknown(slug))
    answer = await asyncio.to_thread(compose_ratings, known, frame.question)
    rubric, history = rubric_in_force(known.rulings, frame.question.day), histories_of(known)[slug]
    item = as_shown_to(frame.reader, answer["items"][0]) if answer["items"] else None
    on = frame.question.on
    ahead = foresee(history, rubric, on) if on and item else None
    return Looked(known.partnerships[0], known, item, rubric, history, ahead)


def stands(looked: Looked, frame: Frame) -> StandingView | None:
    """Return how it stands in words, None where it is not in force then."""
    if looked.item is None:
        return None
    posted_at = looked.known.last_posted_at.get(looked.slug)
    posted_on = posted_at.astimezone(frame.zone).date() if posted_at else None
    return standing_view(looked.item, looked.ahead, posted_on, frame.words)


def ids_behind(looked: Looked, cell: str | None = None) -> list[UUID]:
    """Return the activities behind a cell, or behind any where none is named, every one once."""
    if looked.item is None:
        return []
    ids = [
        each
        for indicator, ways in looked.item["cells"].items()
        for way, found in ways.items()
        if cell in (None, f"{indicator}-{way}")
        for each in found
    ]
    return [UUID(each) for each in dict.fromkeys(ids)]


def may_see_withdrawn(frame: Frame, slug: str) -> bool:
    """Say whether the reader may see what was taken back of a partnership."""
    return isinstance(may(frame.reader, Action.READ_WITHDRAWN, Subject(frame.reader.home, slug)), Allowed)


async def every_activity(frame: Frame, looked: Looked) -> list[ActivityRow]:
    """Return all that is known of what it did, for those who ask for data."""
    withdrawn = may_see_withdrawn(frame, looked.slug)
    return await read_activities(
        frame.pool, frame.reader, looked.position, partnership=looked.slug, withdrawn=withdrawn
    )


@dataclass(frozen=True, slots=True)
class Life:
    """What is read to tell how far a partnership has come: None in place of activities that are too many to look at."""

    deeds: DeedRows | None
    documents: Sequence[Deed]
    milestones: Sequence[Event]
    programmes: Sequence[Event]


async def read_life(frame: Frame, looked: Looked, most_documents: int | None) -> Life:
    """Read its steps, its programmes, its latest documents, and what it did in the window that is measured.

    Where programmes are older than that, since the oldest; all that it ever did where `most_documents` is None.
    """
    pool, reader, position, slug, day = frame.pool, frame.reader, looked.position, looked.slug, frame.question.day
    told = await read_events(pool, reader, position, frame.zone, ["milestone.reached", "programme.agreed"], slug)
    programmes = [each for each in told if each.type == "programme.agreed"]
    milestones = [each for each in told if each.type == "milestone.reached"]
    if len(looked.history.facts) > MOST_DEEDS:
        return Life(None, (), milestones, programmes)
    first = measured(looked, frame)[0]
    agreed = [each.data for each in of_each_year(programmes, day)]
    years = [date(each.year, 1, 1) for each in agreed if isinstance(each, ProgrammeAgreed)]
    since = min([first, *years]) if most_documents is not None else None
    deeds = await read_deeds(pool, Where(reader, position, slug, since, day), frame.zone)
    documents = await read_documents(pool, reader, position, slug, day, frame.zone, most_documents or 0)
    return Life(deeds, documents, milestones, programmes)


def measured(looked: Looked, frame: Frame) -> tuple[date, date]:
    """Return the window of the diagnosis: the period, or that of the rubric up to the day."""
    question, months = frame.question, looked.rubric.window_months
    return question.first or subtract_months(question.day, months) + timedelta(days=1), question.day


def study(looked: Looked, life: Life, first: date, last: date) -> tuple[dict[str, Any] | None, dict[str, Any] | None]:
    """Return how far it has come by the last day, and every measure of the window; None for what cannot be told."""
    if life.deeds is None:
        return None, None
    deeds = life.deeds.deeds()
    every = {each.activity.id: each for each in (*life.documents, *deeds)}
    told = compose_life(looked.registered, life.milestones, life.programmes, every.values(), last)
    if not looked.registered.stands(first, last):
        return told, None
    agreed = [each.data for each in life.programmes if isinstance(each.data, ProgrammeAgreed)]
    return told, measures_document(diagnose(looked.registered.facts.fields, deeds, agreed, first, last))


def activities_table(rows: Sequence[ActivityRow]) -> Table:
    """Return activities as rows: codes and days, titles in both languages."""
    keys = ["id", "partnership", "occurred", "effective", "indicator", "direction", "outcome", "mode"]
    keys += ["title_id", "title_en", "participants", "value", "currency", "place", "evidence", "source"]
    keys += ["position", "recorded_at", "withdrawn_by"]
    return table_of("activities", keys, [_cells_of(each) for each in rows])


def _cells_of(row: ActivityRow) -> list[Value]:
    facts = row.facts
    return [
        str(row.id),
        facts.partnership,
        facts.occurred,
        row.effective,
        facts.indicator.value,
        facts.direction.value,
        facts.outcome.value,
        facts.mode.value,
        facts.title.id,
        facts.title.en,
        facts.participants,
        facts.value,
        facts.currency,
        facts.place,
        len(facts.evidence),
        facts.source,
        row.position,
        row.recorded_at.isoformat(),
        str(row.withdrawn_by) if row.withdrawn_by else None,
    ]


def document_of(frame: Frame, row: ActivityRow) -> dict[str, Any]:
    """Return an activity as data; the public is not told under which account it was posted."""
    full = activity_document(row)
    return {**full, "author": None} if frame.reader.role is Role.PUBLIC else full


def unknown(slug: str) -> Problem:
    """Return the problem of a partnership that is not known, or not in force then."""
    title = f"There is no partnership “{slug[:60]}” in force then."
    return Problem(404, "unknown-partnership", title, "Go back to the dashboard and choose one.")
