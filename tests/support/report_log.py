"""What a report is made of, by a plain loop over the log: slow, and independent of the tables.

Run as a program it prints the hash of every kind of report in every format, for comparing processes.
"""

import json
import sys
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import UTC, date, timedelta

from services.reports.asked import Asked, Kind
from services.reports.making import compose
from services.reports.material import Entry, Material, Moved
from services.reports.render.formats import Format, render
from services.reports.store import Known
from shared.domain.amend import Activity
from shared.domain.book import Book, fold
from shared.domain.diagnosis import Deed
from shared.domain.events import Event
from shared.domain.homes import home_after
from shared.domain.rating import fact_of
from shared.domain.rulings import RULING_TYPES, rubric_in_force
from shared.wire.canonical import digest
from tests.support.build import a_principal
from tests.support.lives import FIRST_DAY, events_of, lives
from tests.support.reports import made_as

SEED, LENGTH = 2021, 600


class Log:
    """The events up to a position, read one after the other."""

    def __init__(self, events: Iterable[Event], position: int, partnership: str | None = None) -> None:
        self.partnership = partnership
        self.position = position
        self.book = Book()
        self.home = None
        self.posted_on: dict[object, date] = {}
        self.first_known: dict[object, int] = {}
        self.stands_since: dict[object, int] = {}
        self.last_posted_at: dict[str, object] = {}
        self.kept: dict[str, list[Event]] = defaultdict(list)
        self._staged: dict[object, list[Event]] = defaultdict(list)
        for event in events:
            if event.position <= position:
                self._read(event)

    def _read(self, event: Event) -> None:
        self.home = home_after(self.home, event)
        for changed in fold(self.book, event):
            if isinstance(changed, Activity):
                self.first_known.setdefault(changed.id, event.position)
                self.posted_on.setdefault(changed.id, event.recorded_on)
                self.stands_since[changed.id] = event.position
        if event.import_id is not None:
            self._staged[event.import_id].append(event)
        elif event.type == "import.completed":
            for each in self._staged.pop(event.data.import_id, []):
                self.last_posted_at[each.partnership] = event.recorded_at
        elif event.type.startswith("activity.") and event.partnership is not None:
            self.last_posted_at[event.partnership] = event.recorded_at
        if event.partnership in (None, self.partnership) or self.partnership is None:
            self.kept[event.type].append(event)

    def known(self) -> Known:
        """Return what decides ratings."""
        partnerships = sorted(
            (each for each in self.book.partnerships.values() if self.partnership in (None, each.slug)),
            key=lambda each: each.slug,
        )
        facts = defaultdict(list)
        for each in self.standing():
            facts[each.facts.partnership].append(fact_of(each))
        rulings = sorted((e for name in RULING_TYPES for e in self.kept[name]), key=lambda each: each.position)
        return Known(self.position, partnerships, facts, rulings, self.last_posted_at)

    def standing(self) -> list[Activity]:
        """Return the activities that were not taken back."""
        return [
            each
            for each in self.book.activities.values()
            if each.withdrawn_by is None and self.partnership in (None, each.facts.partnership)
        ]

    def deeds(self) -> list[Deed]:
        """Return the same with the day on which each was first posted."""
        return [Deed(each, self.posted_on[each.id]) for each in self.standing()]


def material_of_the_log(events: Sequence[Event], asked: Asked, after: int = 0) -> Material:
    """Return what `gather` would: for the question's position, compared with position `after`."""
    log = Log(events, asked.position, asked.partnership)
    known, first, last = log.known(), asked.first, asked.last
    entries = [
        Entry(each, corrected=log.stands_since[each.activity.id] != log.first_known[each.activity.id])
        for each in log.deeds()
    ]
    of_period = [each for each in log.deeds() if date(first.year, 1, 1) <= each.effective <= last]
    dated = [each for each in log.deeds() if each.activity.facts.valid_until is not None]
    return Material(
        asked=asked,
        reader=_reader(asked.partnership),
        home=log.home,
        zone=UTC,
        known=known,
        rubric=rubric_in_force(known.rulings, last),
        counted=_counted(log, first, last),
        counted_by_month=_counted_by_month(log, first, last),
        deeds=dated if asked.kind is Kind.RECOMMENDATION else of_period,
        entries=[each for each in entries if first <= each.day <= last],
        milestones=log.kept["milestone.reached"],
        programmes=log.kept["programme.agreed"],
        before=Log(events, after, asked.partnership).known() if asked.compare_known else None,
        moved=moved_in(events, after, asked.position, asked.partnership) if asked.compare_known else (),
        in_compared=known,
        counted_in_compared=_counted(log, asked.compare_first, asked.compare_last) if asked.compare_first else {},
    )


