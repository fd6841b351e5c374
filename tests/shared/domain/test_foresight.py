"""Foresight against `rate` itself: every fall comes on its day, every way is enough, and nothing less is."""

from dataclasses import replace
from datetime import date, timedelta
from itertools import combinations_with_replacement

from hypothesis import given, settings

from shared.domain.cells import CELLS, Cell, lit_by
from shared.domain.codes import Direction, Indicator, Mode, Outcome, RatingCode
from shared.domain.foresight import BEST_FIRST, Idea, foresee
from shared.domain.rating import Fact, History, rate
from shared.domain.rubric import JAKARTA_2020, Rubric
from tests.shared.domain.test_rating import DAYS, HISTORIES, rubrics
from tests.support.build import a_fact, a_history

OUT, IN, MUTUAL = Direction.OUTBOUND, Direction.INBOUND, Direction.MUTUAL
ON = date(2020, 12, 31)
THOROUGH = settings(max_examples=60, deadline=None)


def without_what_follows(history: History, on: date) -> History:
    """What is known to have been held by a day."""
    return replace(history, facts=tuple(each for each in history.facts if each.effective <= on))


def held(idea: Idea, on: date) -> Fact:
    mode = Mode.IN_PERSON if idea.in_person else Mode.ONLINE
    return a_fact(indicator=idea.indicator, direction=idea.direction, mode=mode, on=on)


@THOROUGH
@given(history=HISTORIES, rubric=rubrics(), on=DAYS)
def test_each_fall_comes_on_its_day_and_the_last_leaves_nothing_to_lose(history: History, rubric: Rubric, on: date):
    alone = without_what_follows(history, on)
    rating = rate(alone, rubric, on).rating

    for fall in foresee(history, rubric, on).falls:
        assert rate(alone, rubric, fall.on - timedelta(days=1)).rating is rating
        assert rate(alone, rubric, fall.on).rating is fall.rating
        assert BEST_FIRST.index(fall.rating) > BEST_FIRST.index(rating)
        rating = fall.rating
    assert rating is RatingCode.TIDAK_AKTIF


@THOROUGH
@given(history=HISTORIES, rubric=rubrics(), on=DAYS)
def test_every_way_is_enough_and_no_fewer_cells_are(history: History, rubric: Rubric, on: date):
    alone = without_what_follows(history, on)
    ahead = foresee(history, rubric, on)

    for target in (ahead.keep, ahead.raise_):
        if target is None or not target.ways:
            continue
        dark = [cell for cell in CELLS if not rate(alone, rubric, target.by).cells[cell].activities]
        most = sum(sorted((rubric.weight(cell) for cell in dark), reverse=True)[: target.cells - 1])
        assert most < target.missing
        for way in target.ways:
            assert len(way.cells) == target.cells
            added = replace(alone, facts=(*alone.facts, *(held(idea, target.by) for idea in way.ideas)))
            assert BEST_FIRST.index(rate(added, rubric, target.by).rating) <= BEST_FIRST.index(target.rating)


@THOROUGH
@given(history=HISTORIES, rubric=rubrics(), on=DAYS)
def test_no_fewer_activities_light_the_cells_of_a_way(history: History, rubric: Rubric, on: date):
    ahead = foresee(history, rubric, on)
    every_idea = [
        set(lit_by(indicator, direction, in_person=True, travel=rubric.travel))
        for indicator in Indicator
        for direction in Direction
    ]

    for way in [way for target in (ahead.keep, ahead.raise_) if target for way in target.ways[:2]]:
        fewer = combinations_with_replacement(every_idea, min(len(way.ideas) - 1, 2))
        assert not any(set(way.cells) <= set().union(*chosen) for chosen in fewer if chosen)


def test_a_partnership_with_three_cells_needs_one_more_before_the_first_goes_dark():
    history = a_history(
        a_fact(indicator=Indicator.CONTACT, direction=OUT, on=date(2018, 3, 1)),
        a_fact(indicator=Indicator.VISIT, direction=IN, on=date(2019, 5, 22)),
        a_fact(indicator=Indicator.AID, direction=IN, on=date(2020, 1, 10)),
    )

    ahead = foresee(history, JAKARTA_2020, ON)

    assert [(fall.on, fall.rating) for fall in ahead.falls] == [
        (date(2022, 3, 1), RatingCode.KURANG_AKTIF),
        (date(2024, 1, 10), RatingCode.TIDAK_AKTIF),
    ]
    assert ahead.dormant_on == date(2022, 1, 10)
    assert ahead.raise_ is None
    assert ahead.keep is not None
    assert (ahead.keep.by, ahead.keep.missing, ahead.keep.cells) == (date(2022, 3, 1), 1, 1)
    assert ahead.keep.ways[0].cells == (Cell(Indicator.CONTACT, OUT),)
    assert ahead.keep.ways[0].ideas == (
        Idea(Indicator.CONTACT, OUT, in_person=False, cells=(Cell(Indicator.CONTACT, OUT),)),
    )


def test_one_mutual_visit_lights_both_directions():
    ahead = foresee(a_history(a_fact(indicator=Indicator.CONTACT, direction=IN, on=date(2020, 1, 1))), JAKARTA_2020, ON)

    assert ahead.raise_ is not None
    assert (ahead.raise_.rating, ahead.raise_.missing, ahead.raise_.cells) == (RatingCode.AKTIF, 2, 2)
    both = next(
        way
        for way in ahead.raise_.ways
        if set(way.cells) == {Cell(Indicator.DOCUMENT, OUT), Cell(Indicator.DOCUMENT, IN)}
    )
    assert [(idea.indicator, idea.direction) for idea in both.ideas] == [(Indicator.DOCUMENT, MUTUAL)]


def test_a_plan_shows_what_it_would_change_and_counts_for_nothing():
    held_before = [
        a_fact(indicator=Indicator.CONTACT, direction=MUTUAL, on=date(2019, 5, 1)),
    ]
    plan = a_fact(
        indicator=Indicator.VISIT,
        direction=IN,
        outcome=Outcome.PLANNED,
        on=date(2021, 6, 20),
        stated_on=date(2020, 12, 1),
    )

    ahead = foresee(a_history(*held_before, plan), JAKARTA_2020, ON)

    (seen,) = ahead.plans
    assert (seen.activity, seen.on, seen.lights) == (plan.activity, date(2021, 6, 20), (Cell(Indicator.VISIT, IN),))
    assert (seen.rating_without, seen.rating_with) == (RatingCode.KURANG_AKTIF, RatingCode.AKTIF)
    assert ahead.falls == foresee(a_history(*held_before), JAKARTA_2020, ON).falls


def test_where_all_is_dark_there_is_nothing_to_keep():
    ahead = foresee(a_history(), JAKARTA_2020, ON)

    assert (ahead.falls, ahead.keep) == ((), None)
    assert ahead.raise_ is not None
    assert (ahead.raise_.rating, ahead.raise_.cells) == (RatingCode.KURANG_AKTIF, 1)
