"""A made-up history of a home, for measuring: the same events in every run and on every machine."""

import random
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice
from typing import Any
from uuid import UUID

from shared.domain.codes import Direction, Indicator, Mode, Outcome
from shared.domain.events import day_closed_id
from shared.ledger.ledger import Entry
from shared.ledger.subjects import subject_of
from shared.wire.envelope import LARGEST_BATCH, Posting, encode

HOME = "jakarta"
PARTNERSHIPS = 100
FIRST_DAY = date(2007, 1, 1)
EVENTS_A_DAY = 14
OF_A_THOUSAND_CORRECTED, OF_A_THOUSAND_RETRACTED = 20, 5
_ABOUT = "Kunjungan delegasi pemerintah kota dan pembahasan rencana kegiatan tahunan, "


def slug(number: int) -> str:
    """Return the short name of a partnership."""
    return f"city-{number:04}"


def registration(number: int) -> dict[str, Any]:
    """Return the data of a `partnership.registered`."""
    return {
        "partnership": slug(number),
        "name": {"en": f"City {number}", "id": f"Kota {number}"},
        "level": "city",
        "country": "JP",
        "mou_date": "2006-08-17",
    }


def activity(chance: random.Random, occurred: date) -> dict[str, Any]:
    """Return the data of an `activity.recorded`, about 600 bytes as JSON."""
    return {
        "partnership": slug(chance.randrange(PARTNERSHIPS)),
        "indicator": chance.choice(list(Indicator)).value,
        "occurred": occurred.isoformat(),
        "direction": chance.choice(list(Direction)).value,
        "outcome": chance.choice([Outcome.HELD, Outcome.HELD, Outcome.HELD, Outcome.PLANNED]).value,
        "mode": chance.choice(list(Mode)).value,
        "initiator": "partner",
        "actors": ["home_government", "partner_government"],
        "people_to_people": chance.random() < 0.3,
        "title": {"id": f"Kunjungan ke-{chance.randrange(10**6)}", "en": f"Visit number {chance.randrange(10**6)}"},
        "description": {"id": _ABOUT * 2 + str(chance.randrange(10**6))},
        "source": "Laporan tahunan biro kerja sama daerah",
    }


def history(count: int) -> Iterator[Posting]:
    """Yield that many events of twenty years and more: activities, some amended, and the close of every day."""
    return islice(_without_end(random.Random(2020)), count)  # noqa: S311 - the same in every run


def batches_of_entries(postings: Iterator[Posting]) -> Iterator[Sequence[Entry]]:
    """Yield the postings as the ledger takes them, 1,000 at a time."""
    while batch := [_entry(each) for each in islice(postings, LARGEST_BATCH)]:
        yield batch


def _without_end(chance: random.Random) -> Iterator[Posting]:
    for number in range(PARTNERSHIPS):
        yield _posting("partnership.registered", _drawn(chance), registration(number), slug(number), FIRST_DAY)
    day = FIRST_DAY
    standing: list[tuple[UUID, str]] = []
    while True:
        for _ in range(EVENTS_A_DAY - 1):
            yield _of_a_day(chance, day, standing)
        yield _posting("day.closed", day_closed_id(HOME, day), {"day": day.isoformat()}, None, day)
        day += timedelta(days=1)


def _of_a_day(chance: random.Random, day: date, standing: list[tuple[UUID, str]]) -> Posting:
    of_a_thousand = chance.randrange(1_000)
    if standing and of_a_thousand < OF_A_THOUSAND_CORRECTED:
        named, partnership = chance.choice(standing)
        changes = {"participants": chance.randrange(1_000), "occurred": day.isoformat()}
        data = {"activity": str(named), "changes": changes, "reason": "The list of guests was found"}
        return _posting("activity.corrected", _drawn(chance), data, partnership, day)
    if standing and of_a_thousand < OF_A_THOUSAND_CORRECTED + OF_A_THOUSAND_RETRACTED:
        named, partnership = standing.pop(chance.randrange(len(standing)))
        data = {"activity": str(named), "reason": "It was posted twice"}
        return _posting("activity.retracted", _drawn(chance), data, partnership, day)
    facts, event_id = activity(chance, day), _drawn(chance)
    standing.append((event_id, facts["partnership"]))
    return _posting("activity.recorded", event_id, facts, facts["partnership"], day)


def _drawn(chance: random.Random) -> UUID:
    return UUID(int=chance.getrandbits(128), version=4)


def _posting(event_type: str, event_id: UUID, data: dict[str, Any], partnership: str | None, day: date) -> Posting:
    posted_at = datetime.combine(day, time(9), UTC)
    return Posting(event_id, HOME, event_type, data, partnership, f"{HOME}/bureau", posted_at)


def _entry(posting: Posting) -> Entry:
    subject = subject_of(posting.home, posting.id, posting.partnership)
    return Entry(posting.home, posting.id, subject, encode(posting))
