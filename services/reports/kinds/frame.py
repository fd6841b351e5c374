"""What all kinds of reports have in common: title page, period, what is known, and how values are said."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from services.reports.material import Material
from services.reports.report import Facts, Report, Section, Stands
from services.reports.views import ISSUE_WORDS, OUTCOME_WORDS
from shared.domain.amend import Partnership
from shared.domain.codes import RatingCode
from shared.domain.events import ActivityFacts, Bilingual, BilingualText
from shared.wire.envelope import rfc3339
from shared.words.codes import DIRECTION_WORDS, INDICATOR_WORDS, RATING_WORDS
from shared.words.dates import date_in_words
from shared.words.words import Language, Words


def framed(
    material: Material, title: str, sections: Sequence[Section], main: str, data: Mapping[str, Any] | None = None
) -> Report:
    """Return the report with its frame around these sections; `main` is the id of its main table."""
    asked = material.asked
    known_on = material.known_at.astimezone(material.zone).date()
    stands = Stands(
        first=asked.first,
        last=asked.last,
        known=rfc3339(material.known_at),
        known_on=known_on,
        position=material.known.position,
        rubric=f"{material.rubric.id}/{material.rubric.version}",
    )
    return Report(
        kind=asked.kind.value,
        language=asked.language,
        home=material.reader.home,
        home_name=home_name(material),
        letterhead=tuple(material.home.facts.letterhead) if material.home else (),
        signature=tuple(material.home.facts.signature) if material.home else (),
        title=title,
        subtitle=_subtitle(material, known_on),
        stands=stands,
        sections=[_about(material, stands), *sections],
        main=main,
        data=data or {},
        question=asked.document(),
    )


def home_name(material: Material) -> str:
    """Return what the home is called in the report's language; its slug where it was never opened."""
    return said_in(material.home.facts.name, material.asked.language) if material.home else material.reader.home


def said_in(text: Bilingual | BilingualText, language: Language) -> str:
    """Return a text in this language, in the other where there is none."""
    found = (text.id or text.en) if language == "id" else (text.en or text.id)
    assert found is not None
    return found


def name_of(partnership: Partnership, words: Words) -> str:
    """Return what a partnership is called."""
    return said_in(partnership.facts.name, words.language)


def rating_in_words(code: RatingCode, words: Words) -> str:
    """Return a rating in words."""
    return words.say(RATING_WORDS[code])


def issue_in_words(issue: str, words: Words) -> str:
    """Return an issue in words; one that is none of the study's as it is written."""
    return words.say(ISSUE_WORDS[issue]) if issue in ISSUE_WORDS else issue


def what_in_words(facts: ActivityFacts, words: Words) -> str:
    """Return what an activity was: its indicator and its direction."""
    return f"{words.say(INDICATOR_WORDS[facts.indicator])}, {words.say(DIRECTION_WORDS[facts.direction])}"


def outcome_in_words(facts: ActivityFacts, words: Words) -> str:
    """Return what came of an activity."""
    return words.say(OUTCOME_WORDS[facts.outcome])


def day_in_words(day: date | None, words: Words) -> str:
    """Return a day as people write it, a dash where there is none."""
    return date_in_words(day, words.language) if day else "–"


def period_in_words(first: date, last: date, words: Words) -> str:
    """Return a period as people write it."""
    return f"{date_in_words(first, words.language)} – {date_in_words(last, words.language)}"


def _subtitle(material: Material, known_on: date) -> str:
    period = period_in_words(material.asked.first, material.asked.last, material.words)
    known = material.words.say("as known at %(known)s", known=date_in_words(known_on, material.asked.language))
    return f"{period}, {known}"


def _about(material: Material, stands: Stands) -> Section:
    asked, words = material.asked, material.words
    pairs = [
        (words.say("Period"), period_in_words(asked.first, asked.last, words)),
        (words.say("As known at"), stands.known),
        (words.say("Ledger position"), str(stands.position)),
        (words.say("Rubric"), stands.rubric),
        (words.say("Partnerships"), _scope(material)),
        *_compared(material),
    ]
    return Section("about", words.say("About this report"), [Facts(pairs)])


def _compared(material: Material) -> list[tuple[str, str]]:
    asked, words = material.asked, material.words
    if asked.compare_first is not None and asked.compare_last is not None:
        return [
            (words.say("Compared with the period"), period_in_words(asked.compare_first, asked.compare_last, words))
        ]
    if asked.compare_known is not None:
        return [(words.say("Compared with what was known at"), rfc3339(asked.compare_known))]
    return []


def _scope(material: Material) -> str:
    named, words = material.asked.partnership, material.words
    if named is not None:
        return next((name_of(each, words) for each in material.known.partnerships if each.slug == named), named)
    if material.reader.partnerships is not None:
        return words.say("those that the account may see: %(count)s", count=len(material.standing))
    return words.say("all that were in force: %(count)s", count=len(material.standing))
