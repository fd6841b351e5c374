"""A home as it stands: what its opening said, as changed since."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from zoneinfo import ZoneInfo

from shared.domain.events import Event, HomeChanged, HomeFacts, HomeOpened

HOME_TYPES = ("home.opened", "home.changed")


@dataclass(frozen=True, slots=True)
class Home:
    """A government that keeps a ledger: its short name, its time zone for ever, what it says of itself now."""

    slug: str
    time_zone: str
    facts: HomeFacts

    @property
    def zone(self) -> ZoneInfo:
        """The zone in which its days begin and end."""
        return ZoneInfo(self.time_zone)


def home_after(home: Home | None, event: Event) -> Home | None:
    """Return a home after an event; None before its opening. A second opening changes nothing."""
    match event.data:
        case HomeOpened() as data if home is None:
            facts = HomeFacts.model_validate(data.model_dump(exclude={"time_zone"}, exclude_unset=True))
            return Home(event.home, data.time_zone, facts)
        case HomeChanged(changes=changes) if home is not None:
            return replace(home, facts=changed_facts(home.facts, changes))
        case _:
            return home


def changed_facts(facts: HomeFacts, changes: Mapping[str, Any]) -> HomeFacts:
    """Return the facts with the changes made; null takes a value back to what it is where nothing is said.

    Raises pydantic's `ValidationError` where the result says no home; its time zone is no fact that can change.
    """
    merged = {**facts.model_dump(exclude_unset=True), **changes}
    known = HomeFacts.model_fields
    return HomeFacts.model_validate(
        {name: value for name, value in merged.items() if value is not None or name not in known}
    )
