"""What the bureau has ruled: official judgements of partnerships, and which rubric is law on which day."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from shared.domain.events import Event, RatingLifted, RatingSet, RubricAdopted
from shared.domain.rating import Judgement
from shared.domain.rubric import JAKARTA_2020, Rubric

RULING_TYPES = ("rating.set", "rating.lifted", "rubric.adopted")


def judgements_by_partnership(rulings: Iterable[Event]) -> dict[str, tuple[Judgement, ...]]:
    """Return the judgements that were set and not lifted, in the order in which they were set."""
    standing: dict[str, list[Judgement]] = defaultdict(list)
    for event in rulings:
        match event.data:
            case RatingSet() as data:
                standing[data.partnership].append(
                    Judgement(event.id, data.rating, event.author, data.reason, data.valid_from, data.valid_until)
                )
            case RatingLifted() as data:
                standing[data.partnership] = [each for each in standing[data.partnership] if each.id != data.judgement]
            case _:
                pass
    return {partnership: tuple(each) for partnership, each in standing.items()}


@dataclass(frozen=True, slots=True)
class Adoption:
    """A rubric, and the days on which it is law: `first` None for the default, `last` None where no other follows.

    `by` is the event that adopted it, None for the default. Where another was adopted from the same day later, it is law
    on no day, and `replaced_by` is that one's event.
    """

    rubric: Rubric
    by: Event | None
    first: date | None
    last: date | None = None
    replaced_by: Event | None = None


def adoptions(rulings: Iterable[Event]) -> list[Adoption]:
    """Return the default rubric and all that were adopted, by the day from which they hold.

    Of two from the same day the one adopted last is law.
    """
    adopted = [(event.data, event) for event in rulings if isinstance(event.data, RubricAdopted)]
    adopted.sort(key=lambda each: each[0].valid_from)
    days = [data.valid_from for data, _ in adopted]
    found = [Adoption(JAKARTA_2020, None, None, _day_before(days[0]) if days else None)]
    for index, (data, event) in enumerate(adopted):
        same_day = [
            each for each, day in zip(adopted[index + 1 :], days[index + 1 :], strict=True) if day == days[index]
        ]
        following = next((day for day in days[index + 1 :] if day > days[index]), None)
        last = _day_before(following) if following else None
        replaced_by = same_day[0][1] if same_day else None
        found.append(Adoption(data.rubric, event, data.valid_from, None if replaced_by else last, replaced_by))
    return found


def law_of(rulings: Iterable[Event]) -> Sequence[tuple[date, Rubric]]:
    """Return the adopted rubrics that are law on some day, each with the day from which it holds, in order."""
    found = [(each.first, each.rubric) for each in adoptions(rulings) if each.replaced_by is None]
    return [(first, rubric) for first, rubric in found if first is not None]


def _day_before(day: date) -> date:
    return day - timedelta(days=1)


def rubric_in_force(rulings: Iterable[Event], on: date) -> Rubric:
    """Return the rubric that is law on a day: of those adopted to hold by then, the latest; else the default.

    Where two hold from the same day, the one adopted last is meant.
    """
    in_force, since = JAKARTA_2020, date.min
    for event in rulings:
        if isinstance(event.data, RubricAdopted) and since <= event.data.valid_from <= on:
            in_force, since = event.data.rubric, event.data.valid_from
    return in_force
