"""The report of results (Laporan Hasil Kerja Sama): its nine parts, filled from events, the rest marked to be written in."""

import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from services.reports.compose import compose_ratings
from services.reports.kinds.activities import activities_table, activity_data
from services.reports.kinds.frame import (
    day_in_words,
    framed,
    home_name,
    issue_in_words,
    name_of,
    period_in_words,
    rating_in_words,
)
from services.reports.kinds.history import milestone_data, milestones_table
from services.reports.kinds.programme import Line, lines_table, planned_lines
from services.reports.kinds.ratings import without_author
from services.reports.material import Entry, Material, entries_of, events_of
from services.reports.question import Question
from services.reports.report import Block, Column, ColumnKind, Facts, Paragraph, Report, Section, Table, ToFill
from shared.domain.amend import Partnership
from shared.domain.codes import Direction, Outcome, RatingCode
from shared.domain.events import Event
from shared.wire.sheet import Value
from shared.words.codes import DIRECTION_WORDS
from shared.words.words import Words

NOT_HELD = (Outcome.DECLINED, Outcome.POSTPONED, Outcome.UNKNOWN)


@dataclass(frozen=True, slots=True)
class Account:
    """What is told of one partnership; `prefix` goes before the ids of its sections where there are several."""

    material: Material
    partnership: Partnership
    entries: Sequence[Entry]
    milestones: Sequence[Event]
    rating: RatingCode | None
    lines: Sequence[Line]
    prefix: str

    @property
    def words(self) -> Words:
        """What says its sentences."""
        return self.material.words

    def held(self) -> list[Entry]:
        """Return what was held."""
        return [each for each in self.entries if each.activity.facts.outcome is Outcome.HELD]

    def of(self, outcomes: Iterable[Outcome]) -> list[Entry]:
        """Return what came to one of these ends."""
        wanted = set(outcomes)
        return [each for each in self.entries if each.activity.facts.outcome in wanted]

    def table(self, name: str, caption: str, entries: Sequence[Entry]) -> Table:
        """Return activities as a table of this account."""
        only = {self.partnership.slug: self.partnership}
        return activities_table(f"{self.prefix}{name}", caption, entries, only, self.words)

    def to_fill(self, name: str, label: str, hint: str) -> ToFill:
        """Return a field to write in."""
        return ToFill(f"{self.prefix}{name}", label, hint)


def compose(material: Material) -> Report:
    """Compose the report of results of one partnership, or of all, one after the other."""
    accounts = _accounts(material)
    alone = material.asked.partnership is not None
    sections = [section for each in accounts for section in _parts(each, alone=alone)]
    if not alone:
        sections.insert(0, Section("overview", material.words.say("Overview"), [_overview(accounts, material.words)]))
    data = {
        "items": [_data(each) for each in accounts],
        "activities": [activity_data(entry) for each in accounts for entry in each.entries],
    }
    return framed(material, _title(material), sections, "results" if alone else "overview", data)


def _accounts(material: Material) -> list[Account]:
    alone = material.asked.partnership is not None
    entries, milestones = entries_of(material.entries), events_of(material.milestones)
    ratings = _ratings(material)
    lines = planned_lines(material, material.asked.first.year, material.asked.last.year)
    told = material.known.partnerships if alone else material.standing
    return [
        Account(
            material,
            each,
            entries.get(each.slug, []),
            milestones.get(each.slug, []),
            ratings.get(each.slug),
            [line for line in lines if line.partnership.slug == each.slug],
            "" if alone else f"{each.slug}-",
        )
        for each in told
    ]


def _ratings(material: Material) -> dict[str, RatingCode]:
    asked = material.asked
    question = Question(None, asked.first, asked.last, asked.known, None)
    items = compose_ratings(material.known, question, material.rubric, newest=True)["items"]
    return {item["partnership"]: RatingCode(without_author(item)["rating"]) for item in items}


