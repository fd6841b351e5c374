"""The small sign that stands for a partnership's ten cells on every page. Pure."""

from collections.abc import Collection
from dataclasses import dataclass

from shared.domain.cells import WAYS
from shared.domain.codes import Direction, Indicator
from shared.words.codes import DIRECTION_WORDS, INDICATOR_WORDS
from shared.words.words import Words


@dataclass(frozen=True, slots=True)
class Sign:
    """The ten cells of one partnership, as the small sign that stands for it: outbound above, inbound below.

    `lit` and `dark` are the outlines of the cells, as SVG paths.
    """

    lit: str
    dark: str
    in_words: str


def sign_of(cells: Collection[tuple[str, str]], words: Words) -> Sign:
    """Return the sign of the cells that are lit, each given by its indicator and direction."""
    lit: list[str] = []
    dark: list[str] = []
    said = []
    for column, indicator in enumerate(Indicator):
        ways = []
        for line, way in enumerate(WAYS):
            is_lit = (indicator.value, way.value) in cells
            (lit if is_lit else dark).append(f"M{column * 14 + 2} {line * 14 + 2}h9v9h-9z")
            ways += [words.say(DIRECTION_WORDS[Direction(way.value)])] if is_lit else []
        said.append(f"{words.say(INDICATOR_WORDS[indicator])}: {', '.join(ways) or '–'}")
    return Sign("".join(lit), "".join(dark), "; ".join(said))
