"""The other forms: a step of the procedure, a programme, the registry, official ratings, what is taken back. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from services.reports.posting.fields import (
    Data,
    Field,
    FieldProblem,
    Kind,
    Typed,
    check,
    in_order,
    read_fields,
    type_fields,
)
from shared.domain.amend import Partnership
from shared.domain.codes import Direction, Indicator, Level, Milestone, RatingCode, Requirement
from shared.domain.events import (
    Data as EventData,
)
from shared.domain.events import (
    HomeFacts,
    MilestoneReached,
    PartnershipEnded,
    PartnershipRegistered,
    PartnershipStanding,
    ProgrammeAgreed,
    RatingSet,
)
from shared.words.words import Language, Words

REASON = Field("reason", required=True)
MILESTONE = (
    Field("milestone", Kind.CODE, required=True, codes=Milestone),
    Field("reached", Kind.OCCURRED, required=True),
    Field("valid_until", Kind.DAY),
    Field("requirements", Kind.CODES, codes=Requirement),
    Field("note", Kind.TEXT),
)
JUDGEMENT = (
    Field("rating", Kind.CODE, required=True, codes=RatingCode, radio=True),
    REASON,
    Field("valid_from", Kind.DAY, required=True),
    Field("valid_until", Kind.DAY),
)
REGISTRY = (
    Field("name.id"),
    Field("name.en"),
    Field("level", Kind.CODE, required=True, codes=Level),
    Field("country", required=True),
    Field("mou_date", Kind.DAY),
    Field("fields", Kind.LINES),
    Field("issue_basis"),
    Field("latitude", Kind.AMOUNT),
    Field("longitude", Kind.AMOUNT),
)
SLUG = Field("partnership", required=True)
ENDED = Field("ended_on", Kind.DAY)
ENDING = (Field("ended_on", Kind.DAY, required=True), REASON)
HOME = (
    Field("name.id"),
    Field("name.en"),
    Field("language", Kind.CHOICE, required=True, choices=(("id", "Bahasa Indonesia"), ("en", "English"))),
    Field("released", Kind.FLAG, required=True),
    Field("letterhead", Kind.ROWS),
    Field("signature", Kind.ROWS),
    Field("latitude", Kind.AMOUNT),
    Field("longitude", Kind.AMOUNT),
    Field("country"),
    Field("organisation"),
)
ROWS_AT_FIRST = 6
MOST_ROWS = 200
HINTS = {
    "partnership": "Its short name for ever, in addresses too: lower-case letters, digits and hyphens, such as new-south-wales.",
    "country": "Two letters, such as JP.",
    "mou_date": "Empty where there is no memorandum yet.",
    "issue_basis": "One word in lower case, such as education, flood, health, waste, tolerance, traffic.",
    "fields": "As the memorandum names them; several with commas between.",
    "ended_on": "Only where the partnership has ended.",
    "reached": "As precisely as it is known: 2019, May 2019, 22 May 2019.",
    "valid_until": "The last day, where there is one.",
    "reason": "Why, in one line. Auditors read it.",
    "valid_from": "It stands beside the computed rating from this day on, never instead of it.",
}
HINTS_OF_ENDING = {**HINTS, "ended_on": "The last day on which it was in force. From the next day on it is not rated."}
HINTS_OF_HOME = {
    **HINTS,
    "language": "In which pages begin; everybody can choose the other.",
    "released": "Where they may not, only those who have an account see anything.",
    "letterhead": "Up to six lines, above every report.",
    "signature": "Up to six lines: the office that signs reports. Names of people do not belong in the ledger.",
    "latitude": "Where maps show it, in degrees, such as -6.1754.",
    "longitude": "In degrees too, such as 106.8272.",
    "organisation": "As the registers of IATI write it, such as ID-KDN-31. It stands in what is published of aid.",
}


@dataclass(frozen=True, slots=True)
class Small:
    """A small form: its fields, and the schema of the event that it makes."""

    fields: Sequence[Field]
    model: type[EventData]

    def read(self, typed: Typed, **fixed: Any) -> tuple[Data, list[FieldProblem]]:  # noqa: ANN401
        """Return the event's data, with what the page itself says of it (`fixed`), and what is wrong."""
        data, problems = read_fields(self.fields, typed)
        data = {**fixed, **data}
        return data, check(self.model, data, self.fields, problems)


SMALL: Mapping[str, Small] = {
    "milestone.reached": Small(MILESTONE, MilestoneReached),
    "rating.set": Small(JUDGEMENT, RatingSet),
    "partnership.ended": Small(ENDING, PartnershipEnded),
}


def read_registration(typed: Typed) -> tuple[Data, list[FieldProblem]]:
    """Return the data of a partnership's registration, and what is wrong."""
    fields = (SLUG, *REGISTRY)
    data, problems = read_fields(fields, _country(typed))
    if "name" not in data:
        problems.append(FieldProblem("name.id", "one-language"))
    return data, in_order(check(PartnershipRegistered, data, fields, problems), fields)


def read_ending(typed: Typed, partnership: Partnership, today: date) -> tuple[Data, list[FieldProblem]]:
    """Return the data of a partnership's end, and what is wrong."""
    data, problems = SMALL["partnership.ended"].read(typed, partnership=partnership.slug)
    founded = partnership.facts.mou_date
    if problems:
        return data, problems
    if partnership.ended_on is not None:
        return data, [FieldProblem("ended_on", "ended-already")]
    if date.fromisoformat(data["ended_on"]) > today:
        return data, [FieldProblem("ended_on", "future-end")]
    if founded is not None and date.fromisoformat(data["ended_on"]) < founded:
        return data, [FieldProblem("ended_on", "ends-before")]
    return data, []


