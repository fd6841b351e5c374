"""What happened, year by year, in both directions, with evidence: the history of one partnership, or of all."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from services.reports.charts.values import RatingLine, ReciprocityBars
from services.reports.compose import histories_of
from services.reports.kinds.activities import activities_table, activity_data
from services.reports.kinds.frame import day_in_words, framed, issue_in_words, name_of, rating_in_words
from services.reports.kinds.wording import MILESTONE_WORDS
from services.reports.material import Entry, Material
from services.reports.report import Block, Chart, Column, ColumnKind, Facts, Report, Section, Table
from shared.domain.amend import Partnership
from shared.domain.codes import Direction, Indicator, Outcome, RatingCode
from shared.domain.events import Event, MilestoneReached
from shared.domain.occurred import parse_occurred
from shared.domain.rulings import law_of, rubric_in_force
from shared.domain.whatif import Step, steps
from shared.wire.sheet import Value
from shared.words.codes import INDICATOR_WORDS
from shared.words.dates import occurred_in_words
from shared.words.words import Words

OUT = (Direction.OUTBOUND, Direction.MUTUAL)
INTO = (Direction.INBOUND, Direction.MUTUAL)


def compose(material: Material) -> Report:
    """Compose the history; of one partnership with the course of its rating."""
    words, partnerships = material.words, {each.slug: each for each in material.known.partnerships}
    entries = in_order(material)
    listed = activities_table("activities", words.say("Activities"), entries, partnerships, words)
    sections = [
        *([_registry(material.known.partnerships[0], words)] if material.asked.partnership else []),
        Section("years", words.say("Year by year"), _years(entries, words)),
        *_course(material),
        Section("activities", words.say("Activities"), [listed]),
        Section("procedure", words.say("Procedure"), [milestones_table(material.milestones, material)]),
    ]
    data = {
        "activities": [activity_data(each) for each in entries],
        "years": _counts_by_year(entries),
        "milestones": [milestone_data(each) for each in material.milestones],
    }
    return framed(material, _title(material), sections, "activities", data)


def in_order(material: Material) -> list[Entry]:
    """Return the activities of the period, the earliest first."""
    return sorted(material.entries, key=lambda each: (each.day, each.activity.facts.partnership, each.activity.id))


def milestones_table(milestones: Sequence[Event], material: Material) -> Table:
    """Return the steps of the legal procedure that were reached, in the order in which they were."""
    words, names = material.words, {each.slug: name_of(each, material.words) for each in material.known.partnerships}
    columns = [
        Column("name", words.say("Partnership")),
        Column("milestone", words.say("Step")),
        Column("reached", words.say("When")),
        Column("valid_until", words.say("Valid until"), ColumnKind.DAY),
        Column("note", words.say("Note")),
    ]
    reached = sorted(
        ((data, each) for each in milestones if isinstance(data := each.data, MilestoneReached)), key=_by_day
    )
    rows: list[list[Value]] = [
        [
            names.get(data.partnership, data.partnership),
            words.say(MILESTONE_WORDS[data.milestone]),
            occurred_in_words(data.reached, words.language),
            data.valid_until,
            data.note,
        ]
        for data, _ in reached
    ]
    return Table("milestones", words.say("Steps of the procedure that were reached"), columns, rows)


def milestone_data(event: Event) -> dict[str, Any]:
    """Return a step as a report's data hold it."""
    return {"event_id": str(event.id), **event.data.model_dump(mode="json", exclude_none=True)}


def _by_day(reached: tuple[MilestoneReached, Event]) -> tuple[Any, int]:
    return parse_occurred(reached[0].reached).last, reached[1].position


def _title(material: Material) -> str:
    words = material.words
    if material.asked.partnership is None:
        return words.say("History of the partnerships")
    return words.say("History of the partnership with %(name)s", name=name_of(material.known.partnerships[0], words))


def _registry(partnership: Partnership, words: Words) -> Section:
    facts = partnership.facts
    pairs = [
        (words.say("Country"), facts.country),
        (words.say("Memorandum"), day_in_words(facts.mou_date, words)),
        (words.say("Ended"), day_in_words(partnership.ended_on, words)),
        (words.say("Issue basis"), issue_in_words(facts.issue_basis, words) if facts.issue_basis else "–"),
        (words.say("Fields of cooperation"), "; ".join(facts.fields) or "–"),
    ]
    return Section("registry", words.say("The partnership"), [Facts(pairs)])


