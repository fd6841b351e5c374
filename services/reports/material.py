"""What reports are made of: all that was known of a home at one position, as far as its reader may see it."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, tzinfo
from uuid import UUID

from services.reports.asked import Asked
from services.reports.store import Known
from shared.domain.access import Principal
from shared.domain.amend import Activity, Partnership
from shared.domain.diagnosis import Deed
from shared.domain.events import Event
from shared.domain.homes import Home
from shared.domain.rubric import Rubric
from shared.words.words import Words


@dataclass(frozen=True, slots=True)
class Entry:
    """An activity as a report shows it; `corrected` where it was once recorded otherwise."""

    deed: Deed
    corrected: bool

    @property
    def activity(self) -> Activity:
        """The activity itself, as corrected."""
        return self.deed.activity

    @property
    def day(self) -> date:
        """The day that it counts for: its effective day if it was held, else the last that its date can mean."""
        return self.deed.effective if self.activity.facts.outcome == "held" else self.deed.last


@dataclass(frozen=True, slots=True)
class Moved:
    """What one event of the window did: versions that ended with it and versions that began, by what they are of."""

    event: Event
    activities: Mapping[UUID, tuple[Activity | None, Activity | None]] = field(default_factory=dict)
    partnerships: Mapping[str, tuple[Partnership | None, Partnership | None]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Material:
    """All that a report can be made of; what its kind does not need is empty.

    `counted` is how many activities counted in the period, by partnership; `counted_by_month` the same by month (`2020-12`),
    where the months are drawn. `entries` are those of the period, held or not.
    `before` is what was known at the moment compared with, `moved` each event since then that changed something.
    """

    asked: Asked
    reader: Principal
    home: Home | None
    zone: tzinfo
    known: Known
    rubric: Rubric
    counted: Mapping[str, int] = field(default_factory=dict)
    counted_by_month: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    deeds: Sequence[Deed] = ()
    entries: Sequence[Entry] = ()
    milestones: Sequence[Event] = ()
    programmes: Sequence[Event] = ()
    before: Known | None = None
    moved: Sequence[Moved] = ()
    in_compared: Known | None = None
    counted_in_compared: Mapping[str, int] = field(default_factory=dict)

    @property
    def words(self) -> Words:
        """What says the report's sentences in its language."""
        return Words(self.asked.language)

    @property
    def known_at(self) -> datetime:
        """The moment up to which the report knows."""
        assert self.asked.known is not None
        return self.asked.known

    @property
    def standing(self) -> list[Partnership]:
        """The partnerships that were in force in the period, by the day of their memorandum."""
        standing = [each for each in self.known.partnerships if each.stands(self.asked.first, self.asked.last)]
        return sorted(standing, key=by_memorandum)


def by_memorandum(partnership: Partnership) -> tuple[date, str]:
    """Return what partnerships are ordered by: the oldest memorandum first, those without one last."""
    return partnership.facts.mou_date or date.max, partnership.slug


def events_of(events: Sequence[Event]) -> dict[str, list[Event]]:
    """Return events by their partnership."""
    found: dict[str, list[Event]] = defaultdict(list)
    for each in events:
        if each.partnership is not None:
            found[each.partnership].append(each)
    return found


def entries_of(entries: Sequence[Entry]) -> dict[str, list[Entry]]:
    """Return activities by their partnership, the earliest first."""
    found: dict[str, list[Entry]] = defaultdict(list)
    for each in sorted(entries, key=lambda each: (each.day, each.activity.id)):
        found[each.activity.facts.partnership].append(each)
    return found
