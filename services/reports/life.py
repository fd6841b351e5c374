"""The life of one partnership: its procedure, requirements, agreements, programmes and fields, on a day. Pure."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from shared.domain.amend import Partnership
from shared.domain.codes import Indicator, Milestone, Outcome, Requirement
from shared.domain.diagnosis import Deed, carry_out
from shared.domain.events import Event, MilestoneReached, ProgrammeAgreed
from shared.domain.occurred import parse_occurred

UP_TO_THE_SIGNING = tuple(Milestone)[: tuple(Milestone).index(Milestone.SIGNING) + 1]
"""The steps that come once and in order; what follows comes every year, or not at all."""
AGREED_BY = (Milestone.SIGNING, Milestone.RENEWAL)
SUSPENDED_BY = (Milestone.SUSPENSION, Milestone.END)
"""After these no memorandum is in force, until a later renewal."""


@dataclass(frozen=True, slots=True)
class Step:
    """A milestone that was reached; `event` is None for a signing that only the registry tells of."""

    milestone: Milestone
    reached: str
    event: UUID | None
    note: str | None = None
    requirements: tuple[Requirement, ...] = ()
    valid_until: date | None = None

    @property
    def since(self) -> date:
        """The last day that its date can mean."""
        return parse_occurred(self.reached).last


def compose_life(
    partnership: Partnership, milestones: Iterable[Event], programmes: Iterable[Event], deeds: Iterable[Deed], on: date
) -> dict[str, Any]:
    """Answer how far a partnership has come by a day; nothing that took effect later shows."""
    steps = _steps(partnership, milestones, on)
    held = [each for each in deeds if each.activity.facts.outcome is Outcome.HELD and each.effective <= on]
    return {
        "partnership": partnership.slug,
        "name": partnership.facts.name.model_dump(exclude_none=True),
        "ended_on": partnership.ended_on.isoformat() if partnership.ended_on and partnership.ended_on <= on else None,
        "procedure": [_procedure(number, each, steps) for number, each in enumerate(Milestone, 1)],
        "requirements": [_requirement(each, steps) for each in Requirement],
        "agreements": [*_memoranda(steps, partnership, on), *_documents(held, on)],
        "programmes": [_programme(each, held) for each in of_each_year(programmes, on)],
        "fields": [_field(each, held) for each in partnership.facts.fields],
        "outside_the_memorandum": [_field(each, held) for each in _other_fields(partnership.facts.fields, held)],
        "without_field": [str(each.activity.id) for each in held if not each.activity.facts.fields],
    }


def _steps(partnership: Partnership, milestones: Iterable[Event], on: date) -> list[Step]:
    steps = [
        Step(data.milestone, data.reached, event.id, data.note, tuple(data.requirements), data.valid_until)
        for event in milestones
        if isinstance(data := event.data, MilestoneReached)
        and min(parse_occurred(data.reached).last, event.recorded_on) <= on
    ]
    mou_date = partnership.facts.mou_date
    if mou_date is not None and mou_date <= on and all(each.milestone is not Milestone.SIGNING for each in steps):
        steps.append(Step(Milestone.SIGNING, mou_date.isoformat(), None))
    return sorted(steps, key=lambda each: each.since)


def _procedure(number: int, milestone: Milestone, steps: Sequence[Step]) -> dict[str, Any]:
    reached = [
        {"event_id": str(each.event) if each.event else None, "reached": each.reached, "note": each.note}
        for each in steps
        if each.milestone is milestone
    ]
    return {"order": number, "milestone": milestone.value, "state": _state(milestone, steps), "reached": reached}


def _state(milestone: Milestone, steps: Sequence[Step]) -> str:
    if any(each.milestone is milestone for each in steps):
        return "reached"
    if milestone not in UP_TO_THE_SIGNING:
        return "ahead"
    later = UP_TO_THE_SIGNING[UP_TO_THE_SIGNING.index(milestone) + 1 :]
    return "not_told" if any(each.milestone in later for each in steps) else "ahead"


def _requirement(requirement: Requirement, steps: Sequence[Step]) -> dict[str, Any]:
    met = [each for each in steps if requirement in each.requirements]
    return {
        "requirement": requirement.value,
        "met_at": met[-1].milestone.value if met else None,
        "reached": met[-1].reached if met else None,
        "event_id": str(met[-1].event) if met else None,
    }


def _memoranda(steps: Sequence[Step], partnership: Partnership, on: date) -> Iterator[dict[str, Any]]:
    ended = partnership.ended_on is not None and partnership.ended_on < on
    last = [each.milestone for each in steps if each.milestone in (*AGREED_BY, *SUSPENDED_BY)][-1:]
    stands = not ended and not set(last) & set(SUSPENDED_BY)
    for each in steps:
        if each.milestone in AGREED_BY:
            yield {
                "kind": each.milestone.value,
                "event_id": str(each.event) if each.event else None,
                "title": None,
                "since": each.reached,
                "valid_until": each.valid_until.isoformat() if each.valid_until else None,
                "in_force": stands and (each.valid_until is None or on <= each.valid_until),
            }


def _documents(held: Iterable[Deed], on: date) -> Iterator[dict[str, Any]]:
    for each in sorted(held, key=lambda each: (each.effective, each.activity.id)):
        facts = each.activity.facts
        if facts.indicator is Indicator.DOCUMENT:
            yield {
                "kind": "document",
                "event_id": str(each.activity.id),
                "title": facts.title.model_dump(exclude_none=True),
                "since": facts.occurred,
                "valid_until": facts.valid_until.isoformat() if facts.valid_until else None,
                # Letters and minutes are documents too: without an end nobody can say that one still holds.
                "in_force": on <= facts.valid_until if facts.valid_until else None,
            }


def of_each_year(programmes: Iterable[Event], on: date) -> list[Event]:
    """Return the last programme of each year, as far as it was agreed by the day."""
    of_year = {
        event.data.year: event
        for event in programmes
        if isinstance(event.data, ProgrammeAgreed) and event.recorded_on <= on
    }
    return [of_year[year] for year in sorted(of_year)]


def _programme(event: Event, held: Sequence[Deed]) -> dict[str, Any]:
    assert isinstance(event.data, ProgrammeAgreed)
    lines = event.data.activities
    carried = carry_out(lines, [each for each in held if each.effective.year == event.data.year])
    return {
        "year": event.data.year,
        "event_id": str(event.id),
        "planned": len(lines),
        "carried_out": sum(each is not None for each in carried),
        "lines": [
            {
                **line.model_dump(mode="json", exclude_none=True),
                "carried_out_by": str(deed.activity.id) if deed is not None else None,
            }
            for line, deed in zip(lines, carried, strict=True)
        ],
    }


def _field(field: str, held: Iterable[Deed]) -> dict[str, Any]:
    name = field.casefold()
    touching = [each for each in held if name in {other.casefold() for other in each.activity.facts.fields}]
    return {"field": field, "activities": [str(each.activity.id) for each in touching]}


def _other_fields(fields: Iterable[str], held: Iterable[Deed]) -> list[str]:
    named = {each.casefold() for each in fields}
    others = {each.casefold(): each for deed in held for each in deed.activity.facts.fields}
    return [others[name] for name in sorted(others.keys() - named)]
