"""Which partnerships of a home are watched, when each is to be looked at again, and what a look finds. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cache

from services.scoring.grade import leaves_as_it_is
from services.scoring.standing import Standing, slug_of
from shared.domain.alerting import Alert, Announced, Cause, Stands, Watch, whole_months
from shared.domain.amend import Activity, Partnership
from shared.domain.events import (
    ActivityRecorded,
    DayClosed,
    Event,
    MilestoneReached,
    ProgrammeAgreed,
    RatingLifted,
    RatingSet,
    RubricAdopted,
)
from shared.domain.foresight import Foresight
from shared.domain.occurred import parse_occurred
from shared.domain.rating import Fact
from shared.domain.rulings import rubric_in_force
from shared.domain.watching import listen_again_on, look, look_again_on

TELLS_NOTHING = (MilestoneReached, ProgrammeAgreed, RatingSet, RatingLifted)
CATCHES_UP_AFTER = timedelta(days=1)
"""A day that is closed later than this after it was over is caught up with: the last one closed tells the difference."""


@dataclass(frozen=True, slots=True)
class Raised:
    """What a look at a partnership told, and all that is said of it beside: how it stood on the day `on` and before."""

    event: Event
    partnership: Partnership
    on: date
    alerts: tuple[Alert, ...]
    before: Announced
    now: Stands
    last: Fact | None
    foresight: Foresight


def is_in_time(event: Event) -> bool:
    """Say whether a day was closed right after it was over."""
    return isinstance(event.data, DayClosed) and event.data.day >= event.recorded_on - CATCHES_UP_AFTER


@dataclass(slots=True)
class Watches:
    """The watches of a home after the events that were taken; `today` is the day after the last that was closed in time.

    `known` has the partnerships that were looked up so far, None for those that are not watched; `changed` those whose
    watch is another than the tables have.
    """

    today: date | None
    known: dict[str, Watch | None] = field(default_factory=dict)
    changed: set[str] = field(default_factory=set)
    _look_again_on: dict[str, date] = field(default_factory=dict)
    _listen_again_on: dict[str, date] = field(default_factory=dict)

    def take(
        self, event: Event, changed: Iterable[Activity | Partnership], imported: Iterable[str], standing: Standing
    ) -> Iterable[str]:
        """Return the partnerships to look at, once the home stands as it does after the event, and none is graded anew."""
        if isinstance(event.data, DayClosed):
            return self._begin(event, standing)
        if isinstance(event.data, RubricAdopted):
            return self._watched(standing.registry)
        if isinstance(event.data, TELLS_NOTHING) or event.import_id is not None:
            return ()
        touched = {event.partnership, *imported, *map(slug_of, changed)}
        watched = self._watched(slug for slug in touched if slug in standing.registry)
        return [slug for slug in watched if not self._surely_leaves(event, slug, standing)]

    def look(self, event: Event, slug: str, standing: Standing) -> Raised | None:
        """Look at a partnership after an event was taken; return what is to be told, None for nothing."""
        on, partnership, watch = self.today, standing.registry[slug], self.known.get(slug)
        assert on is not None
        rating = standing.rate(slug, on)
        if rating is None:
            self._keep(slug, None)
            return None

        @cache
        def stood(day: date) -> Stands | None:
            then = standing.rate(slug, day)
            return Stands.of(then, partnership.facts.mou_date, day) if then else None

        now = Stands.of(rating, partnership.facts.mou_date, on)
        is_news = not isinstance(event.data, DayClosed)
        alerts, after = look(watch, now, stood if is_news else None, Cause(event.home, slug, event.position))
        self._keep(slug, after)
        self._listen_again_on[slug] = listen_again_on(now.silent_since, on)
        self._look_again_on[slug] = min(
            look_again_on(now), standing.facts[slug].next_after(on), _first_day_over(partnership)
        )
        if not alerts:
            return None
        before = watch.announced if watch else after.announced
        last, foresight = standing.facts[slug].last_by(on), standing.foresee(rating, on)
        return Raised(event, partnership, on, tuple(alerts), before, now, last, foresight)

    def take_changed(self) -> dict[str, Watch | None]:
        """Return the watches that the tables do not have yet; they are taken to be written now."""
        changed, self.changed = self.changed, set()
        return {slug: self.known[slug] for slug in changed}

    def _begin(self, event: Event, standing: Standing) -> Iterable[str]:
        if not (is_in_time(event) and standing.has_begun_a_day):
            return ()
        before, self.today = self.today, standing.today
        assert self.today is not None
        if before is None or rubric_in_force(standing.rulings, before) != rubric_in_force(standing.rulings, self.today):
            return list(standing.registry)
        return [slug for slug in standing.registry if self._is_due(slug, standing, self.today)]

    def _is_due(self, slug: str, standing: Standing, day: date) -> bool:
        if self.known.get(slug) is None:
            return standing.registry[slug].stands(day, day)
        if self._look_again_on.get(slug, date.min) <= day:
            return True
        return self._listen_again_on.get(slug, date.min) <= day and self._is_silent(slug, standing, day)

    def _is_silent(self, slug: str, standing: Standing, day: date) -> bool:
        """Say whether a month of silence is over; where not, an activity that nobody looked at has put it off."""
        last = standing.facts[slug].last_by(day)
        since = last.effective if last else standing.registry[slug].facts.mou_date
        if since is None or whole_months(since, day):
            return True
        self._listen_again_on[slug] = listen_again_on(since, day)
        return False

    def _watched(self, slugs: Iterable[str]) -> list[str]:
        return sorted(slug for slug in slugs if self.known.get(slug) is not None)

    def _surely_leaves(self, event: Event, slug: str, standing: Standing) -> bool:
        """Say whether an event surely gives nothing to tell: it lights what is lit, and ends or belies nothing told."""
        watch, held = self.known[slug], standing.held.get(slug)
        if not isinstance(event.data, ActivityRecorded) or self.today is None or self.today != standing.today:
            return False
        if watch is None or held is None or held.grade is None:
            return False
        effective = min(parse_occurred(event.data.occurred).last, event.recorded_on)
        if effective > self.today or watch.minds(effective):
            return False
        travel = rubric_in_force(standing.rulings, self.today).travel
        return leaves_as_it_is(event, held.grade, travel=travel)

    def _keep(self, slug: str, watch: Watch | None) -> None:
        if self.known.get(slug) != watch:
            self.changed.add(slug)
        self.known[slug] = watch


def _first_day_over(partnership: Partnership) -> date:
    return partnership.ended_on + timedelta(days=1) if partnership.ended_on is not None else date.max
