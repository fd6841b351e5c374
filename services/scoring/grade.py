"""What of a rating can change: a grade, and the day on which to look whether it has. Pure."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Self
from uuid import UUID

from shared.domain.amend import Partnership
from shared.domain.cells import CELLS, Cell, lit_by
from shared.domain.codes import Direction, Indicator, Mode, Outcome, RatingCode
from shared.domain.events import ActivityRecorded, Event, MilestoneReached, ProgrammeAgreed
from shared.domain.months import add_months
from shared.domain.rating import Judgement, Rating

CHANGES_NO_RATING = (MilestoneReached, ProgrammeAgreed)


@dataclass(frozen=True, slots=True)
class Grade:
    """How a partnership stands, without what moves from day to day. A change of rating is another grade."""

    rating: RatingCode
    score: int
    lit: frozenset[Cell]
    dormant: bool
    provisional: bool
    official: UUID | None
    rubric: tuple[str, int]

    @classmethod
    def of(cls, rating: Rating) -> Self:
        """Return the grade of a rating."""
        return cls(
            rating=rating.rating,
            score=rating.score,
            lit=frozenset(cell for cell in CELLS if rating.cells[cell].activities),
            dormant=rating.dormant,
            provisional=rating.provisional,
            official=rating.official.id if rating.official else None,
            rubric=(rating.rubric.id, rating.rubric.version),
        )

    def document(self) -> dict[str, Any]:
        """Return it as it is kept."""
        return {
            "rating": self.rating.value,
            "score": self.score,
            "lit": [[cell.indicator.value, cell.direction.value] for cell in CELLS if cell in self.lit],
            "dormant": self.dormant,
            "provisional": self.provisional,
            "official": str(self.official) if self.official else None,
            "rubric": list(self.rubric),
        }

    @classmethod
    def read(cls, document: dict[str, Any]) -> Self:
        """Return what is kept as `document` gave it."""
        rubric_id, version = document["rubric"]
        return cls(
            rating=RatingCode(document["rating"]),
            score=document["score"],
            lit=frozenset(Cell(Indicator(indicator), Direction(direction)) for indicator, direction in document["lit"]),
            dormant=document["dormant"],
            provisional=document["provisional"],
            official=UUID(document["official"]) if document["official"] else None,
            rubric=(rubric_id, version),
        )


@dataclass(frozen=True, slots=True)
class Held:
    """A partnership's grade, None while it is not in force; from `look_again_on` on time alone may have changed it."""

    grade: Grade | None
    look_again_on: date


def leaves_as_it_is(event: Event, grade: Grade, *, travel: bool) -> bool:
    """Say whether an event of a partnership surely changes nothing of its grade, so that nobody needs to rate it anew.

    An activity that was held lights cells, and ends a silence; one that could only light what is lit changes nothing.
    """
    if isinstance(event.data, CHANGES_NO_RATING) or event.import_id is not None:
        return True
    if not isinstance(event.data, ActivityRecorded):
        return False
    if event.data.outcome is not Outcome.HELD:
        return True
    in_person = event.data.mode is Mode.IN_PERSON
    cells = lit_by(event.data.indicator, event.data.direction, in_person=in_person, travel=travel)
    return not grade.dormant and grade.lit.issuperset(cells)


def look_again_on(rating: Rating, partnership: Partnership, judgements: Iterable[Judgement], on: date) -> date:
    """Return the first day after `on` on which time alone may change the grade."""
    days = _days_of_change(rating, partnership.facts.mou_date, judgements)
    return min((day for day in (*days, *_days_in_force(partnership)) if day > on), default=date.max)


def look_again_when_in_force_on(partnership: Partnership, on: date) -> date:
    """Return the first day after `on` on which a partnership that is not in force may be."""
    return min((day for day in _days_in_force(partnership) if day > on), default=date.max)


def _days_of_change(rating: Rating, mou_date: date | None, judgements: Iterable[Judgement]) -> Iterator[date]:
    yield from (state.goes_dark for state in rating.cells.values() if state.goes_dark is not None)
    if rating.dormant_on is not None:
        yield rating.dormant_on
    if mou_date is not None:
        yield add_months(mou_date, rating.rubric.provisional_months)
    for each in judgements:
        yield each.valid_from
        if each.valid_until is not None:
            yield each.valid_until + timedelta(days=1)


def _days_in_force(partnership: Partnership) -> Iterator[date]:
    if partnership.facts.mou_date is not None:
        yield partnership.facts.mou_date
    if partnership.ended_on is not None:
        yield partnership.ended_on + timedelta(days=1)
