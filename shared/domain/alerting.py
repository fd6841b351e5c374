"""What subscribers are told of a partnership: the kinds of alerts, and what of those already told is still open. Pure."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Self
from uuid import UUID, uuid5

from shared.domain.cells import CELLS, Cell
from shared.domain.codes import RatingCode
from shared.domain.events import NAMES_OF_DERIVED_IDS
from shared.domain.months import first_day_outside
from shared.domain.rating import Rating

LEADS = (180, 120, 90, 60, 45, 30, 21, 14, 7, 3, 1)
"""So many days ahead a fall is told; each subscriber chooses some of them."""
LEADS_BY_LAW = frozenset({90, 30, 7})
"""Those of them that everybody is told who has chosen none."""
LONGEST_SILENCE_MONTHS = 120
"""Silence is told month by month up to here, for subscribers with a threshold of their own."""


class AlertKind(StrEnum):
    """What an alert says."""

    DORMANT = "dormant"
    REVIVED = "revived"
    RATING_FELL = "rating_fell"
    RATING_ROSE = "rating_rose"
    WILL_FALL = "will_fall"
    WITHDRAWN = "withdrawn"


class Rule(StrEnum):
    """Why an alert is raised: another rating, the rubric's dormancy, whole months of silence, a fall ahead."""

    RATING = "rating"
    DORMANCY = "dormancy"
    SILENCE = "silence"
    FALL = "fall"


WITHDRAWN_RULES = tuple(f"withdrawn/{rule}" for rule in Rule)
"""Under which rules alerts are withdrawn, one for each."""


@dataclass(frozen=True, slots=True)
class Alert:
    """An alert as it is raised.

    `crossed` are the months of silence or the days ahead that were reached; `by_law` says whether it is for those who set
    no threshold of their own; `due` is the day it is about; `about` the alert that it withdraws.
    """

    id: UUID
    kind: AlertKind
    rule: str
    by_law: bool
    crossed: tuple[int, ...]
    due: date
    about: UUID | None = None


@dataclass(frozen=True, slots=True)
class Cause:
    """The event that made somebody look at a partnership."""

    home: str
    partnership: str
    position: int

    def alert_id(self, rule: str, due: date, about: UUID | None = None) -> UUID:
        """Return the one id that an alert of this cause can have, so that a rebuild gives it the same."""
        withdrawn = f"/{about}" if about else ""
        name = f"{self.home}/{self.partnership}/alert/{rule}/{due.isoformat()}/{self.position}{withdrawn}"
        return uuid5(NAMES_OF_DERIVED_IDS, name)


@dataclass(frozen=True, slots=True)
class Stands:
    """How a partnership stands on a day, and since when it is silent: None where nothing ever began."""

    on: date
    rating: Rating
    silent_since: date | None

    @classmethod
    def of(cls, rating: Rating, mou_date: date | None, on: date) -> Self:
        """Return how a rating says that it stands; without any activity silence is counted from the memorandum."""
        return cls(on, rating, rating.last_activity_on or mou_date)

    @property
    def silent_months(self) -> int:
        """The whole months of silence, as dormancy counts them."""
        return whole_months(self.silent_since, self.on) if self.silent_since else 0


def whole_months(since: date, on: date) -> int:
    """Return the most months whose window, on a day, no longer reaches back to `since`; 0 where there are none."""
    months = (on.year - since.year) * 12 + on.month - since.month
    if months > 0 and first_day_outside(since, months) > on:
        months -= 1
    return max(0, months)


@dataclass(frozen=True, slots=True)
class Announced:
    """The rating that was announced last, with its lit cells in the study's order."""

    rating: RatingCode
    score: int
    lit: tuple[Cell, ...]

    @classmethod
    def of(cls, rating: Rating) -> Self:
        """Return what is announced with a rating."""
        return cls(rating.rating, rating.score, tuple(cell for cell in CELLS if rating.cells[cell].activities))


@dataclass(frozen=True, slots=True)
class Open:
    """An alert that may still turn out to have been unfounded.

    `on` is the day it was raised for; `before` is what was announced before it, of a rating's alert; `closed` are the
    alerts that it closed and that are open again if it is withdrawn.
    """

    alert: UUID
    kind: AlertKind
    rule: Rule
    by_law: bool
    crossed: tuple[int, ...]
    due: date
    on: date
    before: Announced | None = None
    closed: tuple["Open", ...] = ()


@dataclass(frozen=True, slots=True)
class Watch:
    """What was announced of a partnership: its rating, and the alerts that are open."""

    announced: Announced
    open: tuple[Open, ...] = ()

    def told(self, rule: Rule, kind: AlertKind) -> tuple[Open, ...]:
        """Return what is open of a rule and a kind."""
        return tuple(each for each in self.open if each.rule is rule and each.kind is kind)

    def minds(self, effective: date) -> bool:
        """Say whether an activity that takes effect on this day may end, or belie, something that is open."""
        return any(each.on >= effective or each.kind in (AlertKind.DORMANT, AlertKind.WILL_FALL) for each in self.open)
