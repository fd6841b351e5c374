"""Look at a partnership: what must be told of it, and what was told without ground and is withdrawn. Pure.

What is told is the difference between what was announced and how it stands now. To look twice tells nothing twice.
"""

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import date, timedelta

from shared.domain.alerting import (
    LEADS,
    LEADS_BY_LAW,
    LONGEST_SILENCE_MONTHS,
    Alert,
    AlertKind,
    Announced,
    Cause,
    Open,
    Rule,
    Stands,
    Watch,
    whole_months,
)
from shared.domain.codes import RatingCode
from shared.domain.months import first_day_outside

Stood = Callable[[date], Stands | None]
"""How the partnership stood on a day, as known now, by the rubric of that day; None where it was not in force."""
WORST_LAST = {rating: number for number, rating in enumerate(RatingCode)}


def look(watch: Watch | None, now: Stands, stood: Stood | None, cause: Cause) -> tuple[list[Alert], Watch]:
    """Return the alerts to raise, in order, and the watch as it is then; `watch` is None at the first look.

    The first look tells how the partnership stands: that it is silent, that it will fall. Its rating is taken as known.
    `stood` is None where nothing new is known: what was founded then still is.
    """
    looking = _Looking(watch, now, cause)
    if stood is not None:
        looking.withdraw_what_is_unfounded(stood)
    looking.tell_rating()
    looking.tell_dormancy()
    looking.tell_silence()
    looking.tell_fall()
    return looking.alerts, looking.watch


def look_again_on(now: Stands) -> date:
    """Return the first day on which time alone may change the rating, or bring its fall nearer than was told."""
    days = [now.rating.dormant_on, *_days_of_fall(now)]
    return min((day for day in days if day is not None and day > now.on), default=date.max)


def listen_again_on(silent_since: date | None, on: date) -> date:
    """Return the first day after this one on which another whole month of silence is to be told."""
    if silent_since is None:
        return date.max
    months = whole_months(silent_since, on)
    return first_day_outside(silent_since, months + 1) if months < LONGEST_SILENCE_MONTHS else date.max


def is_founded(told: Open, then: Stands | None) -> bool:
    """Say whether an alert could still be raised, with what is known now, for the day on which it was."""
    if then is None:
        return False
    match told.kind:
        case AlertKind.RATING_FELL | AlertKind.RATING_ROSE:
            assert told.before is not None
            return _kind_of_change(told.before.rating, then.rating.rating) is told.kind
        case AlertKind.WILL_FALL:
            return then.rating.next_change is not None and then.rating.next_change.on <= told.due
        case AlertKind.DORMANT if told.rule is Rule.DORMANCY:
            return then.rating.dormant
        case AlertKind.DORMANT:
            return then.silent_months >= max(told.crossed)
        case _ if told.rule is Rule.DORMANCY:
            return not then.rating.dormant
        case _:
            return all(_has_ended(each, then) for each in told.closed)


