"""What to do about a partnership: keep, review or end, by rules that name the facts they go by. Pure.

The rules are told in docs/decisions/0024-reports.md. They look at what was posted, never at who the partner is.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from shared.domain.codes import RatingCode, Requirement
from shared.domain.months import add_months

SOON_MONTHS = 12
"""An agreement that ends within so many months after the period is to be looked at in time."""
SILENCE_MONTHS = 12
"""Where nobody has posted for so long, the reporter's silence cannot be told from the partner's."""
BEST_FIRST = tuple(RatingCode)


class Advice(StrEnum):
    """What is recommended."""

    KEEP = "keep"
    REVIEW = "review"
    END = "end"


class Reason(StrEnum):
    """A fact that a recommendation goes by."""

    ACTIVE = "active"
    LESS_ACTIVE = "less_active"
    INACTIVE = "inactive"
    TOO_NEW = "too_new"
    DORMANT = "dormant"
    NOT_DORMANT = "not_dormant"
    NOBODY_TRIED = "nobody_tried"
    SOMEBODY_TRIED = "somebody_tried"
    NOBODY_POSTED = "nobody_posted"
    JUDGED_BETTER = "judged_better"
    JUDGED_WORSE = "judged_worse"
    UNCERTAIN = "uncertain"
    AGREEMENT_ENDED = "agreement_ended"
    AGREEMENT_ENDS = "agreement_ends"
    REQUIREMENTS_OPEN = "requirements_open"


@dataclass(frozen=True, slots=True)
class Standing:
    """The facts about a partnership on the last day of a period.

    `tried` are activities of the period that came to nothing or are planned: an invitation declined, a visit postponed.
    `agreement_ends` is the latest last day of an agreement, None where none names one. `open_requirements` are those not
    found to be met, empty where nobody has looked yet.
    """

    rating: RatingCode
    official: RatingCode | None
    uncertain: RatingCode | None
    provisional: bool
    dormant: bool
    tried: int
    last_posted_on: date | None
    agreement_ends: date | None
    open_requirements: Sequence[Requirement] = ()


def advise(standing: Standing, last: date, known_on: date) -> tuple[Advice, list[Reason]]:
    """Return what is recommended on the last day of a period, as known on a day, and every fact that speaks to it."""
    reasons = list(_reasons(standing, last, known_on))
    return _advice(standing, reasons), reasons


def _advice(standing: Standing, reasons: Sequence[Reason]) -> Advice:
    if standing.provisional:
        return Advice.KEEP
    if standing.rating is RatingCode.AKTIF and not set(reasons) - {Reason.ACTIVE}:
        return Advice.KEEP
    # To end is the one advice that cannot be taken back: everything known must speak for it.
    if (
        set(reasons) - {Reason.AGREEMENT_ENDED, Reason.AGREEMENT_ENDS, Reason.REQUIREMENTS_OPEN}
        == ALL_SPEAKS_FOR_THE_END
    ):
        return Advice.END
    return Advice.REVIEW


ALL_SPEAKS_FOR_THE_END = {Reason.INACTIVE, Reason.DORMANT, Reason.NOBODY_TRIED}


def _reasons(standing: Standing, last: date, known_on: date) -> list[Reason]:
    said = [RATING_REASONS[standing.rating]]
    if standing.provisional:
        said.append(Reason.TOO_NEW)
    if standing.rating is RatingCode.TIDAK_AKTIF:
        said.append(Reason.DORMANT if standing.dormant else Reason.NOT_DORMANT)
        said.append(Reason.SOMEBODY_TRIED if standing.tried else Reason.NOBODY_TRIED)
    elif standing.dormant:
        said.append(Reason.DORMANT)
    if standing.last_posted_on is None or add_months(standing.last_posted_on, SILENCE_MONTHS) < known_on:
        said.append(Reason.NOBODY_POSTED)
    if standing.official is not None and standing.official is not standing.rating:
        better = BEST_FIRST.index(standing.official) < BEST_FIRST.index(standing.rating)
        said.append(Reason.JUDGED_BETTER if better else Reason.JUDGED_WORSE)
    if standing.uncertain is not None:
        said.append(Reason.UNCERTAIN)
    if standing.agreement_ends is not None and standing.agreement_ends <= add_months(last, SOON_MONTHS):
        said.append(Reason.AGREEMENT_ENDED if standing.agreement_ends < last else Reason.AGREEMENT_ENDS)
    if standing.open_requirements:
        said.append(Reason.REQUIREMENTS_OPEN)
    return said


RATING_REASONS = {
    RatingCode.AKTIF: Reason.ACTIVE,
    RatingCode.KURANG_AKTIF: Reason.LESS_ACTIVE,
    RatingCode.TIDAK_AKTIF: Reason.INACTIVE,
}
