"""What the pages of all services have in common: the frame, the style sheet, the language, problems as pages."""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, FastAPI, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.exceptions import HTTPException

from shared.domain.access import Action, Allowed, Principal, Role, Subject, may
from shared.domain.homes import Home
from shared.ledger.ledger import CONNECTION_ERRORS
from shared.postgres.pool import DATABASE_ERRORS
from shared.web.app import UNREACHABLE
from shared.web.problems import answer
from shared.web.rules import open_to_all
from shared.wire.problems import Fault, Problem
from shared.words.words import LANGUAGES, Language, Words

HERE = Path(__file__).parent
SECURITY = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; "
    "img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
}
FOR_EVER = "public, max-age=31536000, immutable"
THEMES = ("light", "dark")
THEME_COOKIE = "kembar-theme"

PLACES = {
    "/": "Dashboard",
    "/activities": "Activities",
    "/record": "Record",
    "/imports": "Imports",
    "/alerts": "Alerts",
    "/subscriptions": "Subscriptions",
    "/reports": "Reports",
    "/rubric": "Rules",
    "/audit/events": "Ledger",
    "/help": "Help",
}
"""What the navigation leads to, in its order."""
PLACES_FOR: Mapping[str, Action] = {
    "/record": Action.POST,
    "/imports": Action.READ_IMPORTS,
    "/subscriptions": Action.SUBSCRIBE,
    "/audit/events": Action.READ_WITHDRAWN,
}
"""The places that are not for everybody who may read, and what one must be allowed to do to be shown them."""
PLACES_OF_NOW = ("/record", "/imports", "/alerts", "/subscriptions")
"""The places that know no past: nothing can be posted into it, and what was told when is a list of its own."""
CLOCKS = ("on", "from", "to", "known")
TWINS = ("json", "csv")
"""The forms in which a page's data can be had beside it."""

