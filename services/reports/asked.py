"""The question that a report answers: what is asked, its one form as JSON, and its reading from an address or an event."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, tzinfo
from enum import StrEnum
from typing import Any

from services.reports.question import Question, read_question
from shared.wire.envelope import rfc3339
from shared.wire.problems import Fault, Finding, Problem
from shared.words.words import LANGUAGES, Language


class Kind(StrEnum):
    """What can be reported."""

    RATINGS = "ratings"
    HISTORY = "history"
    RESULTS = "results"
    PROGRAMME = "programme"
    RECOMMENDATION = "recommendation"
    DIAGNOSIS = "diagnosis"
    CHANGES = "changes"
    AID = "aid"


@dataclass(frozen=True, slots=True)
class Asked:
    """The whole question of a report. The same question has the same answer, byte for byte, for ever.

    `known` and `position` are None until it is said what "now" was (`as_answered`); then they hold the moment and the last
    position that was looked at. `compare_first` to `compare_last` is another period, `compare_known` an earlier moment:
    what a report of changes compares with.
    """

    kind: Kind
    first: date
    last: date
    language: Language = "id"
    known: datetime | None = None
    position: int | None = None
    partnership: str | None = None
    rubric: str | None = None
    compare_first: date | None = None
    compare_last: date | None = None
    compare_known: datetime | None = None

    def as_answered(self, known: datetime, position: int) -> "Asked":
        """Return the question as it can be asked again: with the moment and the position that it was answered at."""
        return replace(self, known=known, position=position)

    def document(self) -> dict[str, Any]:
        """Return the question as JSON; what was not asked is left out."""
        said = {
            "kind": self.kind.value,
            "from": self.first.isoformat(),
            "to": self.last.isoformat(),
            "lang": self.language,
            "known": _moment(self.known),
            "position": self.position,
            "partnership": self.partnership,
            "rubric": self.rubric,
            "compare_from": _day(self.compare_first),
            "compare_to": _day(self.compare_last),
            "compare_known": _moment(self.compare_known),
        }
        return {name: value for name, value in said.items() if value is not None}


@dataclass(frozen=True, slots=True)
class Said:
    """What an address says of a question, as text; what is empty counts as not said."""

    first: str | None = None
    last: str | None = None
    known: str | None = None
    language: str | None = None
    partnership: str | None = None
    rubric: str | None = None
    compare_first: str | None = None
    compare_last: str | None = None
    compare_known: str | None = None


def read_asked(kind: Kind, said: Said, now: datetime, zone: tzinfo) -> Asked:
    """Return the question that an address asks.

    A date as `known` means the end of that day in the home's time zone. Raises `Fault` (422) for a period without both
    ends or backwards, for what is no day, for a moment that has not passed, and for a comparison that is none.
    """
    period = read_question(None, said.first, said.last, said.known, now.astimezone(zone).date(), zone)
    if period.first is None or period.last is None:
        raise _wrong("from", "A report is about a period.", "Give its first and its last day, such as 2020-01-31.")
    _refuse_the_future("known", period, now)
    asked = Asked(
        kind=kind,
        first=period.first,
        last=period.last,
        language=_language(said.language),
        known=period.known,
        partnership=said.partnership or None,
        rubric=said.rubric or None,
    )
    return _compared(asked, said, now, zone)


def asked_again(document: Mapping[str, Any]) -> Asked:
    """Return the question that `Asked.document` wrote. Raises `ValueError` or `KeyError` where it did not."""
    return Asked(
        kind=Kind(document["kind"]),
        first=date.fromisoformat(document["from"]),
        last=date.fromisoformat(document["to"]),
        language=_language(document["lang"]),
        known=_read_moment(document.get("known")),
        position=document.get("position"),
        partnership=document.get("partnership"),
        rubric=document.get("rubric"),
        compare_first=_read_day(document.get("compare_from")),
        compare_last=_read_day(document.get("compare_to")),
        compare_known=_read_moment(document.get("compare_known")),
    )


def _compared(asked: Asked, said: Said, now: datetime, zone: tzinfo) -> Asked:
    """Add what a report of changes compares with; no other kind compares."""
    if asked.kind is not Kind.CHANGES:
        if said.compare_first or said.compare_last or said.compare_known:
            problem = f"A report of the kind “{asked.kind}” compares with nothing."
            raise _wrong("kind", problem, "Ask for “changes”, or leave out what begins with compare_.")
        return asked
    if not (said.compare_first or said.compare_last or said.compare_known):
        remedy = "Give compare_known, an earlier moment, or compare_from and compare_to, another period."
        raise _wrong("compare_known", "A report of changes compares with something.", remedy)
    if said.compare_known and (said.compare_first or said.compare_last):
        problem = "Two moments are compared, or two periods, not both at once."
        raise _wrong("compare_known", problem, "Leave out compare_known, or compare_from and compare_to.")
    today = now.astimezone(zone).date()
    try:
        other = read_question(None, said.compare_first, said.compare_last, said.compare_known, today, zone)
    except Fault as fault:
        raise _renamed(fault) from fault
    _refuse_the_future("compare_known", other, now)
    if other.known is not None and asked.known is not None and other.known > asked.known:
        raise _wrong("compare_known", "The moment compared with is later than “known”.", "Swap the two.")
    return replace(asked, compare_first=other.first, compare_last=other.last, compare_known=other.known)


def _refuse_the_future(field: str, question: Question, now: datetime) -> None:
    if question.known is not None and question.known > now:
        remedy = "Leave it out for all that is known now, or name a moment that has passed."
        raise _wrong(field, f"“{str(question.known_text)[:40]}” has not passed yet.", remedy)


def _renamed(fault: Fault) -> Fault:
    """Return the fault of a period that is compared with, under the names that it has in the address."""
    (finding,) = fault.problem.findings
    renamed = replace(finding, field=f"compare_{finding.field}")
    return Fault(replace(fault.problem, findings=(renamed,)))


def _language(text: str | None) -> Language:
    for each in LANGUAGES:
        if each == (text or "id"):
            return each
    raise _wrong("lang", f"“{str(text)[:20]}” is no language of the reports.", "Use id or en.")


def _wrong(field: str, problem: str, remedy: str) -> Fault:
    finding = Finding(field, problem, remedy)
    return Fault(Problem(422, "invalid", "The report cannot be made as it was asked for.", remedy, (finding,)))


def _moment(moment: datetime | None) -> str | None:
    return rfc3339(moment) if moment else None


def _day(day: date | None) -> str | None:
    return day.isoformat() if day else None


def _read_moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _read_day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None
