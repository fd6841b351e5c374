from typing import Any

import pytest
from pydantic import ValidationError

from shared.domain.cells import CELLS, Cell
from shared.domain.codes import Direction, Indicator, RatingCode
from shared.domain.rubric import JAKARTA_2020, Rubric
from tests.support.build import a_rubric, rubric_data


def test_the_shipped_rubric_has_the_values_of_its_description():
    assert JAKARTA_2020.id == "jakarta-2020"
    assert JAKARTA_2020.version == 1
    assert JAKARTA_2020.window_months == 48
    assert JAKARTA_2020.thresholds.aktif == 3
    assert JAKARTA_2020.thresholds.kurang_aktif == 1
    assert JAKARTA_2020.provisional_months == 12
    assert JAKARTA_2020.dormant_months == 24
    assert JAKARTA_2020.travel is True


@pytest.mark.parametrize("cell", CELLS)
def test_the_shipped_rubric_treats_all_cells_alike(cell: Cell):
    assert JAKARTA_2020.weight(cell) == 1
    assert JAKARTA_2020.window(cell) == 48


@pytest.mark.parametrize(
    ("score", "rating"),
    [
        (0, RatingCode.TIDAK_AKTIF),
        (1, RatingCode.KURANG_AKTIF),
        (2, RatingCode.KURANG_AKTIF),
        (3, RatingCode.AKTIF),
        (10, RatingCode.AKTIF),
    ],
)
def test_the_score_is_turned_into_a_rating_by_the_thresholds(score: int, rating: RatingCode):
    assert JAKARTA_2020.rating(score) is rating


def test_a_rule_for_one_cell_leaves_the_others_as_they_are():
    rubric = a_rubric(cells={"visit": {"inbound": {"weight": 3, "window_months": 12}}})

    ruled = Cell(Indicator.VISIT, Direction.INBOUND)
    assert (rubric.weight(ruled), rubric.window(ruled)) == (3, 12)
    assert all((rubric.weight(cell), rubric.window(cell)) == (1, 48) for cell in CELLS if cell != ruled)


def test_a_rule_may_set_a_window_without_a_weight():
    rubric = a_rubric(cells={"aid": {"outbound": {"window_months": 60}}})

    ruled = Cell(Indicator.AID, Direction.OUTBOUND)
    assert (rubric.weight(ruled), rubric.window(ruled)) == (1, 60)


@pytest.mark.parametrize(
    "changes",
    [
        {"thresholds": {"aktif": 1, "kurang_aktif": 1}},
        {"thresholds": {"aktif": 1, "kurang_aktif": 3}},
        {"thresholds": {"aktif": 3, "kurang_aktif": 0}},
        {"thresholds": {"aktif": 11, "kurang_aktif": 1}},
        {"thresholds": {"aktif": 3}},
        {"thresholds": {"aktif": 3.0, "kurang_aktif": 1}},
        {"window_months": 0},
        {"window_months": 1201},
        {"window_months": "48"},
        {"dormant_months": 0},
        {"provisional_months": -1},
        {"version": 0},
        {"travel": 1},
        {"author": ""},
        {"id": "Jakarta 2020"},
        {"surprise": 1},
        {"cells": {"lunch": {}}},
        {"cells": {"visit": {"mutual": {"weight": 1}}}},
        {"cells": {"visit": {"inbound": {"weight": -1}}}},
        {"cells": {"visit": {"inbound": {"weight": 101}}}},
        {"cells": {"visit": {"inbound": {"window_months": 0}}}},
    ],
)
def test_a_rubric_that_cannot_be_meant_is_refused(changes: dict[str, Any]):
    with pytest.raises(ValidationError):
        Rubric.model_validate(rubric_data(**changes))


def test_the_highest_threshold_may_take_all_cells_together():
    weightless = {indicator.value: {"outbound": {"weight": 0}} for indicator in Indicator}

    assert a_rubric(thresholds={"aktif": 10, "kurang_aktif": 1}).thresholds.aktif == 10
    assert a_rubric(thresholds={"aktif": 5, "kurang_aktif": 1}, cells=weightless).thresholds.aktif == 5
    with pytest.raises(ValidationError, match="all cells together give 5"):
        a_rubric(thresholds={"aktif": 6, "kurang_aktif": 1}, cells=weightless)
