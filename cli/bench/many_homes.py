"""A made-up history of many homes in one ledger, for measuring: the same events in every run and on every machine."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from cli.bench.history import activity, registration, slug
from shared.domain.events import day_closed_id, home_opened_id
from shared.wire.envelope import Posting

ZONE = "Asia/Jakarta"
LAST_DAY = date(2026, 11, 20)
YEARS_BACK = 15
"""What a home has done before it came is posted with its first days, as bureaus do who begin with a ledger."""


@dataclass(frozen=True, slots=True)
class Country:
    """How many homes there are, how many partnerships and activities each has, and how many days each has closed."""

    homes: int
    partnerships: int
    activities: int
    days: int

    @property
    def events(self) -> int:
        """How many events that makes."""
        return self.homes * (1 + self.partnerships + self.activities + self.days)


def home_name(number: int) -> str:
    """Return the name of a home."""
    return f"home-{number:03}"


def history_of(country: Country) -> Iterator[Posting]:
    """Yield the openings, the registries, and then day by day what each home records, and the close of each day."""
    chance = random.Random(2026)  # noqa: S311 - the same in every run
    first = LAST_DAY - timedelta(days=country.days - 1)
    for home in map(home_name, range(country.homes)):
        opened = {"name": {"id": home, "en": home}, "time_zone": ZONE}
        yield _posting(home, "home.opened", home_opened_id(home), opened, None, first)
        for number in range(country.partnerships):
            yield _posting(home, "partnership.registered", _drawn(chance), registration(number), slug(number), first)
    for number in range(country.days):
        for home in map(home_name, range(country.homes)):
            yield from _a_day(chance, country, home, first + timedelta(days=number), number)


def _a_day(chance: random.Random, country: Country, home: str, day: date, number: int) -> Iterator[Posting]:
    """Yield a home's activities of a day, spread evenly over the days, and its close."""
    before, after = (each * country.activities // country.days for each in (number, number + 1))
    for _ in range(after - before):
        occurred = day - timedelta(days=chance.randrange(365 * YEARS_BACK))
        partnership = slug(chance.randrange(country.partnerships))
        data = {**activity(chance, occurred), "partnership": partnership}
        yield _posting(home, "activity.recorded", _drawn(chance), data, partnership, day)
    closed = {"day": day.isoformat()}
    yield _posting(home, "day.closed", day_closed_id(home, day), closed, None, day + timedelta(days=1))


def _drawn(chance: random.Random) -> UUID:
    return UUID(int=chance.getrandbits(128), version=4)


def _posting(
    home: str, event_type: str, event_id: UUID, data: dict[str, Any], partnership: str | None, day: date
) -> Posting:
    posted_at = datetime.combine(day, time(2), UTC)
    return Posting(event_id, home, event_type, data, partnership, f"{home}/bureau", posted_at, time_zone=ZONE)
