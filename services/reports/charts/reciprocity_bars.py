"""The reciprocity bars: what went out to the left, what came in to the right."""

from services.reports.charts.svg import Picture, Theme, number, shortened, text
from services.reports.charts.values import ReciprocityBars
from shared.words.words import Words

_NAMES, _HALF, _MIDDLE, _TOP, _LINE, _BAR = 130, 150, 8, 24, 22, 12
_ROOM_FOR_A_NUMBER = 30


def draw_reciprocity_bars(bars: ReciprocityBars, words: Words, theme: Theme) -> Picture:
    """Draw a line for each thing counted; the longest bar of all is as long as there is room."""
    left = _NAMES + _ROOM_FOR_A_NUMBER + _HALF
    right = left + _MIDDLE
    body = [
        text(left, 13, words.say("Outbound"), theme.quiet, anchor="end"),
        text(right, 13, words.say("Inbound"), theme.quiet),
    ]
    most = max((max(out, into) for _, out, into in bars.lines), default=0) or 1
    for line, (name, out, into) in enumerate(bars.lines):
        y = _TOP + line * _LINE
        wide, broad = _HALF * out / most, _HALF * into / most
        body += [
            text(_NAMES - 8, y + 10, shortened(name, _NAMES - 10), theme.ink, anchor="end"),
            _bar(left - wide, y, wide, theme.shades[-1]),
            _bar(right, y, broad, theme.shades[2]),
            text(left - wide - 5, y + 10, str(out), theme.ink, anchor="end"),
            text(right + broad + 5, y + 10, str(into), theme.ink),
        ]
    height = _TOP + len(bars.lines) * _LINE
    return Picture(right + _HALF + _ROOM_FOR_A_NUMBER, height, "".join(body))


def _bar(x: float, y: float, width: float, colour: str) -> str:
    return f'<rect x="{number(x)}" y="{number(y)}" width="{number(width)}" height="{_BAR}" fill="{colour}"/>'
