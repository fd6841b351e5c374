"""What lies ahead of the partnerships, as days of a calendar: falls, dormancy, expiries, plans. Pure.

Every entry has an id of its own that stays when its day moves, so that a calendar moves it too.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from icalendar import Calendar, Event

from shared.domain.cells import CELLS, Cell
from shared.domain.codes import RatingCode
from shared.domain.occurred import parse_occurred
from shared.domain.rubric import Rubric
from shared.words.codes import RATING_WORDS
from shared.words.dates import occurred_in_words
from shared.words.words import Language, Words

ASK_AGAIN = timedelta(hours=6)
Texts = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Expiry:
    """A document, or a memorandum, and the last day on which it holds; `title` is None for a memorandum."""

    id: UUID
    title: Texts | None
    last: date


@dataclass(frozen=True, slots=True)
class Planned:
    """An activity that is planned; `occurred` is its date as it was written."""

    id: UUID
    title: Texts
    occurred: str
    place: str | None


@dataclass(frozen=True, slots=True)
class Ahead:
    """A partnership as it stands on a day, and what was said of the days after; brought there by the event at `position`."""

    on: date
    position: int
    recorded_at: datetime
    rating: Mapping[str, Any]
    rubric: Rubric
    expiries: Sequence[Expiry] = ()
    plans: Sequence[Planned] = ()

    @property
    def slug(self) -> str:
        """Its name in addresses."""
        return str(self.rating["partnership"])


@dataclass(frozen=True, slots=True)
class Entry:
    """A day, or several, of the calendar; `key` is its own among those of its home."""

    key: str
    first: date
    last: date
    category: str
    summary: str
    description: str


def falls_ahead(rating: Mapping[str, Any], rubric: Rubric) -> list[tuple[date, RatingCode]]:
    """Return the days on which a rating changes if nothing happens, until the last, and what it is from then on.

    `rating` is a rating's document, `rubric` the one that it was rated by.
    """
    change = rating["next_change"]
    if change is None:
        return []
    found = [(date.fromisoformat(change["on"]), RatingCode(change["rating"]))]
    dark_from = {cell: day for cell in CELLS if (day := _goes_dark(rating, cell)) is not None}
    for day in sorted({each for each in dark_from.values() if each > found[0][0]}):
        score = sum(rubric.weight(cell) for cell, dark in dark_from.items() if dark > day)
        if (code := rubric.rating(score)) is not found[-1][1]:
            found.append((day, code))
    return found


def _goes_dark(rating: Mapping[str, Any], cell: Cell) -> date | None:
    day = rating["goes_dark"][cell.indicator.value][cell.direction.value]
    return date.fromisoformat(day) if day else None


def entries_of(ahead: Ahead, words: Words) -> Iterator[Entry]:
    """Yield what lies ahead of a partnership."""
    name, rating = _in(ahead.rating["name"], words.language), ahead.rating
    for day, code in falls_ahead(rating, ahead.rubric):
        to = words.say(RATING_WORDS[code])
        yield _on(
            f"becomes-{code.value}.{ahead.slug}",
            day,
            "fall",
            words.say("%(name)s: the rating becomes %(rating)s", name=name, rating=to),
            words.say("If nothing happens, it is %(rating)s from this day on.", rating=to),
        )
    if rating["dormant_on"] and not rating["dormant"]:
        day = date.fromisoformat(rating["dormant_on"])
        said = words.say("Without any activity it is dormant from this day on.")
        yield _on(f"dormant.{ahead.slug}", day, "dormancy", words.say("%(name)s: falls silent", name=name), said)
    if rating["official"] and rating["official"]["valid_until"]:
        yield _official(ahead, name, words)
    for expiry in ahead.expiries:
        if expiry.last >= ahead.on:
            yield _expiry(expiry, name, words)
    for plan in ahead.plans:
        if parse_occurred(plan.occurred).last >= ahead.on:
            yield _plan(plan, name, words)


def _official(ahead: Ahead, name: str, words: Words) -> Entry:
    official = ahead.rating["official"]
    rating = words.say(RATING_WORDS[RatingCode(official["rating"])])
    return _on(
        f"official.{ahead.slug}",
        date.fromisoformat(official["valid_until"]),
        "expiry",
        words.say("%(name)s: the official rating expires", name=name),
        words.say("The bureau's official rating, %(rating)s, holds up to and including this day.", rating=rating),
    )


def _expiry(expiry: Expiry, name: str, words: Words) -> Entry:
    if expiry.title is None:
        summary = words.say("%(name)s: the memorandum expires", name=name)
    else:
        title = _in(expiry.title, words.language)
        summary = words.say("%(name)s: “%(title)s” expires", name=name, title=title)
    return _on(
        f"expires.{expiry.id}", expiry.last, "expiry", summary, words.say("It holds up to and including this day.")
    )


def _plan(plan: Planned, name: str, words: Words) -> Entry:
    """Return a plan; one whose day is not known stands on the last day that its date can mean."""
    occurred = parse_occurred(plan.occurred)
    is_exact = all(len(part) == len("2027-05-22") for part in plan.occurred.split("/"))
    summary = words.say("%(name)s: planned: %(title)s", name=name, title=_in(plan.title, words.language))
    when = words.say("Planned for %(when)s.", when=occurred_in_words(plan.occurred, words.language))
    place = words.say("Place: %(place)s.", place=plan.place) if plan.place else ""
    first = occurred.first if is_exact else occurred.last
    return Entry(f"planned.{plan.id}", first, occurred.last, "plan", summary, f"{when} {place}".strip())


def calendar_of(home: str, title: str, partnerships: Iterable[Ahead], site: str, words: Words) -> bytes:
    """Return the calendar of a home as iCalendar (RFC 5545): whole days, lines folded, every entry under its own id."""
    calendar = Calendar()
    calendar.add("prodid", "-//Kembar//Kembar//ID")
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    calendar.add("name", title)
    calendar.add("x-wr-calname", title)
    calendar.add("refresh-interval", ASK_AGAIN, parameters={"VALUE": "DURATION"})
    for ahead in partnerships:
        for entry in entries_of(ahead, words):
            calendar.add_component(_event(home, ahead, entry, f"{site}/partnerships/{ahead.slug}", words.language))
    content: bytes = calendar.to_ical()
    return content


def _event(home: str, ahead: Ahead, entry: Entry, address: str, language: Language) -> Event:
    event = Event()
    event.add("uid", f"{entry.key}@{home}.kembar")
    # Without a METHOD, DTSTAMP says when this was last revised (RFC 5545, 3.8.7.2): not when it was asked for.
    event.add("dtstamp", ahead.recorded_at.astimezone(UTC))
    event.add("last-modified", ahead.recorded_at.astimezone(UTC))
    event.add("sequence", ahead.position)
    event.add("dtstart", entry.first)
    event.add("dtend", entry.last + timedelta(days=1))
    event.add("summary", entry.summary, parameters={"LANGUAGE": language})
    event.add("description", entry.description, parameters={"LANGUAGE": language})
    event.add("categories", [entry.category])
    event.add("url", address)
    event.add("transp", "TRANSPARENT")
    return event


def _on(key: str, day: date, category: str, summary: str, description: str) -> Entry:
    return Entry(key, day, day, category, summary, description)


def _in(texts: Texts, language: Language) -> str:
    return texts.get(language) or next(iter(texts.values()))
