"""Builders with defaults, so that a test names only what it is about."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, time
from itertools import count
from typing import Any
from uuid import UUID

from services.ingest.accept import Situation
from services.ingest.check import Context
from services.ingest.columns import ColumnMapping
from services.ingest.requests import Requested, read_batch, read_event
from shared.domain.access import Principal, Role
from shared.domain.book import Book, fold
from shared.domain.codes import Direction, Indicator, Mode, Outcome, RatingCode
from shared.domain.events import EVENT_TYPES, Event
from shared.domain.rating import Fact, History, Judgement
from shared.domain.rubric import Rubric
from shared.wire.envelope import Posting
from shared.wire.problems import Finding, Problem

HOME = "jakarta"
TODAY = date(2021, 3, 1)

_numbers = count(1)


def an_id(number: int | None = None) -> UUID:
    """Return the id with this number, or one that no other has been given."""
    return UUID(int=number if number is not None else 10**9 + next(_numbers))


def an_activity(**changes: Any) -> dict[str, Any]:
    """Return the data of an `activity.recorded`, as a client sends them."""
    return {
        "partnership": "hanoi",
        "indicator": "visit",
        "occurred": "2019-05-22",
        "direction": "inbound",
        "outcome": "held",
        "title": {"en": "The mayor visits"},
        **changes,
    }


def a_partnership(**changes: Any) -> dict[str, Any]:
    """Return the data of a `partnership.registered`, as a client sends them."""
    return {"partnership": "hanoi", "name": {"en": "Hanoi"}, "level": "city", "country": "VN", **changes}


def rubric_data(**changes: Any) -> dict[str, Any]:
    """Return a rubric as a client sends it."""
    return {
        "id": "of-the-test",
        "version": 1,
        "author": "The bureau",
        "legal_basis": "A decree",
        "window_months": 48,
        "thresholds": {"aktif": 3, "kurang_aktif": 1},
        "provisional_months": 12,
        "dormant_months": 24,
        "travel": True,
        **changes,
    }


def a_rubric(**changes: Any) -> Rubric:
    """Return a rubric with the values of the default one under another name."""
    return Rubric.model_validate(rubric_data(**changes))


def a_fact(*, on: date = date(2019, 5, 22), **changes: Any) -> Fact:
    """Return a visit of the partner held on a day and stated on that day."""
    values: dict[str, Any] = {
        "activity": an_id(),
        "indicator": Indicator.VISIT,
        "direction": Direction.INBOUND,
        "outcome": Outcome.HELD,
        "mode": Mode.UNKNOWN,
        "first": on,
        "last": on,
        "stated_on": changes.get("last", on),
    }
    return Fact(**values | changes)


def a_judgement(**changes: Any) -> Judgement:
    """Return an official rating without an end."""
    values: dict[str, Any] = {
        "id": an_id(),
        "rating": RatingCode.KURANG_AKTIF,
        "author": "bureau",
        "reason": "No programme was agreed",
        "valid_from": date(2020, 1, 1),
        "valid_until": None,
    }
    return Judgement(**values | changes)


def a_history(*facts: Fact, mou_date: date | None = None, judgements: Iterable[Judgement] = ()) -> History:
    """Return the history of a partnership to which these facts belong."""
    return History("hanoi", mou_date, facts, tuple(judgements))


def an_event(
    event_type: str,
    data: dict[str, Any],
    *,
    event_id: UUID | None = None,
    position: int = 1,
    recorded_on: date = TODAY,
    author: str = "bureau",
    import_id: UUID | None = None,
) -> Event:
    """Return an event as read from the ledger."""
    return Event(
        position=position,
        recorded_at=datetime.combine(recorded_on, time(9), UTC),
        recorded_on=recorded_on,
        id=event_id or an_id(),
        home=HOME,
        type=event_type,
        author=author,
        partnership=data.get("partnership"),
        data=EVENT_TYPES[event_type].model_validate(data),
        import_id=import_id,
    )


def a_book(*events: Event) -> Book:
    """Return the book that these events make, one after the other."""
    book = Book()
    for event in events:
        fold(book, event)
    return book


def a_posting(**changes: Any) -> Posting:
    """Return an event on its way into the ledger."""
    values: dict[str, Any] = {
        "id": an_id(),
        "home": HOME,
        "type": "activity.recorded",
        "data": an_activity(),
        "partnership": "hanoi",
        "author": "bureau",
        "posted_at": datetime(2021, 3, 1, 9, tzinfo=UTC),
    }
    return Posting(**values | changes)


def requests_for(*events: tuple[str, dict[str, Any]]) -> list[Requested]:
    """Return the requests for events given as (type, data): one by itself, more as a batch."""
    sent = [{"type": event_type, "data": data} for event_type, data in events]
    requested = read_event(sent[0]) if len(sent) == 1 else read_batch({"events": sent})
    assert not isinstance(requested, Problem), requested
    return requested


def a_situation(book: Book | None = None, **changes: Any) -> Situation:
    """Return what a decision needs to know besides the request."""
    values: dict[str, Any] = {
        "home": HOME,
        "author": "bureau",
        "now": datetime.combine(TODAY, time(9), UTC),
        "today": TODAY,
        "book": book or Book(),
    }
    return Situation(**values | changes)


def a_context(**changes: Any) -> Context:
    """Return what the check of an import needs to know besides the file."""
    values: dict[str, Any] = {
        "import_id": an_id(7),
        "home": HOME,
        "author": "bureau",
        "posted_at": datetime.combine(TODAY, time(9), UTC),
        "today": TODAY,
        "batch": "impor-2019",
        "mapping": ColumnMapping(),
        "day_first": None,
        "names": {"hanoi": ["hanoi"], "kota hanoi": ["hanoi"], "tokyo": ["tokyo"]},
    }
    return Context(**values | changes)


def only_finding(problem: object) -> Finding:
    """Return the one finding of a refusal."""
    assert isinstance(problem, Problem), problem
    (finding,) = problem.findings
    return finding


def a_principal(role: str = "bureau", **changes: Any) -> Principal:
    """Return an account of this role in the home; an embassy looks after Hanoi only."""
    values: dict[str, Any] = {
        "account": f"{HOME}/{role}",
        "home": HOME,
        "role": Role(role),
        "partnerships": frozenset({"hanoi"}) if role == "embassy" else None,
    }
    return Principal(**values | changes)
