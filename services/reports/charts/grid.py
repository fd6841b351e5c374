"""The ten cells: those of one partnership with their names, and those of several, one line each."""

from services.reports.charts.svg import Picture, Theme, key_of_ratings, mark, number, rating_in_words, shortened, text
from services.reports.charts.values import Grid, Grids
from shared.domain.cells import CELLS, WAYS, Cell
from shared.domain.codes import Indicator
from shared.words.codes import INDICATOR_WORDS
from shared.words.words import Words

_NAMES, _COLUMN, _LINE, _SIDE = 130, 80, 26, 16
_NAMES_OF_MANY, _PAIR, _LINE_OF_MANY, _SMALL = 150, 72, 20, 13


def draw_grid(grid: Grid, words: Words, theme: Theme) -> Picture:
    """Draw the cells of one partnership: a line per indicator, outbound and inbound."""
    heads = (words.say("Outbound"), words.say("Inbound"))
    body = [
        text(_NAMES + _COLUMN * (index + 0.5), 14, head, theme.quiet, anchor="middle")
        for index, head in enumerate(heads)
    ]
    for line, indicator in enumerate(Indicator):
        y = 24 + line * _LINE
        body.append(text(_NAMES - 10, y + 12, words.say(INDICATOR_WORDS[indicator]), theme.ink, anchor="end"))
        for column, way in enumerate(WAYS):
            x = _NAMES + _COLUMN * (column + 0.5) - _SIDE / 2
            body.append(_cell(x, y, _SIDE, Cell(indicator, way) in grid.lit, theme))
    bottom = 24 + len(Indicator) * _LINE + 16
    said = f"{rating_in_words(grid.rating, words)}, {words.say('%(score)s of 10 cells are lit.', score=len(grid.lit))}"
    body += [mark(_NAMES - 58, bottom - 3.5, grid.rating, theme), text(_NAMES - 50, bottom, said, theme.ink)]
    return Picture(_NAMES + 2 * _COLUMN + 90, bottom + 10, "".join(body))


def draw_grids(grids: Grids, words: Words, theme: Theme) -> Picture:
    """Draw the cells of several partnerships: a line each, a pair of cells per indicator, outbound to its left."""
    body = []
    for index, indicator in enumerate(Indicator):
        middle = _NAMES_OF_MANY + _PAIR * (index + 0.5)
        for line, word in enumerate(words.say(INDICATOR_WORDS[indicator]).split(" ", 1)):
            body.append(text(middle, 12 + 11 * line, word, theme.quiet, anchor="middle"))
    for line, (name, grid) in enumerate(grids.lines):
        body.append(_line(30 + line * _LINE_OF_MANY, name, grid, theme))
    bottom = 30 + len(grids.lines) * _LINE_OF_MANY + 16
    body.append(key_of_ratings(0, bottom, words, theme))
    said = words.say("In each pair: outbound, inbound")
    body.append(text(_NAMES_OF_MANY + _PAIR * 5 + 30, bottom, said, theme.quiet, anchor="end"))
    return Picture(_NAMES_OF_MANY + _PAIR * 5 + 40, bottom + 8, "".join(body))


def _line(y: float, name: str, grid: Grid, theme: Theme) -> str:
    parts = [
        mark(6, y + 6.5, grid.rating, theme),
        text(16, y + 10, shortened(name, _NAMES_OF_MANY - 20), theme.ink),
    ]
    for index, cell in enumerate(CELLS):
        middle = _NAMES_OF_MANY + _PAIR * (index // 2 + 0.5)
        parts.append(_cell(middle - _SMALL - 1.5 + (index % 2) * (_SMALL + 3), y, _SMALL, cell in grid.lit, theme))
    parts.append(text(_NAMES_OF_MANY + _PAIR * 5 + 24, y + 10, str(len(grid.lit)), theme.ink, anchor="end"))
    return "".join(parts)


def _cell(x: float, y: float, side: float, is_lit: bool, theme: Theme) -> str:
    colour = theme.shades[-1] if is_lit else theme.line
    if is_lit:
        return f'<rect x="{number(x)}" y="{number(y)}" width="{side}" height="{side}" fill="{colour}"/>'
    at = f'x="{number(x + 0.5)}" y="{number(y + 0.5)}" width="{side - 1}" height="{side - 1}"'
    return f'<rect {at} fill="none" stroke="{colour}"/>'
