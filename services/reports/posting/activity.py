"""The form of an activity: what it asks, how it is read, what a correction of it changes. Pure."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from services.reports.posting.fields import (
    Data,
    Field,
    FieldProblem,
    Kind,
    Typed,
    check,
    get,
    in_order,
    in_words,
    label_of,
    read_fields,
    type_fields,
)
from shared.domain.codes import Actor, Direction, Indicator, Initiator, Mode, Outcome
from shared.domain.events import ActivityFacts, ActivityRecorded
from shared.domain.occurred import parse_occurred
from shared.words.words import Language, Words

OFTEN = (
    Field("indicator", Kind.CODE, required=True, codes=Indicator, default=Indicator.CONTACT.value, radio=True),
    Field("occurred", Kind.OCCURRED, required=True),
    Field("direction", Kind.CODE, required=True, codes=Direction, radio=True),
    Field("title.id"),
    Field("title.en"),
)
SELDOM = (
    Field("outcome", Kind.CODE, required=True, codes=Outcome, default=Outcome.HELD.value, rare=True),
    Field("mode", Kind.CODE, required=True, codes=Mode, default=Mode.UNKNOWN.value, rare=True),
    Field("people_to_people", Kind.FLAG, rare=True),
    Field("participants", Kind.WHOLE, rare=True),
    Field("actors", Kind.CODES, codes=Actor, rare=True),
    Field("initiator", Kind.CODE, codes=Initiator, rare=True),
    Field("place", rare=True),
    Field("fields", Kind.LINES, rare=True),
    Field("value", Kind.AMOUNT, rare=True),
    Field("currency", rare=True),
    Field("valid_until", Kind.DAY, rare=True),
    Field("description.id", Kind.TEXT, rare=True),
    Field("description.en", Kind.TEXT, rare=True),
    Field("source", rare=True),
    Field("caused_by", rare=True),
)
EVIDENCE = (
    Field("evidence.title", rare=True),
    Field("evidence.hash", rare=True),
    Field("evidence.media_type", rare=True),
    Field("evidence.size", Kind.WHOLE, rare=True),
)
HINTS = {
    "partnership": "With whom it took place.",
    "occurred": "As precisely as it is known: 2019, May 2019, 22 May 2019, 22 to 28 October 2019. The year is enough.",
    "title.id": "One line that says what it was; one of the two languages is enough.",
    "participants": "A number. Names of people do not belong in the ledger.",
    "fields": "As the memorandum names them; several with commas between.",
    "currency": "Three letters, such as IDR.",
    "valid_until": "The last day on which a signed document holds; empty where it names none.",
    "source": "Where this is told: a letter's number, a report, a news item.",
    "caused_by": "The id of an activity that led to this one, from its page.",
    "evidence.hash": "The document itself stays with you; the ledger keeps what proves it.",
    "evidence.media_type": "Such as application/pdf.",
    "reason": "Why, in one line. Auditors read it.",
}
EXPLAINED = {
    "indicator.contact": "A letter, a call, a message, a talk.",
    "indicator.document": "Something signed or agreed: a letter of intent, a memorandum, a programme.",
    "indicator.visit": "Somebody travelled to the other.",
    "indicator.aid": "Goods, money, experts, scholarships, given or received.",
    "indicator.joint_event": "Hosted together: culture, sport, trade, a seminar.",
    "direction.outbound": "We went, sent or gave.",
    "direction.inbound": "They came, sent or gave.",
    "direction.mutual": "Both did.",
}
REASON = Field("reason", required=True)


def fields_of(partnerships: Sequence[tuple[str, str]]) -> list[Field]:
    """Return the fields of the form for an activity of one of these partnerships, given by slug and name."""
    return [Field("partnership", Kind.CHOICE, required=True, choices=partnerships), *OFTEN, *SELDOM, *EVIDENCE]


def read_activity(fields: Sequence[Field], typed: Typed, today: date) -> tuple[Data, list[FieldProblem]]:
    """Return the data of the activity that was filled in, and what is wrong with it."""
    data, problems = read_fields(fields, _tidy(typed))
    problems += _read_evidence(data)
    if "title" not in data:
        problems.append(FieldProblem("title.id", "one-language"))
    problems = check(ActivityRecorded, data, fields, problems) or _refuse_the_future(data, today)
    return data, in_order(problems, fields)


def type_activity(facts: ActivityFacts, fields: Sequence[Field], language: Language) -> dict[str, str]:
    """Return an activity as it would be typed. Documents that show it are not typed anew: a form only adds one."""
    data = facts.model_dump(mode="json", exclude_none=True, exclude={"evidence"})
    return type_fields(fields, data, language)


def changes_between(facts: ActivityFacts, read: Mapping[str, Any], fields: Sequence[Field]) -> dict[str, Any]:
    """Return what a correction changes: only what is another, null for what is taken away."""
    before = facts.model_dump(mode="json", exclude_none=True)
    changes: dict[str, Any] = {}
    for name in dict.fromkeys(each.name.split(".")[0] for each in fields):
        if name == "evidence":
            if read.get("evidence"):
                changes[name] = [*before.get(name, []), *read[name]]
        elif _differs(before.get(name), read.get(name)):
            changes[name] = read.get(name)
    return changes


def with_changes(facts: ActivityFacts, changes: Mapping[str, Any]) -> Data:
    """Return the data of an activity with a correction's changes."""
    data = {**facts.model_dump(mode="json", exclude_none=True), **changes}
    return {name: value for name, value in data.items() if value is not None}


