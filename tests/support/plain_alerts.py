"""What must be told of partnerships, worked out in the plainest way: from everything, at every event, of every one."""

from dataclasses import dataclass, field
from datetime import date, timedelta
from uuid import UUID

from shared.domain.alerting import LEADS, Cause
from shared.domain.book import Book, fold
from shared.domain.codes import RatingCode
from shared.domain.events import DayClosed, Event
from shared.domain.months import subtract_months
from shared.domain.rating import History, Rating, fact_of, rate
from shared.domain.rulings import RULING_TYPES, rubric_in_force

BEST_FIRST = list(RatingCode)


@dataclass
class Told:
    """An alert that is open."""

    id: UUID
    kind: str
    rule: str
    by_law: bool
    crossed: list[int]
    due: date
    on: date
    before: RatingCode
    ended: list["Told"]


@dataclass
class Watched:
    rating: RatingCode
    open: list[Told] = field(default_factory=list)


class PlainAlerts:
    """The alerts that a ledger's events raise: `told` has (position, partnership, kind, rule, by law, crossed, due, on, id, about)."""

    def __init__(self) -> None:
        self.book = Book()
        self.rulings: list[Event] = []
        self.today = date.min
        self.in_time: date | None = None
        self.watched: dict[str, Watched] = {}
        self.told: list[tuple] = []
        self._rated: dict[tuple[str, date], Rating | None] = {}

    def read(self, event: Event) -> None:
        if fold(self.book, event) or event.type in RULING_TYPES:
            self._rated = {}
        if event.type in RULING_TYPES:
            self.rulings.append(event)
        begins = isinstance(event.data, DayClosed) and self._close(event.data.day, event.recorded_on)
        for slug in sorted(self.book.partnerships):
            if self.in_time is not None:
                self._look(event, slug, begins=begins)

    def _close(self, day: date, recorded_on: date) -> bool:
        if day < self.today:
            return False
        self.today = day + timedelta(days=1)
        if day + timedelta(days=1) < recorded_on:
            return False
        self.in_time = self.today
        return True

    def rated(self, slug: str, on: date) -> Rating | None:
        if (slug, on) not in self._rated:
            self._rated[slug, on] = self._rate(slug, on)
        return self._rated[slug, on]

    def _rate(self, slug: str, on: date) -> Rating | None:
        partnership = self.book.partnerships[slug]
        if not partnership.stands(on, on):
            return None
        of_it = [each for each in self.book.activities.values() if each.facts.partnership == slug]
        facts = tuple(fact_of(each) for each in of_it if each.withdrawn_by is None)
        return rate(History(slug, partnership.facts.mou_date, facts), rubric_in_force(self.rulings, on), on)

    def silent_since(self, slug: str, on: date) -> date | None:
        rating = self.rated(slug, on)
        return rating and (rating.last_activity_on or self.book.partnerships[slug].facts.mou_date)

    def months(self, slug: str, on: date) -> int:
        since = self.silent_since(slug, on)
        return sum(subtract_months(on, month) >= since for month in range(1, 121)) if since else 0

    def _look(self, event: Event, slug: str, *, begins: bool) -> None:
        on = self.in_time
        now = self.rated(slug, on)
        if now is None:
            self.watched.pop(slug, None)
            return
        if slug not in self.watched:
            if not begins:
                return
            self.watched[slug] = Watched(now.rating)
        watched, cause = self.watched[slug], Cause(event.home, slug, event.position)

        def tell(kind, rule, by_law, crossed, due, ended=()):
            alert = cause.alert_id(rule, due)
            told = Told(alert, kind, rule, by_law, list(crossed), due, on, watched.rating, list(ended))
            watched.open.append(told)
            self.told.append((event.position, slug, kind, rule, by_law, tuple(crossed), due, on, alert, None))

        while unfounded := [each for each in watched.open if not self._still_so(slug, each)]:
            each = unfounded[0]
            watched.open.remove(each)
            watched.open += each.ended
            if each.rule == "rating":
                watched.rating = each.before
            rule = f"withdrawn/{each.rule}"
            alert = cause.alert_id(rule, each.due, each.id)
            self.told.append(
                (
                    event.position,
                    slug,
                    "withdrawn",
                    rule,
                    each.by_law,
                    tuple(each.crossed),
                    each.due,
                    on,
                    alert,
                    each.id,
                )
            )

        if now.rating != watched.rating:
            fell = BEST_FIRST.index(now.rating) > BEST_FIRST.index(watched.rating)
            watched.open = [each for each in watched.open if each.rule != "rating"]
            tell("rating_fell" if fell else "rating_rose", "rating", True, [], on)
            watched.rating = now.rating

        since = self.silent_since(slug, on)
        silences = [each for each in watched.open if (each.rule, each.kind) == ("silence", "dormant")]
        over = [each for each in silences if since > each.on]
        longest = [max(month for each in over for month in each.crossed)] if over else []
        dormant = [each for each in watched.open if (each.rule, each.kind) == ("dormancy", "dormant")]
        if now.dormant and not dormant:
            watched.open = [each for each in watched.open if each.rule != "dormancy"]
            tell("dormant", "dormancy", True, [], now.dormant_on)
        revived = dormant and not now.dormant and since > dormant[0].on
        if dormant and not now.dormant:
            watched.open.remove(dormant[0])
        if revived:
            tell("revived", "dormancy", True, longest, since, ended=[*dormant, *over])
        watched.open = [each for each in watched.open if each not in over]
        if over and not revived:
            tell("revived", "silence", False, longest, since, ended=over)
        silences = [each for each in watched.open if (each.rule, each.kind) == ("silence", "dormant")]
        known = {month for each in silences for month in each.crossed}
        reached = [month for month in range(1, self.months(slug, on) + 1) if month not in known]
        if reached:
            watched.open = [each for each in watched.open if (each.rule, each.kind) != ("silence", "revived")]
            due = next(
                day
                for day in (since + timedelta(days=number) for number in range(10_000))
                if subtract_months(day, reached[-1]) >= since
            )
            tell("dormant", "silence", False, reached, due)

        fall = now.next_change.on if now.next_change else None
        watched.open = [each for each in watched.open if each.rule != "fall" or each.due == fall]
        known = {lead for each in watched.open if each.rule == "fall" for lead in each.crossed}
        near = [lead for lead in LEADS if fall and (fall - on).days <= lead and lead not in known]
        if near:
            tell("will_fall", "fall", bool({90, 30, 7} & set(near)), near, fall)

    def _still_so(self, slug: str, told: Told) -> bool:
        then = self.rated(slug, told.on)
        if then is None:
            return False
        match told.rule, told.kind:
            case "rating", "rating_fell":
                return BEST_FIRST.index(then.rating) > BEST_FIRST.index(told.before)
            case "rating", _:
                return BEST_FIRST.index(then.rating) < BEST_FIRST.index(told.before)
            case "dormancy", kind:
                return then.dormant == (kind == "dormant")
            case "silence", "dormant":
                return self.months(slug, told.on) >= max(told.crossed)
            case "silence", _:
                since = self.silent_since(slug, told.on)
                return since is not None and all(since > each.on for each in told.ended)
            case _:
                return then.next_change is not None and then.next_change.on <= told.due
