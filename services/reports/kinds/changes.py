"""What changed: between two moments of knowledge for one period, event by event, or between two periods."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

from services.reports.compose import histories_of
from services.reports.kinds.frame import framed, name_of, period_in_words, rating_in_words, said_in
from services.reports.material import Material, Moved
from services.reports.report import Column, ColumnKind, Paragraph, Report, Section, Table
from services.reports.store import Known
from shared.domain.amend import Activity, Partnership
from shared.domain.cells import CELLS, Cell
from shared.domain.codes import RatingCode
from shared.domain.events import ActivityFacts, Event, RubricAdopted
from shared.domain.rating import Fact, History, fact_of, rate_period
from shared.domain.rubric import Rubric
from shared.domain.rulings import RULING_TYPES, judgements_by_partnership, rubric_in_force
from shared.wire.envelope import rfc3339
from shared.wire.foresight_document import cell_documents
from shared.wire.sheet import Value
from shared.words.words import Words

CHANGE_WORDS: Mapping[str, str] = {
    "recorded": "recorded",
    "recorded_late": "recorded after the period",
    "corrected": "corrected",
    "retracted": "retracted",
    "restored": "retraction taken back",
    "import_completed": "import completed",
    "import_reversed": "import reversed",
    "rating_set": "official rating set",
    "rating_lifted": "official rating lifted",
    "rubric_adopted": "rubric adopted",
    "partnership_registered": "partnership registered",
    "partnership_changed": "partnership changed",
    "partnership_ended": "partnership ended",
}


@dataclass(frozen=True, slots=True)
class Standing:
    """How a partnership stood over the period at one position."""

    rating: RatingCode
    score: int
    lit: frozenset[Cell]
    official: RatingCode | None

    def document(self) -> dict[str, Any]:
        """Return it as JSON."""
        return {
            "rating": self.rating.value,
            "score": self.score,
            "lit": cell_documents(each for each in CELLS if each in self.lit),
            "official": self.official.value if self.official else None,
        }


@dataclass(frozen=True, slots=True)
class Effect:
    """How a partnership stood right before an event and right after it; None where it was not in force."""

    partnership: str
    before: Standing | None
    after: Standing | None


@dataclass(frozen=True, slots=True)
class Change:
    """An event that changed something of the period, and its effects."""

    moved: Moved
    kind: str
    effects: Sequence[Effect]


@dataclass(slots=True)
class Walk:
    """What is known while the ledger is walked from one position to another, as far as ratings over the period need it."""

    first: date
    last: date
    named: Rubric | None
    partnerships: dict[str, Partnership]
    facts: dict[str, dict[UUID, Fact]]
    rulings: list[Event]
    standings: dict[str, Standing | None] = field(default_factory=dict)

    def take(self, moved: Moved) -> list[Effect]:
        """Take one event in; return how each partnership that it concerns stood before and stands after."""
        concerned = self._concerned(moved)
        before = {slug: self.standing(slug) for slug in concerned}
        self._apply(moved)
        for slug in concerned:
            self.standings.pop(slug, None)
        return [Effect(slug, before[slug], self.standing(slug)) for slug in concerned]

    def standing(self, slug: str) -> Standing | None:
        """Return how a partnership stands now, worked out once until something concerns it."""
        if slug not in self.standings:
            self.standings[slug] = self._rated(slug)
        return self.standings[slug]

    def _concerned(self, moved: Moved) -> list[str]:
        if isinstance(moved.event.data, RubricAdopted):
            return sorted(self.partnerships)
        of_activities = {
            each.facts.partnership for pair in moved.activities.values() for each in pair if each is not None
        }
        ruled = {moved.event.partnership} if moved.event.type in RULING_TYPES else set[str | None]()
        return sorted(each for each in of_activities | set(moved.partnerships) | ruled if each is not None)

    def _apply(self, moved: Moved) -> None:
        for activity, (before, now) in moved.activities.items():
            for each in (before, now):
                if each is not None:
                    self.facts.setdefault(each.facts.partnership, {}).pop(activity, None)
            if now is not None:
                self.facts[now.facts.partnership][activity] = fact_of(now)
        for slug, (_, standing) in moved.partnerships.items():
            if standing is not None:
                self.partnerships[slug] = standing
        if moved.event.type in RULING_TYPES:
            self.rulings.append(moved.event)

    def _rated(self, slug: str) -> Standing | None:
        partnership = self.partnerships.get(slug)
        if partnership is None or not partnership.stands(self.first, self.last):
            return None
        rubric = self.named or rubric_in_force(self.rulings, self.last)
        judgements = judgements_by_partnership(self.rulings).get(slug, ())
        history = History(slug, partnership.facts.mou_date, tuple(self.facts.get(slug, {}).values()), judgements)
        return standing_of(history, rubric, self.first, self.last)


def standing_of(history: History, rubric: Rubric, first: date, last: date) -> Standing:
    """Return how a partnership stands over a period."""
    rated = rate_period(history, rubric, first, last)
    lit = frozenset(cell for cell, state in rated.cells.items() if state.activities)
    return Standing(rated.rating, rated.score, lit, rated.official.rating if rated.official else None)


def compose(material: Material) -> Report:
    """Compose what changed since the moment compared with, or from the period compared with to this one."""
    return _between_moments(material) if material.before is not None else _between_periods(material)


def changes_of(material: Material) -> tuple[list[Change], Walk]:
    """Walk the ledger from the moment compared with to the one known; return every change, and where that led."""
    assert material.before is not None
    asked, before = material.asked, material.before
    walk = Walk(
        asked.first,
        asked.last,
        material.rubric if asked.rubric else None,
        {each.slug: each for each in before.partnerships},
        {slug: {each.activity: each for each in facts} for slug, facts in before.facts.items()},
        list(before.rulings),
    )
    changes = [
        Change(moved, _kind(moved, asked.last), effects)
        for moved in material.moved
        for effects in [walk.take(moved)]
        if _touches(moved, effects, asked.first, asked.last)
    ]
    return changes, walk


def _touches(moved: Moved, effects: Iterable[Effect], first: date, last: date) -> bool:
    """Say whether an event changed something of the period: an activity of it, or how a partnership stands."""
    days = (_day(each) for pair in moved.activities.values() for each in pair if each is not None)
    return any(first <= each <= last for each in days) or any(each.before != each.after for each in effects)


def _day(activity: Activity) -> date:
    fact = fact_of(activity)
    return fact.effective if fact.outcome == "held" else fact.last


def _kind(moved: Moved, last: date) -> str:
    name = moved.event.type.removeprefix("activity.").replace(".", "_")
    if name == "recorded" and moved.event.recorded_on > last:
        return "recorded_late"
    if name == "retracted" and any(now is not None for _, now in moved.activities.values()):
        return "restored"
    return name


def _between_moments(material: Material) -> Report:
    assert material.before is not None
    words, (changes, walk) = material.words, changes_of(material)
    names = {each.slug: name_of(each, words) for each in walk.partnerships.values()}
    moved = list(_moved_ratings(material, changes))
    sections = [
        Section("summary", words.say("Summary"), [Paragraph(_in_a_sentence(changes, moved, words))]),
        Section("ratings", words.say("Ratings that are others now"), [_ratings_table(moved, names, words)]),
        Section(
            "changes", words.say("Every change, in the order of the ledger"), [_changes_table(changes, names, words)]
        ),
    ]
    data = {
        "compared": {"position": material.before.position},
        "items": [_change_data(each) for each in changes],
        "ratings": [_effect_data(each) for each in moved],
        "counts": dict(sorted(Counter(each.kind for each in changes).items())),
    }
    return framed(material, words.say("What changed in what is known"), sections, "changes", data)


def _moved_ratings(material: Material, changes: Sequence[Change]) -> Iterator[Effect]:
    """Yield how each partnership stood at first and stands at last, where the two are not the same."""
    first: dict[str, Effect] = {}
    last: dict[str, Effect] = {}
    for effect in (each for change in changes for each in change.effects):
        first.setdefault(effect.partnership, effect)
        last[effect.partnership] = effect
    for slug in sorted(first):
        if first[slug].before != last[slug].after:
            yield Effect(slug, first[slug].before, last[slug].after)


def _in_a_sentence(changes: Sequence[Change], moved: Sequence[Effect], words: Words) -> str:
    others = sum(_rating(each.before) is not _rating(each.after) for each in moved)
    return words.say(
        "%(changes)s events recorded since then changed something of the period; %(others)s partnerships are rated otherwise.",
        changes=len(changes),
        others=others,
    )


def _rating(standing: Standing | None) -> RatingCode | None:
    return standing.rating if standing else None


def _standing_columns(words: Words) -> list[Column]:
    return [
        Column("rating_before", words.say("Rating before"), ColumnKind.RATING),
        Column("score_before", words.say("Score before"), ColumnKind.NUMBER),
        Column("rating_after", words.say("Rating after"), ColumnKind.RATING),
        Column("score_after", words.say("Score after"), ColumnKind.NUMBER),
    ]


def _standings(effect: Effect | None) -> list[Value]:
    if effect is None:
        return [None, None, None, None]
    return [
        effect.before.rating.value if effect.before else None,
        effect.before.score if effect.before else None,
        effect.after.rating.value if effect.after else None,
        effect.after.score if effect.after else None,
    ]


def _ratings_table(moved: Sequence[Effect], names: Mapping[str, str], words: Words) -> Table:
    columns = [
        Column("name", words.say("Partnership")),
        *_standing_columns(words),
        Column("official_before", words.say("Official rating before"), ColumnKind.RATING),
        Column("official_after", words.say("Official rating after"), ColumnKind.RATING),
    ]
    rows = [
        [names.get(each.partnership, each.partnership), *_standings(each), *map(_official, (each.before, each.after))]
        for each in moved
    ]
    return Table("ratings", words.say("How partnerships stand that stood otherwise"), columns, rows)


def _official(standing: Standing | None) -> str | None:
    return standing.official.value if standing and standing.official else None


def _changes_table(changes: Sequence[Change], names: Mapping[str, str], words: Words) -> Table:
    columns = [
        Column("position", words.say("Position"), ColumnKind.NUMBER),
        Column("recorded_at", words.say("Recorded at"), ColumnKind.CODE),
        Column("change", words.say("Kind of change")),
        Column("name", words.say("Partnership")),
        Column("what", words.say("What")),
        Column("values", words.say("Before → after")),
        Column("reason", words.say("Reason")),
        *_standing_columns(words),
    ]
    rows = [row for each in changes for row in _change_rows(each, names, words)]
    note = words.say(
        "An event that changes several activities stands in several rows; each shows what the whole event did."
    )
    return Table("changes", words.say("Changes"), columns, rows, [note])


def _change_rows(change: Change, names: Mapping[str, str], words: Words) -> Iterator[list[Value]]:
    event, effects = change.moved.event, {each.partnership: each for each in change.effects}
    told: list[Value] = [event.position, rfc3339(event.recorded_at), words.say(CHANGE_WORDS[change.kind])]
    reason = getattr(event.data, "reason", None)
    shown = set[str]()
    for _, (before, now) in sorted(change.moved.activities.items()):
        standing = now or before
        assert standing is not None
        slug = standing.facts.partnership
        shown.add(slug)
        title = said_in(standing.facts.title, words.language)
        what = _values(before, now)
        yield [*told, names.get(slug, slug), title, what, reason, *_standings(effects.get(slug))]
    for slug, effect in effects.items():
        if slug not in shown and (effect.before != effect.after or slug in change.moved.partnerships):
            yield [*told, names.get(slug, slug), None, None, reason, *_standings(effect)]


def _values(before: Activity | None, now: Activity | None) -> str | None:
    """Return what a correction changed: each field as it was and as it is, as codes."""
    if before is None or now is None:
        return None
    was, then = _facts(before.facts), _facts(now.facts)
    names = sorted(name for name in was.keys() | then.keys() if was.get(name) != then.get(name))
    return "; ".join(f"{name}: {_said(was.get(name))} → {_said(then.get(name))}" for name in names) or None


def _facts(facts: ActivityFacts) -> dict[str, Any]:
    return facts.model_dump(mode="json", exclude_none=True)


def _said(value: object) -> str:
    if isinstance(value, dict):
        return " / ".join(f"{name}: {each}" for name, each in sorted(value.items()))
    if isinstance(value, list):
        return ", ".join(map(_said, value)) or "–"
    return "–" if value is None else str(value)


def _change_data(change: Change) -> dict[str, Any]:
    event = change.moved.event
    return {
        "event_id": str(event.id),
        "type": event.type,
        "change": change.kind,
        "position": event.position,
        "recorded_at": rfc3339(event.recorded_at),
        "reason": getattr(event.data, "reason", None),
        "activities": [
            {
                "id": str(activity),
                "before": _facts(before.facts) if before else None,
                "after": _facts(now.facts) if now else None,
            }
            for activity, (before, now) in sorted(change.moved.activities.items())
        ],
        "effects": [_effect_data(each) for each in change.effects if each.before != each.after],
    }


def _effect_data(effect: Effect) -> dict[str, Any]:
    return {
        "partnership": effect.partnership,
        "before": effect.before.document() if effect.before else None,
        "after": effect.after.document() if effect.after else None,
    }


def _between_periods(material: Material) -> Report:
    words, effects = material.words, _over_both(material)
    names = {each.slug: name_of(each, words) for each in material.known.partnerships}
    asked = material.asked
    assert asked.compare_first is not None
    assert asked.compare_last is not None
    compared = period_in_words(asked.compare_first, asked.compare_last, words)
    said = words.say(
        "Before is %(before)s; after is %(after)s. Of %(all)s partnerships %(others)s are rated otherwise.",
        before=compared,
        after=period_in_words(asked.first, asked.last, words),
        all=len(effects),
        others=sum(_rating(each.before) is not _rating(each.after) for each in effects),
    )
    table = _periods_table(effects, names, material)
    data = {"items": [_period_data(each, material) for each in effects]}
    sections = [
        Section("summary", words.say("Summary"), [Paragraph(said)]),
        Section("changes", words.say("Between the two periods"), [table]),
    ]
    return framed(material, words.say("What changed between two periods"), sections, "changes", data)


def _over_both(material: Material) -> list[Effect]:
    """Return how each partnership stood over the one period and over the other, of those in force in either."""
    asked = material.asked
    assert asked.compare_first is not None
    assert asked.compare_last is not None
    assert material.in_compared is not None
    before = _standings_over(material.in_compared, material, asked.compare_first, asked.compare_last)
    after = _standings_over(material.known, material, asked.first, asked.last)
    return [Effect(slug, before.get(slug), after.get(slug)) for slug in sorted(before.keys() | after.keys())]


def _standings_over(known: Known, material: Material, first: date, last: date) -> dict[str, Standing]:
    rubric = material.rubric if material.asked.rubric else rubric_in_force(known.rulings, last)
    histories = histories_of(known)
    return {
        each.slug: standing_of(histories[each.slug], rubric, first, last)
        for each in known.partnerships
        if each.stands(first, last)
    }


def _periods_table(effects: Sequence[Effect], names: Mapping[str, str], material: Material) -> Table:
    words = material.words
    columns = [
        Column("name", words.say("Partnership")),
        *_standing_columns(words),
        Column("counted_before", words.say("Activities before"), ColumnKind.NUMBER),
        Column("counted_after", words.say("Activities after"), ColumnKind.NUMBER),
        Column("change", words.say("Kind of change")),
    ]
    rows = [
        [
            names.get(each.partnership, each.partnership),
            *_standings(each),
            material.counted_in_compared.get(each.partnership, 0),
            material.counted.get(each.partnership, 0),
            _in_words(each, words),
        ]
        for each in effects
    ]
    return Table("changes", words.say("Ratings over the two periods"), columns, rows)


def _in_words(effect: Effect, words: Words) -> str | None:
    before, after = _rating(effect.before), _rating(effect.after)
    if before is after:
        return None
    said = [rating_in_words(each, words) if each else words.say("not in force") for each in (before, after)]
    return " → ".join(said)


def _period_data(effect: Effect, material: Material) -> dict[str, Any]:
    return {
        **_effect_data(effect),
        "counted_before": material.counted_in_compared.get(effect.partnership, 0),
        "counted_after": material.counted.get(effect.partnership, 0),
    }
