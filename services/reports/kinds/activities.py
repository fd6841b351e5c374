"""Activities as rows: one table for all kinds of reports that list them."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from services.reports.kinds.frame import name_of, outcome_in_words, said_in
from services.reports.kinds.wording import ACTOR_WORDS, INITIATOR_WORDS, MODE_WORDS
from services.reports.material import Entry
from services.reports.report import Column, ColumnKind, Table
from shared.domain.amend import Partnership
from shared.domain.events import ActivityFacts
from shared.wire.sheet import Value
from shared.words.codes import DIRECTION_WORDS, INDICATOR_WORDS
from shared.words.dates import occurred_in_words
from shared.words.words import Words


def activities_table(
    table_id: str, caption: str, entries: Iterable[Entry], partnerships: Mapping[str, Partnership], words: Words
) -> Table:
    """Return activities in the order given, each with what is known of it; the partnership's column only for several."""
    shown = list(entries)
    several = len(partnerships) > 1
    named = [Column("name", words.say("Partnership"))] if several else []
    rows = [
        [*([name_of(partnerships[each.activity.facts.partnership], words)] if several else []), *_row(each, words)]
        for each in shown
    ]
    return Table(table_id, caption, [*named, *_columns(words)], rows)


def activity_data(entry: Entry) -> dict[str, Any]:
    """Return an activity as a report's data hold it: its facts as corrected, its days, no account."""
    return {
        "id": str(entry.activity.id),
        **entry.activity.facts.model_dump(mode="json", exclude_none=True),
        "day": entry.day.isoformat(),
        "effective": entry.deed.effective.isoformat(),
        "corrected": entry.corrected,
    }


def evidence_in_words(facts: ActivityFacts) -> str | None:
    """Return the documents that show an activity, each with the beginning of its hash."""
    return "; ".join(f"{each.title} ({each.hash[:19]}…)" for each in facts.evidence) or None


def _columns(words: Words) -> Sequence[Column]:
    return [
        Column("year", words.say("Year"), ColumnKind.TEXT, detail=True),
        Column("occurred", words.say("When")),
        Column("day", words.say("Counts for"), ColumnKind.DAY, detail=True),
        Column("indicator", words.say("Indicator")),
        Column("direction", words.say("Direction")),
        Column("title", words.say("Activity")),
        Column("outcome", words.say("Outcome")),
        Column("initiator", words.say("Initiator"), detail=True),
        Column("mode", words.say("Mode"), detail=True),
        Column("actors", words.say("Actors")),
        Column("fields", words.say("Fields of cooperation"), detail=True),
        Column("participants", words.say("Participants"), ColumnKind.NUMBER),
        Column("value", words.say("Value"), ColumnKind.NUMBER),
        Column("currency", words.say("Currency"), ColumnKind.CODE),
        Column("place", words.say("Place"), detail=True),
        Column("evidence", words.say("Evidence")),
        Column("source", words.say("Source")),
        Column("remarks", words.say("Remarks"), detail=True),
        Column("id", words.say("Event"), ColumnKind.CODE, detail=True),
    ]


def _row(entry: Entry, words: Words) -> list[Value]:
    facts = entry.activity.facts
    return [
        str(entry.day.year),
        occurred_in_words(facts.occurred, words.language),
        entry.day,
        words.say(INDICATOR_WORDS[facts.indicator]),
        words.say(DIRECTION_WORDS[facts.direction]),
        said_in(facts.title, words.language),
        outcome_in_words(facts, words),
        words.say(INITIATOR_WORDS[facts.initiator]) if facts.initiator else None,
        words.say(MODE_WORDS[facts.mode]) if facts.mode in MODE_WORDS else None,
        ", ".join(words.say(ACTOR_WORDS[each]) for each in facts.actors) or None,
        "; ".join(facts.fields) or None,
        facts.participants,
        facts.value,
        facts.currency,
        facts.place,
        evidence_in_words(facts),
        facts.source,
        words.say("corrected") if entry.corrected else None,
        str(entry.activity.id),
    ]
