"""What is recommended, and by which facts: as a table, and for any facts at all."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.reports.advice import Advice, Reason, Standing, advise
from shared.domain.codes import RatingCode, Requirement

LAST, KNOWN_ON = date(2020, 12, 31), date(2021, 3, 1)
SILENT = Standing(RatingCode.TIDAK_AKTIF, None, None, False, True, 0, date(2021, 2, 1), None)


def standing(**changes) -> Standing:
    values = {name: getattr(SILENT, name) for name in Standing.__slots__}
    return Standing(**{**values, **changes})


@pytest.mark.parametrize(
    ("changes", "advice", "reason"),
    [
        ({}, Advice.END, Reason.NOBODY_TRIED),
        ({"tried": 1}, Advice.REVIEW, Reason.SOMEBODY_TRIED),
        ({"dormant": False}, Advice.REVIEW, Reason.NOT_DORMANT),
        ({"last_posted_on": date(2020, 2, 28)}, Advice.REVIEW, Reason.NOBODY_POSTED),
        ({"last_posted_on": None}, Advice.REVIEW, Reason.NOBODY_POSTED),
        ({"official": RatingCode.KURANG_AKTIF}, Advice.REVIEW, Reason.JUDGED_BETTER),
        ({"official": RatingCode.TIDAK_AKTIF}, Advice.END, Reason.INACTIVE),
        ({"uncertain": RatingCode.KURANG_AKTIF}, Advice.REVIEW, Reason.UNCERTAIN),
        ({"provisional": True}, Advice.KEEP, Reason.TOO_NEW),
        ({"rating": RatingCode.KURANG_AKTIF, "dormant": False}, Advice.REVIEW, Reason.LESS_ACTIVE),
        ({"rating": RatingCode.AKTIF, "dormant": False}, Advice.KEEP, Reason.ACTIVE),
        ({"rating": RatingCode.AKTIF}, Advice.REVIEW, Reason.DORMANT),
        (
            {"rating": RatingCode.AKTIF, "dormant": False, "official": RatingCode.KURANG_AKTIF},
            Advice.REVIEW,
            Reason.JUDGED_WORSE,
        ),
        (
            {"rating": RatingCode.AKTIF, "dormant": False, "agreement_ends": date(2021, 12, 31)},
            Advice.REVIEW,
            Reason.AGREEMENT_ENDS,
        ),
        (
            {"rating": RatingCode.AKTIF, "dormant": False, "agreement_ends": date(2022, 1, 1)},
            Advice.KEEP,
            Reason.ACTIVE,
        ),
        ({"agreement_ends": date(2019, 1, 1)}, Advice.END, Reason.AGREEMENT_ENDED),
        (
            {"rating": RatingCode.AKTIF, "dormant": False, "open_requirements": [Requirement.EQUAL_STATUS]},
            Advice.REVIEW,
            Reason.REQUIREMENTS_OPEN,
        ),
    ],
)
def test_each_fact_leads_to_its_advice(changes, advice, reason):
    found, reasons = advise(standing(**changes), LAST, KNOWN_ON)

    assert found is advice
    assert reason in reasons


ratings = st.sampled_from(list(RatingCode))
standings = st.builds(
    Standing,
    rating=ratings,
    official=st.none() | ratings,
    uncertain=st.none() | ratings,
    provisional=st.booleans(),
    dormant=st.booleans(),
    tried=st.integers(0, 3),
    last_posted_on=st.none() | st.dates(date(2018, 1, 1), KNOWN_ON),
    agreement_ends=st.none() | st.dates(date(2015, 1, 1), date(2030, 1, 1)),
    open_requirements=st.lists(st.sampled_from(list(Requirement)), unique=True),
)


@given(standings)
def test_the_end_is_advised_only_where_nothing_speaks_for_the_partnership(drawn):
    advice, reasons = advise(drawn, LAST, KNOWN_ON)

    assert reasons
    if advice is Advice.END:
        assert drawn.rating is RatingCode.TIDAK_AKTIF
        assert drawn.dormant
        assert drawn.tried == 0
        assert not drawn.provisional
        assert drawn.official in (None, RatingCode.TIDAK_AKTIF)
        assert Reason.NOBODY_POSTED not in reasons
