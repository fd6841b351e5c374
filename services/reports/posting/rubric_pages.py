"""The pages of the law: which rubric holds in words, what another would change, how far it agrees, and its adoption."""

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse

from services.reports.answers import Reader, position_for
from services.reports.compose import histories_of
from services.reports.frame import Framed, Page, add_page, table_of
from services.reports.posting.desk import CheckPage, Desk, FormPage, data_sent, desk_in, desk_of, said_of, with_id
from services.reports.posting.effects import Effect, standing_of
from services.reports.posting.fields import (
    Field,
    Kind,
    field_views,
    in_words,
    label_of,
)
from services.reports.posting.rubric import (
    HINTS,
    NAMES,
    VALUES,
    cell_in_words,
    read_adoption,
    read_rubric,
    type_rubric,
    weight_fields,
)
from services.reports.store import Known, read_events, read_newest
from services.reports.studies import compose_backtest, official_on
from services.reports.study_routes import work_out
from shared.domain.access import Action, Allowed, Principal, Subject, may
from shared.domain.cells import CELLS
from shared.domain.codes import RatingCode
from shared.domain.events import RubricAdopted
from shared.domain.rating import History
from shared.domain.rubric import Rubric
from shared.domain.rulings import RULING_TYPES, adoptions, rubric_in_force
from shared.web.forms import Form, ReadsForm, RequiresSignIn
from shared.web.principal import refuse_forgery
from shared.wire.problems import Fault, Problem
from shared.words.codes import RATING_WORDS
from shared.words.dates import date_in_words

router = APIRouter(include_in_schema=False, dependencies=[Depends(refuse_forgery)])
Adopter = Annotated[Principal, Depends(RequiresSignIn(Action.ADOPT_RUBRIC))]
Filled = Annotated[Form, Depends(ReadsForm(most_fields=100))]
TRIED = {"id": "tried", "version": 1, "author": "-", "legal_basis": "-"}
"""The names of a rubric that is only tried."""
ON = Field("valid_from", Kind.DAY, required=True)


async def rubric_page(frame: Framed) -> Page:
    """Show the law of a day in words with all its values, and the rubrics that held before and will hold after it."""
    desk, question, language = desk_in(frame), frame.question, frame.words.language
    position = await position_for(frame.request, question)
    rulings = await read_events(desk.pool, frame.reader, position, desk.zone, RULING_TYPES)
    law = rubric_in_force(rulings, question.day)
    return Page(
        frame=frame,
        template="rubric.html",
        shown={
            "law": law,
            "day": date_in_words(question.day, language),
            "values": _values(law, desk),
            "cells": _cells(law, desk),
            "history": [
                {
                    "name": f"{each.rubric.id}/{each.rubric.version}",
                    "first": date_in_words(each.first, language) if each.first else None,
                    "last": date_in_words(each.last, language) if each.last else None,
                    "replaced": each.replaced_by is not None,
                }
                for each in adoptions(rulings)
            ],
            "adopts": isinstance(may(frame.reader, Action.ADOPT_RUBRIC, Subject(frame.reader.home)), Allowed),
        },
        document=lambda: {"rubric": law.model_dump(mode="json"), "position": position},
        table=lambda: table_of("cells", ["cell", "weight", "window_months"], _cells(law, desk)),
        topic="rules",
    )


@router.get("/rubric/whatif")
async def whatif_page(request: Request, reader: Reader) -> HTMLResponse:
    """Show who would be rated otherwise by other values, and how far these agree with the official ratings.

    The values stand in the address; without any, the form with those of the law.
    """
    desk = await desk_of(request, reader)
    known = await read_newest(desk.pool, reader, desk.position, desk.zone, desk.today)
    law = rubric_in_force(known.rulings, desk.today)
    fields = [*VALUES, *weight_fields(desk.words)]
    asked = {name: value for name, value in request.query_params.items() if name not in ("lang", "home")}
    typed = asked or type_rubric(law, fields, desk.words.language)
    data, problems = read_rubric(fields, typed, TRIED)
    tried = Rubric.model_validate(data) if asked and not problems else None
    effects = _otherwise(histories_of(known), law, tried, known, desk) if tried else []
    official = official_on(known, desk.today)
    agreement = None
    if tried and official:
        turn: asyncio.Semaphore = request.app.state.long_work
        composed = await work_out(turn, compose_backtest, known, official, tried, desk.today)
        agreement = _agreement(composed, desk)
    views = field_views(fields, typed, problems, desk.words, HINTS, {})
    rare = {each.name for each in fields if each.rare}
    return desk.show(
        "whatif.html",
        status=422 if problems else 200,
        shown=[each for each in views if each.name not in rare],
        folded=[each for each in views if each.name in rare],
        unfolded=any(each.problem for each in views if each.name in rare) or bool(law.cells) or _weighs(typed, fields),
        wrong=[each for each in views if each.problem],
        asked=tried is not None,
        sentences=said_of(effects, desk.words),
        compared=len([each for each in known.partnerships if each.stands(desk.today, desk.today)]),
        agreement=agreement,
        adopts=isinstance(may(reader, Action.ADOPT_RUBRIC, Subject(reader.home)), Allowed),
        query=request.url.query,
    )


