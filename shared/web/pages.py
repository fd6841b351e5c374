"""What the pages of all services have in common: the frame, the style sheet, the language, problems as pages."""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, FastAPI, Request
from fastapi.responses import FileResponse, HTMLResponse, Response
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.exceptions import HTTPException

from shared.domain.homes import Home
from shared.ledger.ledger import CONNECTION_ERRORS
from shared.postgres.pool import DATABASE_ERRORS
from shared.web.app import UNREACHABLE
from shared.web.problems import answer
from shared.web.rules import open_to_all
from shared.wire.problems import Fault, Problem
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
    "unauthorized": "This page is not open to everybody. Sign in, or ask the bureau for access.",
    "forged": "Another site may have caused this request, so it was refused. Open Kembar itself and do it there.",
    "not-allowed": "Only an administrator of this home may do this. Ask one to do it.",
    "unknown-account": "There is no such account in this home.",
    "sign-in-not-safe": "Passwords are not taken here: this address has no TLS. Ask whoever looks after this installation.",
    "forbidden": "Your account may not see this page. Ask the bureau if it should.",
    "unknown-home": "There is no such home. Leave it out of the address to see your own.",
    "too-many-requests": "More is being asked than is answered to one account. Try again in a few seconds.",
    "too-much": "The report would hold too much. Name one partnership, or ask for a shorter period.",
    "unknown-rubric": "There is no such rubric, as far as was known. Leave it out for the one that was law.",
    "unknown-report": "There is no such kind of report. Choose one on the page of reports.",
    "not-there-yet": "Not all that was recorded by then can be shown yet. Try again in a moment.",
    "took-too-long": "The answer took too long. Ask for a shorter period.",
    "provider-away": "The identity provider cannot be reached just now. Try again in a moment.",
}

router = APIRouter(include_in_schema=False)


def make_templates(folder: Path) -> Environment:
    """Return a service's own templates, which may extend the frame that all pages share."""
    loader = FileSystemLoader([folder, HERE / "templates"])
    templates = Environment(loader=loader, autoescape=True, undefined=StrictUndefined)
    templates.globals["style_version"] = hashlib.sha256(STYLE.read_bytes()).hexdigest()[:12]
    return templates


@router.get("/static/kembar.css", dependencies=[Depends(open_to_all)])
async def style() -> FileResponse:
    """Serve the style sheet; its address changes with its content."""
    return FileResponse(STYLE, media_type="text/css", headers={"Cache-Control": "public, max-age=31536000, immutable"})


def render(
    templates: Environment,
    template: str,
    request: Request,
    words: Words,
    *,
    kept: Mapping[str, str] | None = None,
    here: Mapping[str, str] | None = None,
    time: Mapping[str, Any] | None = None,
    home: Home | None = None,
    **values: Any,  # noqa: ANN401 - what each template shows
) -> HTMLResponse:
    """Return a page. `kept` are the parameters that its links keep, `here` those that it keeps in another language only;
    `time` says which past it shows, `home` whose page it is.
    """
    always = {"home": asked_home} if (asked_home := request.query_params.get("home")) else {}
    if words.language != language_of_home(home):
        always["lang"] = words.language

    def link(path: str, **changes: str | None) -> str:
        """Return an address that keeps home, both clocks and language, so that no link leaves the past by accident."""
        asked = {**(kept or {}), **always, **changes}
        query = urlencode({name: value for name, value in asked.items() if value is not None})
        return f"{path}?{query}" if query else path

    html = templates.get_template(template).render(
        say=words.say,
        lang=words.language,
        link=link,
        path=request.url.path,
        clocks=kept or {},
        kept=always,
        here=here or {},
        time=time,
        home=_home_in(home, words.language),
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


def language_of_home(home: Home | None) -> Language:
    """Return the language that a home's pages begin in."""
    return home.facts.language if home is not None else "id"


def language_of(request: Request, otherwise: str = "id") -> Language:
    """Return the language that the address asks for, Indonesian where it asks for none."""
    asked = request.query_params.get("lang", otherwise)
    return next((each for each in LANGUAGES if each == asked), "id")


def show_problems_as_pages(
    app: FastAPI, prefix: str | tuple[str, ...], templates: Environment, in_words: Mapping[str, str] = PROBLEMS_IN_WORDS
) -> None:
    """Let people see a problem as a page; the APIs' own addresses, under each `prefix`, go on answering problem documents."""

    def shown(request: Request, problem: Problem) -> Response:
        if request.url.path.startswith(prefix):
            return answer(problem)
        return problem_page(request, problem, templates, in_words)

    @app.exception_handler(Fault)
    async def fault(request: Request, error: Fault) -> Response:
        return shown(request, error.problem)

    for unreachable in (*CONNECTION_ERRORS, *DATABASE_ERRORS):

        @app.exception_handler(unreachable)
        async def away(request: Request, error: Exception) -> Response:
            return shown(request, UNREACHABLE)

    @app.exception_handler(HTTPException)
    async def http(request: Request, error: HTTPException) -> Response:
        remedies = {404: "Check the address, or begin at the dashboard."}
        remedy = remedies.get(error.status_code, "Go back.")
        return shown(request, Problem(error.status_code, "http", f"{error.detail}.", remedy))


def problem_page(
    request: Request, problem: Problem, templates: Environment, in_words: Mapping[str, str] = PROBLEMS_IN_WORDS
) -> HTMLResponse:
    """Return a problem as a page, in words of its own where it has some."""
    words = Words(language_of(request))
    said = in_words.get(problem.kind, "Something is wrong here. Try again in a moment.")
    page = render(templates, "problem.html", request, words, said=words.say(said), problem=problem.document())
    page.status_code = problem.status
    return page
