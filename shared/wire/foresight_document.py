"""Foresight as the APIs answer it: one form for scoring and reports."""

from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from shared.domain.cells import Cell
from shared.domain.foresight import MOST_KEPT, Foresight, Idea, Plan, Target, Way
from shared.domain.rating import NextChange


def foresight_document(foresight: Foresight) -> dict[str, Any]:
    """Return what will become of a rating as JSON: codes in ASCII, days as `2020-12-31`, activities by their ids."""
    return {
        "falls": [_change(each) for each in foresight.falls],
        "dormant_on": foresight.dormant_on.isoformat() if foresight.dormant_on else None,
        "keep": _target(foresight.keep) if foresight.keep else None,
        "raise": _target(foresight.raise_) if foresight.raise_ else None,
        "plans": [_plan(each) for each in foresight.plans],
    }


def cell_documents(cells: Iterable[Cell]) -> list[dict[str, str]]:
    """Return cells as pairs of codes."""
    return [{"indicator": cell.indicator.value, "direction": cell.direction.value} for cell in cells]


def _change(change: NextChange) -> dict[str, str]:
    return {"on": change.on.isoformat(), "rating": change.rating.value}


def _target(target: Target) -> dict[str, Any]:
    return {
        "rating": target.rating.value,
        "by": target.by.isoformat(),
        "missing": target.missing,
        "cells": target.cells,
        "ways": [_way(each) for each in target.ways],
    }


@lru_cache(MOST_KEPT)
def _way(way: Way) -> dict[str, Any]:
    return {"cells": cell_documents(way.cells), "activities": [_idea(each) for each in way.ideas]}


def _idea(idea: Idea) -> dict[str, Any]:
    return {
        "indicator": idea.indicator.value,
        "direction": idea.direction.value,
        "in_person": idea.in_person,
        "lights": cell_documents(idea.cells),
    }


def _plan(plan: Plan) -> dict[str, Any]:
    return {
        "activity": str(plan.activity),
        "on": plan.on.isoformat(),
        "lights": cell_documents(plan.lights),
        "rating_without": plan.rating_without.value,
        "rating_with": plan.rating_with.value,
        "next_change_with": _change(plan.next_change_with) if plan.next_change_with else None,
    }