def _years(entries: Sequence[Entry], words: Words) -> list[Block]:
    columns = [
        Column("year", words.say("Year")),
        Column("held", words.say("Held"), ColumnKind.NUMBER),
        Column("outbound", words.say("Outbound"), ColumnKind.NUMBER),
        Column("inbound", words.say("Inbound"), ColumnKind.NUMBER),
        *(Column(each.value, words.say(INDICATOR_WORDS[each]), ColumnKind.NUMBER) for each in Indicator),
        Column("not_held", words.say("Declined, postponed, planned or not known"), ColumnKind.NUMBER),
    ]
    rows: list[list[Value]] = [
        [str(year["year"]), *(year[column.key] for column in columns[1:])] for year in _counts_by_year(entries)
    ]
    note = words.say("What went both ways counts in both directions.")
    years = Table("years", words.say("Activities by year"), columns, rows, [note])
    return [years, *([reciprocity(entries, words)] if entries else [])]


def _counts_by_year(entries: Sequence[Entry]) -> list[dict[str, int]]:
    return [_counts(year, [each for each in entries if each.day.year == year]) for year in _years_of(entries)]


def _years_of(entries: Sequence[Entry]) -> list[int]:
    return sorted({each.day.year for each in entries})


def _counts(year: int, entries: Sequence[Entry]) -> dict[str, int]:
    held = [each.activity.facts for each in entries if each.activity.facts.outcome is Outcome.HELD]
    indicators = Counter(each.indicator for each in held)
    return {
        "year": year,
        "held": len(held),
        "outbound": sum(each.direction in OUT for each in held),
        "inbound": sum(each.direction in INTO for each in held),
        **{each.value: indicators[each] for each in Indicator},
        "not_held": len(entries) - len(held),
    }


def reciprocity(entries: Sequence[Entry], words: Words) -> Chart:
    """Return how many activities of each indicator went out and came in."""
    held = [each.activity.facts for each in entries if each.activity.facts.outcome is Outcome.HELD]
    lines = [
        (
            words.say(INDICATOR_WORDS[indicator]),
            sum(each.indicator is indicator and each.direction in OUT for each in held),
            sum(each.indicator is indicator and each.direction in INTO for each in held),
        )
        for indicator in Indicator
    ]
    title = words.say("Reciprocity")
    columns = [
        Column("indicator", words.say("Indicator")),
        Column("outbound", words.say("Outbound"), ColumnKind.NUMBER),
        Column("inbound", words.say("Inbound"), ColumnKind.NUMBER),
    ]
    description = words.say("For each indicator, how many activities went out and how many came in.")
    return Chart("reciprocity", title, description, ReciprocityBars(lines), Table("reciprocity", title, columns, lines))


def _course(material: Material) -> list[Section]:
    """Return the course of one partnership's rating, day by day, by the law of each day or the rubric that is named."""
    if material.asked.partnership is None:
        return []
    words, asked = material.words, material.asked
    (partnership,) = material.known.partnerships
    law = [(asked.first, material.rubric)] if asked.rubric else law_of(material.known.rulings)
    first = max(asked.first, partnership.facts.mou_date or asked.first)
    last = min(asked.last, partnership.ended_on or asked.last)
    course = steps(histories_of(material.known)[partnership.slug], law, first, last) if first <= last else []
    if not course:
        return []
    columns = [
        Column("on", words.say("From the day"), ColumnKind.DAY),
        Column("rating", words.say("Rating"), ColumnKind.RATING),
        Column("score", words.say("Score"), ColumnKind.NUMBER),
    ]
    title = words.say("The course of the rating")
    table = Table("course", title, columns, [[each.on, each.rating.value, each.score] for each in course])
    chart = Chart("course", title, _course_in_words(course, words), _line(material, course), table)
    return [Section("course", title, [chart])]


def _line(material: Material, course: Sequence[Step]) -> RatingLine:
    rubric = material.rubric if material.asked.rubric else rubric_in_force(material.known.rulings, material.asked.last)
    thresholds = {
        RatingCode.AKTIF: rubric.thresholds.aktif,
        RatingCode.KURANG_AKTIF: rubric.thresholds.kurang_aktif,
    }
    return RatingLine([(each.on, each.score) for each in course], material.asked.last, thresholds)


def _course_in_words(course: Sequence[Step], words: Words) -> str:
    return words.say(
        "The score changed %(count)s times; it began at %(first)s (%(was)s) and ended at %(last)s (%(then)s).",
        count=len(course) - 1,
        first=course[0].score,
        was=rating_in_words(course[0].rating, words),
        last=course[-1].score,
        then=rating_in_words(course[-1].rating, words),
    )