def _title(material: Material) -> str:
    return material.words.say("Report of the results of cooperation")


Part = tuple[str, str, Callable[[Account], list[Block]]]


def _parts(account: Account, *, alone: bool) -> list[Section]:
    """Return the nine parts in the order of the form."""
    words = account.words
    parts: list[Part] = [
        ("title", words.say("Title"), _titled),
        ("background", words.say("Background"), _background),
        ("aim", words.say("Aim"), _aim),
        ("scope", words.say("Scope"), _scope),
        ("results", words.say("Results"), _results),
        ("beneficiaries", words.say("Beneficiaries"), _beneficiaries),
        ("funding", words.say("Funding"), _funding),
        ("obstacles", words.say("Obstacles"), _obstacles),
        ("follow_up", words.say("Follow-up"), _follow_up),
    ]
    name = name_of(account.partnership, words)
    return [
        Section(f"{account.prefix}part-{part}", heading if alone else f"{name}: {heading}", blocks(account))
        for part, heading, blocks in parts
    ]


def _titled(account: Account) -> list[Block]:
    asked, words = account.material.asked, account.words
    said = words.say(
        "Results of the cooperation between %(home)s and %(partner)s, %(period)s",
        home=home_name(account.material),
        partner=name_of(account.partnership, words),
        period=period_in_words(asked.first, asked.last, words),
    )
    return [Paragraph(said)]


def _background(account: Account) -> list[Block]:
    words, facts = account.words, account.partnership.facts
    pairs = [
        (words.say("Memorandum"), day_in_words(facts.mou_date, words)),
        (words.say("Country"), facts.country),
        (words.say("Issue basis"), issue_in_words(facts.issue_basis, words) if facts.issue_basis else "–"),
        (words.say("Ended"), day_in_words(account.partnership.ended_on, words)),
    ]
    reached = milestones_table(account.milestones, account.material)
    procedure = Table(f"{account.prefix}milestones", reached.caption, reached.columns, reached.rows)
    hint = words.say("Why the cooperation was begun, and what led to it.")
    return [
        Facts(pairs),
        *([procedure] if procedure.rows else []),
        account.to_fill("background", words.say("Background"), hint),
    ]


def _aim(account: Account) -> list[Block]:
    words = account.words
    return [
        account.to_fill("aim", words.say("Aim"), words.say("What both sides agreed to reach, as the memorandum says."))
    ]


def _scope(account: Account) -> list[Block]:
    words, lines = account.words, account.lines
    fields = [(str(number), each) for number, each in enumerate(account.partnership.facts.fields, 1)]
    planned = lines_table(f"{account.prefix}programme", words.say("What was agreed for each year"), lines, words)
    named: list[Block] = [Facts(fields)] if fields else []
    if not fields:
        hint = words.say("The fields of cooperation that the memorandum names.")
        named = [account.to_fill("scope", words.say("Scope"), hint)]
    return [*named, *([planned] if lines else [])]


def _results(account: Account) -> list[Block]:
    words, held = account.words, account.held()
    said = words.say(
        "%(held)s activities were held in the period; the partnership is rated %(rating)s.",
        held=len(held),
        rating=rating_in_words(account.rating, words) if account.rating else "–",
    )
    table = account.table("results", words.say("Activities held"), held)
    hint = words.say("What the activities brought about that can be pointed at.")
    return [Paragraph(said), table, account.to_fill("achievements", words.say("Achievements"), hint)]


def _beneficiaries(account: Account) -> list[Block]:
    words, held = account.words, [each.activity.facts for each in account.held()]
    told = [each.participants for each in held if each.participants is not None]
    said = words.say(
        "Of %(held)s activities %(told)s say how many took part: %(participants)s in all. In %(residents)s of them residents "
        "met, not officials only.",
        held=len(held),
        told=len(told),
        participants=sum(told),
        residents=sum(each.people_to_people is True for each in held),
    )
    hint = words.say("Who benefited, and how.")
    return [Paragraph(said), account.to_fill("beneficiaries", words.say("Beneficiaries"), hint)]


