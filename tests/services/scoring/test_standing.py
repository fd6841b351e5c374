"""What a worker keeps of a partnership gives the rating that all of its activities give."""

from datetime import date, timedelta
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from services.scoring.standing import HeldFacts
from shared.domain.amend import Activity
from shared.domain.codes import Direction, Indicator, Outcome
from shared.domain.events import ActivityFacts
from shared.domain.rating import fact_of, rate
from shared.domain.rubric import CellRule, CellRules
from tests.support.build import a_history, a_rubric, an_activity

DAYS = st.integers(0, 1_200).map(lambda days: date(2018, 1, 1) + timedelta(days))
RUBRICS = [
    a_rubric(window_months=6),
    a_rubric(window_months=3, cells={Indicator.VISIT: CellRules(outbound=CellRule(window_months=24))}),
]
ACTIVITIES = st.builds(
    lambda number, day, indicator, direction, outcome, stated_on, withdrawn: Activity(
        UUID(int=number),
        ActivityFacts(**an_activity(occurred=day, indicator=indicator, direction=direction, outcome=outcome)),
        stated_on,
        UUID(int=99) if withdrawn else None,
    ),
    st.integers(1, 12),
    st.one_of(DAYS.map(date.isoformat), st.sampled_from(["2018", "2019-05", "2019/2020-02", "2021-11"])),
    st.sampled_from(list(Indicator)),
    st.sampled_from(list(Direction)),
    st.sampled_from([Outcome.HELD, Outcome.HELD, Outcome.PLANNED]),
    DAYS,
    st.booleans(),
)


@settings(max_examples=300, deadline=None)
@given(changed=st.lists(ACTIVITIES, max_size=25), read=st.integers(0, 25), rubric=st.sampled_from(RUBRICS), today=DAYS)
def test_the_facts_that_count_give_the_rating_that_all_give(changed, read, rubric, today):
    before, after = changed[:read], changed[read:]
    standing = {each.id: each for each in before}
    held = HeldFacts(fact_of(each) for each in standing.values() if each.withdrawn_by is None)

    for each in after:
        standing[each.id] = each
        held.put(each)

    all_of_them = [fact_of(each) for each in standing.values() if each.withdrawn_by is None]
    assert rate(a_history(*held.that_count(rubric, today)), rubric, today) == rate(
        a_history(*all_of_them), rubric, today
    )


def test_what_took_effect_before_every_window_is_left_out_but_for_the_latest():
    days = [f"{year}-03-01" for year in range(2010, 2021)]
    activities = [
        Activity(UUID(int=number), ActivityFacts(**an_activity(occurred=day)), date(2021, 1, 1))
        for number, day in enumerate(days)
    ]

    held = HeldFacts(fact_of(each) for each in activities).that_count(a_rubric(window_months=24), date(2020, 12, 31))

    assert [fact.first.year for fact in held] == [2018, 2019, 2020]
