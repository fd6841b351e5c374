"""The diagnosis over a period: seventeen measures of each partnership, beside the rating and no part of it."""

from collections.abc import Sequence
from dataclasses import fields
from typing import Any

from services.reports.kinds.frame import framed, name_of
from services.reports.kinds.wording import MEASURE_WORDS, UNIT_WORDS, UNITS
from services.reports.material import Material, events_of
from services.reports.report import Column, ColumnKind, Paragraph, Report, Section, Table
from services.reports.studies import deeds_by_partnership, measures_document, rounded
from shared.domain.amend import Partnership
from shared.domain.diagnosis import Diagnosis, Measure, diagnose
from shared.domain.events import ProgrammeAgreed
from shared.wire.sheet import Value
from shared.words.words import Words


def compose(material: Material) -> Report:
    """Compose the diagnosis of every partnership in force in the period."""
    words, diagnosed = material.words, _diagnosed(material)
    said = words.say("The measures stand beside the rating, from the same activities; none replaces it.")
    table = Table("measures", words.say("Measures"), _columns(words), _rows(diagnosed, words), [_note(words)])
    data = {"items": [_data(each, diagnosis) for each, diagnosis in diagnosed]}
    sections = [Section("measures", words.say("Diagnosis"), [Paragraph(said), table])]
    return framed(material, words.say("Diagnosis of the partnerships"), sections, "measures", data)


def _diagnosed(material: Material) -> list[tuple[Partnership, Diagnosis]]:
    asked, deeds, programmes = material.asked, deeds_by_partnership(material.deeds), events_of(material.programmes)
    return [
        (
            each,
            diagnose(
                each.facts.fields,
                deeds.get(each.slug, ()),
                [data for event in programmes.get(each.slug, ()) if isinstance(data := event.data, ProgrammeAgreed)],
                asked.first,
                asked.last,
            ),
        )
        for each in material.standing
    ]


def _columns(words: Words) -> list[Column]:
    return [
        Column("name", words.say("Partnership")),
        Column("measure", words.say("Measure")),
        Column("value", words.say("Value"), ColumnKind.NUMBER),
        Column("unit", words.say("Unit")),
        Column("of", words.say("Activities looked at"), ColumnKind.NUMBER),
        Column("part", words.say("Of these, with what is asked"), ColumnKind.NUMBER),
        Column("code", words.say("Short name"), ColumnKind.CODE, detail=True),
    ]


def _rows(diagnosed: Sequence[tuple[Partnership, Diagnosis]], words: Words) -> list[list[Value]]:
    return [
        _row(partnership, each.name, getattr(diagnosis, each.name), words)
        for partnership, diagnosis in diagnosed
        for each in fields(Diagnosis)
    ]


def _row(partnership: Partnership, name: str, measure: Measure, words: Words) -> list[Value]:
    return [
        name_of(partnership, words),
        words.say(MEASURE_WORDS[name]),
        rounded(measure.value),
        words.say(UNIT_WORDS[UNITS.get(name, "share")]),
        len(measure.of),
        len(measure.part),
        name,
    ]


def _note(words: Words) -> str:
    return words.say("A dash: there is nothing to measure. Only what was held counts, but for proposals not taken up.")


def _data(partnership: Partnership, diagnosis: Diagnosis) -> dict[str, Any]:
    return {
        "partnership": partnership.slug,
        "name": partnership.facts.name.model_dump(exclude_none=True),
        "measures": measures_document(diagnosis),
    }
