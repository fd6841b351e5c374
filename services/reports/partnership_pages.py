"""The pages of one partnership: how it stands and what it has done; and why it is rated so."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from services.reports.answers import known_for
from services.reports.charts.draw import draw
from services.reports.charts.values import RatingLine
from services.reports.compose import activity_document, compose_ratings, histories_of
from services.reports.frame import Frame, Framed, Page, table_of
from services.reports.kinds.wording import MEASURE_WORDS, MILESTONE_WORDS, UNITS
from services.reports.life import compose_life
from services.reports.posting.offers import forms_of
from services.reports.render.written import written
from services.reports.report import Column, ColumnKind, Table, Value
from services.reports.store import (
    ActivityRow,
    DeedRows,
    Known,
    Where,
    count_deeds,
    read_activities,
    read_deeds,
    read_events,
)
from services.reports.studies import compose_diagnosis
from services.reports.study_routes import MOST_DEEDS, work_out
from services.reports.views import (
    DIRECTION_WORDS,
    INDICATOR_WORDS,
    OUTCOME_WORDS,
    PartnershipView,
    day_said,
    partnership_view,
    said_in,
)
from shared.domain.access import Action, Allowed, Role, Subject, may
from shared.domain.amend import Partnership
from shared.domain.codes import Indicator, Milestone, Outcome, RatingCode
from shared.domain.diagnosis import Diagnosis
from shared.domain.events import ActivityFacts, Event
from shared.domain.foresight import Foresight, foresee
from shared.domain.months import subtract_months
from shared.domain.rating import History
from shared.domain.rubric import Rubric
from shared.domain.rulings import law_of, rubric_in_force
from shared.domain.text import Slug
from shared.domain.whatif import Step, steps
from shared.wire.foresight_document import foresight_document
from shared.wire.problems import Fault, Problem
from shared.wire.rating_document import as_shown_to
from shared.words.codes import LEVEL_WORDS
from shared.words.dates import date_in_words, occurred_in_words
from shared.words.words import Words

MOST_LINES = 200
MOST_YEARS_OF_THE_LINE = 20
STATE_WORDS = {"reached": "reached", "not_told": "not told", "ahead": "ahead"}


@dataclass(frozen=True, slots=True)
class Looked:
    """All that is known of one partnership, for either page. `item` is its rating, None where it is not in force then."""

    registered: Partnership
    known: Known
    item: Mapping[str, Any] | None
    rubric: Rubric
    history: History
    ahead: Foresight | None
    rows: Sequence[ActivityRow]


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
    programmes: Sequence[Mapping[str, Any]]
    procedure: Sequence[tuple[str, str, str, str | None]]
    fields: Sequence[str] = field(default_factory=tuple)


async def partnership(frame: Framed, partnership: Slug) -> Page:
    """Show how one partnership stands, what it has done, and what would keep or raise its rating."""
    looked = await _look(frame, partnership)
    deeds, milestones, programmes = await _read_life(frame, looked)
    life, measured, course = await work_out(
        frame.request.app.state.long_work, _study, looked, frame, deeds, milestones, programmes
    )
    history = _history(frame, looked, life, measured, course)
    view = _view(frame, looked) if looked.item else None
    standing = {"rubric": {"id": looked.rubric.id, "version": looked.rubric.version}, "position": looked.known.position}
    return Page(
        frame=frame,
        template="partnership.html",
        shown={
            "view": view,
            "history": history,
            "slug": partnership,
            "of_home": frame.reader.home,
            "ratings": standing,
            "forms": forms_of(frame.reader, partnership, frame.words),
        },
        document=lambda: {
            "rating": looked.item,
            "foresight": foresight_document(looked.ahead) if looked.ahead else None,
            "course": [
                {"on": each.on.isoformat(), "rating": each.rating.value, "score": each.score} for each in course
            ],
            "life": life,
            "diagnosis": measured,
            "activities": [_document(frame, each) for each in looked.rows],
            "position": looked.known.position,
        },
        table=lambda: activities_table(looked.rows),
        topic="partnership",
        live=looked.known.position,
    )


async def why(frame: Framed, partnership: Slug) -> Page:
    """Show every lit cell with its activities and the day it goes dark, and what was not counted and why."""
    looked = await _look(frame, partnership)
    if looked.item is None:
        raise Fault(_unknown(partnership))
    view = _view(frame, looked)
    item = looked.item
    rubric = looked.rubric.model_dump(mode="json")
    return Page(
        frame=frame,
        template="why.html",
        shown={
            "view": view,
            "slug": partnership,
            "rubric": looked.rubric,
            "ratings": {"rubric": item["rubric"], "position": looked.known.position},
        },
        document=lambda: {
            "rating": item,
            "rubric": rubric,
            "activities": [_document(frame, each) for each in looked.rows],
            "not_counted": [{"activity": each.id, "why": each.detail} for each in view.not_counted],
            "position": looked.known.position,
        },
        table=lambda: _cells_table(item, looked.rows),
        topic="why",
    )


async def _look(frame: Frame, slug: str) -> Looked:
    known = await known_for(frame.request, frame.reader, frame.question, slug)
    if not known.partnerships:
        raise Fault(_unknown(slug))
    answer = await asyncio.to_thread(compose_ratings, known, frame.question)
    rubric, history = rubric_in_force(known.rulings, frame.question.day), histories_of(known)[slug]
    item = as_shown_to(frame.reader, answer["items"][0]) if answer["items"] else None
    on = frame.question.on
    ahead = foresee(history, rubric, on) if on and item else None
    subject = Subject(frame.reader.home, slug)
    rows = await read_activities(
        frame.pool,
        frame.reader,
        known.position,
        partnership=slug,
        withdrawn=isinstance(may(frame.reader, Action.READ_WITHDRAWN, subject), Allowed),
    )
    return Looked(known.partnerships[0], known, item, rubric, history, ahead, rows)


async def _read_life(frame: Frame, looked: Looked) -> tuple[DeedRows | None, list[Event], list[Event]]:
    """Return the activities with all that is known of them, None where they are too many to be looked at here."""
    pool, reader, position, slug = frame.pool, frame.reader, looked.known.position, looked.registered.slug
    where = Where(reader, position, slug, None, frame.question.day)
    few = await count_deeds(pool, where, MOST_DEEDS + 1) <= MOST_DEEDS
    deeds = await read_deeds(pool, where, frame.zone) if few else None
    milestones = await read_events(pool, reader, position, frame.zone, ["milestone.reached"], slug)
    programmes = await read_events(pool, reader, position, frame.zone, ["programme.agreed"], slug)
    return deeds, milestones, programmes


def _study(
    looked: Looked, frame: Frame, deeds: DeedRows | None, milestones: Sequence[Event], programmes: Sequence[Event]
) -> tuple[dict[str, Any] | None, dict[str, Any] | None, list[Step]]:
    """Work out how far it has come, what can be measured, and how it stood from day to day."""
    day = frame.question.day
    course = _course(looked, frame.question.first, day)
    if deeds is None:
        return None, None, course
    first, last = _measured(looked, frame)
    measured = compose_diagnosis([looked.registered], deeds, programmes, first, last)
    life = compose_life(looked.registered, milestones, programmes, deeds.deeds(), day)
    return life, measured[0]["measures"] if measured else None, course


def _measured(looked: Looked, frame: Frame) -> tuple[date, date]:
    question, months = frame.question, looked.rubric.window_months
    return question.first or subtract_months(question.day, months) + timedelta(days=1), question.day


async def measured_ids(frame: Frame, slug: str, measure: str) -> list[UUID]:
    """Return the activities that a measure of a partnership speaks of. Raises `Fault` (404) for a partnership unknown."""
    looked = await _look(frame, slug)
    deeds, milestones, programmes = await _read_life(frame, looked)
    turn = frame.request.app.state.long_work
    _, measured, _ = await work_out(turn, _study, looked, frame, deeds, milestones, programmes)
    return [UUID(each) for each in measured[measure]["of"]] if measured else []


def _course(looked: Looked, first: date | None, last: date) -> list[Step]:
    """Return how it stood from its first activity on, or its memorandum, no further back than twenty years."""
    held = [each.effective for each in looked.history.facts if each.outcome is Outcome.HELD and each.effective <= last]
    founded = looked.registered.facts.mou_date
    begins = min([*held, *([founded] if founded and founded <= last else [])], default=last)
    earliest = subtract_months(last, 12 * MOST_YEARS_OF_THE_LINE)
    ends = min(last, looked.registered.ended_on or last)
    begins = max(begins, earliest, first or date.min)
    return steps(looked.history, law_of(looked.known.rulings), min(begins, ends), ends)


def _view(frame: Frame, looked: Looked) -> PartnershipView:
    assert looked.item is not None
    posted_at = looked.known.last_posted_at.get(looked.registered.slug)
    posted_on = posted_at.astimezone(frame.zone).date() if posted_at else None
    question = frame.question
    return partnership_view(
        dict(looked.item), looked.rows, looked.ahead, posted_on, question.first, question.day, frame.words
    )


def _history(
    frame: Frame,
    looked: Looked,
    life: Mapping[str, Any] | None,
    measured: Mapping[str, Any] | None,
    course: Sequence[Step],
) -> Done:
    words, language, facts = frame.words, frame.words.language, looked.registered.facts
    first, last = _measured(looked, frame)
    shown = [each for each in looked.rows if each.withdrawn_by is None and _is_seen(each, frame)]
    return Done(
        name=said_in(facts.name.model_dump(exclude_none=True), language),
        under=" · ".join(_under(looked.registered, words)),
        line=_line(course, looked.rubric, frame),
        years=_by_year(shown[:MOST_LINES], words),
        is_cut=len(shown) > MOST_LINES,
        measures=[_measure(each.name, measured[each.name], words) for each in fields(Diagnosis)] if measured else [],
        measured_from=first.isoformat(),
        measured_to=last.isoformat(),
        agreements=[_agreement(each, words) for each in life["agreements"]] if life else [],
        programmes=life["programmes"] if life else [],
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


def _is_seen(row: ActivityRow, frame: Frame) -> bool:
    """Say whether an activity stands in the timeline: what was to come on that day is only there as a plan."""
    first, last = frame.question.first, frame.question.day
    if first is not None:
        return first <= _day_of(row) <= last
    return _day_of(row) <= last or row.facts.outcome is Outcome.PLANNED


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
    in_force = agreement["in_force"]
    return {
        "title": title or words.say(MILESTONE_WORDS[kind or Milestone.SIGNING]),
        "since": occurred_in_words(agreement["since"], words.language),
        "until": day_said(agreement["valid_until"], words.language),
        "state": None if in_force is None else words.say("in force") if in_force else words.say("no longer in force"),
    }


def _procedure(step: Mapping[str, Any], words: Words) -> tuple[str, str, str, str | None]:
    reached = step["reached"]
    when = occurred_in_words(reached[-1]["reached"], words.language) if reached else None
    state = step["state"]
    return words.say(MILESTONE_WORDS[Milestone(step["milestone"])]), state, words.say(STATE_WORDS[state]), when


def activities_table(rows: Sequence[ActivityRow]) -> Table:
    """Return activities as rows: codes and days, titles in both languages."""
    keys = [
        "id",
        "partnership",
        "occurred",
        "effective",
        "indicator",
        "direction",
        "outcome",
        "mode",
        "title_id",
        "title_en",
    ]
    keys += [
        "participants",
        "value",
        "currency",
        "place",
        "evidence",
        "source",
        "position",
        "recorded_at",
        "withdrawn_by",
    ]
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


def _cells_table(item: Mapping[str, Any], rows: Sequence[ActivityRow]) -> Table:
    """Return the ten cells as rows: one for each activity behind a cell, one for a dark cell."""
    by_id: dict[UUID, ActivityRow] = {each.id: each for each in rows}
    lines: list[list[Value]] = []
    for indicator in Indicator:
        for way, ids in item["cells"][indicator.value].items():
            dark = item["goes_dark"][indicator.value][way]
            lit = [(each, by_id[UUID(each)].facts) for each in ids]
            lines += [[indicator.value, way, 1, dark, each, facts.occurred, _title(facts)] for each, facts in lit]
            if not lit:
                lines.append([indicator.value, way, 0, dark, None, None, None])
    keys = ["indicator", "direction", "lit", "goes_dark", "activity", "occurred", "title"]
    return table_of("cells", keys, lines)


def _title(facts: ActivityFacts) -> str | None:
    return facts.title.id or facts.title.en


def _document(frame: Frame, row: ActivityRow) -> dict[str, Any]:
    document = activity_document(row)
    return {**document, "author": None} if frame.reader.role is Role.PUBLIC else document


def _unknown(slug: str) -> Problem:
    title = f"There is no partnership “{slug[:60]}” in force then."
    return Problem(404, "unknown-partnership", title, "Go back to the dashboard and choose one.")
