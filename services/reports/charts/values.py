"""What charts show, as plain values; how each is drawn stands in a module of its own beside this one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from shared.domain.cells import Cell
from shared.domain.codes import RatingCode


@dataclass(frozen=True, slots=True)
class Grid:
    """The ten cells of one partnership: which are lit."""

    lit: frozenset[Cell]
    rating: RatingCode


@dataclass(frozen=True, slots=True)
class Grids:
    """The ten cells of several partnerships, one line each."""

    lines: Sequence[tuple[str, Grid]]


@dataclass(frozen=True, slots=True)
class Place:
    """A partner on the map."""

    name: str
    latitude: float
    longitude: float
    rating: RatingCode


@dataclass(frozen=True, slots=True)
class Map:
    """The home and its partners."""

    home: tuple[float, float] | None
    places: Sequence[Place]


@dataclass(frozen=True, slots=True)
class HeatStrip:
    """How many counted activities each partnership had in each month (`2020-12`); the months follow one another."""

    months: Sequence[str]
    lines: Sequence[tuple[str, Sequence[int]]]


@dataclass(frozen=True, slots=True)
class RatingLine:
    """A score from day to day: each point holds until the next; `thresholds` are the least scores of the ratings."""

    points: Sequence[tuple[date, int]]
    last: date
    thresholds: Mapping[RatingCode, int]


@dataclass(frozen=True, slots=True)
class ReciprocityBars:
    """How many went out and came in, by what is counted."""

    lines: Sequence[tuple[str, int, int]]


Drawing = Grid | Grids | Map | HeatStrip | RatingLine | ReciprocityBars
