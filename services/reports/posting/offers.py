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
    "/partnerships/{}/end": (Action.KEEP_REGISTRY, "End the partnership"),
}
"""The forms about one partnership, the most used first: what one must be allowed to do, and what they are called."""


OTHER_FORM_WORDS: Mapping[str, tuple[Action, str]] = {
    "/imports": (Action.IMPORT, "Import a table"),
    "/register": (Action.KEEP_REGISTRY, "Register a partnership"),
    "/home": (Action.CHANGE_HOME, "What the home says of itself"),
}
"""The forms about the whole home, which stand beside that of an activity."""


def other_forms(reader: Principal, words: Words) -> list[tuple[str, str]]:
    """Return the forms about the whole home that a reader may send: path and words."""
    return [
        (path, words.say(said))
        for path, (action, said) in OTHER_FORM_WORDS.items()
        if isinstance(may(reader, action, Subject(reader.home)), Allowed)
    ]


def forms_of(reader: Principal, partnership: str, words: Words) -> list[tuple[str, dict[str, str], str]]:
    """Return the forms that a reader may send about a partnership: path, parameters, words."""
    found = []
    for address, (action, said) in FORM_WORDS.items():
        if isinstance(may(reader, action, Subject(reader.home, partnership)), Allowed):
            path, _, named = address.partition("?")
            found.append((path.format(partnership), {"partnership": partnership} if named else {}, words.say(said)))
    return found
