"""Both clocks of a question, read from the URL."""

from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo

import pytest

from services.reports.question import Question, read_question
from shared.wire.problems import Fault, Finding
from tests.support.build import only_finding

TODAY = date(2021, 3, 1)
JAKARTA_TIME = ZoneInfo("Asia/Jakarta")


def _read(
    *,
    on: str | None = None,
    first: str | None = None,
    last: str | None = None,
    known: str | None = None,
    zone: tzinfo = JAKARTA_TIME,
) -> Question:
    return read_question(on, first, last, known, TODAY, zone)


def _refused(**clocks: str) -> Finding:
    with pytest.raises(Fault) as refused:
        _read(**clocks)
    assert refused.value.problem.status == 422
    return only_finding(refused.value.problem)


def test_without_any_clock_the_question_is_about_today_and_all_that_is_known():
    question = _read()

    assert question == Question(on=TODAY, first=None, last=None, known=None, known_text=None)
    assert question.day == TODAY


def test_what_is_empty_counts_as_not_given():
    assert _read(on="", first="", last="", known="") == _read()


def test_a_day_is_asked_for():
    question = _read(on="2020-12-31")

    assert (question.on, question.first, question.last) == (date(2020, 12, 31), None, None)
    assert question.day == date(2020, 12, 31)


def test_a_period_is_judged_by_the_law_of_its_last_day():
    question = _read(first="2017-01-01", last="2020-12-31")

    assert (question.on, question.first, question.last) == (None, date(2017, 1, 1), date(2020, 12, 31))
    assert question.day == date(2020, 12, 31)


def test_a_period_may_be_one_day():
    question = _read(first="2020-02-29", last="2020-02-29")

    assert question.first == question.last == date(2020, 2, 29)


@pytest.mark.parametrize("period", [{"first": "2020-01-01"}, {"last": "2020-12-31"}, {"first": "2020", "last": "2021"}])
def test_a_question_is_for_a_day_or_for_a_period(period: dict[str, str]):
    finding = _refused(on="2020-12-31", **period)

    assert finding.field == "on"
    assert finding.remedy == "Leave one out."


@pytest.mark.parametrize(("given", "missing"), [("first", "to"), ("last", "from")])
def test_a_period_has_both_ends(given: str, missing: str):
    finding = _refused(**{given: "2020-12-31"})

    assert finding.field == missing
    assert finding.remedy == "Give both ends, or “on” for one day."


def test_a_period_ends_after_it_begins():
    finding = _refused(first="2020-12-31", last="2020-12-30")

    assert finding.field == "to"
    assert finding.remedy == "Put the earlier day into “from”."


@pytest.mark.parametrize(
    "text",
    [
        "2020",
        "2020-12",
        "2020-12-30/2020-12-31",
        "2020-12-31/2020-12-31",
        "2020-02-30",
        "31/12/2020",
        "today",
        "1799-12-31",
    ],
)
@pytest.mark.parametrize("clock", ["on", "from", "to"])
def test_what_is_not_one_day_is_refused(clock: str, text: str):
    clocks = {"on": text} if clock == "on" else {"first": "2020-01-01", "last": "2020-12-31"}
    clocks |= {"from": {"first": text}, "to": {"last": text}}.get(clock, {})

    finding = _refused(**clocks)

    assert finding.field == clock
    assert finding.remedy == "Write a day, such as 2020-12-31."


@pytest.mark.parametrize(
    ("zone", "moment"),
    [
        (UTC, datetime(2021, 3, 1, 23, 59, 59, 999999, tzinfo=UTC)),
        (JAKARTA_TIME, datetime(2021, 3, 1, 16, 59, 59, 999999, tzinfo=UTC)),
        (ZoneInfo("America/Los_Angeles"), datetime(2021, 3, 2, 7, 59, 59, 999999, tzinfo=UTC)),
    ],
)
def test_a_day_as_known_is_the_end_of_that_day_in_the_home(zone: tzinfo, moment: datetime):
    question = _read(known="2021-03-01", zone=zone)

    assert question.known == moment
    assert question.known_text == "2021-03-01"


def test_the_day_on_which_clocks_change_ends_with_its_last_moment():
    # In Berlin 2021-03-28 has 23 hours and 2021-10-31 has 25.
    berlin = ZoneInfo("Europe/Berlin")

    days = {day: _read(known=day, zone=berlin).known for day in ("2021-03-28", "2021-10-31")}

    assert days == {
        "2021-03-28": datetime(2021, 3, 28, 21, 59, 59, 999999, tzinfo=UTC),
        "2021-10-31": datetime(2021, 10, 31, 22, 59, 59, 999999, tzinfo=UTC),
    }


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2021-03-01T09:00:00Z", datetime(2021, 3, 1, 9, tzinfo=UTC)),
        ("2021-03-01T09:00:00.000005Z", datetime(2021, 3, 1, 9, 0, 0, 5, tzinfo=UTC)),
        ("2021-03-01T09:00:00 07:00", datetime(2021, 3, 1, 2, tzinfo=UTC)),
        ("2021-03-01T09:00:00+07:00", datetime(2021, 3, 1, 9, tzinfo=timezone(timedelta(hours=7)))),
    ],
)
def test_a_moment_as_known_is_that_moment_in_any_zone(text: str, moment: datetime):
    question = _read(known=text)

    assert question.known == moment
    assert question.known is not None
    assert question.known.utcoffset() == timedelta(0)
    assert question.known_text == text


@pytest.mark.parametrize(
    "text",
    [
        "now",
        "2021",
        "2021-03",
        "2021-02-30",
        "01/03/2021",
        "2021-03-01T09:00:00",
        "2021-03-01T25:00:00Z",
        "0001-01-01T00:00:00+07:00",
    ],
)
def test_what_is_no_moment_with_its_zone_is_refused(text: str):
    finding = _refused(known=text)

    assert finding.field == "known"
    assert "2020-12-31" in finding.remedy or "2021-03-01" in finding.remedy


def test_a_moment_without_its_zone_is_told_so():
    assert "does not say its time zone" in _refused(known="2021-03-01T09:00:00").problem