def moved_in(events: Sequence[Event], after: int, position: int, partnership: str | None) -> list[Moved]:
    """Return what each event did to a book, by looking at the book before and after it."""
    book, found = Book(), []
    for event in (each for each in events if each.position <= position):
        activities, partnerships = dict(book.activities), dict(book.partnerships)
        fold(book, event)
        changed = {
            key: (_counting(activities.get(key)), _counting(each))
            for key, each in book.activities.items()
            if each is not activities.get(key) and partnership in (None, each.facts.partnership)
        }
        entries = {
            slug: (partnerships.get(slug), each)
            for slug, each in book.partnerships.items()
            if each is not partnerships.get(slug) and partnership in (None, slug)
        }
        changed = {key: pair for key, pair in changed.items() if pair != (None, None)}
        ruled = event.type in RULING_TYPES and (event.partnership is None or partnership in (None, event.partnership))
        if event.position > after and (changed or entries or ruled):
            found.append(Moved(event, changed, entries))
    return found


def _counting(activity: Activity | None) -> Activity | None:
    return activity if activity is not None and activity.withdrawn_by is None else None


def _counted(log: Log, first: date, last: date) -> dict[str, int]:
    counted: dict[str, int] = defaultdict(int)
    for each in log.standing():
        fact = fact_of(each)
        if fact.outcome == "held" and first <= fact.effective <= last:
            counted[each.facts.partnership] += 1
    return counted


def _counted_by_month(log: Log, first: date, last: date) -> dict[str, dict[str, int]]:
    counted: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for each in log.standing():
        fact = fact_of(each)
        if fact.outcome == "held" and first <= fact.effective <= last:
            counted[each.facts.partnership][f"{fact.effective:%Y-%m}"] += 1
    return counted


def _reader(partnership: str | None):
    return a_principal(partnerships=frozenset({partnership})) if partnership else a_principal()


def question(kind: Kind, position: int, **changes) -> Asked:
    """Return a question about the first two years of the made-up lives, answered at a position of them."""
    values = {
        "kind": kind,
        "first": FIRST_DAY,
        "last": FIRST_DAY + timedelta(days=730),
        "known": moment_of(position),
        "position": position,
        **changes,
    }
    return Asked(**values)


def moment_of(position: int, read=None):
    """Return when a position of the made-up lives was recorded."""
    return (read or READ)[position - 1].event.recorded_at


READ = lives(SEED, LENGTH)
EVENTS = events_of(READ)


def every_hash() -> dict[str, str]:
    """Return the hash of every kind of report made in this process; those formats that take long of one kind."""
    found = {}
    for kind in Kind:
        more = {"compare_known": moment_of(LENGTH // 3)} if kind is Kind.CHANGES else {}
        for language in ("id", "en"):
            asked = question(kind, LENGTH - 50, language=language, **more)
            report = compose(material_of_the_log(EVENTS, asked, LENGTH // 3))
            found |= {
                f"{kind}.{form}.{language}": digest(render(report, form))
                for form in made_as(kind)
                if _is_meant(kind, form)
            }
    return found


def _is_meant(kind: Kind, form: Format) -> bool:
    return form not in (Format.PDF, Format.XLSX, Format.DOCX) or kind is Kind.RECOMMENDATION


if __name__ == "__main__":
    json.dump(every_hash(), sys.stdout, sort_keys=True)
