"""The map: the home and its partners on dots of land; each partner is a shape, a colour and a name."""

from collections.abc import Iterator, Sequence
from html import escape

from services.reports.charts.land import COLUMNS, ROWS, along, down, land_runs
from services.reports.charts.svg import Picture, Theme, key_of_ratings, mark, number, rating_in_words, text, width_of
from services.reports.charts.values import Map, Place
from services.reports.visible import one_line
from shared.domain.codes import RatingCode
from shared.words.words import Words

_STEP = 4
_WIDTH, _HEIGHT = COLUMNS * _STEP, ROWS * _STEP
_LABEL = 8
_LONGEST_LABEL = 22
_MOST_NAMED = 80
"""On a map of more places no name would find room beside its mark; each keeps its title."""
_DASHES = {RatingCode.AKTIF: "", RatingCode.KURANG_AKTIF: ' stroke-dasharray="5 3"', RatingCode.TIDAK_AKTIF: None}
Box = tuple[float, float, float, float]
"""Left, top, right, bottom."""


def draw_map(drawing: Map, words: Words, theme: Theme) -> Picture:
    """Draw land, lines from the home to partners that are not inactive, marks, and as many names as find room."""
    body = [_land(theme), *_lines(drawing, theme)]
    marks = [_named_mark(place, words, theme) for place in drawing.places]
    body += [*marks, *_home(drawing, theme), *_names(drawing.places, theme)]
    body.append(key_of_ratings(4, _HEIGHT + 14, words, theme))
    return Picture(_WIDTH, _HEIGHT + 22, "".join(body), role="group")


def _land(theme: Theme) -> str:
    """Return all land as one path: each run a line whose dashes are the dots, so that the drawing stays small."""
    half = _STEP // 2
    path = "".join(
        f"M{column * _STEP + half} {row * _STEP + half}h{(length - 1) * _STEP + 1}"
        for row, column, length in land_runs()
    )
    dots = f'stroke-width="2.6" stroke-linecap="round" stroke-dasharray="0 {_STEP}"'
    return f'<path d="{path}" fill="none" stroke="{theme.land}" {dots}/>'


def _lines(drawing: Map, theme: Theme) -> Iterator[str]:
    if drawing.home is None:
        return
    x, y = _point(*drawing.home)
    for place in drawing.places:
        dashes = _DASHES[place.rating]
        if dashes is not None:
            to_x, to_y = _point(place.latitude, place.longitude)
            bend = f"{number((x + to_x) / 2)} {number((y + to_y) / 2 - abs(x - to_x) / 6)}"
            path = f"M{number(x)} {number(y)}Q{bend} {number(to_x)} {number(to_y)}"
            yield f'<path d="{path}" fill="none" stroke="{theme.ratings[place.rating]}" stroke-opacity=".45"{dashes}/>'


def _named_mark(place: Place, words: Words, theme: Theme) -> str:
    x, y = _point(place.latitude, place.longitude)
    said = escape(f"{one_line(place.name)}: {rating_in_words(place.rating, words)}")
    return f'<g role="img" aria-label="{said}"><title>{said}</title>{mark(x, y, place.rating, theme, 3.2)}</g>'


def _home(drawing: Map, theme: Theme) -> list[str]:
    if drawing.home is None:
        return []
    x, y = _point(*drawing.home)
    ring = f'<circle cx="{number(x)}" cy="{number(y)}" r="4" fill="none" stroke="{theme.ink}" stroke-width="2"/>'
    return [ring]


def _names(places: Sequence[Place], theme: Theme) -> Iterator[str]:
    """Yield each name where it touches no mark and no other name; a name without such a place is left to its title."""
    if len(places) > _MOST_NAMED:
        return
    taken = [_around(*_point(each.latitude, each.longitude)) for each in places]
    for place in places:
        x, y = _point(place.latitude, place.longitude)
        name = one_line(place.name)
        name = name if len(name) <= _LONGEST_LABEL else name[: _LONGEST_LABEL - 1] + "…"
        free = next((box for box in _boxes(x, y, width_of(name, _LABEL)) if _is_free(box, taken)), None)
        if free is not None:
            taken.append(free)
            yield _led(x, y, free, theme) + text(free[0], free[3] - 2.2, name, theme.ink, size=_LABEL)


def _boxes(x: float, y: float, width: float) -> Iterator[Box]:
    """Yield where a name can stand, the nearest first: to the right, to the left, above, below, further out."""
    for away in (6, 14, 24, 36):
        for left, middle in (
            (x + away, y),
            (x - away - width, y),
            (x - width / 2, y - away - 3),
            (x - width / 2, y + away + 3),
            (x + away * 0.7, y - away * 0.8),
            (x - away * 0.7 - width, y - away * 0.8),
            (x + away * 0.7, y + away * 0.8),
            (x - away * 0.7 - width, y + away * 0.8),
        ):
            yield left, middle - 5, left + width, middle + 5


def _is_free(box: Box, taken: Sequence[Box]) -> bool:
    left, top, right, bottom = box
    if left < 0 or top < 0 or right > _WIDTH or bottom > _HEIGHT:
        return False
    return not any(left < r and right > le and top < b and bottom > t for le, t, r, b in taken)


def _led(x: float, y: float, box: Box, theme: Theme) -> str:
    """Return a fine line from a mark to a name that stands away from it."""
    left, top, right, bottom = box
    to_x, to_y = min(max(x, left), right), min(max(y, top), bottom)
    if abs(to_x - x) + abs(to_y - y) < 9:
        return ""
    path = f"M{number(x)} {number(y)}L{number(to_x)} {number(to_y)}"
    return f'<path d="{path}" stroke="{theme.quiet}" stroke-width=".5"/>'


def _around(x: float, y: float) -> Box:
    return x - 4, y - 4, x + 4, y + 4


def _point(latitude: float, longitude: float) -> tuple[float, float]:
    return along(longitude) * _STEP, down(latitude) * _STEP
