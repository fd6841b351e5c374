"""What the bureau has ruled: official judgements of partnerships, and which rubric is law on which day."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date

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


def rubric_in_force(rulings: Iterable[Event], on: date) -> Rubric:
    """Return the rubric that is law on a day: of those adopted to hold by then, the latest; else the default.

    Where two hold from the same day, the one adopted last is meant.
    """
    in_force, since = JAKARTA_2020, date.min
    for event in rulings:
        if isinstance(event.data, RubricAdopted) and since <= event.data.valid_from <= on:
            in_force, since = event.data.rubric, event.data.valid_from
    return in_force
