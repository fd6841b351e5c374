"""The pages: all partnerships with their ten cells, and one partnership with the activities behind each cell."""

import hashlib
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, FastAPI, Request
from fastapi.responses import FileResponse, HTMLResponse, Response
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.exceptions import HTTPException

from services.reports.answers import Clocks, Reader, ratings_for
from services.reports.question import Question
from services.reports.store import read_activities
from services.reports.views import dashboard_view, partnership_view
from shared.domain.access import Action, Allowed, Subject, may
from shared.domain.homes import Home
from shared.ledger.ledger import CONNECTION_ERRORS
from shared.postgres.pool import DATABASE_ERRORS
from shared.projection.homes import read_home
from shared.web.app import UNREACHABLE
from shared.web.problems import answer
from shared.web.rules import open_to_all
from shared.wire.problems import Fault, Problem
from shared.words.dates import date_in_words
from shared.words.words import LANGUAGES, Language, Words

HERE = Path(__file__).parent
STYLE = HERE / "static" / "kembar.css"
SECURITY = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'",
}

PROBLEMS_IN_WORDS = {
    "unknown-partnership": "No partnership of this name is in force on that day. Choose one on the dashboard.",
    "invalid": "The date in this address cannot be read. Write a day, such as 2020-12-31.",
    "http": "There is no such page. Check the address, or begin at the dashboard.",
    "unauthorized": "This page is not open to everybody. Ask the bureau for access.",
    "forbidden": "Your account may not see this page. Ask the bureau if it should.",
    "unknown-home": "There is no such home. Leave it out of the address to see your own.",
    "too-many-requests": "More is being asked than is answered to one account. Try again in a few seconds.",
    "took-too-long": "The answer took too long. Ask for a shorter period.",
}
CLOCKS = ("on", "from", "to", "known")

router = APIRouter(include_in_schema=False)
templates = Environment(loader=FileSystemLoader(HERE / "templates"), autoescape=True, undefined=StrictUndefined)
templates.globals["style_version"] = hashlib.sha256(STYLE.read_bytes()).hexdigest()[:12]


@router.get("/")
async def dashboard(request: Request, reader: Reader, question: Clocks) -> HTMLResponse:
    """Show all partnerships with their ten cells."""
    home = await read_home(request.app.state.runtime.pool, reader.home)
    words = Words(_language(request, home))
    ratings = await ratings_for(request, reader, question)
    view = dashboard_view(ratings, question.day, words)
    return _page(request, "dashboard.html", words, question, home, view=view, ratings=ratings)


@router.get("/partnerships/{partnership}")
async def partnership(request: Request, reader: Reader, question: Clocks, partnership: str) -> HTMLResponse:
    """Show one partnership: its cells, the activities behind each, and what was not counted."""
    home = await read_home(request.app.state.runtime.pool, reader.home)
    words = Words(_language(request, home))
    ratings = await ratings_for(request, reader, question)
    item = next((each for each in ratings["items"] if each["partnership"] == partnership), None)
    if item is None:
        title = f"There is no partnership “{partnership[:60]}” in force then."
        raise Fault(Problem(404, "unknown-partnership", title, "Go back to the dashboard and choose one."))
    rows = await read_activities(
        request.app.state.runtime.pool,
        reader,
        ratings["position"],
        partnership=partnership,
        withdrawn=isinstance(may(reader, Action.READ_WITHDRAWN, Subject(reader.home, partnership)), Allowed),
    )
    view = partnership_view(item, rows, question.first, question.day, words)
    return _page(request, "partnership.html", words, question, home, view=view, ratings=ratings)


@router.get("/static/kembar.css", dependencies=[Depends(open_to_all)])
async def style() -> FileResponse:
    """Serve the style sheet; its address changes with its content."""
    return FileResponse(STYLE, media_type="text/css", headers={"Cache-Control": "public, max-age=31536000, immutable"})


def show_problems_as_pages(app: FastAPI) -> None:
    """Let people see a problem as a page; the APIs' own addresses go on answering problem documents."""

    @app.exception_handler(Fault)
    async def fault(request: Request, error: Fault) -> Response:
        return answer(error.problem) if _is_api(request) else _problem_page(request, error.problem)

    for unreachable in (*CONNECTION_ERRORS, *DATABASE_ERRORS):

        @app.exception_handler(unreachable)
        async def away(request: Request, error: Exception) -> Response:
            return answer(UNREACHABLE) if _is_api(request) else _problem_page(request, UNREACHABLE)

    @app.exception_handler(HTTPException)
    async def http(request: Request, error: HTTPException) -> Response:
        remedies = {404: "Check the address, or begin at the dashboard."}
        problem = Problem(error.status_code, "http", f"{error.detail}.", remedies.get(error.status_code, "Go back."))
        return answer(problem) if _is_api(request) else _problem_page(request, problem)


def _is_api(request: Request) -> bool:
    return request.url.path.startswith("/reports/")


def _problem_page(request: Request, problem: Problem) -> HTMLResponse:
    words = Words(_language(request, None))
    said = PROBLEMS_IN_WORDS.get(problem.kind, "Something is wrong here. Try again in a moment.")
    page = _page(request, "problem.html", words, None, None, said=words.say(said), problem=problem.document())
    page.status_code = problem.status
    return page


def _language(request: Request, home: Home | None) -> Language:
    asked = request.query_params.get("lang")
    return next((each for each in LANGUAGES if each == asked), _language_of(home))


def _language_of(home: Home | None) -> Language:
    """Return the language that a home's pages begin in."""
    return home.facts.language if home is not None else "id"


def _page(
    request: Request,
    template: str,
    words: Words,
    question: Question | None,
    home: Home | None,
    **values: Any,  # noqa: ANN401 - what each template shows
) -> HTMLResponse:
    clocks = {name: asked for name in CLOCKS if (asked := request.query_params.get(name))}

    asked_home = request.query_params.get("home")
    kept = {"home": asked_home} if asked_home else {}
    if words.language != _language_of(home):
        kept["lang"] = words.language

    def link(path: str, **changes: str | None) -> str:
        """Return an address that keeps home, both clocks and language, so that no link leaves the past by accident."""
        asked = {**clocks, **kept, **changes}
        query = urlencode({name: value for name, value in asked.items() if value is not None})
        return f"{path}?{query}" if query else path

    html = templates.get_template(template).render(
        say=words.say,
        lang=words.language,
        link=link,
        path=request.url.path,
        clocks=clocks,
        kept=kept,
        home=_home_in(home, words.language),
        time=_time_in_words(question, words) if question else None,
        **values,
    )
    return HTMLResponse(html, headers=SECURITY)


def _home_in(home: Home | None, language: Language) -> dict[str, Any] | None:
    """Return what a page says of its home: the name in this language, else in the other, and the letterhead."""
    if home is None:
        return None
    name = home.facts.name
    return {
        "name": (name.id or name.en) if language == "id" else (name.en or name.id),
        "letterhead": home.facts.letterhead,
    }


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
