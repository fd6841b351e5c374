"""The land as dots on a grid of two degrees, without borders; the Pacific in the middle.

The grid stands in `land_mask_2deg.txt`: base85 of zlib of 12,240 bits, row by row: 68 rows from latitude 78 down to -56, 180
columns from longitude -179 up to 179 (the middles of the squares), 1 is land. Made from Natural Earth (public domain).
"""

import base64
import zlib
from functools import cache
from pathlib import Path

COLUMNS, ROWS, DEGREES = 180, 68, 2
NORTHMOST, WESTMOST = 78, -179
LEFT_EDGE = -30
"""The longitude at the left and at the right edge: the Atlantic is cut, so that nobody's neighbours are torn apart."""


@cache
def land_runs() -> list[tuple[int, int, int]]:
    """Return row, column and length of each run of land, rows and columns as they are drawn, from 0."""
    packed = Path(__file__).with_name("land_mask_2deg.txt").read_text("ascii").strip()
    bits = zlib.decompress(base64.b85decode(packed))
    runs = []
    for row in range(ROWS):
        line = [_is_land(bits, row, _column_in_file(column)) for column in range(COLUMNS)]
        runs += [(row, *run) for run in _runs(line)]
    return runs


def along(longitude: float) -> float:
    """Return how many columns east of the left edge a longitude lies, 0 to 180."""
    return ((longitude - LEFT_EDGE) % 360) / DEGREES


def down(latitude: float) -> float:
    """Return how many rows below the upper edge a latitude lies; what is beyond the edges is drawn on them."""
    return min(max((NORTHMOST + 1 - latitude) / DEGREES, 0), ROWS)


def _column_in_file(column: int) -> int:
    return (column + (LEFT_EDGE + 1 - WESTMOST) // DEGREES) % COLUMNS


def _is_land(bits: bytes, row: int, column: int) -> bool:
    index = row * COLUMNS + column
    return bool(bits[index // 8] >> (7 - index % 8) & 1)


def _runs(line: list[bool]) -> list[tuple[int, int]]:
    runs, start = [], None
    for column, is_land in enumerate([*line, False]):
        if is_land and start is None:
            start = column
        elif not is_land and start is not None:
            runs.append((start, column - start))
            start = None
    return runs
