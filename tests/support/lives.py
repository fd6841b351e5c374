"""Made-up lives of a few partnerships, with all that can happen to a rating: the same for the same seed."""

import random
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice
from typing import Any
from uuid import UUID

from shared.domain.codes import Direction, Indicator, Mode, Outcome, RatingCode
from shared.domain.events import Event
from shared.ledger.ledger import Stored
from shared.ledger.subjects import subject_of
from shared.projection.parking import Read
from shared.wire.envelope import Posting, decode, encode
from tests.support.build import HOME, a_partnership, an_activity, rubric_data

SLUGS = tuple(f"city-{number}" for number in range(8))
FIRST_DAY = date(2015, 3, 1)
REASON = "A slip"


class Life:
    """What has happened so far, as far as the next event depends on it."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        self.day = FIRST_DAY
        self.counting: dict[UUID, str] = {}
        self.withdrawn: dict[UUID, tuple[UUID, str]] = {}
        self.batches: dict[str, dict[UUID, str]] = {}
        self.reversed: dict[UUID, dict[UUID, str]] = {}
        self.judgements: list[tuple[UUID, str]] = []
        self.versions = 0
        self.imports = 0

    def events(self) -> Iterator[list[Posting]]:
        """Yield without end: what is posted one by one, and imports with all their rows."""
        yield [self.close(1)]
        for number, slug in enumerate(SLUGS[:-1]):
            yield [self.registered(slug, number)]
        kinds = {
            self.recorded: 46,
            self.corrected: 12,
            self.retracted: 5,
            self.restored: 3,
            self.imported: 4,
            self.import_reversed: 2,
            self.reversal_taken_back: 1,
            self.judged: 4,
            self.lifted: 2,
            self.adopted: 2,
            self.changed: 2,
            self.ended: 1,
            self.others: 3,
            self.day_closed: 15,
            self.caught_up: 1,
            self.last_registered: 1,
        }
        while True:
            made = self.chance.choices(list(kinds), list(kinds.values()))[0]()
            if made:
                yield made

    def recorded(self) -> list[Posting]:
        event_id, facts = self.drawn(), self.activity()
        self.counting[event_id] = facts["partnership"]
        return [self.posting("activity.recorded", facts, facts["partnership"], event_id)]

    def activity(self, **changes: Any) -> dict[str, Any]:
        slug = self.chance.choice(SLUGS[:-1])
        outcome = self.chance.choice([Outcome.HELD] * 4 + [Outcome.PLANNED, Outcome.DECLINED])
        return an_activity(
            partnership=slug,
            indicator=self.chance.choice(list(Indicator)),
            direction=self.chance.choice(list(Direction)),
            mode=self.chance.choice(list(Mode)),
            outcome=outcome,
            occurred=self.occurred(ahead=outcome is Outcome.PLANNED),
            title={"en": f"Number {len(self.counting)}"},
            **changes,
        )

    def occurred(self, *, ahead: bool = False) -> str:
        """A day, month, year or interval: mostly of late, at times long ago; plans lie ahead."""
        back = self.chance.choice([0, 1, 7, 30, 200, 700, 1500])
        day = self.day + timedelta(days=self.chance.randrange(300)) if ahead else self.day - timedelta(days=back)
        match self.chance.randrange(6):
            case 0:
                return f"{day:%Y}"
            case 1:
                return f"{day:%Y-%m}"
            case 2:
                return f"{day:%Y-%m-%d}/{day + timedelta(days=self.chance.randrange(90)):%Y-%m-%d}"
            case _:
                return day.isoformat()

    def corrected(self) -> list[Posting]:
        if not self.counting:
            return []
        activity = self.chance.choice(list(self.counting))
        changes = self.chance.choice(
            [
                {"occurred": self.occurred()},
                {"direction": self.chance.choice(list(Direction))},
                {"indicator": self.chance.choice(list(Indicator)), "mode": self.chance.choice(list(Mode))},
                {"outcome": self.chance.choice([Outcome.HELD, Outcome.DECLINED])},
                {"title": {"en": f"Number {self.chance.random()}"}},
            ]
        )
        data = {"activity": str(activity), "changes": changes, "reason": REASON}
        return [self.posting("activity.corrected", data, self.counting[activity])]

    def retracted(self) -> list[Posting]:
        if not self.counting:
            return []
        activity = self.chance.choice(list(self.counting))
        slug, event_id = self.counting.pop(activity), self.drawn()
        self.withdrawn[event_id] = (activity, slug)
        return [self.posting("activity.retracted", {"activity": str(activity), "reason": REASON}, slug, event_id)]

    def restored(self) -> list[Posting]:
        if not self.withdrawn:
            return []
        retraction = self.chance.choice(list(self.withdrawn))
        activity, slug = self.withdrawn.pop(retraction)
        self.counting[activity] = slug
        return [self.posting("activity.retracted", {"activity": str(retraction), "reason": REASON}, slug)]

    def imported(self) -> list[Posting]:
        self.imports += 1
        import_id, batch = self.drawn(), f"import-{self.imports}"
        rows = [(self.drawn(), self.activity(batch=batch)) for _ in range(self.chance.randrange(1, 6))]
        self.batches[batch] = {event_id: facts["partnership"] for event_id, facts in rows}
        self.counting |= self.batches[batch]
        completion = {"import": str(import_id), "batch": batch, "rows": len(rows), "hash": f"sha256:{0:064}"}
        return [
            *(self.posting("activity.recorded", facts, facts["partnership"], each, import_id) for each, facts in rows),
            self.posting("import.completed", completion, None),
        ]

    def import_reversed(self) -> list[Posting]:
        if not self.batches:
            return []
        batch, event_id = self.chance.choice(list(self.batches)), self.drawn()
        taken = {each: slug for each, slug in self.batches.pop(batch).items() if each in self.counting}
        self.reversed[event_id] = taken
        self.counting = {each: slug for each, slug in self.counting.items() if each not in taken}
        return [self.posting("import.reversed", {"batch": batch, "reason": REASON}, None, event_id)]

    def reversal_taken_back(self) -> list[Posting]:
        if not self.reversed:
            return []
        reversal = self.chance.choice(list(self.reversed))
        taken = self.reversed.pop(reversal)
        self.counting |= taken
        slugs = set(taken.values())
        of_one = slugs.pop() if len(slugs) == 1 else None
        return [self.posting("activity.retracted", {"activity": str(reversal), "reason": REASON}, of_one)]

    def judged(self) -> list[Posting]:
        slug, event_id = self.chance.choice(SLUGS[:-1]), self.drawn()
        first = self.day + timedelta(days=self.chance.randrange(-100, 60))
        last = first + timedelta(days=self.chance.randrange(120)) if self.chance.random() < 0.7 else None
        self.judgements.append((event_id, slug))
        data = {
            "partnership": slug,
            "rating": self.chance.choice(list(RatingCode)),
            "reason": REASON,
            "valid_from": first.isoformat(),
            **({"valid_until": last.isoformat()} if last else {}),
        }
        return [self.posting("rating.set", data, slug, event_id)]

    def lifted(self) -> list[Posting]:
        if not self.judgements:
            return []
        judgement, slug = self.judgements.pop(self.chance.randrange(len(self.judgements)))
        data = {"partnership": slug, "judgement": str(judgement), "reason": REASON}
        return [self.posting("rating.lifted", data, slug)]

    def adopted(self) -> list[Posting]:
        self.versions += 1
        aktif = self.chance.randrange(2, 5)
        rules = {"outbound": {"weight": self.chance.randrange(3)}, "inbound": {"window_months": 5}}
        rubric = rubric_data(
            version=self.versions,
            window_months=self.chance.choice([3, 9, 18, 48]),
            thresholds={"aktif": aktif, "kurang_aktif": self.chance.randrange(1, aktif)},
            provisional_months=self.chance.choice([1, 12]),
            dormant_months=self.chance.choice([2, 12, 24]),
            travel=self.chance.random() < 0.5,
            cells={self.chance.choice(list(Indicator)).value: rules} if self.chance.random() < 0.5 else {},
        )
        since = self.day + timedelta(days=self.chance.randrange(-300, 60))
        return [self.posting("rubric.adopted", {"rubric": rubric, "valid_from": since.isoformat()}, None)]

    def changed(self) -> list[Posting]:
        slug = self.chance.choice(SLUGS[:-1])
        day = (self.day + timedelta(days=self.chance.randrange(-500, 50))).isoformat()
        changes = self.chance.choice([{"mou_date": day}, {"mou_date": None}, {"ended_on": None}, {"country": "JP"}])
        return [self.posting("partnership.changed", {"partnership": slug, "changes": changes, "reason": REASON}, slug)]

    def ended(self) -> list[Posting]:
        slug = self.chance.choice(SLUGS[:-1])
        day = self.day - timedelta(days=self.chance.randrange(-20, 20))
        data = {"partnership": slug, "ended_on": day.isoformat(), "reason": REASON}
        return [self.posting("partnership.ended", data, slug)]

    def others(self) -> list[Posting]:
        slug = self.chance.choice(SLUGS[:-1])
        programme = {"partnership": slug, "year": self.day.year, "activities": [{"title": {"en": "Exchange"}}]}
        milestone = {"partnership": slug, "milestone": "signing", "reached": f"{self.day:%Y}"}
        if self.chance.random() < 0.5:
            return [self.posting("programme.agreed", programme, slug)]
        return [self.posting("milestone.reached", milestone, slug)]

    def last_registered(self) -> list[Posting]:
        return [self.registered(SLUGS[-1], 0)] if self.chance.random() < 0.2 else []

    def day_closed(self) -> list[Posting]:
        return [self.close(self.chance.choice([1, 1, 1, 7, 40]))]

    def caught_up(self) -> list[Posting]:
        """After an outage every day is closed, all of them on the day that is today then."""
        away = self.chance.choice([2, 5, 33])
        self.day += timedelta(days=away)
        over = [self.day - timedelta(days=back) for back in range(away, 0, -1)]
        return [self.posting("day.closed", {"day": day.isoformat()}, None) for day in over]

    def close(self, days: int) -> Posting:
        """The next day begins; where the ticker was away, several days later."""
        self.day += timedelta(days=days)
        closed = self.day - timedelta(days=1)
        return self.posting("day.closed", {"day": closed.isoformat()}, None)

    def registered(self, slug: str, number: int) -> Posting:
        mou_date = FIRST_DAY + timedelta(days=number * 150 - 300) if number % 3 else None
        more = {"mou_date": mou_date.isoformat()} if mou_date else {}
        return self.posting("partnership.registered", a_partnership(partnership=slug, **more), slug)

    def posting(
        self,
        event_type: str,
        data: dict[str, Any],
        slug: str | None,
        event_id: UUID | None = None,
        import_id: UUID | None = None,
    ) -> Posting:
        posted_at = datetime.combine(self.day, time(9), UTC)
        return Posting(event_id or self.drawn(), HOME, event_type, data, slug, "jakarta/bureau", posted_at, import_id)

    def drawn(self) -> UUID:
        return UUID(int=self.chance.getrandbits(128), version=4)


def lives(seed: int, count: int) -> list[Read]:
    """Return that many events, as read from the ledger."""
    life = Life(random.Random(seed))
    return read_from(islice((each for made in life.events() for each in made), count))


def read_from(postings: Iterable[Posting]) -> list[Read]:
    """Return the events of a ledger that holds these, one after the other."""
    return [_read(posting, position) for position, posting in enumerate(postings, 1)]


def _read(posting: Posting, position: int) -> Read:
    recorded_at = posting.posted_at + timedelta(milliseconds=position)
    payload = encode(posting)
    subject = subject_of(posting.home, posting.id, posting.partnership)
    return Read(decode(payload, position, recorded_at, UTC), Stored(position, recorded_at, subject, payload))


def events_of(read: list[Read]) -> list[Event]:
    """Return the events alone."""
    return [each.event for each in read]