PROBLEMS_IN_WORDS = {
    "unknown-partnership": "No partnership of this name is in force on that day. Choose one on the dashboard.",
    "unknown-event": "There is no such event that you may see, as known then. Look for it in the ledger's list.",
    "invalid": "Something in this address cannot be read, such as a date. Write a day as 2020-12-31, or begin at the dashboard.",
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


@dataclass(frozen=True, slots=True)
class Asset:
    """A file that pages load. Its address changes with its content, so that browsers keep it for ever."""

    name: str
    media_type: str

    @property
    def content(self) -> bytes:
        """Its bytes."""
        return (HERE / "static" / self.name).read_bytes()

    @property
    def hash(self) -> str:
        """What of its content stands in its address."""
        return hashlib.sha256(self.content).hexdigest()[:12]

    @property
    def address(self) -> str:
        """Where it is served."""
        stem, _, ending = self.name.rpartition(".")
        return f"/static/{stem}.{self.hash}.{ending}"


ASSETS = (
    Asset("kembar.css", "text/css"),
    Asset("kembar.js", "text/javascript"),
    Asset("kembar.svg", "image/svg+xml"),
)


def make_templates(folder: Path) -> Environment:
    """Return a service's own templates, which may extend the frame that all pages share."""
    loader = FileSystemLoader([folder, HERE / "templates"])
    templates = Environment(
        loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    templates.globals["assets"] = {each.name.rpartition(".")[2]: each.address for each in ASSETS}
    return templates


@router.get("/static/{name}", dependencies=[Depends(open_to_all)])
async def static(name: str) -> Response:
    """Serve the style sheet, the script or the sign. Under a hash that is not today's it is served too, and not kept.

    While a new version is put in place, a page of one may ask the other.
    """
    plain = re.sub(r"\.[0-9a-f]{12}\.", ".", name)
    found = next((each for each in ASSETS if each.name == plain), None)
    if found is None:
        raise HTTPException(404)
    kept = FOR_EVER if found.address.endswith(f"/{name}") else "no-cache"
    return Response(found.content, media_type=found.media_type, headers={"Cache-Control": kept})


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
    reader: Principal | None = None,
    twin: str | None = None,
    live: Mapping[str, Any] | None = None,
    topic: str = "",
    path: str | None = None,
    **values: Any,  # noqa: ANN401 - what each template shows
) -> HTMLResponse:
    """Return a page. `kept` are the parameters that its links keep, `here` those that it keeps in another language only;
    `time` says which past it shows, `home` whose page it is, `reader` who looks at it.

    `twin` is the path of the same as data, without its ending; `live` is where to listen for what comes after; `topic` is
    the part of the help that explains it; `path` is its own, if it is shown in answer to a form.
    """
    always = {"home": asked_home} if (asked_home := request.query_params.get("home")) else {}
    if words.language != language_of_home(home):
        always["lang"] = words.language

    def link(path: str, **changes: str | None) -> str:
        """Return an address that keeps home, both clocks and language, so that no link leaves the past by accident."""
        asked = {**(kept or {}), **always, **changes}
        query = urlencode({name: value for name, value in asked.items() if value is not None})
        return f"{path}?{query}" if query else path

    theme = request.cookies.get(THEME_COOKIE)
    html = templates.get_template(template).render(
        say=words.say,
        lang=words.language,
        link=link,
        path=path or request.url.path,
        clocks=kept or {},
        now=dict.fromkeys(CLOCKS),
        kept=always,
        here=here or {},
        time=time,
        home=_home_in(home, words.language),
        account=reader.account if reader is not None and reader.role is not Role.PUBLIC else None,
        places=places_for(reader, words),
        places_of_now=PLACES_OF_NOW,
        twins={form: link(f"{twin}.{form}", **(here or {})) for form in TWINS} if twin else {},
        live=live,
        topic=topic,
        theme=theme if theme in THEMES else None,
        **values,
    )
    return HTMLResponse(html, headers=SECURITY)


def places_for(reader: Principal | None, words: Words) -> list[tuple[str, str]]:
    """Return what the navigation shows to a reader: addresses and their words."""
    return [(path, words.say(word)) for path, word in PLACES.items() if _may_enter(reader, path)]


def _may_enter(reader: Principal | None, path: str) -> bool:
    needed = PLACES_FOR.get(path)
    if needed is None:
        return True
    return reader is not None and isinstance(may(reader, needed, Subject(reader.home)), Allowed)


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
    """Let people see a problem as a page; to what is asked for as data, under a `prefix` or beside a page, it stays a document."""

    def shown(request: Request, problem: Problem) -> Response:
        if request.url.path.startswith(prefix) or request.url.path.endswith(tuple(f".{form}" for form in TWINS)):
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
        if error.status_code == 405 and request.method == "GET" and not request.url.path.startswith(prefix):
            return RedirectResponse(page_of_form(request), status_code=303)
        remedies = {404: "Check the address, or begin at the dashboard."}
        remedy = remedies.get(error.status_code, "Go back.")
        return shown(request, Problem(error.status_code, "http", f"{error.detail}.", remedy))


def page_of_form(request: Request) -> str:
    """Return the page of a form that is sent to an address of its own, such as for the other language of what it answered."""
    path, query = request.url.path.rpartition("/")[0] or "/", request.url.query
    return f"{path}?{query}" if query else path


def problem_page(
    request: Request, problem: Problem, templates: Environment, in_words: Mapping[str, str] = PROBLEMS_IN_WORDS
) -> HTMLResponse:
    """Return a problem as a page, in words of its own where it has some; what is on its way the browser asks for again."""
    words = Words(language_of(request))
    said = in_words.get(problem.kind, "Something is wrong here. Try again in a moment.")
    page = render(templates, "problem.html", request, words, said=words.say(said), problem=problem.document())
    page.status_code = problem.status
    if problem.kind == "not-there-yet" and request.method == "GET":
        page.headers["Refresh"] = str(problem.retry_after_seconds or 1)
    return page
