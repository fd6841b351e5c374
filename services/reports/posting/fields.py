"""Fields of forms: how what was typed is read into an event's data, and how data are typed and said. Pure.

A problem is said beside its field, in the reader's language, and what was typed stays as it was.
"""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from dataclasses import field as made_by
from datetime import date
from enum import StrEnum
from typing import Any

from pydantic import BaseModel, ValidationError

from shared.domain.unfit import Unfit
from shared.words.codes import FIELD_WORDS, WORDS_OF_CODES
from shared.words.dates import date_in_words, occurred_in_words
from shared.words.reading_dates import Ambiguous, read_occurred
from shared.words.words import Language, Words

Typed = Mapping[str, str]
Data = dict[str, Any]


class Kind(StrEnum):
    """What a field takes."""

    LINE = "line"
    TEXT = "text"
    OCCURRED = "occurred"
    DAY = "day"
    CODE = "code"
    CODES = "codes"
    CHOICE = "choice"
    WHOLE = "whole"
    AMOUNT = "amount"
    FLAG = "flag"
    LINES = "lines"
    ROWS = "rows"


@dataclass(frozen=True, slots=True)
class Field:
    """A field of a form. `name` is its path in the event's data; `codes` are those it offers; `rare` ones are folded away.

    `default` is what stands in it when it is first shown. `radio` shows a choice open, for one look instead of two.
    `label` is what it is called, in the reader's language, where `FIELD_WORDS` has no name for it.
    """

    name: str
    kind: Kind = Kind.LINE
    required: bool = False
    codes: type[StrEnum] | None = None
    default: str = ""
    rare: bool = False
    radio: bool = False
    choices: Sequence[tuple[str, str]] = ()
    label: str = ""


@dataclass(frozen=True, slots=True)
class FieldProblem:
    """What is wrong with a field: a sentence of `PROBLEM_WORDS` with its values; `readings` are what it can mean."""

    field: str
    kind: str
    values: Mapping[str, object] = made_by(default_factory=dict)
    readings: tuple[str, ...] = ()


PROBLEM_WORDS = {
    "missing": "Fill this in.",
    "one-language": "Give it in Indonesian, in English, or in both.",
    "no-date": "This cannot be read as a date. Write 2019, May 2019, 22 May 2019 or 22 to 28 October 2019, and only what is "
    "certain.",
    "two-readings": "This date can mean two days. Choose the one that is meant.",
    "no-day": "This is no day of the calendar. Write it as 2019-05-22.",
    "no-choice": "Choose one of those that are offered.",
    "no-whole": "Write a whole number in digits only, without signs between them.",
    "no-amount": "Write a number in digits, with a point before the decimals and no other signs.",
    "too-long": "This is longer than %(most)s characters. Shorten it.",
    "invisible": "It has a character that cannot be seen. Type it anew.",
    "together": "Value and currency go together. Give both or neither.",
    "future": "This lies in the future, so it cannot have been held yet. Correct the date, or choose “planned”.",
    "future-end": "This lies in the future. Note the end once it has come.",
    "ended-already": "It has ended already. To put the day right, change the entry.",
    "whole-evidence": "Of a document, give title, hash, kind and size together, or none of them.",
    "unknown-partnership": "There is no such partnership, or it is not one of yours. Choose one of those that are offered.",
    "unknown-activity": "There is no such activity. Copy its id from its page, or leave this empty.",
    "too-small": "Write %(least)s or more.",
    "too-large": "Write %(most)s or less.",
    "no-form": "This does not have the right form. See the example beside it.",
    "nothing-changed": "Nothing is changed yet. Change at least one field.",
    "only-documents": "Only a document has a last day. Leave it empty, or correct the indicator.",
    "only-memoranda": "Only a signing or a renewal has a last day. Leave it empty, or correct the step.",
    "ends-before": "It would end before it begins. Correct one of the two days.",
    "thresholds": "The score for “active” must be above the one for “less active”, and not above what all cells give together.",
    "unfit": "This cannot be taken as it stands. Correct it, or leave it empty.",
}