def _funding(account: Account) -> list[Block]:
    words = account.words
    table = sums_table(f"{account.prefix}funding", account.held(), words)
    hint = words.say("Which budgets and sponsors paid for what.")
    return [*([table] if table.rows else []), account.to_fill("funding", words.say("Funding"), hint)]


def sums_table(table_id: str, entries: Sequence[Entry], words: Words) -> Table:
    """Return the values that activities name, added up by direction and currency: no currency is turned into another."""
    columns = [
        Column("direction", words.say("Direction")),
        Column("currency", words.say("Currency"), ColumnKind.CODE),
        Column("value", words.say("Value"), ColumnKind.NUMBER),
        Column("activities", words.say("Activities"), ColumnKind.NUMBER),
    ]
    values: dict[tuple[Direction, str], list[float]] = defaultdict(list)
    for facts in (each.activity.facts for each in entries):
        if facts.value is not None and facts.currency is not None:
            values[facts.direction, facts.currency].append(facts.value)
    rows: list[list[Value]] = [
        [words.say(DIRECTION_WORDS[direction]), currency, _sum(each), len(each)]
        for (direction, currency), each in sorted(values.items())
    ]
    return Table(table_id, words.say("Values that were named"), columns, rows)


def _sum(values: Sequence[float]) -> float:
    """Add exactly and round once, so that the order plays no part."""
    return math.fsum(values)


def _obstacles(account: Account) -> list[Block]:
    words, stopped = account.words, account.of(NOT_HELD)
    table = account.table("obstacles", words.say("Declined, postponed, or of unknown outcome"), stopped)
    hint = words.say("What stood in the way, and what was done about it.")
    return [*([table] if stopped else []), account.to_fill("obstacles", words.say("Obstacles"), hint)]


def _follow_up(account: Account) -> list[Block]:
    words, planned = account.words, account.of([Outcome.PLANNED])
    table = account.table("plans", words.say("Planned"), planned)
    hint = words.say("What is to be done next, by whom and by when.")
    return [*([table] if planned else []), account.to_fill("follow_up", words.say("Follow-up"), hint)]


def _overview(accounts: Sequence[Account], words: Words) -> Table:
    columns = [
        Column("name", words.say("Partnership")),
        Column("rating", words.say("Rating"), ColumnKind.RATING),
        Column("held", words.say("Held"), ColumnKind.NUMBER),
        Column("stopped", words.say("Declined, postponed, or of unknown outcome"), ColumnKind.NUMBER),
        Column("planned", words.say("Planned"), ColumnKind.NUMBER),
        Column("participants", words.say("Participants"), ColumnKind.NUMBER),
    ]
    rows: list[list[Value]] = [
        [
            name_of(each.partnership, words),
            each.rating.value if each.rating else None,
            len(each.held()),
            len(each.of(NOT_HELD)),
            len(each.of([Outcome.PLANNED])),
            _participants(each),
        ]
        for each in accounts
    ]
    return Table("overview", words.say("All partnerships"), columns, rows)


def _participants(account: Account) -> int | None:
    told = [each.activity.facts.participants for each in account.held()]
    known = [each for each in told if each is not None]
    return sum(known) if known else None


def _data(account: Account) -> dict[str, object]:
    return {
        "partnership": account.partnership.slug,
        "name": account.partnership.facts.name.model_dump(exclude_none=True),
        "rating": account.rating.value if account.rating else None,
        "held": [str(each.activity.id) for each in account.held()],
        "stopped": [str(each.activity.id) for each in account.of(NOT_HELD)],
        "planned": [str(each.activity.id) for each in account.of([Outcome.PLANNED])],
        "participants": _participants(account),
        "milestones": [milestone_data(each) for each in account.milestones],
    }
