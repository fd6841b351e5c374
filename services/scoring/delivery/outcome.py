"""How an attempt ended, as a value, and what follows from it for the delivery."""

import random
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from services.scoring.delivery.timing import Quiet, next_attempt, outside_of

State = Literal["pending", "delivered", "failed", "dropped"]
LONGEST_EXCERPT = 200


@dataclass(frozen=True, slots=True)
class Outcome:
    """How an attempt ended: taken or not, the receiver's status, a sentence, and the beginning of what it answered.

    `is_over` where trying again is of no use; `gone` where the receiver wants nothing any more (410).
    """

    taken: bool
    words: str
    status: int | None = None
    excerpt: str = ""
    asked_for: timedelta | None = None
    is_over: bool = False
    gone: bool = False


@dataclass(frozen=True, slots=True)
class Settled:
    """What the delivery is now, and when it is due again if it is pending."""

    state: State
    due_at: datetime | None = None


def settle(
    outcome: Outcome,
    attempts: int,
    first_attempt_at: datetime,
    now: datetime,
    quiet: Quiet | None,
    zone: ZoneInfo,
    chance: random.Random,
) -> Settled:
    """Decide what becomes of a delivery after so many attempts that its receiver answered, or did not take."""
    if outcome.taken:
        return Settled("delivered")
    if outcome.is_over or outcome.gone:
        return Settled("failed")
    due = next_attempt(first_attempt_at, now, attempts, outcome.asked_for, chance)
    return Settled("failed") if due is None else Settled("pending", outside_of(quiet, due, zone))


def excerpt_of(raw: bytes) -> str:
    """Return the beginning of what was answered, as one line of what can be seen."""
    text = raw[: LONGEST_EXCERPT * 4].decode("utf-8", "replace")
    return "".join(each if each.isprintable() else " " for each in text)[:LONGEST_EXCERPT].strip()