def read_fields(fields: Iterable[Field], typed: Typed) -> tuple[Data, list[FieldProblem]]:
    """Return what was filled in as the data of an event, and what is wrong, in the order of the fields.

    What is empty is left out.
    """
    data: Data = {}
    problems: list[FieldProblem] = []
    for each in fields:
        text = clean(typed.get(each.name, ""))
        if not text:
            if each.required:
                problems.append(FieldProblem(each.name, "missing"))
            continue
        try:
            put(data, each.name, _read(each, text, typed))
        except _Wrong as wrong:
            problems.append(replace(wrong.problem, field=each.name))
    return data, problems


def put(data: Data, path: str, value: object) -> None:
    """Put a value at a path into data."""
    *outer, last = path.split(".")
    for step in outer:
        data = data.setdefault(step, {})
    data[last] = value


def get(data: Mapping[str, Any], path: str) -> Any:  # noqa: ANN401 - whatever stands there
    """Return what stands at a path in data, None where nothing does."""
    found: Any = data
    for step in path.split("."):
        found = found.get(step) if isinstance(found, Mapping) else None
    return found


def type_fields(fields: Iterable[Field], data: Mapping[str, Any], language: Language) -> dict[str, str]:
    """Return data as they would be typed into the fields; read again they are the same."""
    typed = {each.name: _typed(each, get(data, each.name), language) for each in fields}
    return {name: text for name, text in typed.items() if text}


def first_shown(fields: Iterable[Field]) -> dict[str, str]:
    """Return what stands in the fields when the form is first shown."""
    return {each.name: each.default for each in fields if each.default}


def problems_of(error: ValidationError, fields: Sequence[Field]) -> list[FieldProblem]:
    """Return what the event's own schema finds wrong, each beside the field that it is about; at the first one otherwise."""
    names = [each.name for each in fields]
    found = [_problem_of(each, names) for each in error.errors(include_url=False)]
    return list({each.field: each for each in found}.values())


def check(
    model: type[BaseModel], data: Data, fields: Sequence[Field], found: Sequence[FieldProblem] = ()
) -> list[FieldProblem]:
    """Return all that is wrong: what was found already, and what the event's schema finds in the other fields' data."""
    named = {each.field for each in found}
    try:
        model.model_validate(data)
    except ValidationError as error:
        return [*found, *(each for each in problems_of(error, fields) if not _is_named(each.field, named))]
    return list(found)


def _is_named(field: str, named: set[str]) -> bool:
    """A title that was found missing under one language is not found missing once more under the other."""
    return any(field == each or field.partition(".")[0] == each.partition(".")[0] for each in named)


def in_order(problems: Collection[FieldProblem], fields: Sequence[Field]) -> list[FieldProblem]:
    """Return problems in the order of the fields, one for each."""
    order = {each.name: number for number, each in enumerate(fields)}
    one_each = {each.field: each for each in reversed(list(problems))}
    return sorted(one_each.values(), key=lambda each: order.get(each.field, len(order)))


def clean(text: str) -> str:
    """Return a text as it is kept: line breaks as one character, nothing around it."""
    return text.replace("\r\n", "\n").replace("\r", "\n").strip()


@dataclass(frozen=True, slots=True)
class Choice:
    """One that is offered: its value, what it is called, and a line that explains it."""

    value: str
    said: str
    explained: str = ""
    chosen: bool = False


@dataclass(frozen=True, slots=True)
class FieldView:
    """A field as a page shows it: label, hint, what stands in it, what is wrong with it."""

    name: str
    id: str
    kind: str
    label: str
    hint: str
    value: str
    required: bool
    radio: bool
    choices: list[Choice]
    problem: str
    readings: list[Choice]


def field_views(
    fields: Iterable[Field],
    typed: Typed,
    problems: Iterable[FieldProblem],
    words: Words,
    hints: Mapping[str, str],
    explained: Mapping[str, str],
) -> list[FieldView]:
    """Return fields as a page shows them; `hints` and `explained` are English, by field and by code."""
    wrong = {each.field: each for each in problems}
    return [_view(each, typed, wrong.get(each.name), words, hints, explained) for each in fields]


def label_of(name: str, words: Words) -> str:
    """Return what a field is called."""
    return words.say(FIELD_WORDS[name])