def type_registry(partnership: Partnership, language: Language) -> dict[str, str]:
    """Return a partnership's entry as it would be typed."""
    return type_fields((*REGISTRY, ENDED), registry_of(partnership), language)


def registry_of(partnership: Partnership) -> Data:
    """Return a partnership's entry in the registry as data."""
    facts = partnership.facts.model_dump(mode="json", exclude_none=True)
    return facts | ({"ended_on": partnership.ended_on.isoformat()} if partnership.ended_on else {})


def read_change(typed: Typed, partnership: Partnership) -> tuple[Data, list[FieldProblem]]:
    """Return what changes in a partnership's entry and why, and what is wrong; only what is another is in `changes`."""
    fields = (*REGISTRY, ENDED)
    read, problems = read_fields((*fields, REASON), _country(typed))
    reason = read.pop("reason", None)
    if "name" not in read:
        problems.append(FieldProblem("name.id", "one-language"))
    changes = _otherwise(fields, registry_of(partnership), read)
    problems = in_order(check(PartnershipStanding, read, fields, problems), (*fields, REASON))
    if not problems and not changes:
        problems = [FieldProblem("name.id", "nothing-changed")]
    return {"partnership": partnership.slug, "changes": changes, "reason": reason}, problems


def type_home(facts: HomeFacts, language: Language) -> dict[str, str]:
    """Return what a home says of itself as it would be typed."""
    return type_fields(HOME, home_data(facts), language)


def home_data(facts: HomeFacts) -> Data:
    """Return what a home says of itself as data."""
    return facts.model_dump(mode="json", exclude_none=True)


def read_home_change(typed: Typed, facts: HomeFacts) -> tuple[Data, list[FieldProblem]]:
    """Return what changes in what a home says of itself and why, and what is wrong; only what is another is in `changes`."""
    read, problems = read_fields((*HOME, REASON), _country(typed))
    reason = read.pop("reason", None)
    if "name" not in read:
        problems.append(FieldProblem("name.id", "one-language"))
    changes = _otherwise(HOME, home_data(facts), read)
    problems = in_order(check(HomeFacts, read, HOME, problems), (*HOME, REASON))
    if not problems and not changes:
        problems = [FieldProblem("name.id", "nothing-changed")]
    return {"changes": changes, "reason": reason}, problems


def _otherwise(fields: Sequence[Field], before: Data, read: Data) -> Data:
    """Return what was read and is another than before, null for what is taken away."""
    names = dict.fromkeys(each.name.split(".")[0] for each in fields)
    return {name: read.get(name) for name in names if _filled(before.get(name)) != _filled(read.get(name))}


def _filled(value: Any) -> Any:  # noqa: ANN401 - whatever stands in data
    """Return a value; None for an empty text or list, which a form cannot tell from nothing."""
    return None if value in ("", []) else value


def programme_fields(rows: int, words: Words) -> list[Field]:
    """Return the fields of a year's programme with so many lines."""
    fields = [Field("year", Kind.WHOLE, required=True)]
    for number in range(rows):
        of_line = {"number": number + 1}
        fields += [
            Field(f"activities.{number}.title.id", label=words.say("Line %(number)s: title in Indonesian", **of_line)),
            Field(f"activities.{number}.title.en", label=words.say("Line %(number)s: title in English", **of_line)),
            Field(
                f"activities.{number}.indicator",
                Kind.CODE,
                codes=Indicator,
                label=words.say("Line %(number)s: indicator", **of_line),
            ),
            Field(
                f"activities.{number}.direction",
                Kind.CODE,
                codes=Direction,
                label=words.say("Line %(number)s: direction", **of_line),
            ),
        ]
    return fields


def rows_asked(typed: Typed) -> int:
    """Return how many lines of a programme are asked for: those shown, and some more where more are wanted."""
    text = typed.get("rows", "")
    shown = int(text) if text.isascii() and text.isdigit() and len(text) < 4 else ROWS_AT_FIRST
    more = ROWS_AT_FIRST if typed.get("step") == "more" else 0
    return max(1, min(shown + more, MOST_ROWS))


def read_programme(typed: Typed, fields: Sequence[Field], partnership: str) -> tuple[Data, list[FieldProblem]]:
    """Return a year's programme, lines without anything left out, and what is wrong."""
    data, problems = read_fields(fields, typed)
    lines = data.pop("activities", {})
    problems += [
        FieldProblem(f"activities.{number}.title.id", "one-language")
        for number in lines
        if _has_no_title(lines[number])
    ]
    if not lines:
        problems.append(FieldProblem("activities.0.title.id", "missing"))
    data = {"partnership": partnership, **data, "activities": list(lines.values())}
    return data, problems or check(ProgrammeAgreed, data, fields)


def type_programme(data: Mapping[str, Any], language: Language, words: Words) -> dict[str, str]:
    """Return a programme as it would be typed."""
    lines = {str(number): line for number, line in enumerate(data.get("activities", ()))}
    rows = max(ROWS_AT_FIRST, len(lines))
    return {**type_fields(programme_fields(rows, words), {**data, "activities": lines}, language), "rows": str(rows)}


def _has_no_title(line: Mapping[str, Any]) -> bool:
    return not line.get("title")


def _country(typed: Typed) -> Typed:
    return {**typed, "country": typed.get("country", "").strip().upper()}
