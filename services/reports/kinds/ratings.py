"""Activity ratings over a period: all partnerships, by rating, by issue, and where the bureau judges otherwise."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from services.reports.charts.values import Grid, Grids, HeatStrip, Map, Place
from services.reports.compose import compose_ratings
from services.reports.kinds.frame import day_in_words, framed, issue_in_words, name_of, rating_in_words
from services.reports.material import Material, by_memorandum
from services.reports.question import Question
from services.reports.report import Block, Chart, Column, ColumnKind, Paragraph, Report, Section, Table
from shared.domain.amend import Partnership
from shared.domain.cells import WAYS, Cell
from shared.domain.codes import Direction, Indicator, RatingCode
from shared.wire.sheet import Value
from shared.words.codes import DIRECTION_WORDS, INDICATOR_WORDS
from shared.words.words import Words

MOST_DRAWN = 60
"""So many partnerships are drawn; of more, a drawing shows nothing that the table does not."""
MOST_MONTHS = 120
NO_ISSUE = "none"


@dataclass(frozen=True, slots=True)
class Rated:
    """A partnership, how it stood over the period, and how many activities counted."""

    partnership: Partnership
    item: dict[str, Any]
    counted: int

    @property
    def code(self) -> RatingCode:
        """The computed rating."""
        return RatingCode(self.item["rating"])

    @property
    def official(self) -> RatingCode | None:
        """The bureau's own judgement in force on the period's last day."""
        return RatingCode(self.item["official"]["rating"]) if self.item["official"] else None

    @property
    def differs(self) -> bool:
        """Whether the bureau judges otherwise than the rubric."""
        return self.official is not None and self.official is not self.code

    @property
    def issue(self) -> str:
        """The issue that the partnership serves."""
        return self.partnership.facts.issue_basis or NO_ISSUE

    @property
    def lit(self) -> frozenset[Cell]:
        """The cells that are lit."""
        return frozenset(
            Cell(indicator, way) for indicator in Indicator for way in WAYS if self.item["cells"][indicator][way]
        )


def compose(material: Material) -> Report:
    """Compose the report of ratings."""
    words = material.words
    answer = _answer(material)
    rated = _rated(material, answer["items"])
    sections = [
        _summary(rated, words),
        Section("all", words.say("All partnerships"), [_all(rated, words), *_drawn(rated, material)]),
        Section("by-rating", words.say("By rating"), [_of_rating(code, rated, words) for code in RatingCode]),
        Section("by-issue", words.say("By issue"), [_of_issue(issue, rated, words) for issue in _issues(rated)]),
        _judged_otherwise(rated, words),
    ]
    return framed(
        material, words.say("Activity ratings of the partnerships"), sections, "ratings", _data(answer, rated)
    )


def _answer(material: Material) -> dict[str, Any]:
    asked = material.asked
    question = Question(None, asked.first, asked.last, asked.known, None)
    return compose_ratings(material.known, question, material.rubric, newest=True)


def _rated(material: Material, items: Iterable[dict[str, Any]]) -> list[Rated]:
    """Return all in the order of the study's tables: the oldest memorandum first."""
    by_slug = {each.slug: each for each in material.known.partnerships}
    rated = [
        Rated(by_slug[item["partnership"]], without_author(item), material.counted.get(item["partnership"], 0))
        for item in items
    ]
    return sorted(rated, key=lambda each: by_memorandum(each.partnership))


def without_author(item: dict[str, Any]) -> dict[str, Any]:
    """Return a rating's document as a report holds it: no report names an account."""
    official = item["official"]
    return item if official is None else {**item, "official": {**official, "author": None}}


def _summary(rated: Sequence[Rated], words: Words) -> Section:
    columns = [
        Column("issue", words.say("Issue basis")),
        *(Column(code.value, rating_in_words(code, words), ColumnKind.NUMBER) for code in RatingCode),
        Column("all", words.say("All"), ColumnKind.NUMBER),
    ]
    rows = [
        _counts(_issue_named(issue, words), [each for each in rated if each.issue == issue]) for issue in _issues(rated)
    ]
    rows.append(_counts(words.say("All"), rated))
    table = Table("summary", words.say("How many of each rating, by issue"), columns, rows)
    return Section("summary", words.say("Summary"), [Paragraph(_in_a_sentence(rated, words)), table])


def _issue_named(issue: str, words: Words) -> str:
    return words.say("no issue named") if issue == NO_ISSUE else issue_in_words(issue, words)


def _counts(issue: str, rated: Sequence[Rated]) -> list[Value]:
    return [issue, *(sum(each.code is code for each in rated) for code in RatingCode), len(rated)]


def _in_a_sentence(rated: Sequence[Rated], words: Words) -> str:
    return words.say(
        "Of %(all)s partnerships in force in the period, %(aktif)s were active, %(kurang)s less active and %(tidak)s "
        "inactive by the rubric.",
        all=len(rated),
        aktif=sum(each.code is RatingCode.AKTIF for each in rated),
        kurang=sum(each.code is RatingCode.KURANG_AKTIF for each in rated),
        tidak=sum(each.code is RatingCode.TIDAK_AKTIF for each in rated),
    )


