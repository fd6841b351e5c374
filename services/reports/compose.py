"""Compose answers from what was known. Pure: the same question of the same facts gives the same answer."""

from typing import Any

from services.reports.question import Question
from services.reports.store import ActivityRow, Known
from shared.domain.amend import Partnership
from shared.domain.rating import History, Rating, rate, rate_period
from shared.domain.rubric import Rubric
from shared.domain.rulings import judgements_by_partnership, rubric_in_force
from shared.wire.envelope import rfc3339
from shared.wire.rating_document import rating_document, summary_of


def compose_ratings(
    known: Known, question: Question, rubric: Rubric | None = None, *, newest: bool = False
) -> dict[str, Any]:
    """Answer how each partnership stood on the day, or over the period; by the law of the day unless a rubric is named.

    Partnerships that were not in force then are named under `not_in_force`. With `newest`, of the activities behind a cell
    only the newest is.
    """
    law = rubric or rubric_in_force(known.rulings, question.day)
    first, last = question.first or question.day, question.last or question.day
    histories = histories_of(known)
    items = []
    for each in known.partnerships:
        if each.stands(first, last):
            item = _item(_rate(histories[each.slug], law, question), each, known)
            items.append(summary_of(item) if newest else item)
    return {
        "items": items,
        "not_in_force": [each.slug for each in known.partnerships if not each.stands(first, last)],
        "on": question.on.isoformat() if question.on else None,
        "from": question.first.isoformat() if question.first else None,
        "to": question.last.isoformat() if question.last else None,
        "known": rfc3339(question.known) if question.known else None,
        "rubric": {"id": law.id, "version": law.version, "window_months": law.window_months},
        "position": known.position,
    }


def histories_of(known: Known) -> dict[str, History]:
    """Return the history of every partnership that was known, by its slug."""
    judgements = judgements_by_partnership(known.rulings)
    return {
        each.slug: History(
            each.slug, each.facts.mou_date, tuple(known.facts.get(each.slug, ())), judgements.get(each.slug, ())
        )
        for each in known.partnerships
    }


def activity_document(row: ActivityRow) -> dict[str, Any]:
    """Return an activity as the API answers it: its facts as corrected, and where it stands in the ledger."""
    return {
        "id": str(row.id),
        **row.facts.model_dump(mode="json", exclude_none=True),
        "effective": row.effective.isoformat(),
        "corrected": row.corrected,
        "withdrawn_by": str(row.withdrawn_by) if row.withdrawn_by else None,
        "position": row.position,
        "recorded_at": rfc3339(row.recorded_at),
        "author": row.author,
    }


def _rate(history: History, rubric: Rubric, question: Question) -> Rating:
    if question.on is not None:
        return rate(history, rubric, question.on)
    assert question.first is not None
    assert question.last is not None
    return rate_period(history, rubric, question.first, question.last)


def _item(rating: Rating, partnership: Partnership, known: Known) -> dict[str, Any]:
    last_posted_at = known.last_posted_at.get(partnership.slug)
    coverage = {"last_posted_at": rfc3339(last_posted_at) if last_posted_at else None}
    return {**rating_document(rating, partnership), "coverage": coverage}
