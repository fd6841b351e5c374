"""The book of a home: partnerships and activities as they stand, and how each event changes them.

This fold is what every projection must equal; the services keep its result in tables, each in its own form.
"""

from dataclasses import dataclass, field
from uuid import UUID

from shared.domain.amend import Activity, DoesNotFit, Partnership, amend, change, complete, record, register, restore
from shared.domain.events import (
    ActivityCorrected,
    ActivityRecorded,
    ActivityRetracted,
    Event,
    ImportCompleted,
    ImportReversed,
    PartnershipChanged,
    PartnershipEnded,
    PartnershipRegistered,
)


@dataclass(slots=True)
class Book:
    """Some partnerships and activities of one home, as they stand.

    `staged` are the events of imports that are not whole yet, by import: they count for nothing until it is completed.
    """

    partnerships: dict[str, Partnership] = field(default_factory=dict)
    activities: dict[UUID, Activity] = field(default_factory=dict)
    staged: dict[UUID, list[Event]] = field(default_factory=dict)

    def copy(self) -> "Book":
        """Return a book of its own, for trying out what an event would change."""
        staged = {each: list(events) for each, events in self.staged.items()}
        return Book(dict(self.partnerships), dict(self.activities), staged)


def fold(book: Book, event: Event) -> list[Activity | Partnership]:
    """Bring the book up to the event and return what changed.

    What the event touches must be in the book. A second registration of a slug and a change to what is not there change
    nothing: ingest refuses both, so they can only be read from a log that something else wrote to. Raises `DoesNotFit` for
    an amendment that stands under another partnership than its activity: whoever may post for the one may not change the
    other.
    """
    changed: list[Activity | Partnership] = []
    match event.data:
        case ActivityRecorded() if event.import_id is not None:
            book.staged.setdefault(event.import_id, []).append(event)
        case ImportCompleted(import_id=import_id):
            staged = book.staged.pop(import_id, [])
            changed = [complete(each, event) for each in staged if each.id not in book.activities]
        case PartnershipRegistered(partnership=slug) if slug not in book.partnerships:
            changed = [register(event)]
        case PartnershipChanged(partnership=slug) | PartnershipEnded(partnership=slug) if slug in book.partnerships:
            changed = [change(book.partnerships[slug], event)]
        case ActivityRecorded() if event.id not in book.activities:
            changed = [record(event)]
        case ActivityCorrected(activity=activity) | ActivityRetracted(activity=activity) if activity in book.activities:
            changed = [amend(_of_the_same_partnership(book.activities[activity], event), event)]
        case ActivityRetracted(activity=taken_back_by):
            withdrawn = (each for each in book.activities.values() if each.withdrawn_by == taken_back_by)
            changed = [restore(_of_the_same_partnership(each, event), event) for each in withdrawn]
        case ImportReversed(batch=batch):
            standing = (each for each in book.activities.values() if each.withdrawn_by is None)
            changed = [amend(each, event) for each in standing if each.facts.batch == batch]
        case _:
            pass
    for each in changed:
        if isinstance(each, Activity):
            book.activities[each.id] = each
        else:
            book.partnerships[each.slug] = each
    return changed


def _of_the_same_partnership(activity: Activity, event: Event) -> Activity:
    if event.partnership not in (None, activity.facts.partnership):
        problem = f"{event.type} stands under “{event.partnership}”, its activity under “{activity.facts.partnership}”."
        raise DoesNotFit(problem, "Find out what wrote it into the ledger.")
    return activity


@dataclass(slots=True)
class Touched:
    """What of the book some event data name."""

    partnerships: set[str] = field(default_factory=set)
    activities: set[UUID] = field(default_factory=set)
    batches: set[str] = field(default_factory=set)

    def add(self, data: object) -> None:
        """Note what these data name."""
        match data:
            case ActivityCorrected(activity=activity) | ActivityRetracted(activity=activity):
                self.activities.add(activity)
            case ImportReversed(batch=batch):
                self.batches.add(batch)
            case _:
                slug = getattr(data, "partnership", None)
                if slug is not None:
                    self.partnerships.add(slug)