def _all(rated: Sequence[Rated], words: Words) -> Table:
    columns = [
        *_named_columns(words),
        Column("rating", words.say("Rating"), ColumnKind.RATING),
        Column("score", words.say("Score"), ColumnKind.NUMBER),
        *(Column(each.value, words.say(INDICATOR_WORDS[each])) for each in Indicator),
        Column("counted", words.say("Activities counted"), ColumnKind.NUMBER),
        Column("last_activity_on", words.say("Last activity"), ColumnKind.DAY),
        Column("official", words.say("Official rating"), ColumnKind.RATING),
        Column("uncertain", words.say("With the first possible days"), ColumnKind.RATING),
        Column("marks", words.say("Remarks")),
    ]
    notes = [
        words.say("A cell is lit by an activity within the period."),
        words.say(
            "The score is how many of the ten cells are lit; the official rating stands beside the computed one."
        ),
    ]
    return Table("ratings", words.say("Activity ratings"), columns, [_row(each, words) for each in rated], notes)


def _named_columns(words: Words) -> list[Column]:
    return [
        Column("name", words.say("Partnership")),
        Column("partnership", words.say("Short name"), ColumnKind.CODE, detail=True),
    ]


def _row(rated: Rated, words: Words) -> list[Value]:
    item = rated.item
    ways = [_ways(item["cells"][each], words) for each in Indicator]
    last = item["last_activity_on"]
    return [
        name_of(rated.partnership, words),
        rated.partnership.slug,
        rated.code.value,
        item["score"],
        *ways,
        rated.counted,
        date.fromisoformat(last) if last else None,
        rated.official.value if rated.official else None,
        item["uncertain"],
        _marks(rated, words),
    ]


def _ways(cells: dict[str, Any], words: Words) -> str | None:
    """Return the lit cells of an indicator in words, None where both are dark."""
    said = {Direction.OUTBOUND: words.say("outbound"), Direction.INBOUND: words.say("inbound")}
    return ", ".join(said[way] for way in WAYS if cells[way]) or None


def _marks(rated: Rated, words: Words) -> str | None:
    marks = [
        words.say("too new to judge") if rated.item["provisional"] else None,
        words.say("dormant") if rated.item["dormant"] else None,
        words.say("the bureau judges otherwise") if rated.differs else None,
    ]
    return "; ".join(each for each in marks if each) or None


def _drawn(rated: Sequence[Rated], material: Material) -> list[Block]:
    if not rated or len(rated) > MOST_DRAWN:
        return []
    words = material.words
    drawn: list[Block] = [_grids(rated, words)]
    if draws_months(material):
        drawn.append(_heat_strip(rated, material))
    if places := _places(rated, words):
        drawn.append(_map(places, material))
    return drawn


def _grids(rated: Sequence[Rated], words: Words) -> Chart:
    lines = [(name_of(each.partnership, words), Grid(each.lit, each.code)) for each in rated]
    title = words.say("The ten cells of each partnership")
    description = words.say(
        "Ten cells: contact, document, visit, aid, joint event; above what went out, below what came in."
    )
    columns = [
        *_named_columns(words),
        *(
            Column(f"{indicator}_{way}", f"{words.say(INDICATOR_WORDS[indicator])}, {words.say(DIRECTION_WORDS[way])}")
            for indicator in Indicator
            for way in WAYS
        ),
    ]
    rows = [[name_of(each.partnership, words), each.partnership.slug, *_lit_in_words(each, words)] for each in rated]
    return Chart("cells", title, description, Grids(lines), Table("cells", title, columns, rows))


def draws_months(material: Material) -> bool:
    """Say whether the activities of each month are drawn: not of many partnerships, nor of more than ten years."""
    months = months_of(material.asked.first, material.asked.last)
    return 0 < len(material.standing) <= MOST_DRAWN and len(months) <= MOST_MONTHS


def months_of(first: date, last: date) -> list[str]:
    """Return the months from one day to another as `2020-12`."""
    begins, ends = (each.year * 12 + each.month - 1 for each in (first, last))
    return [f"{number // 12:04}-{number % 12 + 1:02}" for number in range(begins, ends + 1)]


def _heat_strip(rated: Sequence[Rated], material: Material) -> Chart:
    words, months = material.words, months_of(material.asked.first, material.asked.last)
    by_month = material.counted_by_month
    lines = [
        (name_of(each.partnership, words), [by_month.get(each.partnership.slug, {}).get(month, 0) for month in months])
        for each in rated
    ]
    title = words.say("Activities counted in each month")
    columns = [
        *_named_columns(words),
        Column("month", words.say("Month")),
        Column("counted", words.say("Activities counted"), ColumnKind.NUMBER),
    ]
    rows: list[list[Value]] = [
        [name_of(each.partnership, words), each.partnership.slug, month, counted]
        for each in rated
        for month, counted in sorted(by_month.get(each.partnership.slug, {}).items())
    ]
    description = words.say(
        "A strip of months for each partnership: the darker a month, the more activities counted in it."
    )
    return Chart("months", title, description, HeatStrip(months, lines), Table("months", title, columns, rows))


