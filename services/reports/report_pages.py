"""The pages of reports for people: what there is, the form to ask by, and the report with links to its files."""

import asyncio
import json
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter, Request

from services.reports.answers import position_for
from services.reports.asked import Kind, Said
from services.reports.frame import Frame, Framed, Page, add_page, table_of
from services.reports.render.as_csv import table_named
from services.reports.render.as_json import render_json
from services.reports.render.as_page import sections_view
from services.reports.render.formats import formats_of
from services.reports.report import Report, Table
from services.reports.report_routes import made_for
from services.reports.store import read_partnerships
from services.reports.views import said_in
from shared.domain.access import Action, Allowed, Subject, may
from shared.wire.problems import Fault, Problem
from shared.words.words import Words

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
OWN_NAMES = ("partnership", "rubric", "compare_known", "compare_from", "compare_to")
"""What the form asks beyond the clocks, which the control over both asks for too."""
Described = Sequence[tuple[str, str, str]]


async def reports(frame: Framed) -> Page:
    """Show which reports there are."""
    kinds = _described(frame.words)
    return Page(
        frame=frame,
        template="reports.html",
        shown={
            "kinds": kinds,
            "may_read_issued": isinstance(may(frame.reader, Action.READ_ISSUED, Subject(frame.reader.home)), Allowed),
        },
        document=lambda: {"kinds": [_kind_document(each) for each in kinds]},
        table=lambda: _kinds_table(kinds),
        topic="reports",
    )


async def report(frame: Framed, kind: str) -> Page:
    """Show the form to ask by and, where a period is given, the report."""
    known_kind, words = _kind(kind), frame.words
    own = {name: frame.request.query_params.get(name, "") for name in OWN_NAMES}
    made = (
        await made_for(frame.request, frame.reader, known_kind, _said(frame, own)) if "from" in frame.clocks else None
    )
    registry = await read_partnerships(
        frame.pool, frame.reader, await position_for(frame.request, frame.question), None
    )
    described = [each for each in _described(words) if each[0] == known_kind]
    names = ((each.slug, said_in(each.facts.name.model_dump(exclude_none=True), words.language)) for each in registry)
    return Page(
        frame=frame,
        template="report.html",
        shown={
            "title": made.title if made else described[0][1],
            "description": described[0][2],
            "asked": {**own, **_period(frame), "known": frame.clocks.get("known", "")},
            "compares": known_kind is Kind.CHANGES,
            "partnerships": sorted(names, key=lambda each: each[1].casefold()),
            "report": made,
            "files": _files(made, frame.request) if made else [],
            "may_issue": isinstance(may(frame.reader, Action.ISSUE_REPORT, Subject(frame.reader.home)), Allowed),
            "sections": sections_view(made) if made else [],
        },
        document=lambda: asyncio.to_thread(_document, made) if made else _kind_document(described[0]),
        table=lambda: table_named(made, made.main) if made else _kinds_table(described),
        topic="reports",
        here={name: text for name, text in own.items() if text},
    )


def _described(words: Words) -> Described:
    """Return every kind of report with its name and what it holds."""
    return [(each.value, words.say(KIND_WORDS[each]), words.say(DESCRIPTION_WORDS[each])) for each in Kind]


def _kind_document(described: tuple[str, str, str]) -> Mapping[str, Any]:
    return dict(zip(("kind", "title", "description"), described, strict=True))


def _kinds_table(kinds: Described) -> Table:
    return table_of("reports", ("kind", "title", "description"), kinds)


def _document(made: Report) -> Mapping[str, Any]:
    document: Mapping[str, Any] = json.loads(render_json(made))
    return document


def _kind(name: str) -> Kind:
    if name not in set(Kind):
        title = f"There is no report “{name[:60]}”."
        raise Fault(Problem(404, "unknown-report", title, f"Use one of {', '.join(Kind)}."))
    return Kind(name)


def _said(frame: Frame, own: Mapping[str, str]) -> Said:
    return Said(
        first=frame.clocks.get("from"),
        last=frame.clocks.get("to"),
        known=frame.clocks.get("known"),
        language=frame.words.language,
        partnership=own["partnership"],
        rubric=own["rubric"],
        compare_first=own["compare_from"],
        compare_last=own["compare_to"],
        compare_known=own["compare_known"],
    )


def _period(frame: Frame) -> dict[str, str]:
    """Return the period that is shown; where a day is, the last year that was over by then, which is asked about most."""
    if "from" in frame.clocks:
        return {name: frame.clocks.get(name, "") for name in ("from", "to")}
    day = frame.question.day
    year = day.year if (day.month, day.day) == (12, 31) else day.year - 1
    return {"from": date(year, 1, 1).isoformat(), "to": date(year, 12, 31).isoformat()}


def _files(made: Report, request: Request) -> list[tuple[str, str]]:
    """Return the addresses of the same report in every format: they name the moment that it was answered at."""
    question = {name: str(value) for name, value in made.question.items() if name not in ("kind", "position")}
    if home := request.query_params.get("home"):
        question["home"] = home
    return [
        (form.value.upper(), f"/reports/v1/reports/{made.kind}.{form}?{urlencode(question)}")
        for form in formats_of(made.kind)
    ]


add_page(router, "/reports", reports)
add_page(router, "/reports/{kind}", report)