def in_words(each: Field, value: Any, words: Words) -> str:  # noqa: ANN401 - whatever stands in data
    """Return a value as people say it; a dash for what is not there."""
    if value is None or value in ("", []):
        return "–"
    match each.kind:
        case Kind.OCCURRED:
            return occurred_in_words(str(value), words.language)
        case Kind.DAY:
            return date_in_words(_as_day(value), words.language)
        case Kind.CODE | Kind.CODES:
            codes = value if isinstance(value, list | tuple) else [value]
            return ", ".join(_code_in_words(each, str(code), words) for code in codes)
        case Kind.CHOICE:
            return next((said for choice, said in each.choices if choice == value), str(value))
        case Kind.FLAG:
            return words.say("yes") if value else words.say("no")
        case Kind.LINES:
            return ", ".join(value)
        case Kind.ROWS:
            return " / ".join(value)
        case _:
            return str(value)


def _view(
    each: Field,
    typed: Typed,
    problem: FieldProblem | None,
    words: Words,
    hints: Mapping[str, str],
    explained: Mapping[str, str],
) -> FieldView:
    value = typed.get(each.name, "")
    return FieldView(
        name=each.name,
        id=each.name.replace(".", "-"),
        kind=each.kind.value,
        label=each.label or label_of(each.name, words),
        hint=words.say(hints[each.name]) if each.name in hints else "",
        value=value,
        required=each.required,
        radio=each.radio,
        choices=_choices(each, value, words, explained),
        problem=words.say(PROBLEM_WORDS[problem.kind], **problem.values) if problem else "",
        readings=_readings(each, problem, words) if problem else [],
    )


def _choices(each: Field, value: str, words: Words, explained: Mapping[str, str]) -> list[Choice]:
    chosen = value.split(",")
    if each.kind is Kind.FLAG:
        said = {"": words.say("not known"), "yes": words.say("yes"), "no": words.say("no")}
        return [Choice(code, word, "", code == value) for code, word in said.items()]
    if each.kind is Kind.CHOICE:
        return [Choice(choice, said, "", choice == value) for choice, said in each.choices]
    if each.codes is None:
        return []
    table = WORDS_OF_CODES[each.codes]
    return [
        Choice(
            value=code.value,
            said=capital(words.say(table[code])),
            explained=words.say(explained[key]) if (key := f"{each.name}.{code}") in explained else "",
            chosen=code.value in chosen,
        )
        for code in each.codes
    ]


def _readings(each: Field, problem: FieldProblem, words: Words) -> list[Choice]:
    return [Choice(reading, in_words(each, reading, words)) for reading in problem.readings]


class _Wrong(Exception):
    """What was typed cannot be taken."""

    def __init__(self, kind: str, **values: object) -> None:
        super().__init__(kind)
        self.problem = FieldProblem("", kind, values)


def _read(each: Field, text: str, typed: Typed) -> Any:  # noqa: ANN401 - each kind has a type of its own
    match each.kind:
        case Kind.LINE:
            return " ".join(text.split())
        case Kind.TEXT:
            return text
        case Kind.OCCURRED:
            return _occurred(each, text, typed)
        case Kind.DAY:
            return _day(text)
        case Kind.WHOLE:
            return _whole(text)
        case Kind.AMOUNT:
            return _amount(text)
        case Kind.FLAG:
            return _one_of(text, {"yes": True, "no": False})
        case Kind.CODE:
            assert each.codes is not None
            return _one_of(text, {code.value: code.value for code in each.codes})
        case Kind.CODES:
            assert each.codes is not None
            known = {code.value: code.value for code in each.codes}
            return [_one_of(part, known) for part in dict.fromkeys(text.split(","))]
        case Kind.CHOICE:
            return _one_of(text, {choice: choice for choice, _ in each.choices})
        case Kind.LINES:
            return [line for part in re.split(r"[\n;,]", text) if (line := " ".join(part.split()))]
        case Kind.ROWS:
            return [line for part in text.split("\n") if (line := " ".join(part.split()))]


def _one_of(text: str, known: Mapping[str, Any]) -> Any:  # noqa: ANN401
    if text not in known:
        raise _Wrong("no-choice")
    return known[text]


