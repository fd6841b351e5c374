"""How later events change what an earlier one said: corrections, retractions, changes to the registry."""

from collections.abc import Container, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any
from uuid import UUID

from pydantic import TypeAdapter

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
)
from shared.domain.text import Day


@dataclass(frozen=True, slots=True)
class Activity:
    """An activity as it stands after every correction read so far.

    `stated_on` is the day, in the home's time zone, on which its date was last stated: an activity cannot take effect
    after that. `withdrawn_by` is the retraction or the reversed import that took it out, None while it counts.
    """

    id: UUID
    facts: ActivityFacts
    stated_on: date
    withdrawn_by: UUID | None = None


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


_DAY: TypeAdapter[date | None] = TypeAdapter(Day | None)


class DoesNotFit(ValueError):
    """The change cannot be made to what it names; the message says why and what to do."""


def record(event: Event) -> Activity:
    """Return the activity that an `activity.recorded` event begins."""
    assert isinstance(event.data, ActivityRecorded)
    facts = ActivityFacts.model_validate(event.data.model_dump(exclude_unset=True))
    return Activity(event.id, facts, stated_on=event.recorded_on)


def amend(activity: Activity, event: Event) -> Activity:
    """Return the activity after a correction, a retraction or the reversal of its import."""
    match event.data:
        case ActivityCorrected(changes=changes):
            corrected = correct(activity.facts, changes)
            restated = corrected.occurred != activity.facts.occurred
            return replace(activity, facts=corrected, stated_on=event.recorded_on if restated else activity.stated_on)
        case ActivityRetracted() | ImportReversed():
            return replace(activity, withdrawn_by=event.id)
        case _:
            raise DoesNotFit(f"{event.type} does not change an activity")


def correct(facts: ActivityFacts, changes: Mapping[str, Any]) -> ActivityFacts:
    """Return the facts with the changes made; null takes a value away.

    Raises `DoesNotFit` where the partnership would change (post the activity anew and retract this one, so that both
    partnerships' histories show it), and pydantic's `ValidationError` where the result is no valid activity.
    """
    if changes.get("partnership", facts.partnership) != facts.partnership:
        raise DoesNotFit(
            "An activity cannot move to another partnership. Retract it and record it under the right partnership."
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
            facts = change_facts(partnership.facts, {name: changes[name] for name in changes if name != "ended_on"})
            ended_on = _DAY.validate_python(changes.get("ended_on", partnership.ended_on))
            return replace(partnership, facts=facts, ended_on=ended_on)
        case PartnershipEnded(ended_on=day):
            return replace(partnership, ended_on=day)
        case _:
            raise DoesNotFit(f"{event.type} does not change a partnership")


def change_facts(facts: PartnershipFacts, changes: Mapping[str, Any]) -> PartnershipFacts:
    """Return the registry's facts with the changes made; null takes a value away."""
    return PartnershipFacts.model_validate(
        _merged(facts.model_dump(exclude_unset=True), changes, PartnershipFacts.model_fields)
    )


def _merged(before: dict[str, Any], changes: Mapping[str, Any], known: Container[str]) -> dict[str, Any]:
    """Null takes a value away; an unknown field stays in, so that it is refused by name."""
    merged = {**before, **changes}
    return {name: value for name, value in merged.items() if value is not None or name not in known}
