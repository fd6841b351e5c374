"""The two clocks of every question, read from the URL in one place: the day in the world, the moment in the ledger."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from shared.domain.occurred import NotADate, parse_occurred
from shared.wire.problems import Fault, Finding, Problem


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked: a day `on`, or a period `first` to `last`; and `known`, the last moment that may be looked at.

    `known` is None for all that stands now.
    """

    on: date | None
    first: date | None
    last: date | None
    known: datetime | None
    known_text: str | None

    @property
    def day(self) -> date:
        """The day for which is judged what depends on one: the day asked for, or the period's last."""
        day = self.on or self.last
        assert day is not None
        return day


def read_question(
    on: str | None, first: str | None, last: str | None, known: str | None, today: date, zone: tzinfo
) -> Question:
    """Read the clocks; `on` is today where nothing is given.

    What is empty counts as not given, as a form sends it. A date as `known` means the end of that day in the home's time
    zone. Raises `Fault` (422) for what is no day, for a
    period with one end, for both a day and a period.
    """
    on, first, last, known = on or None, first or None, last or None, known or None
    if on is not None and (first is not None or last is not None):
        raise _fault("on", "A question is for a day (on) or for a period (from, to), not both.", "Leave one out.")
    if (first is None) != (last is None):
        name = "to" if last is None else "from"
        raise _fault(name, f"The period has no “{name}”.", "Give both ends, or “on” for one day.")
    period = (read_day("from", first), read_day("to", last)) if first is not None and last is not None else None
    if period and period[1] < period[0]:
        raise _fault("to", "The period ends before it begins.", "Put the earlier day into “from”.")
    return Question(
        on=None if period else (read_day("on", on) if on is not None else today),
        first=period[0] if period else None,
        last=period[1] if period else None,
        known=_known(known, zone) if known is not None else None,
        known_text=known,
    )


def read_day(name: str, text: str) -> date:
    """Read the day that a parameter names. Raises `Fault` (422) for what is no day."""
    try:
        occurred = parse_occurred(text)
    except NotADate as error:
        raise _fault(name, error.problem, "Write a day, such as 2020-12-31.") from error
    if occurred.first != occurred.last or "/" in text:
        raise _fault(name, f"“{text}” is not one day.", "Write a day, such as 2020-12-31.")
    return occurred.first


def _known(text: str, zone: tzinfo) -> datetime:
    remedy = "Write a day (2021-03-01) or a moment (2021-03-01T09:00:00Z)."
    if len(text) == 10:
        next_day = read_day("known", text) + timedelta(days=1)
        return datetime.combine(next_day, time.min, zone).astimezone(UTC) - timedelta(microseconds=1)
    try:
        # A plus sign that was not escaped arrives as a space.
        moment = datetime.fromisoformat(text.strip().upper().replace(" ", "+"))
        if moment.tzinfo is None:
            raise _fault("known", f"“{text[:40]}” does not say its time zone.", remedy)
        return moment.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise _fault("known", f"“{text[:40]}” is not a moment.", remedy) from error


def _fault(name: str, problem: str, remedy: str) -> Fault:
    finding = Finding(name, problem, remedy)
    return Fault(Problem(422, "invalid", "The question cannot be answered as it stands.", remedy, (finding,)))
