"""How later events change what an earlier one said: corrections, retractions, changes to the registry."""

from collections.abc import Container, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any
from uuid import UUID

from shared.domain.codes import Outcome
from shared.domain.events import (
    ActivityCorrected,
    ActivityFacts,
    ActivityRecorded,
    ActivityRetracted,
    Event,
    ImportReversed,
    PartnershipChanged,
    PartnershipEnded,
    PartnershipFacts,
    PartnershipRegistered,
    PartnershipStanding,
)
from shared.domain.unfit import Unfit


@dataclass(frozen=True, slots=True)
class Activity:
    """An activity as it stands after every correction read so far.

    `stated_on` is the day, in the home's time zone, on which its date was last stated as the day of something that was
    held: an activity cannot take effect after that. `withdrawn_by` is the retraction or the reversed import that took it
    out, None while it counts.
    """

    id: UUID
    facts: ActivityFacts
    stated_on: date
    withdrawn_by: UUID | None = None
    amended_by: UUID | None = None

    @property
    def stands_by(self) -> UUID:
        """The event by which it stands as it does: its own, or the last that amended it."""
        return self.amended_by or self.id


@dataclass(frozen=True, slots=True)
class Partnership:
    """A partnership as the registry has it after every change read so far."""

    slug: str
    facts: PartnershipFacts
    ended_on: date | None = None

    def stands(self, first: date, last: date) -> bool:
        """Say whether the partnership was in force on any of these days: founded by the last, not ended before the first.

        One without a founding memorandum is taken as in force from its registration on.
        """
        founded = self.facts.mou_date is None or self.facts.mou_date <= last
        return founded and (self.ended_on is None or first <= self.ended_on)


class DoesNotFit(Unfit):
    """The change cannot be made to what it names."""


def record(event: Event) -> Activity:
    """Return the activity that an `activity.recorded` event begins."""
    assert isinstance(event.data, ActivityRecorded)
    checked = event.data  # the same fields, and checked when it was read
    facts = ActivityFacts.model_construct(_fields_set=set(checked.model_fields_set), **vars(checked))
    return Activity(event.id, facts, stated_on=event.recorded_on)


def complete(staged: Event, completed: Event) -> Activity:
    """Return the activity that an imported event begins, at the completion of its import: its date was stated then."""
    return replace(record(staged), stated_on=completed.recorded_on)


def amend(activity: Activity, event: Event) -> Activity:
    """Return the activity after a correction, a retraction or the reversal of its import."""
    match event.data:
        case ActivityCorrected(changes=changes):
            corrected = correct(activity.facts, changes)
            restated = corrected.occurred != activity.facts.occurred or _is_now_held(activity.facts, corrected)
            stated_on = event.recorded_on if restated else activity.stated_on
            return replace(activity, facts=corrected, stated_on=stated_on, amended_by=event.id)
        case ActivityRetracted() | ImportReversed():
            return replace(activity, withdrawn_by=event.id, amended_by=event.id)
        case _:
            raise DoesNotFit(f"{event.type} does not change an activity.", "Post a correction or a retraction.")


def restore(activity: Activity, event: Event) -> Activity:
    """Return the activity after what took it back was itself retracted."""
    return replace(activity, withdrawn_by=None, amended_by=event.id)


def correct(facts: ActivityFacts, changes: Mapping[str, Any]) -> ActivityFacts:
    """Return the facts with the changes made; null takes a value away.

    Raises `DoesNotFit` where the partnership would change (post the activity anew and retract this one, so that both
    partnerships' histories show it), and pydantic's `ValidationError` where the result is no valid activity.
    """
    if changes.get("partnership", facts.partnership) != facts.partnership:
        raise DoesNotFit(
            "An activity cannot move to another partnership.",
            "Retract it and record it under the right partnership.",
        )
    return ActivityFacts.model_validate(
        _merged(facts.model_dump(exclude_unset=True), changes, ActivityFacts.model_fields)
    )


def register(event: Event) -> Partnership:
    """Return the partnership that a `partnership.registered` event begins."""
    assert isinstance(event.data, PartnershipRegistered)
    facts = PartnershipFacts.model_validate(event.data.model_dump(exclude={"partnership"}, exclude_unset=True))
    return Partnership(event.data.partnership, facts)


def change(partnership: Partnership, event: Event) -> Partnership:
    """Return the partnership after a change or its end."""
    match event.data:
        case PartnershipChanged(changes=changes):
            return _changed(partnership, changes)
        case PartnershipEnded(ended_on=day):
            return replace(partnership, ended_on=day)
        case _:
            raise DoesNotFit(f"{event.type} does not change a partnership.", "Post “partnership.changed”.")


def _is_now_held(before: ActivityFacts, after: ActivityFacts) -> bool:
    """What was planned takes effect when it is known to have been held, not when the plan was posted."""
    return after.outcome is Outcome.HELD and before.outcome is not Outcome.HELD


def _changed(partnership: Partnership, changes: Mapping[str, Any]) -> Partnership:
    before = partnership.facts.model_dump(exclude_unset=True) | {"ended_on": partnership.ended_on}
    standing = PartnershipStanding.model_validate(_merged(before, changes, PartnershipStanding.model_fields))
    facts = PartnershipFacts.model_validate(standing.model_dump(exclude_unset=True, exclude={"ended_on"}))
    return Partnership(partnership.slug, facts, standing.ended_on)


def _merged(before: dict[str, Any], changes: Mapping[str, Any], known: Container[str]) -> dict[str, Any]:
    """Null takes a value away; an unknown field stays in, so that it is refused by name."""
    merged = {**before, **changes}
    return {name: value for name, value in merged.items() if value is not None or name not in known}