class _Looking:
    """A look: what is known of now, what it tells, and how that changes the watch."""

    def __init__(self, watch: Watch | None, now: Stands, cause: Cause) -> None:
        self.watch = watch or Watch(Announced.of(now.rating))
        self.alerts: list[Alert] = []
        self._now = now
        self._cause = cause

    def withdraw_what_is_unfounded(self, stood: Stood) -> None:
        """Withdraw until all that is open is founded: what a withdrawn alert had closed is open, and looked at, again."""
        waiting = list(self.watch.open)
        while waiting:
            told = waiting.pop(0)
            if not is_founded(told, stood(told.on)):
                self._withdraw(told)
                waiting += told.closed

    def tell_rating(self) -> None:
        """Tell that the rating is another than the one announced."""
        before, after = self.watch.announced, Announced.of(self._now.rating)
        kind = _kind_of_change(before.rating, after.rating)
        if kind is not None:
            self._close(each for each in self.watch.open if each.rule is Rule.RATING)
            self._raise(kind, Rule.RATING, self._now.on, before=before)
            self.watch = replace(self.watch, announced=after)

    def tell_dormancy(self) -> None:
        """Tell that dormancy has begun, or that an activity has ended it; a rubric ends it silently."""
        told = self.watch.told(Rule.DORMANCY, AlertKind.DORMANT)
        if self._now.rating.dormant and not told:
            assert self._now.rating.dormant_on is not None
            self._close(self.watch.told(Rule.DORMANCY, AlertKind.REVIVED))
            self._raise(AlertKind.DORMANT, Rule.DORMANCY, self._now.rating.dormant_on)
        elif told and not self._now.rating.dormant:
            self._close(told)
            if _has_ended(told[0], self._now):
                self._tell_revived(Rule.DORMANCY, told)

    def tell_silence(self) -> None:
        """Tell which whole months of silence were reached, and before that of a silence that has ended."""
        ended = self._ended_silence()
        if ended:
            if any(each.kind is AlertKind.REVIVED for each in self.alerts):
                self._close(ended)
            else:
                self._tell_revived(Rule.SILENCE)
        crossed = self._months_reached()
        if crossed:
            assert self._now.silent_since is not None
            self._close(self.watch.told(Rule.SILENCE, AlertKind.REVIVED))
            due = first_day_outside(self._now.silent_since, crossed[-1])
            self._raise(AlertKind.DORMANT, Rule.SILENCE, due, by_law=False, crossed=crossed)

    def tell_fall(self) -> None:
        """Tell how near the next fall is; another fall takes the place of the one before, silently."""
        fall = self._now.rating.next_change
        told = self.watch.told(Rule.FALL, AlertKind.WILL_FALL)
        self._close(each for each in told if fall is None or each.due != fall.on)
        if fall is None:
            return
        known = {lead for each in told if each.due == fall.on for lead in each.crossed}
        crossed = tuple(lead for lead in LEADS if fall.on <= self._now.on + timedelta(days=lead) and lead not in known)
        if crossed:
            by_law = not LEADS_BY_LAW.isdisjoint(crossed)
            self._raise(AlertKind.WILL_FALL, Rule.FALL, fall.on, by_law=by_law, crossed=crossed)

    def _ended_silence(self) -> tuple[Open, ...]:
        told = self.watch.told(Rule.SILENCE, AlertKind.DORMANT)
        return tuple(each for each in told if _has_ended(each, self._now))

    def _tell_revived(self, rule: Rule, dormancy: tuple[Open, ...] = ()) -> None:
        silence = self._ended_silence()
        months = max((month for each in silence for month in each.crossed), default=None)
        assert self._now.silent_since is not None
        self._close(silence)
        self._raise(
            AlertKind.REVIVED,
            rule,
            self._now.silent_since,
            by_law=rule is Rule.DORMANCY,
            crossed=() if months is None else (months,),
            closed=(*dormancy, *silence),
        )

    def _months_reached(self) -> tuple[int, ...]:
        told = self.watch.told(Rule.SILENCE, AlertKind.DORMANT)
        known = {month for each in told for month in each.crossed}
        reached = min(self._now.silent_months, LONGEST_SILENCE_MONTHS)
        return tuple(month for month in range(1, reached + 1) if month not in known)

    def _raise(
        self,
        kind: AlertKind,
        rule: Rule,
        due: date,
        *,
        by_law: bool = True,
        crossed: tuple[int, ...] = (),
        before: Announced | None = None,
        closed: tuple[Open, ...] = (),
    ) -> None:
        alert = Alert(self._cause.alert_id(rule, due), kind, rule.value, by_law, crossed, due)
        told = Open(alert.id, kind, rule, by_law, crossed, due, self._now.on, before, closed)
        self.alerts.append(alert)
        self.watch = replace(self.watch, open=(*self.watch.open, told))

    def _withdraw(self, told: Open) -> None:
        rule = f"withdrawn/{told.rule}"
        alert = self._cause.alert_id(rule, told.due, told.alert)
        self.alerts.append(
            Alert(alert, AlertKind.WITHDRAWN, rule, told.by_law, told.crossed, told.due, about=told.alert)
        )
        self._close([told])
        self.watch = Watch(told.before or self.watch.announced, (*self.watch.open, *told.closed))

    def _close(self, told: Iterable[Open]) -> None:
        closed = {each.alert for each in told}
        self.watch = replace(self.watch, open=tuple(each for each in self.watch.open if each.alert not in closed))


def _kind_of_change(before: RatingCode, after: RatingCode) -> AlertKind | None:
    if before is after:
        return None
    return AlertKind.RATING_FELL if WORST_LAST[after] > WORST_LAST[before] else AlertKind.RATING_ROSE


def _has_ended(told: Open, now: Stands) -> bool:
    """Say whether an activity has taken effect since a silence was told."""
    return now.silent_since is not None and now.silent_since > told.on


def _days_of_fall(now: Stands) -> Iterable[date]:
    fall = now.rating.next_change
    return () if fall is None else (fall.on, *(fall.on - timedelta(days=lead) for lead in LEADS))
