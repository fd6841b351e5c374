"""The form of a rubric: its values as fields, read back into a rubric; the law in words. Pure."""

from collections.abc import Mapping, Sequence
from typing import Any

from services.reports.posting.fields import Data, Field, FieldProblem, Kind, Typed, check, read_fields, type_fields
from shared.domain.cells import CELLS, Cell
from shared.domain.codes import Direction
from shared.domain.events import RubricAdopted
from shared.domain.rubric import Rubric
from shared.words.codes import DIRECTION_WORDS, INDICATOR_WORDS
from shared.words.words import Language, Words

VALUES = (
    Field("window_months", Kind.WHOLE, required=True),
    Field("thresholds.aktif", Kind.WHOLE, required=True),
    Field("thresholds.kurang_aktif", Kind.WHOLE, required=True),
    Field("provisional_months", Kind.WHOLE, required=True),
    Field("dormant_months", Kind.WHOLE, required=True),
    Field("travel", Kind.FLAG, required=True),
)
NAMES = (
    Field("id", required=True),
    Field("version", Kind.WHOLE, required=True),
    Field("author", required=True),
    Field("legal_basis", required=True),
    Field("valid_from", Kind.DAY, required=True),
)
HINTS = {
    "id": "Lower-case letters, digits and hyphens, such as jakarta-2027.",
    "version": "Another number each time that a value changes.",
    "legal_basis": "The decree or regulation by which it holds.",
    "valid_from": "Days before it keep the law of their day.",
    "window_months": "How far back an activity counts.",
}


def cell_in_words(cell: Cell, words: Words) -> str:
    """Return what a cell is called."""
    return f"{words.say(INDICATOR_WORDS[cell.indicator])}, {words.say(DIRECTION_WORDS[cell.direction])}"


def weight_fields(words: Words) -> list[Field]:
    """Return a field for the weight and one for the window of each cell."""
    fields = []
    for cell in CELLS:
        name, said = f"cells.{cell.indicator}.{cell.direction}", cell_in_words(cell, words)
        weight, window = words.say("%(cell)s: weight", cell=said), words.say("%(cell)s: window in months", cell=said)
        fields.append(Field(f"{name}.weight", Kind.WHOLE, default="1", rare=True, label=weight))
        fields.append(Field(f"{name}.window_months", Kind.WHOLE, rare=True, label=window))
    return fields


def type_rubric(rubric: Rubric, fields: Sequence[Field], language: Language) -> dict[str, str]:
    """Return a rubric as it would be typed."""
    data = rubric.model_dump(mode="json")
    cells: Data = {}
    for cell in CELLS:
        rule = {"weight": rubric.weight(cell), "window_months": _own_window(rubric, cell)}
        cells.setdefault(cell.indicator.value, {})[cell.direction.value] = rule
    return type_fields(fields, {**data, "cells": cells}, language)


def read_rubric(
    fields: Sequence[Field], typed: Typed, named: Mapping[str, Any] | None = None
) -> tuple[Data, list[FieldProblem]]:
    """Return the rubric that was filled in as data, and what is wrong; `named` are the names of one that is only tried."""
    data, problems = read_fields(fields, typed)
    data.pop("valid_from", None)
    data = {**data, **(named or {}), "cells": _cells(data.get("cells", {}))}
    return data, check(Rubric, data, fields, problems)


def read_adoption(fields: Sequence[Field], typed: Typed) -> tuple[Data, list[FieldProblem]]:
    """Return the data of a rubric's adoption, and what is wrong."""
    rubric, problems = read_rubric(fields, typed)
    day, _ = read_fields([each for each in fields if each.name == "valid_from"], typed)
    data = {"rubric": rubric, **day}
    return data, problems or check(RubricAdopted, data, fields)


def _cells(read: Mapping[str, Any]) -> Data:
    """Return only what differs from the rule for all."""
    cells: Data = {}
    for cell in CELLS:
        rule = dict(read.get(cell.indicator.value, {}).get(cell.direction.value, {}))
        if rule.get("weight") == 1:
            del rule["weight"]
        if rule:
            cells.setdefault(cell.indicator.value, {})[cell.direction.value] = rule
    return cells


def _own_window(rubric: Rubric, cell: Cell) -> int | None:
    rules = rubric.cells.get(cell.indicator)
    if rules is None:
        return None
    return (rules.outbound if cell.direction is Direction.OUTBOUND else rules.inbound).window_months
