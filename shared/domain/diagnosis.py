"""The diagnosis of a partnership: measures beside the rating, from the same facts, for any window.

Each measure says of how many activities it speaks and which they are, so that whoever doubts a number can open its rows.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from itertools import pairwise
from statistics import median
from uuid import UUID

from shared.domain.amend import Activity
from shared.domain.codes import Direction, Indicator, Initiator, Mode, Outcome
from shared.domain.events import AgreedActivity, Bilingual, ProgrammeAgreed
from shared.domain.occurred import parse_occurred

LEADS_TO = (Indicator.DOCUMENT, Indicator.JOINT_EVENT)
PROPOSALS_WITH_AN_END = (Outcome.HELD, Outcome.DECLINED, Outcome.POSTPONED, Outcome.UNKNOWN)
NOT_TAKEN_UP = (Outcome.DECLINED, Outcome.UNKNOWN)


@dataclass(frozen=True, slots=True)
class Deed:
    """An activity that was not withdrawn, as corrected, and the day on which it was first posted."""

    activity: Activity
    posted_on: date

    @property
    def last(self) -> date:
        """The last day that its date can mean."""
        return parse_occurred(self.activity.facts.occurred).last

    @property
    def effective(self) -> date:
        """The last day of its date, but never after the day on which that was stated."""
        return min(self.last, self.activity.stated_on)


@dataclass(frozen=True, slots=True)
class Measure:
    """A number, None where there is nothing to measure; `of` are the activities that it speaks of.

    A share is `part` of `of`, between 0 and 1; `part` are the activities that have what is asked.
    """

    value: Fraction | None
    of: tuple[UUID, ...] = ()
    part: tuple[UUID, ...] = ()


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """All measures of one partnership over one window. Only what was held counts, unless a measure says otherwise.

    `balance_of_visits`, `balance_of_aid`, `balance_of_initiative`: 1 - |out - in| / (out + in); 1 is even, 0 one-sided.
    What is mutual counts on both sides. `people_to_people`: share among those of which it is known. `breadth`: fields of
    the memorandum that any activity names, of all that it names. `actors`: how many kinds took part; `diversity_of_actors`:
    the chance that two mentions drawn at random are of different kinds (Gini-Simpson). `carried_out`: lines of the yearly
    programmes of the window's years that an activity of that year carried out, of all lines. `home_not_taken_up` and
    `partner_not_taken_up`: of the proposals of that side whose end is known or should be, those declined or unanswered.
    `third_party`: share of what neither side began, among those of which it is known. `online`: share among those whose
    mode is known. `median_gap_days` and `longest_gap_days`: between the effective days of one activity and the next.
    `with_evidence`: share with a document that shows it. `median_days_to_posting`: from the last day of its date to the
    day it was posted, 0 for what was posted before. `chains_that_led_somewhere`: of the chains of activities that one
    caused the next, those that end in a document or a joint event.
    """

    balance_of_visits: Measure
    balance_of_aid: Measure
    balance_of_initiative: Measure
    people_to_people: Measure
    breadth: Measure
    actors: Measure
    diversity_of_actors: Measure
    carried_out: Measure
    home_not_taken_up: Measure
    partner_not_taken_up: Measure
    third_party: Measure
    online: Measure
    median_gap_days: Measure
    longest_gap_days: Measure
    with_evidence: Measure
    median_days_to_posting: Measure
    chains_that_led_somewhere: Measure


def diagnose(
    fields: Collection[str], deeds: Iterable[Deed], programmes: Iterable[ProgrammeAgreed], first: date, last: date
) -> Diagnosis:
    """Measure what happened from `first` to `last`; `fields` are those of the memorandum. The order of deeds plays no part.

    Of several programmes for a year the last counts.
    """
    in_window = sorted((each for each in deeds if first <= each.effective <= last), key=_by_day)
    held = [each for each in in_window if each.activity.facts.outcome is Outcome.HELD]
    agreed = {each.year: each for each in programmes if first.year <= each.year <= last.year}
    return Diagnosis(
        balance_of_visits=_balance(_of(held, Indicator.VISIT), _outbound, _inbound),
        balance_of_aid=_balance(_of(held, Indicator.AID), _outbound, _inbound),
        balance_of_initiative=_balance(held, _from_home, _from_partner),
        people_to_people=_share(
            [each for each in held if each.activity.facts.people_to_people is not None],
            lambda each: bool(each.activity.facts.people_to_people),
        ),
        breadth=_breadth(fields, held),
        actors=_actors(held),
        diversity_of_actors=_diversity_of_actors(held),
        carried_out=_carried_out(agreed, held),
        home_not_taken_up=_not_taken_up(in_window, Initiator.HOME),
        partner_not_taken_up=_not_taken_up(in_window, Initiator.PARTNER),
        third_party=_share(
            [each for each in held if each.activity.facts.initiator is not None],
            lambda each: each.activity.facts.initiator is Initiator.THIRD_PARTY,
        ),
        online=_share(
            [each for each in held if each.activity.facts.mode is not Mode.UNKNOWN],
            lambda each: each.activity.facts.mode is Mode.ONLINE,
        ),
        median_gap_days=_gap(held, median),
        longest_gap_days=_gap(held, max),
        with_evidence=_share(held, lambda each: bool(each.activity.facts.evidence)),
        median_days_to_posting=_days_to_posting(held),
        chains_that_led_somewhere=_chains(held),
    )


def _by_day(deed: Deed) -> tuple[date, UUID]:
    return deed.effective, deed.activity.id


def _ids(deeds: Iterable[Deed]) -> tuple[UUID, ...]:
    return tuple(each.activity.id for each in deeds)


def _of(deeds: Iterable[Deed], indicator: Indicator) -> list[Deed]:
    return [each for each in deeds if each.activity.facts.indicator is indicator]


def _outbound(deed: Deed) -> bool:
    return deed.activity.facts.direction in (Direction.OUTBOUND, Direction.MUTUAL)


def _inbound(deed: Deed) -> bool:
    return deed.activity.facts.direction in (Direction.INBOUND, Direction.MUTUAL)


def _from_home(deed: Deed) -> bool:
    return deed.activity.facts.initiator in (Initiator.HOME, Initiator.MUTUAL)


def _from_partner(deed: Deed) -> bool:
    return deed.activity.facts.initiator in (Initiator.PARTNER, Initiator.MUTUAL)


def _balance(deeds: Sequence[Deed], one: Callable[[Deed], bool], other: Callable[[Deed], bool]) -> Measure:
    ours, theirs = sum(map(one, deeds)), sum(map(other, deeds))
    of = [each for each in deeds if one(each) or other(each)]
    value = 1 - Fraction(abs(ours - theirs), ours + theirs) if of else None
    return Measure(value, _ids(of), _ids(filter(one, of)))


def _share(of: Sequence[Deed], has: Callable[[Deed], bool]) -> Measure:
    part = [each for each in of if has(each)]
    return Measure(Fraction(len(part), len(of)) if of else None, _ids(of), _ids(part))


def _breadth(fields: Collection[str], held: Sequence[Deed]) -> Measure:
    named = {each.casefold() for each in fields}
    in_a_field = [each for each in held if named & _fields_of(each)]
    touched = named.intersection(*[set().union(*map(_fields_of, in_a_field))])
    return Measure(Fraction(len(touched), len(named)) if named else None, _ids(held), _ids(in_a_field))


def _fields_of(deed: Deed) -> set[str]:
    return {each.casefold() for each in deed.activity.facts.fields}


def _actors(held: Sequence[Deed]) -> Measure:
    told = [each for each in held if each.activity.facts.actors]
    kinds = {actor for each in told for actor in each.activity.facts.actors}
    return Measure(Fraction(len(kinds)) if told else None, _ids(held), _ids(told))


def _diversity_of_actors(held: Sequence[Deed]) -> Measure:
    told = [each for each in held if each.activity.facts.actors]
    mentions = Counter(actor for each in told for actor in set(each.activity.facts.actors))
    total = mentions.total()
    same = sum(count * (count - 1) for count in mentions.values())
    return Measure(1 - Fraction(same, total * (total - 1)) if total > 1 else None, _ids(held), _ids(told))


def _not_taken_up(deeds: Sequence[Deed], side: Initiator) -> Measure:
    proposals = [
        each
        for each in deeds
        if each.activity.facts.initiator is side and each.activity.facts.outcome in PROPOSALS_WITH_AN_END
    ]
    return _share(proposals, lambda each: each.activity.facts.outcome in NOT_TAKEN_UP)


def _gap(held: Sequence[Deed], of: Callable[[list[int]], float]) -> Measure:
    gaps = [(after.effective - before.effective).days for before, after in pairwise(held)]
    return Measure(Fraction(of(gaps)) if gaps else None, _ids(held))


def _days_to_posting(held: Sequence[Deed]) -> Measure:
    days = [max(0, (each.posted_on - each.last).days) for each in held]
    return Measure(Fraction(median(days)) if days else None, _ids(held))


def _chains(held: Sequence[Deed]) -> Measure:
    """A chain ends with an activity that was caused by one of these and has caused none of them."""
    here = {each.activity.id for each in held}
    causes = {each.activity.facts.caused_by for each in held}
    ends = [each for each in held if each.activity.facts.caused_by in here and each.activity.id not in causes]
    return _share(ends, lambda each: each.activity.facts.indicator in LEADS_TO)


def _carried_out(agreed: Mapping[int, ProgrammeAgreed], held: Sequence[Deed]) -> Measure:
    lines, served = 0, []
    for year, programme in sorted(agreed.items()):
        of_year = [each for each in held if each.effective.year == year]
        carried = carry_out(programme.activities, of_year)
        lines += len(programme.activities)
        served += [deed for deed in carried if deed is not None]
    return Measure(Fraction(len(served), lines) if lines else None, _ids(held), _ids(served))


def carry_out(lines: Sequence[AgreedActivity], deeds: Sequence[Deed]) -> list[Deed | None]:
    """Return for each line of a programme the deed that carried it out, None where there is none.

    A deed serves one line: one of the same title, or else one whose indicator and direction the line names. As many lines
    as possible are served (augmenting paths); a line that names neither is served by its title only.
    """
    served_by: dict[int, int] = {}

    def serve(line: int, tried: set[int]) -> bool:
        for number in _fitting(lines[line], deeds):
            if number in tried:
                continue
            tried.add(number)
            other = next((each for each, deed in served_by.items() if deed == number), None)
            if other is None or serve(other, tried):
                served_by[line] = number
                return True
        return False

    for line in range(len(lines)):
        serve(line, set())
    return [deeds[served_by[line]] if line in served_by else None for line in range(len(lines))]


def _fitting(line: AgreedActivity, deeds: Sequence[Deed]) -> list[int]:
    titled = [number for number, each in enumerate(deeds) if _words(line.title) & _words(each.activity.facts.title)]
    if line.indicator is None:
        return titled
    fitting = [
        number
        for number, each in enumerate(deeds)
        if each.activity.facts.indicator is line.indicator
        and line.direction in (None, each.activity.facts.direction)
        and number not in titled
    ]
    return titled + fitting


def _words(title: Bilingual) -> set[str]:
    return {each.casefold() for each in (title.id, title.en) if each is not None}
