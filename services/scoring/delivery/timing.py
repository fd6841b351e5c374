"""When a message is due: outside of quiet hours, at a digest's moment, and after how long it is tried again."""

import random
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

PAUSES = tuple(timedelta(seconds=seconds) for seconds in (5, 30, 120, 600, 1_800, 3_600, 7_200, 14_400, 21_600, 28_800))
"""After each attempt that failed; the last one stays."""
GIVEN_UP_AFTER = timedelta(days=3)
LONGEST_WAIT_ASKED_FOR = timedelta(hours=12)
JITTER = 0.2
"""Each pause is longer or shorter by up to this share, so that what failed together is not tried again together."""
DIGEST_AT = time(7)
"""In the home's zone; a weekly digest comes on Mondays."""


@dataclass(frozen=True, slots=True)
class Quiet:
    """The hours of a day in which nothing is sent, from the first moment on, up to the last; they may pass midnight."""

    begins: time
    ends: time

    def hold(self, moment: datetime, zone: ZoneInfo) -> datetime:
        """Return the moment, or the end of the quiet hours in which it lies, in UTC."""
        local = moment.astimezone(zone)
        now = local.time()
        across = self.ends <= self.begins
        is_quiet = (now >= self.begins or now < self.ends) if across else self.begins <= now < self.ends
        if not is_quiet or self.begins == self.ends:
            return moment.astimezone(UTC)
        day = local.date() + timedelta(days=1 if across and now >= self.begins else 0)
        # Where the clocks are put back the end of the hours may have been already: then nothing is quiet any more.
        return max(moment, datetime.combine(day, self.ends, zone)).astimezone(UTC)


def outside_of(quiet: Quiet | None, moment: datetime, zone: ZoneInfo) -> datetime:
    """Return when something that is due at a moment may be sent."""
    return moment if quiet is None else quiet.hold(moment, zone)


def digest_after(moment: datetime, zone: ZoneInfo, *, weekly: bool) -> datetime:
    """Return when the digest is due that gathers what is raised at a moment: always later."""
    day = moment.astimezone(zone).date()
    while True:
        due = datetime.combine(day, DIGEST_AT, zone)
        if due > moment and (not weekly or day.weekday() == 0):
            return due.astimezone(UTC)
        day += timedelta(days=1)


def next_attempt(
    first_attempt_at: datetime, now: datetime, attempts: int, asked_for: timedelta | None, chance: random.Random
) -> datetime | None:
    """Return when to try again after so many attempts, None where it is given up.

    `asked_for` is how long the receiver asked to be left alone: never shorter than our own pause, never longer than
    twelve hours.
    """
    if now - first_attempt_at >= GIVEN_UP_AFTER:
        return None
    pause = PAUSES[min(attempts, len(PAUSES)) - 1] * chance.uniform(1 - JITTER, 1 + JITTER)
    if asked_for is not None:
        pause = max(pause, min(asked_for, LONGEST_WAIT_ASKED_FOR))
    # The last attempt is made when the three days are over, not left out because a pause leads beyond them.
    return min(now + pause, max(first_attempt_at + GIVEN_UP_AFTER, now + PAUSES[0]))
