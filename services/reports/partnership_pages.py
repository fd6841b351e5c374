"""The page of one partnership: how it stands, what it has done, how far it has come, and what can be measured."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import date
from typing import Any
from uuid import UUID

from services.reports.charts.draw import draw
from services.reports.charts.values import RatingLine
from services.reports.frame import Frame, Framed, Page
from services.reports.kinds.wording import MEASURE_WORDS, MILESTONE_WORDS, UNITS
from services.reports.looked import (
    Life,
    Looked,
    activities_table,
    document_of,
    every_activity,
    look,
    measured,
    read_life,
    stands,
    study,
)
from services.reports.page_store import read_timeline
from services.reports.posting.offers import forms_of
from services.reports.render.written import written
from services.reports.report import Column, ColumnKind, Table
from services.reports.store import ActivityRow
from services.reports.study_routes import work_out
from services.reports.views import (
    DIRECTION_WORDS,
    INDICATOR_WORDS,
    OUTCOME_WORDS,
    cells_view,
    day_said,
    said_in,
)
from shared.domain.amend import Partnership
from shared.domain.codes import Milestone, Outcome, RatingCode
from shared.domain.diagnosis import Diagnosis
from shared.domain.months import subtract_months
from shared.domain.rubric import Rubric
from shared.domain.rulings import law_of
from shared.domain.text import Slug
from shared.domain.whatif import Step, steps
from shared.wire.foresight_document import foresight_document
from shared.words.codes import LEVEL_WORDS
from shared.words.dates import date_in_words, occurred_in_words
from shared.words.words import Words

MOST_LINES, MOST_DOCUMENTS = 60, 12
"""So many activities stand in the timeline, and so many documents among the agreements; the others behind a link."""
MOST_YEARS_OF_THE_LINE = 20
STATE_WORDS = {"reached": "reached", "not_told": "not told", "ahead": "ahead"}


@dataclass(frozen=True, slots=True)
class TimelineEntry:
    """An activity in the timeline."""

    id: str
    when: str
    title: str
    kind: str
    outcome: str | None
    evidence: Sequence[str]
    detail: str


@dataclass(frozen=True, slots=True)
class MeasureLine:
    """A measure in words, and of how many activities it speaks."""

    name: str
    word: str
    value: str
    of: int


@dataclass(frozen=True, slots=True)
class Done:
    """What a partnership has done: its line, its timeline, its agreements, programmes and procedure, its diagnosis."""

    name: str
    under: str
    line: str | None
    years: Sequence[tuple[int, Sequence[TimelineEntry]]]
    is_cut: bool
    measures: Sequence[MeasureLine]
    measured_from: str
    measured_to: str
    agreements: Sequence[Mapping[str, str | None]]
    more_agreements: bool
    programmes: Sequence[Mapping[str, Any]]
    procedure: Sequence[Mapping[str, str | None]]
    fields: Sequence[str] = field(default_factory=tuple)


async def partnership(frame: Framed, partnership: Slug) -> Page:
    """Show how one partnership stands, what it has done, and what would keep or raise its rating."""
    looked, question = await look(frame, partnership), frame.question
    rows = await read_timeline(
        frame.pool, frame.reader, looked.position, partnership, question.first, question.day, MOST_LINES + 1
    )
    life = await read_life(frame, looked, MOST_DOCUMENTS + 1)
    told, measures, course = await work_out(frame.request.app.state.long_work, _study, looked, frame, life)
    return Page(
        frame=frame,
        template="partnership.html",
        shown={
            "view": stands(looked, frame),
            "cells": cells_view(looked.item, (), frame.words) if looked.item else [],
            "history": _history(frame, looked, rows, told, measures, course),
            "slug": partnership,
            "of_home": frame.reader.home,
            "ratings": {
                "rubric": {"id": looked.rubric.id, "version": looked.rubric.version},
                "position": looked.position,
            },
            "forms": forms_of(frame.reader, partnership, frame.words),
        },
        document=lambda: _document(frame, looked, course),
        table=lambda: _table(frame, looked),
        topic="partnership",
        live=looked.position,
    )


async def _document(frame: Frame, looked: Looked, course: Sequence[Step]) -> Mapping[str, Any]:
    """Return all that is known of it, not only what the page has room for."""
    life = await read_life(frame, looked, None)
    told, measures, _ = await work_out(frame.request.app.state.long_work, _study, looked, frame, life)
    return {
        "rating": looked.item,
        "foresight": foresight_document(looked.ahead) if looked.ahead else None,
        "course": [{"on": each.on.isoformat(), "rating": each.rating.value, "score": each.score} for each in course],
        "life": told,
        "diagnosis": measures,
        "activities": [document_of(frame, each) for each in await every_activity(frame, looked)],
        "position": looked.position,
    }


async def _table(frame: Frame, looked: Looked) -> Table:
    return activities_table(await every_activity(frame, looked))


def _study(looked: Looked, frame: Frame, life: Life) -> tuple[dict[str, Any] | None, dict[str, Any] | None, list[Step]]:
    """Work out how far it has come, what can be measured, and how it stood from day to day."""
    told, measures = study(looked, life, *measured(looked, frame))
    return told, measures, _course(looked, frame.question.first, frame.question.day)


async def measured_ids(frame: Frame, slug: str, measure: str) -> list[UUID]:
    """Return the activities that a measure of a partnership speaks of. Raises `Fault` (404) for a partnership unknown."""
    looked = await look(frame, slug)
    life = await read_life(frame, looked, 0)
    _, measures, _ = await work_out(frame.request.app.state.long_work, _study, looked, frame, life)
    return [UUID(each) for each in measures[measure]["of"]] if measures else []


def _course(looked: Looked, first: date | None, last: date) -> list[Step]:
    """Return how it stood from its first activity on, or its memorandum, no further back than twenty years."""
    held = [each.effective for each in looked.history.facts if each.outcome is Outcome.HELD and each.effective <= last]
    founded = looked.registered.facts.mou_date
    begins = min([*held, *([founded] if founded and founded <= last else [])], default=last)
    earliest = subtract_months(last, 12 * MOST_YEARS_OF_THE_LINE)
    ends = min(last, looked.registered.ended_on or last)
    begins = max(begins, earliest, first or date.min)
    return steps(looked.history, law_of(looked.known.rulings), min(begins, ends), ends)


def _history(
    frame: Frame,
    looked: Looked,
    rows: Sequence[ActivityRow],
    life: Mapping[str, Any] | None,
    measures: Mapping[str, Any] | None,
    course: Sequence[Step],
) -> Done:
    words, language, facts = frame.words, frame.words.language, looked.registered.facts
    first, last = measured(looked, frame)
    agreements = life["agreements"] if life else []
    return Done(
        name=said_in(facts.name.model_dump(exclude_none=True), language),
        under=" · ".join(_under(looked.registered, words)),
        line=_line(course, looked.rubric, frame),
        years=_by_year(rows[:MOST_LINES], words),
        is_cut=len(rows) > MOST_LINES,
        measures=[_measure(each.name, measures[each.name], words) for each in fields(Diagnosis)] if measures else [],
        measured_from=date_in_words(first, language),
        measured_to=date_in_words(last, language),
        agreements=[_agreement(each, words) for each in agreements[-MOST_DOCUMENTS:]],
        more_agreements=len(agreements) > MOST_DOCUMENTS,
        programmes=[_programme(each, words) for each in reversed(life["programmes"])] if life else [],
        procedure=[_procedure(each, words) for each in life["procedure"]] if life else [],
        fields=facts.fields,
    )


def _under(registered: Partnership, words: Words) -> list[str]:
    facts = registered.facts
    said = [f"{words.say(LEVEL_WORDS[facts.level])}, {facts.country}"]
    founded = day_said(facts.mou_date.isoformat() if facts.mou_date else None, words.language)
    said.append(words.say("Memorandum of %(day)s", day=founded) if founded else words.say("No memorandum yet"))
    if registered.ended_on:
        said.append(words.say("ended on %(day)s", day=date_in_words(registered.ended_on, words.language)))
    return said


def _day_of(row: ActivityRow) -> date:
    return row.effective if row.facts.outcome is Outcome.HELD else row.last_day


def _by_year(rows: Sequence[ActivityRow], words: Words) -> list[tuple[int, list[TimelineEntry]]]:
    years: dict[int, list[TimelineEntry]] = {}
    for each in sorted(rows, key=lambda each: (_day_of(each), each.position), reverse=True):
        years.setdefault(_day_of(each).year, []).append(_entry(each, words))
    return list(years.items())


def _entry(row: ActivityRow, words: Words) -> TimelineEntry:
    facts = row.facts
    held = facts.outcome is Outcome.HELD
    kind = f"{words.say(INDICATOR_WORDS[facts.indicator])}, {words.say(DIRECTION_WORDS[facts.direction])}"
    details = [facts.place, words.say("corrected") if row.corrected else None, facts.source]
    return TimelineEntry(
        id=str(row.id),
        when=occurred_in_words(facts.occurred, words.language),
        title=said_in(facts.title.model_dump(exclude_none=True), words.language),
        kind=kind,
        outcome=None if held else words.say(OUTCOME_WORDS[facts.outcome]),
        evidence=[f"{each.title} ({each.media_type})" for each in facts.evidence],
        detail=" · ".join(each for each in details if each),
    )


def _line(course: Sequence[Step], rubric: Rubric, frame: Frame) -> str | None:
    if not course:
        return None
    words, last = frame.words, frame.question.day
    thresholds = {RatingCode.AKTIF: rubric.thresholds.aktif, RatingCode.KURANG_AKTIF: rubric.thresholds.kurang_aktif}
    highest = max(each.score for each in course)
    description = words.say(
        "From %(first)s to %(last)s; at most %(highest)s, at the end %(score)s.",
        first=date_in_words(course[0].on, words.language),
        last=date_in_words(last, words.language),
        highest=highest,
        score=course[-1].score,
    )
    line = RatingLine([(each.on, each.score) for each in course], last, thresholds)
    return draw(
        line,
        title=words.say("Lit cells from day to day"),
        description=description,
        language=words.language,
        theme="page",
    )


def _measure(name: str, measure: Mapping[str, Any], words: Words) -> MeasureLine:
    unit = UNITS.get(name, "share")
    kind = ColumnKind.SHARE if unit == "share" else ColumnKind.NUMBER
    value = written(measure["value"], Column(name, name, kind), words)
    if unit == "days" and measure["value"] is not None:
        value = words.say("%(count)s days", count=value)
    return MeasureLine(name, words.say(MEASURE_WORDS[name]), value, len(measure["of"]))


def _agreement(agreement: Mapping[str, Any], words: Words) -> dict[str, str | None]:
    title = said_in(agreement["title"], words.language) if agreement["title"] else None
    kind = {"signing": Milestone.SIGNING, "renewal": Milestone.RENEWAL}.get(agreement["kind"])
    in_force, event_id = agreement["in_force"], agreement["event_id"]
    return {
        "title": title or words.say(MILESTONE_WORDS[kind or Milestone.SIGNING]),
        "opens": f"/{'activities' if kind is None else 'receipts'}/{event_id}" if event_id else None,
        "since": occurred_in_words(agreement["since"], words.language),
        "until": day_said(agreement["valid_until"], words.language),
        "state": None if in_force is None else words.say("in force") if in_force else words.say("no longer in force"),
    }


def _programme(programme: Mapping[str, Any], words: Words) -> dict[str, Any]:
    """Return a year's programme with each line, and the activity that carried it out."""
    return {
        "year": programme["year"],
        "opens": f"/receipts/{programme['event_id']}",
        "planned": programme["planned"],
        "carried_out": programme["carried_out"],
        "lines": [
            {
                "title": said_in(each["title"], words.language),
                "opens": f"/activities/{each['carried_out_by']}" if each["carried_out_by"] else None,
            }
            for each in programme["lines"]
        ],
    }


def _procedure(step: Mapping[str, Any], words: Words) -> dict[str, str | None]:
    last = step["reached"][-1] if step["reached"] else None
    state = step["state"]
    return {
        "word": words.say(MILESTONE_WORDS[Milestone(step["milestone"])]),
        "state": state,
        "said": occurred_in_words(last["reached"], words.language) if last else words.say(STATE_WORDS[state]),
        "opens": f"/receipts/{last['event_id']}" if last and last["event_id"] else None,
    }
