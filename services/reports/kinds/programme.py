"""The yearly programmes (rencana kegiatan tahunan): what was planned, and what was carried out."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from services.reports.kinds.frame import day_in_words, framed, name_of, said_in
from services.reports.life import of_each_year
from services.reports.material import Material, events_of
from services.reports.report import Column, ColumnKind, Report, Section, Table, ToFill
from services.reports.studies import deeds_by_partnership
from shared.domain.amend import Partnership
from shared.domain.codes import Outcome
from shared.domain.diagnosis import Deed, carry_out
from shared.domain.events import AgreedActivity, Event, ProgrammeAgreed
from shared.wire.sheet import Value
from shared.words.codes import DIRECTION_WORDS, INDICATOR_WORDS
from shared.words.words import Words


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a year's programme, and the activity that carried it out by the last day of the period."""

    partnership: Partnership
    year: int
    event: Event
    agreed: AgreedActivity
    deed: Deed | None


def compose(material: Material) -> Report:
    """Compose the report of programmes: every line, what nobody had planned, and who had no programme."""
    words, asked = material.words, material.asked
    lines = planned_lines(material, asked.first.year, asked.last.year)
    sections = [
        Section("years", words.say("Year by year"), [_years(lines, material)]),
        Section("programme", words.say("Programme"), [_planned(lines, words)]),
        Section("besides", words.say("Besides the programme"), [_besides(lines, material)]),
        Section("without", words.say("Without a programme"), [_without(lines, material)]),
        Section("to-fill", words.say("What the ledger does not know"), _to_fill(words)),
    ]
    data = {"lines": [_data(each) for each in lines], "without": [list(each) for each in _missing(lines, material)]}
    return framed(material, words.say("Yearly programmes, planned and carried out"), sections, "programme", data)


def planned_lines(material: Material, first: int, last: int) -> list[Line]:
    """Return the lines of the last programme of each year, with what carried each out; a deed serves one line."""
    found, programmes = list[Line](), events_of(material.programmes)
    deeds = deeds_by_partnership(each for each in material.deeds if _counts(each, material.asked.last))
    for partnership in material.known.partnerships:
        held = deeds.get(partnership.slug, [])
        for event in of_each_year(programmes.get(partnership.slug, ()), date.max):
            assert isinstance(event.data, ProgrammeAgreed)
            if first <= event.data.year <= last:
                found += _lines(partnership, event, event.data, held)
    return sorted(found, key=lambda each: (each.year, each.partnership.slug))


def _counts(deed: Deed, last: date) -> bool:
    return deed.activity.facts.outcome is Outcome.HELD and deed.effective <= last


def _lines(partnership: Partnership, event: Event, programme: ProgrammeAgreed, held: Sequence[Deed]) -> list[Line]:
    of_year = sorted(
        (each for each in held if each.effective.year == programme.year),
        key=lambda each: (each.effective, each.activity.id),
    )
    carried = carry_out(programme.activities, of_year)
    return [
        Line(partnership, programme.year, event, agreed, deed)
        for agreed, deed in zip(programme.activities, carried, strict=True)
    ]


def lines_table(table_id: str, caption: str, lines: Iterable[Line], words: Words) -> Table:
    """Return lines of programmes as a table."""
    columns = [
        Column("year", words.say("Year")),
        Column("name", words.say("Partnership")),
        Column("title", words.say("Planned")),
        Column("indicator", words.say("Indicator")),
        Column("direction", words.say("Direction")),
        Column("carried_out_by", words.say("Carried out by")),
        Column("carried_out_on", words.say("On"), ColumnKind.DAY),
    ]
    return Table(table_id, caption, columns, [_row(each, words) for each in lines])


def _row(line: Line, words: Words) -> list[Value]:
    agreed, deed = line.agreed, line.deed
    return [
        str(line.year),
        name_of(line.partnership, words),
        said_in(agreed.title, words.language),
        words.say(INDICATOR_WORDS[agreed.indicator]) if agreed.indicator else None,
        words.say(DIRECTION_WORDS[agreed.direction]) if agreed.direction else None,
        said_in(deed.activity.facts.title, words.language) if deed else None,
        deed.effective if deed else None,
    ]