def _lit_in_words(rated: Rated, words: Words) -> list[Value]:
    return [
        words.say("lit") if Cell(indicator, way) in rated.lit else words.say("dark")
        for indicator in Indicator
        for way in WAYS
    ]


def _places(rated: Sequence[Rated], words: Words) -> list[Place]:
    return [
        Place(name_of(each.partnership, words), facts.latitude, facts.longitude, each.code)
        for each in rated
        for facts in [each.partnership.facts]
        if facts.latitude is not None and facts.longitude is not None
    ]


def _map(places: Sequence[Place], material: Material) -> Chart:
    words = material.words
    home = material.home.facts.place if material.home else None
    title = words.say("Where the partners are")
    columns = [
        Column("name", words.say("Partnership")),
        Column("latitude", words.say("Latitude"), ColumnKind.NUMBER),
        Column("longitude", words.say("Longitude"), ColumnKind.NUMBER),
        Column("rating", words.say("Rating"), ColumnKind.RATING),
    ]
    rows = [[each.name, each.latitude, each.longitude, each.rating.value] for each in places]
    description = words.say("A map of the partners, each with its rating as shape, colour and word.")
    return Chart("map", title, description, Map(home, places), Table("map", title, columns, rows))


def _of_rating(code: RatingCode, rated: Sequence[Rated], words: Words) -> Table:
    of_rating = [each for each in rated if each.code is code]
    columns = [
        *_named_columns(words),
        Column("score", words.say("Score"), ColumnKind.NUMBER),
        Column("counted", words.say("Activities counted"), ColumnKind.NUMBER),
        Column("official", words.say("Official rating"), ColumnKind.RATING),
        Column("differs", words.say("The bureau judges otherwise")),
    ]
    rows: list[list[Value]] = [
        [
            name_of(each.partnership, words),
            each.partnership.slug,
            each.item["score"],
            each.counted,
            each.official.value if each.official else None,
            words.say("yes") if each.differs else None,
        ]
        for each in of_rating
    ]
    caption = words.say(
        "Partnerships rated %(rating)s: %(count)s", rating=rating_in_words(code, words), count=len(rows)
    )
    return Table(f"rating-{code.value}", caption, columns, rows)


def _issues(rated: Iterable[Rated]) -> list[str]:
    """Return the issues in the order of the alphabet, those without one last."""
    issues = {each.issue for each in rated}
    return [*sorted(issues - {NO_ISSUE}), *({NO_ISSUE} & issues)]


def _of_issue(issue: str, rated: Sequence[Rated], words: Words) -> Table:
    columns = [
        *_named_columns(words),
        Column("country", words.say("Country"), ColumnKind.CODE),
        Column("mou_date", words.say("Memorandum"), ColumnKind.DAY),
        Column("fields", words.say("Fields of cooperation")),
        Column("rating", words.say("Rating"), ColumnKind.RATING),
        Column("official", words.say("Official rating"), ColumnKind.RATING),
    ]
    rows: list[list[Value]] = [
        [
            name_of(each.partnership, words),
            each.partnership.slug,
            facts.country,
            facts.mou_date,
            "; ".join(facts.fields) or None,
            each.code.value,
            each.official.value if each.official else None,
        ]
        for each in rated
        if each.issue == issue
        for facts in [each.partnership.facts]
    ]
    caption = words.say("Partnerships by issue: %(issue)s", issue=_issue_named(issue, words))
    return Table(f"issue-{issue}", caption, columns, rows)


def _judged_otherwise(rated: Sequence[Rated], words: Words) -> Section:
    columns = [
        *_named_columns(words),
        Column("rating", words.say("Rating"), ColumnKind.RATING),
        Column("official", words.say("Official rating"), ColumnKind.RATING),
        Column("reason", words.say("Reason")),
        Column("valid", words.say("Valid")),
    ]
    rows: list[list[Value]] = [
        [
            name_of(each.partnership, words),
            each.partnership.slug,
            each.code.value,
            each.item["official"]["rating"],
            each.item["official"]["reason"],
            _valid(each.item["official"], words),
        ]
        for each in rated
        if each.differs
    ]
    table = Table("differing", words.say("Where the bureau judges otherwise than the rubric"), columns, rows)
    return Section("differing", words.say("Official ratings"), [table])


def _valid(official: dict[str, Any], words: Words) -> str:
    ends = official["valid_until"]
    last = date.fromisoformat(ends) if ends else None
    return f"{day_in_words(date.fromisoformat(official['valid_from']), words)} – {day_in_words(last, words)}"


def _data(answer: dict[str, Any], rated: Sequence[Rated]) -> dict[str, Any]:
    return {
        "items": [{**each.item, "counted": each.counted} for each in rated],
        "not_in_force": answer["not_in_force"],
        "by_rating": {
            code.value: [each.partnership.slug for each in rated if each.code is code] for code in RatingCode
        },
        "by_issue": {
            issue: [each.partnership.slug for each in rated if each.issue == issue] for issue in _issues(rated)
        },
        "differing": [each.partnership.slug for each in rated if each.differs],
        "rubric": answer["rubric"],
    }