@router.get("/rubric/adopt")
async def adoption_form(request: Request, adopter: Adopter) -> HTMLResponse:
    """Show the form of a rubric's adoption, with the law's values, or those that stand in the address."""
    desk = await desk_of(request, adopter)
    law = await _law(desk)
    page = _adoption_page(desk)
    typed = type_rubric(law, page.fields, desk.words.language)
    typed |= {
        name: value for name, value in request.query_params.items() if any(name == each.name for each in page.fields)
    }
    return page.show(desk, {**typed, "version": str(law.version + 1)})


@router.post("/rubric/adopt")
async def check_adoption(request: Request, adopter: Adopter, filled: Filled) -> HTMLResponse:
    """Show the rubric in words and who would be rated otherwise by it today; or the form again."""
    desk = await desk_of(request, adopter)
    page = _adoption_page(desk)
    if filled.get("step") == "change":
        sent = data_sent(filled)
        try:
            adopted = RubricAdopted.model_validate(sent)
        except ValueError as error:
            raise Fault(
                Problem(422, "invalid", "What was sent cannot be read.", "Go back and fill the form in again.")
            ) from error
        typed = type_rubric(adopted.rubric, page.fields, desk.words.language)
        typed |= {"valid_from": adopted.valid_from.isoformat(), "event": filled.get("event", "")}
        return page.show(desk, typed)
    data, problems = read_adoption(page.fields, filled)
    if problems:
        return page.show(desk, filled, problems)
    known = await read_newest(desk.pool, adopter, desk.position, desk.zone, desk.today)
    law, rubric = rubric_in_force(known.rulings, desk.today), Rubric.model_validate(data["rubric"])
    effects = said_of(_otherwise(histories_of(known), law, rubric, known, desk), desk.words)
    words = desk.words
    names = [
        (label_of(each.name, words), in_words(each, {**data["rubric"], **data}.get(each.name), words)) for each in NAMES
    ]
    check = CheckPage(
        title=words.say("Check the rubric"),
        address="/rubric/adopt",
        type="rubric.adopted",
        data=data,
        lines=[*names, *_values(rubric, desk)],
        effects=effects or [words.say("No rating of today would be another.")],
    )
    return check.show(desk, with_id(filled))


def _otherwise(
    histories: dict[str, History],
    law: Rubric,
    other: Rubric,
    known: Known,
    desk: Desk,
) -> list[Effect]:
    """Return how each partnership in force would stand by another rubric than the law, where that is otherwise."""
    found = []
    for each in known.partnerships:
        if each.stands(desk.today, desk.today):
            history = histories[each.slug]
            before, after = (standing_of(history, rubric, desk.today) for rubric in (law, other))
            name = each.facts.name.model_dump(exclude_none=True)
            found.append(Effect(each.slug, name, before, after))
    return [each for each in found if each.changes]


def _agreement(composed: dict[str, Any], desk: Desk) -> dict[str, Any]:
    said = [
        (each["partnership"], *(desk.words.say(RATING_WORDS[RatingCode(each[of])]) for of in ("official", "computed")))
        for each in composed["differing"]
    ]
    return {"agreeing": composed["agreeing"], "of": composed["of"], "differing": said}


def _adoption_page(desk: Desk) -> FormPage:
    return FormPage(
        title=desk.words.say("Adopt a rubric"),
        intro=desk.words.say("It becomes law from a day on; past days keep the law of their day. No fact changes."),
        crumb=("/rubric", desk.words.say("The rules")),
        address="/rubric/adopt",
        fields=[*NAMES, *VALUES, *weight_fields(desk.words)],
        hints=HINTS,
        explained={},
        button=desk.words.say("Check"),
        folded=desk.words.say("Weights and windows of single cells"),
    )


async def _law(desk: Desk) -> Rubric:
    rulings = await read_events(desk.pool, desk.asker, desk.position, desk.zone, RULING_TYPES)
    return rubric_in_force(rulings, desk.today)


def _values(rubric: Rubric, desk: Desk) -> list[tuple[str, str]]:
    data = rubric.model_dump(mode="json")
    thresholds = {f"thresholds.{name}": value for name, value in data["thresholds"].items()}
    return [
        (label_of(each.name, desk.words), in_words(each, {**data, **thresholds}.get(each.name), desk.words))
        for each in VALUES
    ]


def _cells(rubric: Rubric, desk: Desk) -> list[tuple[str, int, int]]:
    return [(cell_in_words(cell, desk.words), rubric.weight(cell), rubric.window(cell)) for cell in CELLS]


def _weighs(typed: Any, fields: list[Field]) -> bool:  # noqa: ANN401
    return any(each.rare and typed.get(each.name, "") not in ("", each.default) for each in fields)


add_page(router, "/rubric", rubric_page)
