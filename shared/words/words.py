"""The catalogue: English stands in the code, Indonesian in `catalogue/id.po`; a test keeps the two complete."""

from functools import cache
from pathlib import Path
from typing import Literal

from babel.messages.pofile import read_po

Language = Literal["id", "en"]
LANGUAGES: tuple[Language, ...] = ("id", "en")


class Words:
    """Says strings in one language."""

    def __init__(self, language: Language) -> None:
        self.language: Language = language
        self._strings = _catalogue(language)

    def say(self, english: str, **values: object) -> str:
        """Return the string in this language, its `%(name)s` filled in."""
        text = self._strings.get(english, english)
        return text % values if values else text


@cache
def _catalogue(language: Language) -> dict[str, str]:
    if language == "en":
        return {}
    path = Path(__file__).with_name("catalogue") / f"{language}.po"
    with path.open("rb") as file:
        catalogue = read_po(file, locale=language)
    return {str(message.id): str(message.string) for message in catalogue if message.id and message.string}
