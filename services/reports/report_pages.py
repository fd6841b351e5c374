"""The pages of reports for people: what there is, the form to ask by, and the report with links to its files."""

from collections.abc import Mapping
from datetime import date
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from services.reports.answers import Reader
from services.reports.asked import Kind, Said
from services.reports.pages import templates
from services.reports.render.as_page import sections_view
from services.reports.render.formats import formats_of
from services.reports.report import Report
from services.reports.report_routes import made_for, now_of
from services.reports.store import read_partnerships
from shared.domain.access import Action, Allowed, Principal, Subject, may
from shared.domain.homes import Home
from shared.projection.homes import read_home
from shared.web.homes import zone_of
from shared.web.pages import CLOCKS, language_of, language_of_home, render
from shared.wire.problems import Fault, Problem
from shared.words.words import Language, Words

router = APIRouter(include_in_schema=False)
KIND_WORDS: Mapping[Kind, str] = {
    Kind.RATINGS: "Activity ratings",
    Kind.HISTORY: "History",
    Kind.RESULTS: "Report of results",
    Kind.PROGRAMME: "Yearly programmes, planned and carried out",
    Kind.RECOMMENDATION: "Recommendations",
    Kind.DIAGNOSIS: "Diagnosis",
    Kind.CHANGES: "What changed",
    Kind.AID: "Aid given and received",
}
DESCRIPTION_WORDS: Mapping[Kind, str] = {
    Kind.RATINGS: "How active every partnership was in the period: by rating, by issue, and where the bureau judges otherwise.",
    Kind.HISTORY: "What happened, year by year, in both directions, with evidence.",
    Kind.RESULTS: "The nine parts of the form, filled from what was posted; the rest is marked to be written in.",
    Kind.PROGRAMME: "Every line of the yearly programmes, and the activity that carried it out.",
    Kind.RECOMMENDATION: "Keep, review or end, with the facts for each.",
    Kind.DIAGNOSIS: "Seventeen measures of each partnership, beside the rating.",
    Kind.CHANGES: "Between two moments of knowledge, event by event, or between two periods.",
    Kind.AID: "Technical cooperation, grants, humanitarian aid and scholarships, with their values.",
}
NAMES = ("from", "to", "known", "partnership", "rubric", "compare_known", "compare_from", "compare_to")


@router.get("/reports")
async def reports(request: Request, reader: Reader) -> HTMLResponse:
    """Show which reports there are."""
    home, words = await _home_and_words(request, reader)
    kinds = [(each.value, words.say(KIND_WORDS[each]), words.say(DESCRIPTION_WORDS[each])) for each in Kind]
    return render(
        templates,
        "reports.html",
        request,
        words,
        kept=clocks_kept(request),
        home=home,
        reader=reader,
        topic="reports",
        kinds=kinds,
        may_read_issued=isinstance(may(reader, Action.READ_ISSUED, Subject(reader.home)), Allowed),
    )


@router.get("/reports/{kind}")
async def report(request: Request, reader: Reader, kind: str) -> HTMLResponse:
    """Show the form to ask by and, where a period is given, the report."""
    known_kind = _kind(kind)
    home, words = await _home_and_words(request, reader)
    asked = {name: request.query_params.get(name, "") for name in NAMES}
    made = await made_for(request, reader, known_kind, _said(asked, words.language)) if asked["from"] else None
    shown = asked if made else {**asked, **await _last_year(request, reader)}
    registry = await read_partnerships(
        request.app.state.runtime.pool, reader, request.app.state.progress.checkpoint.position, None
    )
    return render(
        templates,
        "report.html",
        request,
        words,
        kept=clocks_kept(request),
        home=home,
        reader=reader,
        topic="reports",
        here={name: text for name, text in asked.items() if text},
        title=made.title if made else words.say(KIND_WORDS[known_kind]),
        description=words.say(DESCRIPTION_WORDS[known_kind]),
        asked=shown,
        compares=known_kind is Kind.CHANGES,
        partnerships=[(each.slug, _name(each.facts.name.model_dump(), words.language)) for each in registry],
        report=made,
        files=_files(made, request) if made else [],
        sections=sections_view(made) if made else [],
    )


def clocks_kept(request: Request) -> dict[str, str]:
    """Return the clocks that links keep: those of the page that one came from, or the report's period and knowledge."""
    clocks = {name: asked for name in CLOCKS if (asked := request.query_params.get(name))}
    return {name: asked for name, asked in clocks.items() if name != "on" or "from" not in clocks}


def _kind(name: str) -> Kind:
    if name not in set(Kind):
        title = f"There is no report “{name[:60]}”."
        raise Fault(Problem(404, "unknown-report", title, f"Use one of {', '.join(Kind)}."))
    return Kind(name)


async def _home_and_words(request: Request, reader: Principal) -> tuple[Home | None, Words]:
    home = await read_home(request.app.state.runtime.pool, reader.home)
    return home, Words(language_of(request, language_of_home(home)))


def _said(asked: Mapping[str, str], language: Language) -> Said:
    return Said(
        first=asked["from"],
        last=asked["to"],
        known=asked["known"],
        language=language,
        partnership=asked["partnership"],
        rubric=asked["rubric"],
        compare_first=asked["compare_from"],
        compare_last=asked["compare_to"],
        compare_known=asked["compare_known"],
    )


async def _last_year(request: Request, reader: Principal) -> dict[str, str]:
    """Return the last year that is over, which is asked about most."""
    zone = await zone_of(request, reader.home)
    year = now_of(request).astimezone(zone).year - 1
    return {"from": date(year, 1, 1).isoformat(), "to": date(year, 12, 31).isoformat()}


def _name(texts: Mapping[str, str | None], language: Language) -> str:
    return texts[language] or next(each for each in texts.values() if each)


def _files(made: Report, request: Request) -> list[tuple[str, str]]:
    """Return the addresses of the same report in every format: they name the moment that it was answered at."""
    question = {name: str(value) for name, value in made.question.items() if name not in ("kind", "position")}
    if home := request.query_params.get("home"):
        question["home"] = home
    return [
        (form.value.upper(), f"/reports/v1/reports/{made.kind}.{form}?{urlencode(question)}")
        for form in formats_of(made.kind)
    ]
