"""Which forms are offered to whom. Pure."""

from collections.abc import Mapping

from shared.domain.access import Action, Allowed, Principal, Subject, may
from shared.words.words import Words

FORM_WORDS: Mapping[str, tuple[Action, str]] = {
    "/record?partnership={}": (Action.RECORD_ACTIVITY, "Record an activity"),
    "/partnerships/{}/milestone": (Action.NOTE_MILESTONE, "Note a step"),
    "/partnerships/{}/programme": (Action.AGREE_PROGRAMME, "Agree a programme"),
    "/partnerships/{}/judgement": (Action.JUDGE, "Official rating"),
    "/partnerships/{}/change": (Action.KEEP_REGISTRY, "Change the entry"),
}
"""The forms about one partnership, the most used first: what one must be allowed to do, and what they are called."""


def forms_of(reader: Principal, partnership: str, words: Words) -> list[tuple[str, dict[str, str], str]]:
    """Return the forms that a reader may send about a partnership: path, parameters, words."""
    found = []
    for address, (action, said) in FORM_WORDS.items():
        if isinstance(may(reader, action, Subject(reader.home, partnership)), Allowed):
            path, _, named = address.partition("?")
            found.append((path.format(partnership), {"partnership": partnership} if named else {}, words.say(said)))
    return found