def _occurred(each: Field, text: str, typed: Typed) -> str:
    try:
        read = read_occurred(text)
    except Unfit as error:
        raise _Wrong("no-date") from error
    if not isinstance(read, Ambiguous):
        return read
    both = (read.day_first, read.month_first)
    if (meant := typed.get(f"{each.name}.meant", "")) in both:
        return meant
    wrong = _Wrong("two-readings")
    wrong.problem = replace(wrong.problem, readings=both)
    raise wrong


def _day(text: str) -> str:
    try:
        read = read_occurred(text)
    except Unfit as error:
        raise _Wrong("no-day") from error
    if isinstance(read, Ambiguous) or len(read) != 10:
        raise _Wrong("no-day")
    return read


def _whole(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 15):
        raise _Wrong("no-whole")
    return int(text)


def _amount(text: str) -> int | float:
    if not re.fullmatch(r"-?\d{1,15}(\.\d{1,6})?", text, re.ASCII):
        raise _Wrong("no-amount")
    return float(text) if "." in text else int(text)


def _typed(each: Field, value: Any, language: Language) -> str:  # noqa: ANN401
    if value is None:
        return ""
    match each.kind:
        case Kind.OCCURRED:
            return _occurred_typed(str(value), language)
        case Kind.FLAG:
            return "yes" if value else "no"
        case Kind.CODES:
            return ",".join(value)
        case Kind.LINES | Kind.ROWS:
            return "\n".join(value)
        case _:
            return str(value)


def _occurred_typed(value: str, language: Language) -> str:
    """Return a date in words where these are read as the same, as it is kept otherwise."""
    said = occurred_in_words(value, language)
    try:
        return said if read_occurred(said) == value else value
    except Unfit:
        return value


def _as_day(value: Any) -> date:  # noqa: ANN401
    return value if isinstance(value, date) else date.fromisoformat(str(value))


def _code_in_words(each: Field, value: str, words: Words) -> str:
    assert each.codes is not None
    return words.say(WORDS_OF_CODES[each.codes][each.codes(value)])


def capital(text: str) -> str:
    """Return a text with a capital at its beginning, the rest as it is."""
    return text[:1].upper() + text[1:]


_KINDS = {
    "missing": "missing",
    "string_too_short": "missing",
    "too_short": "missing",
    "enum": "no-choice",
    "literal_error": "no-choice",
    "string_pattern_mismatch": "no-form",
    "uuid_parsing": "unknown-activity",
}
_OF_UNFIT = {
    "It has no text.": "one-language",
    "`value` and `currency` go together.": "together",
    "Only a document has a `valid_until`.": "only-documents",
    "Only what is signed or renewed has a `valid_until`.": "only-memoranda",
}


def _problem_of(error: Any, names: Sequence[str]) -> FieldProblem:  # noqa: ANN401 - as pydantic lists them
    path = ".".join(str(step) for step in error["loc"] if not isinstance(step, int))
    context = error.get("ctx", {})
    at = next((name for name in names if name == path or name.startswith(f"{path}.")), None)
    kind, values = _kind_of(error, context)
    if kind in ("only-documents", "only-memoranda", "ends-before"):
        at = "valid_until"
    if kind == "together":
        at = "currency"
    if kind == "thresholds":
        at = "thresholds.aktif"
    return FieldProblem(at or names[0], kind, values)


def _kind_of(error: Any, context: Mapping[str, Any]) -> tuple[str, dict[str, object]]:  # noqa: ANN401
    match error["type"]:
        case "string_too_long":
            return "too-long", {"most": context["max_length"]}
        case "greater_than_equal":
            return "too-small", {"least": context["ge"]}
        case "less_than_equal":
            return "too-large", {"most": context["le"]}
        case "value_error" if isinstance(context.get("error"), Unfit):
            return _kind_of_unfit(context["error"].problem), {}
        case kind:
            return _KINDS.get(kind, "unfit"), {}


def _kind_of_unfit(problem: str) -> str:
    if problem.startswith("It has a character that cannot be seen"):
        return "invisible"
    if problem.startswith("`valid_until` is before"):
        return "ends-before"
    if "threshold" in problem or problem.startswith("`aktif` needs"):
        return "thresholds"
    return _OF_UNFIT.get(problem, "unfit")
