"""The dashboard: how many stand how, the map, who will fall, the months, all partnerships with their ten cells, what is new."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any

from services.reports.answers import position_for
from services.reports.charts.draw import draw
from services.reports.charts.values import HeatStrip, Map, Place
from services.reports.frame import Frame, Framed, Page, one_of, page_number, page_of, table_of
from services.reports.kept_ratings import KeptRatings, Standings
from services.reports.news import NewsLine, news_lines
from services.reports.page_store import read_months, read_news
from services.reports.question import Question
from services.reports.report import Table
from services.reports.views import RATING_WORDS, Row, row_of, said_in
from shared.domain.amend import Partnership
from shared.domain.cells import WAYS
from shared.domain.codes import Indicator, RatingCode
from shared.domain.homes import Home
from shared.domain.months import add_months, subtract_months
from shared.projection.homes import read_home_as_known
from shared.wire.rating_document import as_shown_to
from shared.wire.sheet import Value
from shared.words.dates import date_in_words
from shared.words.words import Language, Words

SOON_MONTHS = 12
ROWS_PER_PAGE = 100
MOST_FALLING = 8
MOST_NEWS = 8
MOST_ON_THE_MAP = 400
MOST_IN_THE_STRIP = 40
MONTHS_SHOWN, MOST_MONTHS = 24, 60
SORTS = ("rating", "name", "score", "change")
MARKS = ("falling", "dormant", "new")
Item = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Choice:
    """Which partnerships are listed, and in which order."""

    rating: str | None
    mark: str | None
    sort: str
    page: int

    @property
    def here(self) -> dict[str, str]:
        """The same as parameters of an address; the first page and the usual order are left out."""
        said = {"rating": self.rating, "mark": self.mark, "sort": self.sort if self.sort != "rating" else None}
        return {name: value for name, value in said.items() if value is not None}

    def takes(self, item: Item, day: date) -> bool:
        """Say whether a partnership is listed."""
        return self.rating in (None, item["rating"]) and (self.mark is None or has_mark(item, self.mark, day))


@dataclass(frozen=True, slots=True)
class Count:
    """How many partnerships there are of a kind, and the filter that lists them."""

    code: str
    word: str
    count: int
    filter: Mapping[str, str | None]
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class Falling:
    """A partnership that will fall: in how many days, out of how many that are looked ahead."""

    row: Row
    days: int


@dataclass(frozen=True, slots=True)
class Dashboard:
    """What the dashboard shows. `silent_since` is the day of the last activity known, where that is so long ago that
    every partnership is dormant: a reader should be told that nobody has posted, rather than that nobody has met.
    """

    total: int
    counts: Sequence[Count]
    rows: Sequence[Row]
    listed: int
    pages: Sequence[int]
    falling: Sequence[Falling]
    days_ahead: int
    map: str | None
    strip: str | None
    strip_links: Sequence[tuple[str, str, int]]
    strip_from: str
    strip_to: str
    news: Sequence[NewsLine]
    silent_since: date | None
    silent_since_in_words: str | None
    window_months: int


async def dashboard(
    frame: Framed,
    rating: str | None = None,
    mark: str | None = None,
    sort: str | None = None,
    page: str | None = None,
) -> Page:
    """Show how all partnerships stand."""
    choice = Choice(
        one_of("rating", rating, [each.value for each in RatingCode]),
        one_of("mark", mark, MARKS),
        one_of("sort", sort, SORTS) or "rating",
        page_number(page),
    )
    standings = await standings_for(frame)
    listed = listed_of(standings.items.values(), choice, frame.question.day, frame.words)
    shown = [as_shown_to(frame.reader, each) for each in page_of(listed, choice.page, ROWS_PER_PAGE)]
    news = await read_news(frame.pool, frame.reader, standings.position, MOST_NEWS)
    view = await _view(frame, standings, choice, listed, shown, news_lines(news, standings.registered, frame))
    return Page(
        frame=frame,
        template="dashboard.html",
        shown={"view": view, "choice": choice, "ratings": {**standings.head, "position": standings.position}},
        document=lambda: {**standings.document(frame.reader), "listed": [each["partnership"] for each in listed]},
        table=lambda: ratings_table([as_shown_to(frame.reader, each) for each in listed]),
        topic="dashboard",
        here=choice.here,
        live=standings.position,
    )


async def standings_for(frame: Frame) -> Standings:
    """Return how all partnerships stand that the reader may see."""
    kept: KeptRatings = frame.request.app.state.kept_ratings
    position = await position_for(frame.request, frame.question)
    found = await kept.of(frame.pool, frame.reader.home, frame.question, position, frame.zone)
    return found.held_to(frame.reader)


def listed_of(items: Any, choice: Choice, day: date, words: Words) -> list[Item]:  # noqa: ANN401 - any iterable of items
    """Return the partnerships that are listed, in the order asked for; the best rated first where none is."""
    taken = [each for each in items if choice.takes(each, day)]
    match choice.sort:
        case "name":
            return sorted(taken, key=lambda each: said_in(each["name"], words.language).casefold())
        case "score":
            return sorted(taken, key=lambda each: (-each["score"], each["partnership"]))
        case "change":
            return sorted(taken, key=lambda each: (_change_on(each) or "9999", each["partnership"]))
        case _:
            return sorted(taken, key=lambda each: (_rank(each["rating"]), -each["score"], each["partnership"]))


def has_mark(item: Item, mark: str, day: date) -> bool:
    """Say whether a partnership is dormant, too new to judge, or will fall soon."""
    match mark:
        case "dormant":
            return bool(item["dormant"])
        case "new":
            return bool(item["provisional"])
        case _:
            return (_change_on(item) or "9999") <= add_months(day, SOON_MONTHS).isoformat()


def ratings_table(items: Sequence[Item]) -> Table:
    """Return ratings as rows: one partnership each, its ten cells as numbers of lit ones."""
    cells = [(indicator, way) for indicator in Indicator for way in WAYS]
    keys = ["partnership", "name_id", "name_en", "rating", "official_rating", "score"]
    keys += [f"{indicator.value}_{way.value}" for indicator, way in cells]
    keys += ["provisional", "dormant", "next_change_on", "next_change_to", "last_activity_on"]
    return table_of("ratings", keys, [_cells_of(each, cells) for each in items])


def _cells_of(item: Item, cells: Sequence[tuple[Any, Any]]) -> list[Value]:
    change, official = item["next_change"] or {}, item["official"] or {}
    return [
        item["partnership"],
        item["name"].get("id"),
        item["name"].get("en"),
        item["rating"],
        official.get("rating"),
        item["score"],
        *(int(bool(item["cells"][indicator.value][way.value])) for indicator, way in cells),
        str(item["provisional"]).lower(),
        str(item["dormant"]).lower(),
        change.get("on"),
        change.get("rating"),
        item["last_activity_on"],
    ]


async def _view(
    frame: Frame,
    standings: Standings,
    choice: Choice,
    listed: Sequence[Item],
    shown: Sequence[Item],
    news: Sequence[NewsLine],
) -> Dashboard:
    items, words, day = list(standings.items.values()), frame.words, frame.question.day
    falling = _falling(items, day, words) if frame.question.on else []
    first, last = _months_shown(frame.question)
    strip, links = await _strip(frame, standings, shown[:MOST_IN_THE_STRIP], first, last)
    silent_since = _silent_since(items)
    home = await read_home_as_known(frame.pool, frame.reader.home, standings.position)
    return Dashboard(
        total=len(items),
        counts=_counts(items, choice, day, words, with_falling=frame.question.on is not None),
        rows=[row_of(each, words) for each in shown],
        listed=len(listed),
        pages=range(1, -(-len(listed) // ROWS_PER_PAGE) + 1),
        falling=falling,
        days_ahead=(add_months(day, SOON_MONTHS) - day).days,
        map=_map(frame, home, items, standings.registered),
        strip=strip,
        strip_links=links,
        strip_from=first.isoformat(),
        strip_to=last.isoformat(),
        news=news,
        silent_since=silent_since,
        silent_since_in_words=date_in_words(silent_since, words.language) if silent_since else None,
        window_months=standings.head["rubric"]["window_months"],
    )


def _counts(items: Sequence[Item], choice: Choice, day: date, words: Words, *, with_falling: bool) -> list[Count]:
    counts = [
        Count(
            code.value,
            words.say(RATING_WORDS[code]),
            sum(each["rating"] == code for each in items),
            {"rating": code.value, "mark": None, "page": None},
            choice.rating == code,
        )
        for code in RatingCode
    ]
    if with_falling:
        soon = sum(has_mark(each, "falling", day) for each in items)
        filter_ = {"mark": "falling", "rating": None, "page": None}
        counts.append(Count("", words.say("fall within 12 months"), soon, filter_, choice.mark == "falling"))
    return counts


def _falling(items: Sequence[Item], day: date, words: Words) -> list[Falling]:
    soon = [each for each in items if has_mark(each, "falling", day)]
    soon.sort(key=lambda each: (each["next_change"]["on"], each["partnership"]))
    return [
        Falling(row_of(each, words), (date.fromisoformat(each["next_change"]["on"]) - day).days)
        for each in soon[:MOST_FALLING]
    ]


def _map(frame: Frame, home: Home | None, items: Sequence[Item], registered: Mapping[str, Partnership]) -> str | None:
    places = []
    for each in sorted(items, key=lambda each: (_rank(each["rating"]), each["partnership"]))[:MOST_ON_THE_MAP]:
        facts = registered[each["partnership"]].facts
        if facts.latitude is not None and facts.longitude is not None:
            name = said_in(each["name"], frame.words.language)
            places.append(Place(name, facts.latitude, facts.longitude, RatingCode(each["rating"])))
    return _drawn_map(home.facts.place if home else None, tuple(places), frame.words.language) if places else None


@lru_cache(maxsize=64)
def _drawn_map(home: tuple[float, float] | None, places: tuple[Place, ...], language: Language) -> str:
    """Draw the map; it changes with a rating only."""
    words = Words(language)
    description = words.say("Each partner is a shape, a colour and a name; the same stands in the list below.")
    return draw(Map(home, places), title=words.say("Map"), description=description, language=language, theme="page")


async def _strip(
    frame: Frame, standings: Standings, shown: Sequence[Item], first: date, last: date
) -> tuple[str | None, list[tuple[str, str, int]]]:
    """Return the heat strip, and for each of its lines the partnership, its name and how many there were."""
    words = frame.words
    slugs = [each["partnership"] for each in shown]
    counted = await read_months(frame.pool, frame.reader.home, slugs, standings.position, first, last)
    if not any(counted.values()):
        return None, []
    months = _months(first, last)
    names = {each["partnership"]: said_in(each["name"], words.language) for each in shown}
    lines = [(names[slug], [counted[slug].get(month, 0) for month in months]) for slug in slugs]
    description = words.say("Darker where more happened; how many there were in all stands at the end of each line.")
    title = words.say("Activities by month")
    drawn = draw(HeatStrip(months, lines), title=title, description=description, language=words.language, theme="page")
    return drawn, [(slug, names[slug], sum(counted[slug].values())) for slug in slugs]


def _months_shown(question: Question) -> tuple[date, date]:
    """Return the first and the last day of the strip: the period as far as it has room, or two years up to the day."""
    if question.first is None:
        return subtract_months(question.day, MONTHS_SHOWN - 1).replace(day=1), question.day
    return max(question.first, subtract_months(question.day, MOST_MONTHS - 1).replace(day=1)), question.day


def _months(first: date, last: date) -> list[str]:
    months, month = [], first.replace(day=1)
    while month <= last:
        months.append(f"{month:%Y-%m}")
        month = add_months(month, 1)
    return months


def _silent_since(items: Sequence[Item]) -> date | None:
    last = max((each["last_activity_on"] for each in items if each["last_activity_on"]), default=None)
    return date.fromisoformat(last) if last and all(each["dormant"] for each in items) else None


def _change_on(item: Item) -> str | None:
    return item["next_change"]["on"] if item["next_change"] else None


def _rank(code: str) -> int:
    return list(RatingCode).index(RatingCode(code))
