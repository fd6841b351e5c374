"""A rubric: the rules of a rating as data, so that changing them changes no fact and no program."""

import json
from importlib.resources import files
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from shared.domain.cells import CELLS, Cell
from shared.domain.codes import Indicator, RatingCode
from shared.domain.text import Line, Slug
from shared.domain.unfit import Unfit

Months = Annotated[int, Field(strict=True, ge=1, le=1200)]
Weight = Annotated[int, Field(strict=True, ge=0, le=100)]


class Thresholds(BaseModel):
    """The least score for each rating; below both a partnership is `tidak_aktif`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    aktif: Annotated[int, Field(strict=True, ge=1)]
    kurang_aktif: Annotated[int, Field(strict=True, ge=1)]


class CellRule(BaseModel):
    """What a bureau sets differently for one cell; what is left out is as for all."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    weight: Weight = 1
    window_months: Months | None = None


_AS_FOR_ALL = CellRule()


class CellRules(BaseModel):
    """The rules of an indicator's two cells."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    outbound: CellRule = CellRule()
    inbound: CellRule = CellRule()


class Rubric(BaseModel):
    """A named version of the rules.

    `window_months` is how far back an activity counts; `thresholds` turn the score into a rating; `provisional_months`
    after the founding memorandum the rating is marked too new to judge; after `dormant_months` without a counted
    activity a partnership is dormant; with `travel`, a joint event held in person also lights the visit cell of its
    direction. `cells` holds what differs for single cells.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: Slug
    version: Annotated[int, Field(strict=True, ge=1)]
    author: Line
    legal_basis: Line
    window_months: Months
    thresholds: Thresholds
    provisional_months: Months
    dormant_months: Months
    travel: Annotated[bool, Field(strict=True)]
    cells: dict[Indicator, CellRules] = {}

    @model_validator(mode="after")
    def _can_be_reached(self) -> Self:
        best = sum(self.weight(cell) for cell in CELLS)
        if self.thresholds.kurang_aktif >= self.thresholds.aktif:
            raise Unfit(
                "The threshold of `aktif` must be above that of `kurang_aktif`.", "Raise the one or lower the other."
            )
        if self.thresholds.aktif > best:
            problem = f"`aktif` needs {self.thresholds.aktif}, but all cells together give {best}."
            raise Unfit(problem, "Lower the threshold.")
        return self

    def weight(self, cell: Cell) -> int:
        """Return what the cell adds to the score when it is lit."""
        return self._rule(cell).weight

    def window(self, cell: Cell) -> int:
        """Return how many months back an activity lights the cell."""
        return self._rule(cell).window_months or self.window_months

    def rating(self, score: int) -> RatingCode:
        """Return the rating that the score earns."""
        if score >= self.thresholds.aktif:
            return RatingCode.AKTIF
        return RatingCode.KURANG_AKTIF if score >= self.thresholds.kurang_aktif else RatingCode.TIDAK_AKTIF

    def _rule(self, cell: Cell) -> CellRule:
        if not self.cells or (rules := self.cells.get(cell.indicator)) is None:
            return _AS_FOR_ALL
        return rules.outbound if cell.direction == "outbound" else rules.inbound


def _shipped(name: str) -> Rubric:
    return Rubric.model_validate(json.loads(files("shared.domain").joinpath(f"rubrics/{name}.json").read_text("utf-8")))


JAKARTA_2020 = _shipped("jakarta-2020")
"""The default rubric, in force wherever a home has adopted no other."""