def _planned(lines: Sequence[Line], words: Words) -> Table:
    return lines_table("programme", words.say("Planned and carried out"), lines, words)


def _years(lines: Sequence[Line], material: Material) -> Table:
    words = material.words
    columns = [
        Column("year", words.say("Year")),
        Column("name", words.say("Partnership")),
        Column("planned", words.say("Planned"), ColumnKind.NUMBER),
        Column("carried_out", words.say("Carried out"), ColumnKind.NUMBER),
        Column("share", words.say("Share"), ColumnKind.SHARE),
    ]
    rows: list[list[Value]] = []
    for year, slug in sorted({(each.year, each.partnership.slug) for each in lines}):
        of_both = [each for each in lines if (each.year, each.partnership.slug) == (year, slug)]
        carried = sum(each.deed is not None for each in of_both)
        name = name_of(of_both[0].partnership, words)
        rows.append([str(year), name, len(of_both), carried, round(carried / len(of_both), 4)])
    until = day_in_words(material.asked.last, words)
    note = words.say("Carried out means by %(day)s; a year that is not over may still fill.", day=until)
    return Table("years", words.say("How much of each programme was carried out"), columns, rows, [note])


def _besides(lines: Sequence[Line], material: Material) -> Table:
    """What was held in the period and carried out no line of a programme."""
    words, asked = material.words, material.asked
    served = {each.deed.activity.id for each in lines if each.deed}
    names = {each.slug: name_of(each, words) for each in material.known.partnerships}
    besides = sorted(
        (
            each
            for each in material.deeds
            if _counts(each, asked.last) and asked.first <= each.effective and each.activity.id not in served
        ),
        key=lambda each: (each.effective, each.activity.id),
    )
    columns = [
        Column("name", words.say("Partnership")),
        Column("on", words.say("On"), ColumnKind.DAY),
        Column("indicator", words.say("Indicator")),
        Column("direction", words.say("Direction")),
        Column("title", words.say("Activity")),
    ]
    rows: list[list[Value]] = [
        [
            names.get(facts.partnership, facts.partnership),
            each.effective,
            words.say(INDICATOR_WORDS[facts.indicator]),
            words.say(DIRECTION_WORDS[facts.direction]),
            said_in(facts.title, words.language),
        ]
        for each in besides
        for facts in [each.activity.facts]
    ]
    return Table("besides", words.say("Held, and in no programme"), columns, rows)


def _missing(lines: Sequence[Line], material: Material) -> list[tuple[str, int]]:
    """Return partnerships in force in a year of the period for which no programme is known."""
    asked, planned = material.asked, {(each.partnership.slug, each.year) for each in lines}
    return [
        (each.slug, year)
        for year in range(asked.first.year, asked.last.year + 1)
        for each in material.standing
        if (each.slug, year) not in planned and each.stands(date(year, 1, 1), date(year, 12, 31))
    ]


def _without(lines: Sequence[Line], material: Material) -> Table:
    words, names = material.words, {each.slug: name_of(each, material.words) for each in material.known.partnerships}
    columns = [Column("year", words.say("Year")), Column("names", words.say("Partnerships"))]
    missing = _missing(lines, material)
    rows: list[list[Value]] = [
        [str(year), ", ".join(names[slug] for slug, other in missing if other == year)]
        for year in sorted({year for _, year in missing})
    ]
    caption = words.say("In force, and no programme is known for the year")
    return Table("without", caption, columns, rows)


def _to_fill(words: Words) -> list[ToFill]:
    return [
        ToFill("expected", words.say("Expected results"), words.say("What each line of the programme is to bring.")),
        ToFill("parts", words.say("Each side's part"), words.say("Who does what.")),
        ToFill("funding", words.say("Funding"), words.say("Which budgets and sponsors paid for what.")),
    ]


def _data(line: Line) -> dict[str, object]:
    return {
        "partnership": line.partnership.slug,
        "year": line.year,
        "event_id": str(line.event.id),
        **line.agreed.model_dump(mode="json", exclude_none=True),
        "carried_out_by": str(line.deed.activity.id) if line.deed else None,
        "carried_out_on": line.deed.effective.isoformat() if line.deed else None,
    }
