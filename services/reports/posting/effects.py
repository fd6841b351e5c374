"""What a posting changes: how a partnership stands with it and without it, and the sentence that says so. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from uuid import UUID

from services.reports.compose import histories_of
from services.reports.store import Known
from shared.domain.amend import Activity
from shared.domain.cells import CELLS
from shared.domain.codes import RatingCode
from shared.domain.events import ActivityFacts
from shared.domain.rating import History, NextChange, fact_of, rate
from shared.domain.rubric import Rubric
from shared.domain.rulings import rubric_in_force
from shared.words.codes import RATING_WORDS
from shared.words.dates import date_in_words
from shared.words.words import Words

NOT_POSTED = UUID(int=0)
"""The id of an activity that is only looked at."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How a partnership stands on a day: lit cells, rating, what becomes of it, the official rating, its dormancy."""

    lit: frozenset[int]
    rating: RatingCode
    falls: NextChange | None
    official: RatingCode | None
    dormant: bool

    @property
    def cells(self) -> int:
        """How many cells are lit."""
        return len(self.lit)


@dataclass(frozen=True, slots=True)
class Effect:
    """How a partnership stood before a posting and after it; None where it was not in force."""

    partnership: str
    name: Mapping[str, str]
    before: Standing | None
    after: Standing | None

    @property
    def changes(self) -> bool:
        """Whether anything of it is another."""
        return self.before != self.after


def standing_of(history: History, rubric: Rubric, on: date) -> Standing:
    """Return how a partnership with this history stands on a day."""
    rated = rate(history, rubric, on)
    lit = frozenset(number for number, cell in enumerate(CELLS) if rated.cells[cell].activities)
    official = rated.official.rating if rated.official else None
    return Standing(lit, rated.rating, rated.next_change, official, rated.dormant)


def history_with(history: History, activity: Activity | None, without: Iterable[UUID] = ()) -> History:
    """Return the history with an activity in place of the one of its id, and without some others."""
    left_out = {*without, *([activity.id] if activity else [])}
    kept = tuple(fact for fact in history.facts if fact.activity not in left_out)
    return replace(history, facts=(*kept, fact_of(activity)) if activity else kept)


def planned_activity(facts: ActivityFacts, today: date) -> Activity:
    """Return the activity that these facts would be, were they posted today."""
    return Activity(NOT_POSTED, facts, stated_on=today)


def effect_of_change(
    known: Known, partnership: str, on: date, activity: Activity | None, without: Iterable[UUID] = ()
) -> Effect:
    """Return what it would change if an activity stood as given, and some others did not count."""
    before = _standings(known, on).get(partnership)
    history = history_with(histories_of(known)[partnership], activity, without)
    registered = next(each for each in known.partnerships if each.slug == partnership)
    after = standing_of(history, rubric_in_force(known.rulings, on), on) if registered.stands(on, on) else None
    return Effect(partnership, _name(known, partnership), before, after)


def effects_without(known: Known, on: date, without: frozenset[UUID]) -> list[Effect]:
    """Return what it would change if some activities did not count, of each partnership that it changes."""
    touched = [each.slug for each in known.partnerships if _has_any(known, each.slug, without)]
    effects = [effect_of_change(known, slug, on, None, without) for slug in touched]
    return [each for each in effects if each.changes]


def effects_between(before: Known, after: Known, on: date) -> list[Effect]:
    """Return how each partnership stands otherwise by what was known later than by what was known before."""
    then, now = _standings(before, on), _standings(after, on)
    effects = [
        Effect(each.slug, _name(after, each.slug), then.get(each.slug), now.get(each.slug))
        for each in after.partnerships
    ]
    return [each for each in effects if each.changes]


def effect_between(before: Known, after: Known, partnership: str, on: date) -> Effect:
    """Return the same of one partnership, whether anything is another or not."""
    then, now = _standings(before, on), _standings(after, on)
    return Effect(partnership, _name(after, partnership), then.get(partnership), now.get(partnership))


def effect_in_words(effect: Effect, words: Words) -> str:
    """Return the sentence: “Kyiv: 3 → 4 cells; falls on 20 June 2027 instead of 15 February 2027”."""
    name = effect.name.get(words.language) or next(iter(effect.name.values()), effect.partnership)
    if effect.after is None:
        return words.say("%(name)s: not in force.", name=name)
    if effect.before is None:
        return words.say("%(name)s: in force, %(cells)s of 10 cells.", name=name, cells=effect.after.cells)
    said = [_cells(name, effect.before, effect.after, words)]
    said += _rating(effect.before, effect.after, words) + _falls(effect.before.falls, effect.after.falls, words)
    if effect.before.dormant and not effect.after.dormant:
        said.append(words.say("no longer dormant"))
    return "; ".join(said) + "."


def _cells(name: str, before: Standing, after: Standing, words: Words) -> str:
    if before.cells == after.cells:
        if after.cells == 1:
            if before.lit == after.lit:
                return words.say("%(name)s: 1 cell, as before", name=name)
            return words.say("%(name)s: 1 cell, but another", name=name)
        if before.lit == after.lit:
            return words.say("%(name)s: %(cells)s cells, as before", name=name, cells=after.cells)
        return words.say("%(name)s: %(cells)s cells, but not the same ones", name=name, cells=after.cells)
    if after.cells == 1:
        return words.say("%(name)s: %(before)s → 1 cell", name=name, before=before.cells)
    return words.say("%(name)s: %(before)s → %(after)s cells", name=name, before=before.cells, after=after.cells)


def _rating(before: Standing, after: Standing, words: Words) -> list[str]:
    said = []
    if before.rating is not after.rating:
        ratings = {"before": words.say(RATING_WORDS[before.rating]), "after": words.say(RATING_WORDS[after.rating])}
        said.append(words.say("%(before)s → %(after)s", **ratings))
    if before.official is not after.official:
        if after.official is None:
            said.append(words.say("no official rating any more"))
        else:
            said.append(words.say("official: %(rating)s", rating=words.say(RATING_WORDS[after.official])))
    return said


def _falls(before: NextChange | None, after: NextChange | None, words: Words) -> list[str]:
    was = date_in_words(before.on, words.language) if before else None
    now = date_in_words(after.on, words.language) if after else None
    if was and now:
        if before == after:
            return [words.say("falls on %(day)s, as before", day=now)]
        if was == now and after:
            rating = words.say(RATING_WORDS[after.rating])
            return [words.say("falls to “%(rating)s” on %(day)s", rating=rating, day=now)]
        return [words.say("falls on %(after)s instead of %(before)s", after=now, before=was)]
    if now:
        return [words.say("falls on %(day)s if nothing happens", day=now)]
    return [words.say("does not fall on %(day)s any more", day=was)] if was else []


def _standings(known: Known, on: date) -> dict[str, Standing]:
    rubric, histories = rubric_in_force(known.rulings, on), histories_of(known)
    in_force = [each.slug for each in known.partnerships if each.stands(on, on)]
    return {slug: standing_of(histories[slug], rubric, on) for slug in in_force}


def _has_any(known: Known, partnership: str, activities: frozenset[UUID]) -> bool:
    return any(fact.activity in activities for fact in known.facts.get(partnership, ()))


def _name(known: Known, partnership: str) -> Mapping[str, str]:
    found = (each.facts.name for each in known.partnerships if each.slug == partnership)
    return next((name.model_dump(exclude_none=True) for name in found), {})
