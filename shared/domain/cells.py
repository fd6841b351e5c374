"""The ten cells: five indicators, each outbound and inbound. The grid is the explanation of a rating."""

from functools import cache
from typing import NamedTuple

from shared.domain.codes import Direction, Indicator

WAYS = (Direction.OUTBOUND, Direction.INBOUND)


class Cell(NamedTuple):
    """One of the ten: an indicator in one direction (never `mutual`, which lights both)."""

    indicator: Indicator
    direction: Direction


CELLS = tuple(Cell(indicator, way) for indicator in Indicator for way in WAYS)


@cache
def lit_by(indicator: Indicator, direction: Direction, *, in_person: bool, travel: bool) -> tuple[Cell, ...]:
    """Return the cells that a counted activity lights.

    A `mutual` activity lights both directions. Where the rubric says `travel`, a joint event held in person also lights
    `visit` in its direction: somebody travelled.
    """
    ways = WAYS if direction is Direction.MUTUAL else (direction,)
    indicators = [indicator]
    if travel and in_person and indicator is Indicator.JOINT_EVENT:
        indicators.append(Indicator.VISIT)
    return tuple(Cell(each, way) for each in indicators for way in ways)
