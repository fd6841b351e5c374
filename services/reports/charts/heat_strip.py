"""The heat strip: partnerships by months, darker where more happened."""

from collections.abc import Sequence

from services.reports.charts.svg import Picture, Theme, number, shortened, text, width_of
from services.reports.charts.values import HeatStrip
from shared.words.dates import month_abbreviated
from shared.words.words import Words

_NAMES, _TOP, _SIDE, _STEP = 130, 30, 12, 14
_MANY = 4
"""From so many activities in a month on, the shade is the darkest."""


def draw_heat_strip(strip: HeatStrip, words: Words, theme: Theme) -> Picture:
    """Draw a line per partnership and a square per month; how many there were in all stands at the end."""
    bottom = _TOP + len(strip.lines) * _STEP
    body = [*_months(strip.months, words, theme), *_squares(strip.lines, theme)]
    right = _NAMES + len(strip.months) * _STEP
    for line, (name, counts) in enumerate(strip.lines):
        y = _TOP + line * _STEP + 10
        body.append(text(_NAMES - 8, y, shortened(name, _NAMES - 10), theme.ink, anchor="end"))
        body.append(text(right + 28, y, str(sum(counts)), theme.quiet, anchor="end"))
    body.append(_key(bottom + 18, words, theme))
    return Picture(max(right + 34, _NAMES + 260), bottom + 26, "".join(body))


def _months(months: Sequence[str], words: Words, theme: Theme) -> list[str]:
    """Return the year above its first month that is shown, and every third month's name."""
    said = []
    for index, month in enumerate(months):
        x = _NAMES + index * _STEP
        is_first_of_year = index == 0 or month.endswith("-01")
        if is_first_of_year and not (index == 0 and any(each.endswith("-01") for each in months[1:3])):
            said.append(text(x, 11, month[:4], theme.ink, bold=True))
        if month[5:] in ("01", "04", "07", "10"):
            said.append(text(x, 24, month_abbreviated(month, words.language), theme.quiet, size=8))
    return said


def _squares(lines: Sequence[tuple[str, Sequence[int]]], theme: Theme) -> list[str]:
    """Return one path per shade, however many squares it fills: the drawing stays small."""
    by_shade: list[list[str]] = [[] for _ in theme.shades]
    for line, (_, counts) in enumerate(lines):
        for index, count in enumerate(counts):
            corner = f"M{_NAMES + index * _STEP} {_TOP + line * _STEP}"
            by_shade[min(count, _MANY)].append(f"{corner}h{_SIDE}v{_SIDE}h-{_SIDE}z")
    drawn = zip(by_shade, theme.shades, strict=True)
    return [f'<path d="{"".join(squares)}" fill="{shade}"/>' for squares, shade in drawn if squares]


def _key(y: float, words: Words, theme: Theme) -> str:
    fewer, more = words.say("None"), words.say("%(count)s or more", count=_MANY)
    x = _NAMES + width_of(fewer) + 6
    squares = "".join(
        f'<rect x="{number(x + index * _STEP)}" y="{y - 10}" width="{_SIDE}" height="{_SIDE}" fill="{shade}"/>'
        for index, shade in enumerate(theme.shades)
    )
    end = x + len(theme.shades) * _STEP + 4
    return f"{text(_NAMES, y, fewer, theme.quiet)}{squares}{text(end, y, more, theme.quiet)}"
