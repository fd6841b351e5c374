"""What the charts are drawn with: texts, marks of ratings, colours. Lengths are SVG user units, about a pixel each.

Colours are literal, since not everything that reads SVG knows the variables of a style sheet; a chart that stands in a
page takes the page's own, so that it is light or dark as the page is. None carries a meaning
alone: a rating is a shape, a colour and a word, and shades grow darker with what they count.
"""

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Literal

from services.reports.visible import one_line
from shared.domain.codes import RatingCode
from shared.words.codes import RATING_WORDS
from shared.words.words import Words

FAMILY = "Noto Sans, Noto Sans Arabic, Inter, sans-serif"
TEXT_SIZE = 10
_WIDTH_OF_A_LETTER = 0.58
"""Of the size: what letters of the family take on average, a little more."""
Anchor = Literal["start", "middle", "end"]
ThemeName = Literal["print", "dark", "page"]


@dataclass(frozen=True, slots=True)
class Theme:
    """The colours: of text, of quiet text, of lines, of land and dark cells, of the ratings; `shades` from none to most."""

    ink: str
    quiet: str
    line: str
    land: str
    ratings: Mapping[RatingCode, str]
    shades: Sequence[str]


THEMES: Mapping[ThemeName, Theme] = {
    "print": Theme(
        ink="#1f2430",
        quiet="#555b66",
        line="#b4bac4",
        land="#ccd3dc",
        ratings={
            RatingCode.AKTIF: "#0b4a6f",
            RatingCode.KURANG_AKTIF: "#8a4b00",
            RatingCode.TIDAK_AKTIF: "#5a4450",
        },
        shades=("#edf0f3", "#c3dbee", "#83b4d8", "#3d7fae", "#0b3d5c"),
    ),
    "page": Theme(
        ink="var(--ink)",
        quiet="var(--quiet)",
        line="var(--line)",
        land="var(--land)",
        ratings={
            RatingCode.AKTIF: "var(--aktif)",
            RatingCode.KURANG_AKTIF: "var(--kurang)",
            RatingCode.TIDAK_AKTIF: "var(--tidak)",
        },
        shades=("var(--shade-0)", "var(--shade-1)", "var(--shade-2)", "var(--shade-3)", "var(--shade-4)"),
    ),
    "dark": Theme(
        ink="#eceff4",
        quiet="#b3bac6",
        line="#5c6675",
        land="#3a4452",
        ratings={
            RatingCode.AKTIF: "#7cc4f2",
            RatingCode.KURANG_AKTIF: "#f2b66d",
            RatingCode.TIDAK_AKTIF: "#d3b5c4",
        },
        shades=("#252d38", "#2f5677", "#4483b0", "#79b4dd", "#d4ebfb"),
    ),
}


@dataclass(frozen=True, slots=True)
class Picture:
    """A drawing without its frame; a `group` has parts with names of their own, an `img` is one whole."""

    width: float
    height: float
    body: str
    role: Literal["img", "group"] = "img"


def text(
    x: float,
    y: float,
    said: str,
    colour: str,
    *,
    anchor: Anchor = "start",
    size: float = TEXT_SIZE,
    bold: bool = False,
) -> str:
    """Return a line of text; `y` is its base line."""
    at = "" if anchor == "start" else f' text-anchor="{anchor}"'
    sized = "" if size == TEXT_SIZE else f' font-size="{number(size)}"'
    weight = ' font-weight="700"' if bold else ""
    words = escape(unicodedata.normalize("NFC", one_line(said)), quote=False)
    return f'<text x="{number(x)}" y="{number(y)}"{at}{sized}{weight} fill="{colour}">{words}</text>'


def width_of(said: str, size: float = TEXT_SIZE) -> float:
    """Return about how wide a line of text becomes."""
    return len(said) * size * _WIDTH_OF_A_LETTER


def shortened(said: str, width: float, size: float = TEXT_SIZE) -> str:
    """Return the text cut, with an ellipsis, to about this width."""
    room = max(2, int(width / (size * _WIDTH_OF_A_LETTER)))
    line = one_line(said)
    return line if len(line) <= room else line[: room - 1].rstrip() + "…"


def mark(x: float, y: float, rating: RatingCode, theme: Theme, size: float = 4) -> str:
    """Return the shape of a rating around its centre: a disc, a triangle, a square."""
    colour = theme.ratings[rating]
    match rating:
        case RatingCode.AKTIF:
            return f'<circle cx="{number(x)}" cy="{number(y)}" r="{number(size)}" fill="{colour}"/>'
        case RatingCode.KURANG_AKTIF:
            high, half = size * 1.15, size * 1.1
            path = f"M{number(x)} {number(y - high)}l{number(half)} {number(2 * high)}h{number(-2 * half)}z"
            return f'<path d="{path}" fill="{colour}"/>'
        case RatingCode.TIDAK_AKTIF:
            side, edge = 1.8 * size, 0.9 * size
            at = f'x="{number(x - edge)}" y="{number(y - edge)}" width="{number(side)}" height="{number(side)}"'
            return f'<rect {at} fill="{colour}"/>'


def rating_in_words(rating: RatingCode, words: Words) -> str:
    """Return a rating's word."""
    return words.say(RATING_WORDS[rating])


def key_of_ratings(x: float, y: float, words: Words, theme: Theme) -> str:
    """Return one line that says which shape is which rating."""
    parts = []
    for rating in RatingCode:
        word = rating_in_words(rating, words)
        parts += [mark(x + 4, y - 3.5, rating, theme), text(x + 12, y, word, theme.quiet)]
        x += 28 + width_of(word)
    return "".join(parts)


def number(value: float) -> str:
    """Return a length with at most two decimals, as short as it can be written."""
    short = f"{value:.2f}".rstrip("0").rstrip(".")
    return "0" if short == "-0" else short
