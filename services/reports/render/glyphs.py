"""The fonts that come with the project, and what they can show."""

import unicodedata
from functools import cache
from importlib.resources import files
from pathlib import Path

from fontTools.ttLib import TTFont

PACKAGES = ("fontpkg_noto_sans", "fontpkg_noto_sans_arabic", "fontpkg_inter")
NO_GLYPH = "\N{WHITE SQUARE}"
"""What stands for a character that none of the fonts has; the data of the report, attached, hold the character."""
_LONGEST_UNBROKEN = 20
_MAY_BREAK = "\N{ZERO WIDTH SPACE}"
_NEED_NO_GLYPH = frozenset("\n\u00ad\u200b\u200c\u200d")


def font_folders() -> list[Path]:
    """Return the folders of the fonts: Latin, Greek and Cyrillic, Arabic, signs."""
    return [Path(str(files(package) / "files")) for package in PACKAGES]


def shown(text: str) -> str:
    """Return the text with what no font can show replaced by `NO_GLYPH`, and long words given places to break."""
    if len(text) <= _LONGEST_UNBROKEN:
        return displayable(text)
    return " ".join(_breakable(word) for word in displayable(text).split(" "))


def displayable(text: str) -> str:
    """Return the text with what no font can show replaced by `NO_GLYPH`."""
    if text.isascii():
        return text
    there = characters()
    return "".join(each if each in there else NO_GLYPH for each in text)


def drawable(text: str) -> str:
    """Return the text of a drawing as `displayable` does; what runs from right to left or combines, too.

    The layout cannot say which letters such glyphs of a drawing stand for, as an archive demands.
    """
    if text.isascii():
        return text
    # One by one, never normalised as a whole: a mark that combines would change the sign of the markup before it.
    return "".join(each if _is_drawable(each) else NO_GLYPH for each in displayable(text))


def _is_drawable(character: str) -> bool:
    is_struck_out = "\N{COMBINING LONG SOLIDUS OVERLAY}" in unicodedata.normalize("NFD", character)
    runs_back = unicodedata.bidirectional(character) in ("R", "AL", "AN")
    return not (is_struck_out or runs_back or unicodedata.category(character)[0] == "M")


def _breakable(word: str) -> str:
    if len(word) <= _LONGEST_UNBROKEN:
        return word
    parts = (word[at : at + _LONGEST_UNBROKEN] for at in range(0, len(word), _LONGEST_UNBROKEN))
    return _MAY_BREAK.join(parts)


@cache
def characters() -> frozenset[str]:
    """Return what every style of some family has, so that bold and italic text can be shown too."""
    found: set[str] = set(_NEED_NO_GLYPH)
    for folder in font_folders():
        styles = [_characters_of(file) for file in sorted(folder.glob("*.ttf"))]
        found |= frozenset.intersection(*styles)
    return frozenset(found)


def _characters_of(file: Path) -> frozenset[str]:
    with TTFont(file, lazy=True) as font:
        return frozenset(map(chr, font.getBestCmap()))
