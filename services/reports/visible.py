"""Text as it may be shown: what cannot be seen, or turns round what stands beside it, is replaced by a visible sign.

What is posted is refused at the door where it holds such characters; a report is harmless even where one got through.
"""

import unicodedata

REPLACED = "\N{REPLACEMENT CHARACTER}"
_KEPT = "\n\u00ad\u200c\u200d"
_HIDDEN = ("Cc", "Cf", "Co", "Cs", "Zl", "Zp")


def visible(text: str) -> str:
    """Return the text with each control, override and surrogate, and what is no character, as `REPLACED`."""
    if text.isprintable():  # most are, and need no look at each character
        return text
    spaced = text.replace("\r\n", "\n").replace("\t", " ")
    return "".join(REPLACED if _is_hidden(each) else each for each in spaced)


def one_line(text: str) -> str:
    """Return the text as `visible` does, its line breaks as spaces."""
    return visible(text).replace("\n", " ")


def _is_hidden(character: str) -> bool:
    code = ord(character)
    is_none = code & 0xFFFE == 0xFFFE or 0xFDD0 <= code <= 0xFDEF
    return (is_none or unicodedata.category(character) in _HIDDEN) and character not in _KEPT
