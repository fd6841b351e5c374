"""The rating line: a score from day to day, between the least scores of the ratings."""

from datetime import date

from services.reports.charts.svg import Picture, Theme, mark, number, rating_in_words, text
from services.reports.charts.values import RatingLine
from shared.domain.codes import RatingCode
from shared.words.words import Words

_LEFT, _TOP, _WIDTH, _HEIGHT, _RIGHT = 30, 12, 460, 150, 110
_HIGHEST = 10
_MOST_YEARS = 9
"""So many years are written below the line without touching one another."""


def draw_rating_line(line: RatingLine, words: Words, theme: Theme) -> Picture:
    """Draw the score as steps: each point holds until the next."""
    body = [*_bands(line, words, theme), *_years(line, theme)]
    if line.points:
        body.append(_steps(line, theme))
    return Picture(_LEFT + _WIDTH + _RIGHT, _TOP + _HEIGHT + 26, "".join(body))


def _bands(line: RatingLine, words: Words, theme: Theme) -> list[str]:
    """Return a tinted band for each rating, a rule at its least score, and its mark and word beside it."""
    parts, above = [], float(_HIGHEST)
    for rating in RatingCode:
        least = float(line.thresholds.get(rating, 0))
        parts.append(_band(least, above, theme.ratings[rating]))
        parts.append(_rule(least, theme, dashed=least > 0))
        parts.append(text(_LEFT - 6, _height(least) + 3.5, number(least), theme.quiet, anchor="end"))
        middle = _height((least + above) / 2)
        parts.append(mark(_LEFT + _WIDTH + 12, middle, rating, theme))
        parts.append(text(_LEFT + _WIDTH + 21, middle + 3.5, rating_in_words(rating, words), theme.ink))
        above = least
    parts.append(text(_LEFT - 6, _height(_HIGHEST) + 3.5, str(_HIGHEST), theme.quiet, anchor="end"))
    return parts


def _band(least: float, above: float, colour: str) -> str:
    top, height = _height(above), _height(least) - _height(above)
    place = f'x="{_LEFT}" y="{number(top)}" width="{_WIDTH}" height="{number(height)}"'
    return f'<rect {place} fill="{colour}" fill-opacity=".07"/>'


def _rule(score: float, theme: Theme, *, dashed: bool) -> str:
    dashes = ' stroke-dasharray="3 3"' if dashed else ""
    return f'<path d="M{_LEFT} {number(_height(score))}h{_WIDTH}" stroke="{theme.line}" fill="none"{dashes}/>'


def _years(line: RatingLine, theme: Theme) -> list[str]:
    if not line.points:
        return []
    first, last = line.points[0][0], line.last
    years = [year for year in range(first.year + 1, last.year + 1) if date(year, 1, 1) <= last]
    every = -(-len(years) // _MOST_YEARS) or 1
    parts = []
    for year in (each for each in years if each % every == 0):
        x = _along(date(year, 1, 1), first, last)
        parts.append(f'<path d="M{number(x)} {_TOP + _HEIGHT}v4" stroke="{theme.quiet}"/>')
        parts.append(text(x, _TOP + _HEIGHT + 16, str(year), theme.quiet, anchor="middle"))
    return parts or [text(_LEFT, _TOP + _HEIGHT + 16, str(first.year), theme.quiet)]


def _steps(line: RatingLine, theme: Theme) -> str:
    first = line.points[0][0]
    day, score = line.points[0]
    path = [f"M{number(_along(day, first, line.last))} {number(_height(score))}"]
    for day, score in line.points[1:]:
        path.append(f"H{number(_along(day, first, line.last))}V{number(_height(score))}")
    path.append(f"H{_LEFT + _WIDTH}")
    dot = f'<circle cx="{_LEFT + _WIDTH}" cy="{number(_height(score))}" r="3" fill="{theme.ink}"/>'
    return f'<path d="{"".join(path)}" fill="none" stroke="{theme.ink}" stroke-width="1.8"/>{dot}'


def _height(score: float) -> float:
    return _TOP + _HEIGHT * (1 - min(score, _HIGHEST) / _HIGHEST)


def _along(day: date, first: date, last: date) -> float:
    whole = max(1, (last - first).days)
    return _LEFT + _WIDTH * (day - first).days / whole