def lines_of(data: Mapping[str, Any], fields: Sequence[Field], words: Words) -> list[tuple[str, str]]:
    """Return what is known of an activity, field by field, as people say it; what is not known is left out."""
    return [
        (label_of(each.name, words), in_words(each, value, words))
        for each in fields
        if not each.name.startswith("evidence.") and (value := get(data, each.name)) not in (None, [], "")
    ] + [(label_of("evidence", words), _evidence_in_words(each)) for each in data.get("evidence", ())]


def compared(
    versions: Sequence[Mapping[str, Any]], fields: Sequence[Field], words: Words, *, only_changed: bool = False
) -> list[tuple[str, list[str], bool]]:
    """Return versions of an activity side by side: label, a text for each, and whether they differ."""
    rows = []
    for each in fields:
        if each.name.startswith("evidence."):
            continue
        values = [get(version, each.name) for version in versions]
        differs = any(_differs(values[0], value) for value in values[1:])
        if differs or (not only_changed and any(value not in (None, [], "") for value in values)):
            said = [in_words(each, value, words) for value in values]
            rows.append((label_of(each.name, words), said, differs))
    documents = ["; ".join(map(_evidence_in_words, version.get("evidence", ()))) or "–" for version in versions]
    if len(set(documents)) > 1:
        rows.append((label_of("evidence", words), documents, True))
    return rows


def _tidy(typed: Typed) -> Typed:
    """Return what was typed with the currency in the letters that it has."""
    return {**typed, "currency": typed.get("currency", "").strip().upper()}


def _read_evidence(data: Data) -> list[FieldProblem]:
    one = data.pop("evidence", None)
    if one is None:
        return []
    if one.keys() != {each.name.partition(".")[2] for each in EVIDENCE}:
        return [FieldProblem("evidence.title", "whole-evidence")]
    one["hash"] = one["hash"].lower() if ":" in one["hash"] else f"sha256:{one['hash'].lower()}"
    data["evidence"] = [one]
    return []


def _refuse_the_future(data: Mapping[str, Any], today: date) -> list[FieldProblem]:
    if data["outcome"] == Outcome.HELD.value and parse_occurred(data["occurred"]).first > today:
        return [FieldProblem("occurred", "future")]
    return []


def _differs(before: object, after: object) -> bool:
    return (None if before in _EMPTY else before) != (None if after in _EMPTY else after)


_EMPTY: tuple[object, ...] = ("", [])


def _evidence_in_words(document: Mapping[str, Any]) -> str:
    return f"{document['title']} ({document['media_type']}, {document['hash'][:19]}…)"


def as_id(text: str) -> UUID | None:
    """Return a text as an id, None where it is none."""
    try:
        return UUID(text)
    except ValueError:
        return None


def without_partnership(fields: Sequence[Field]) -> list[Field]:
    """Return the fields without the partnership: an activity cannot move to another one."""
    return [each for each in fields if each.name != "partnership"]
