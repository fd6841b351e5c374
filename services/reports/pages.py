"""The pages: all partnerships with their ten cells, and one partnership with the activities behind each cell."""

from datetime import date
from pathlib import Path
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from services.reports.answers import Clocks, Reader, known_for, ratings_for
from services.reports.compose import compose_ratings, histories_of
from services.reports.question import Question
from services.reports.store import read_activities
from services.reports.views import dashboard_view, partnership_view
from shared.domain.access import Action, Allowed, Subject, may
from shared.domain.foresight import foresee
from shared.domain.homes import Home
from shared.domain.rulings import rubric_in_force
from shared.projection.homes import read_home
from shared.web.homes import zone_of
from shared.web.pages import language_of, language_of_home, make_templates, render
from shared.wire.problems import Fault, Problem
from shared.wire.rating_document import as_shown_to
from shared.words.dates import date_in_words
from shared.words.words import Words

CLOCKS = ("on", "from", "to", "known")

router = APIRouter(include_in_schema=False)
templates = make_templates(Path(__file__).parent / "templates")


@router.get("/")
async def dashboard(request: Request, reader: Reader, question: Clocks) -> HTMLResponse:
    """Show all partnerships with their ten cells."""
    home = await read_home(request.app.state.runtime.pool, reader.home)
    words = Words(language_of(request, language_of_home(home)))
    ratings = await ratings_for(request, reader, question, newest=True)
    view = dashboard_view(ratings, question.day, words)
    return _page(request, "dashboard.html", words, question, home, view=view, ratings=ratings)


@router.get("/partnerships/{partnership}")
async def partnership(request: Request, reader: Reader, question: Clocks, partnership: str) -> HTMLResponse:
    """Show one partnership: its cells, the activities behind each, and what was not counted."""
    home = await read_home(request.app.state.runtime.pool, reader.home)
    words = Words(language_of(request, language_of_home(home)))
    known = await known_for(request, reader, question, partnership)
    ratings = compose_ratings(known, question)
    if not ratings["items"]:
        title = f"There is no partnership “{partnership[:60]}” in force then."
        raise Fault(Problem(404, "unknown-partnership", title, "Go back to the dashboard and choose one."))
    item = as_shown_to(reader, ratings["items"][0])
    rubric, history = rubric_in_force(known.rulings, question.day), histories_of(known)[partnership]
    ahead = foresee(history, rubric, question.on) if question.on else None
    posted_at, zone = known.last_posted_at.get(partnership), await zone_of(request, reader.home)
    posted_on = posted_at.astimezone(zone).date() if posted_at else None
    rows = await read_activities(
        request.app.state.runtime.pool,
        reader,
        ratings["position"],
        partnership=partnership,
        withdrawn=isinstance(may(reader, Action.READ_WITHDRAWN, Subject(reader.home, partnership)), Allowed),
    )
    view = partnership_view(item, rows, ahead, posted_on, question.first, question.day, words)
    return _page(request, "partnership.html", words, question, home, view=view, ratings=ratings, of_home=reader.home)


def _page(
    request: Request,
    template: str,
    words: Words,
    question: Question,
    home: Home | None,
    **values: Any,  # noqa: ANN401 - what each template shows
) -> HTMLResponse:
    clocks = {name: asked for name in CLOCKS if (asked := request.query_params.get(name))}
    time = _time_in_words(question, words)
    return render(templates, template, request, words, kept=clocks, time=time, home=home, **values)


def _time_in_words(question: Question, words: Words) -> dict[str, Any]:
    """Return which past is shown: the day or the period in words, and `known` if one was asked for."""
    if question.first and question.last:
        ends = (date_in_words(each, words.language) for each in (question.first, question.last))
        day = " – ".join(ends)
    else:
        day = date_in_words(question.day, words.language)
    return {
        "day": day,
        "on": question.on.isoformat() if question.on else None,
        "first": question.first.isoformat() if question.first else None,
        "last": question.last.isoformat() if question.last else None,
        "known": question.known_text,
        "known_in_words": _known_in_words(question.known_text, words) if question.known_text else None,
    }


def _known_in_words(known: str, words: Words) -> str:
    """Return a day in words; a moment as it was asked for, to the second and beyond."""
    return date_in_words(date.fromisoformat(known), words.language) if len(known) == 10 else known
