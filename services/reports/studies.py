"""What can be asked beyond the ratings: the law, what lies ahead, what would be otherwise, how it agrees. Pure."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date
from fractions import Fraction
from typing import Any, TypeVar
from uuid import UUID

from services.reports.compose import histories_of
from services.reports.store import NIL, DeedRows, Known
from shared.domain.access import Principal, Role
from shared.domain.amend import Activity, Partnership
from shared.domain.cells import CELLS
from shared.domain.codes import RatingCode
from shared.domain.diagnosis import Deed, Diagnosis, Measure, diagnose
from shared.domain.events import ActivityFacts, Event, ProgrammeAgreed
from shared.domain.foresight import foresee
from shared.domain.occurred import parse_occurred
from shared.domain.rating import Fact, History, Judgement, fact_of
from shared.domain.rubric import Rubric
from shared.domain.rulings import Adoption, adoptions, judgements_by_partnership, law_of, rubric_in_force
from shared.domain.whatif import (
    Agreement,
    Difference,
    Law,
    backtest,
    differences,
    leave_one_out,
    steps,
    sweep,
    thresholds_for,
)
from shared.wire.envelope import rfc3339
from shared.wire.foresight_document import cell_documents, foresight_document

T = TypeVar("T")


def compose_law(rulings: Iterable[Event], reader: Principal) -> list[dict[str, Any]]:
    """Answer which rubric is law from when to when; the public is not told who adopted it."""
    return [_adoption(each, reader) for each in adoptions(rulings)]


def _adoption(adoption: Adoption, reader: Principal) -> dict[str, Any]:
    by = adoption.by
    return {
        "from": adoption.first.isoformat() if adoption.first else None,
        "to": adoption.last.isoformat() if adoption.last else None,
        "adopted_by": _event(by, reader) if by else None,
        "replaced_by": _event(adoption.replaced_by, reader) if adoption.replaced_by else None,
        "rubric": adoption.rubric.model_dump(mode="json"),
    }


def _event(event: Event, reader: Principal) -> dict[str, Any]:
    return {
        "event_id": str(event.id),
        "author": event.author if reader.role is not Role.PUBLIC else None,
        "position": event.position,
        "recorded_at": rfc3339(event.recorded_at),
    }


def compose_foresight(known: Known, on: date) -> list[dict[str, Any]]:
    """Answer what will become of every partnership that is in force on a day, by the law of that day."""
    rubric, histories = rubric_in_force(known.rulings, on), histories_of(known)
    return [
        {
            "partnership": each.slug,
            "name": each.facts.name.model_dump(exclude_none=True),
            **foresight_document(foresee(histories[each.slug], rubric, on)),
        }
        for each in known.partnerships
        if each.stands(on, on)
    ]


@dataclass(frozen=True, slots=True)
class Otherwise:
    """What is to be otherwise: another law, activities added, activities left out."""

    rubric: Rubric | None = None
    added: Sequence[ActivityFacts] = ()
    removed: frozenset[UUID] = frozenset()


def compose_whatif(known: Known, otherwise: Otherwise, first: date, last: date) -> list[dict[str, Any]]:
    """Answer whose rating would have been another from when to when, and by which cells."""
    law = law_of(known.rulings)
    other_law = [(date.min, otherwise.rubric)] if otherwise.rubric else law
    changed = [
        (each, _differences(history, law, other_law, otherwise, each, first, last)) for each, history in _pairs(known)
    ]
    return [
        {
            "partnership": each.slug,
            "name": each.facts.name.model_dump(exclude_none=True),
            "differences": [_difference(difference) for difference in found],
        }
        for each, found in changed
        if found
    ]


def _pairs(known: Known) -> list[tuple[Partnership, History]]:
    histories = histories_of(known)
    return [(each, histories[each.slug]) for each in known.partnerships]


def _differences(
    history: History, law: Law, other_law: Law, otherwise: Otherwise, partnership: Partnership, first: date, last: date
) -> list[Difference]:
    """Compare the courses of the days on which the partnership was in force."""
    begins = max(first, partnership.facts.mou_date or first)
    ends = min(last, partnership.ended_on or last)
    changed = _otherwise(history, otherwise)
    if ends < begins or (changed == history and law is other_law):
        return []
    return differences(steps(history, law, begins, ends), steps(changed, other_law, begins, ends), ends)


def _otherwise(history: History, otherwise: Otherwise) -> History:
    added = [_added(each) for each in otherwise.added if each.partnership == history.partnership]
    kept = [each for each in history.facts if each.activity not in otherwise.removed]
    return replace(history, facts=(*kept, *added)) if added or len(kept) < len(history.facts) else history


def _added(facts: ActivityFacts) -> Fact:
    """Return the fact that it would be had it been recorded on its last day."""
    return fact_of(Activity(NIL, facts, stated_on=parse_occurred(facts.occurred).last))


def _difference(difference: Difference) -> dict[str, Any]:
    return {
        "from": difference.first.isoformat(),
        "to": difference.last.isoformat(),
        "was": difference.was.value,
        "then": difference.then.value,
        "lit_only_then": cell_documents(each for each in CELLS if each in difference.lit_only_then),
        "lit_only_before": cell_documents(each for each in CELLS if each in difference.lit_only_before),
    }


def official_on(known: Known, on: date) -> dict[str, RatingCode]:
    """Return the official ratings in force on a day; of several of one partnership the one set last."""
    judgements = judgements_by_partnership(known.rulings)
    return {
        slug: in_force[-1].rating
        for slug, each in judgements.items()
        if (in_force := [judgement for judgement in each if _is_in_force(judgement, on)])
    }


def _is_in_force(judgement: Judgement, on: date) -> bool:
    return judgement.valid_from <= on <= (judgement.valid_until or date.max)


def compose_backtest(
    known: Known, official: Mapping[str, RatingCode], rubric: Rubric | None, on: date
) -> dict[str, Any]:
    """Answer how the ratings by a rubric, the law of the day if none is given, agree with official ones."""
    law = rubric or rubric_in_force(known.rulings, on)
    standing = {each.slug for each in known.partnerships if each.stands(on, on)}
    histories = {slug: each for slug, each in histories_of(known).items() if slug in standing & official.keys()}
    agreement = backtest(histories, official, law, on)
    fitted = leave_one_out(histories, official, list(thresholds_for(law)), on)
    return {
        "rubric": {"id": law.id, "version": law.version},
        **_agreement(agreement),
        "matrix": {
            code.value: {computed.value: count for computed, count in counts.items()}
            for code, counts in agreement.matrix.items()
        },
        "not_compared": sorted(official.keys() - histories.keys()),
        "leave_one_out": _agreement(fitted),
        "stability": [
            {
                "partnership": each.partnership,
                "rating": each.rating.value,
                "share": rounded(each.share),
                "counts": {code.value: count for code, count in each.counts.items()},
            }
            for each in sweep(histories.values(), law, on)
        ],
    }


def _agreement(agreement: Agreement) -> dict[str, Any]:
    differing = [each for each in agreement.pairs if each.official is not each.computed]
    return {
        "agreeing": agreement.agreeing,
        "of": len(agreement.pairs),
        "differing": [
            {
                "partnership": each.partnership,
                "official": each.official.value,
                "computed": each.computed.value,
                "score": each.score,
            }
            for each in differing
        ],
    }


def compose_diagnosis(
    partnerships: Iterable[Partnership], rows: DeedRows, programmes: Iterable[Event], first: date, last: date
) -> list[dict[str, Any]]:
    """Answer every measure of each partnership that was in force in a period."""
    deeds_of = deeds_by_partnership(rows.deeds())
    programmes_of = _by_partnership(
        (each.data for each in programmes if isinstance(each.data, ProgrammeAgreed)), lambda each: each.partnership
    )
    return [
        {
            "partnership": each.slug,
            "name": each.facts.name.model_dump(exclude_none=True),
            "measures": measures_document(
                diagnose(each.facts.fields, deeds_of.get(each.slug, ()), programmes_of.get(each.slug, ()), first, last)
            ),
        }
        for each in partnerships
        if each.stands(first, last)
    ]


def _by_partnership(values: Iterable[T], slug_of: Callable[[T], str]) -> dict[str, list[T]]:
    grouped: dict[str, list[T]] = {}
    for each in values:
        grouped.setdefault(slug_of(each), []).append(each)
    return grouped


def deeds_by_partnership(deeds: Iterable[Deed]) -> dict[str, list[Deed]]:
    """Return activities by their partnership."""
    return _by_partnership(deeds, lambda each: each.activity.facts.partnership)


def measures_document(diagnosis: Diagnosis) -> dict[str, Any]:
    """Return all measures by name: the value to 4 places, the activities that it speaks of, those that have what is asked."""
    return {each.name: _measure(getattr(diagnosis, each.name)) for each in fields(Diagnosis)}


def _measure(measure: Measure) -> dict[str, Any]:
    return {
        "value": rounded(measure.value),
        "of": [str(each) for each in measure.of],
        "part": [str(each) for each in measure.part],
    }


def rounded(value: Fraction | None) -> float | None:
    """Return a measure as JSON has it: to 4 places."""
    return None if value is None else round(float(value), 4)
