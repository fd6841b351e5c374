"""The routes of reports beyond the ratings: the law, foresight, what-if, backtest, diagnosis, a partnership's life.

None of them writes anything. What takes long is worked out in a thread, one at a time, so that other requests go on.
"""

import asyncio
from collections.abc import Callable
from datetime import date
from typing import Annotated, Any, ParamSpec, TypeVar

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import BaseModel

from services.reports.answers import KnownAt, On, Reader, newest_for, position_for, question_of
from services.reports.documents import (
    Backtest,
    BacktestDocument,
    DiagnosisDocument,
    ForesightDocument,
    LawDocument,
    LifeDocument,
    WhatIf,
    WhatIfDocument,
)
from services.reports.life import compose_life
from services.reports.question import Question
from services.reports.store import (
    DeedRows,
    Known,
    Where,
    count_deeds,
    count_facts,
    read_deeds,
    read_events,
    read_known,
    read_partnerships,
)
from services.reports.studies import (
    Otherwise,
    compose_backtest,
    compose_diagnosis,
    compose_foresight,
    compose_law,
    compose_whatif,
    official_on,
)
from shared.domain.access import Principal
from shared.domain.amend import Partnership
from shared.domain.rulings import RULING_TYPES
from shared.domain.text import Slug
from shared.web.homes import zone_of
from shared.web.problems import described
from shared.wire.envelope import rfc3339
from shared.wire.problems import Fault, Finding, Problem

router = APIRouter(prefix="/reports/v1", tags=["reports"])
NOT_JSON = described({400: "The body is not JSON"})
MOST_FACTS = 50_000
"""So many activities are looked at for foresight and what-if; it takes seconds."""
MOST_DEEDS = 20_000
"""So many activities, with all that is known of them, are looked at for a diagnosis."""
OnePartnership = Annotated[Slug | None, Query(description="One partnership only", examples=["hanoi"])]
P = ParamSpec("P")
T = TypeVar("T")


async def day_asked(request: Request, reader: Reader, on: On = None, known: KnownAt = None) -> Question:
    """Read the day and the moment of a request."""
    return await question_of(request, reader, on, None, None, known)


async def period_asked(
    request: Request,
    reader: Reader,
    first: Annotated[str, Query(alias="from", description="The first day of the period", examples=["2017-01-01"])],
    last: Annotated[str, Query(alias="to", description="The last day of the period", examples=["2020-12-31"])],
    known: KnownAt = None,
) -> Question:
    """Read the period and the moment of a request."""
    return await question_of(request, reader, None, first, last, known)


Day = Annotated[Question, Depends(day_asked)]
Period = Annotated[Question, Depends(period_asked)]


@router.get("/rubrics", response_model=LawDocument)
async def rubrics(request: Request, reader: Reader, question: Day) -> Response:
    """Answer which rubric is law from which day to which, as `known` at a moment, each with all its values."""
    position = await position_for(request, question)
    pool, zone = request.app.state.runtime.reading, await zone_of(request, reader.home)
    rulings = await read_events(pool, reader, position, zone, RULING_TYPES)
    return await _answer(request, LawDocument, lambda: {"items": compose_law(rulings, reader), "position": position})


@router.get("/foresight", response_model=ForesightDocument)
async def foresight(request: Request, reader: Reader, question: Day, partnership: OnePartnership = None) -> Response:
    """Answer what will become of every partnership's rating if nothing happens, and what would keep or raise it.

    All or one, by the law of the day. Above 50,000 activities one must be named.
    """
    assert question.on is not None
    known = await _all_known(request, reader, question, partnership)
    on = question.on
    if partnership is not None and not any(each.stands(on, on) for each in known.partnerships):
        raise Fault(_unknown_partnership(partnership))
    asked = {"on": on, **_asked(question, known.position)}
    return await _answer(request, ForesightDocument, lambda: {"items": compose_foresight(known, on), **asked})


@router.post("/whatif", response_model=WhatIfDocument, responses=NOT_JSON)
async def whatif(request: Request, reader: Reader, asked: WhatIf) -> Response:
    """Answer whose rating another law, or other activities, would have made another, from when to when, and why.

    Nothing is written. At most 1,000 activities can be added and 10,000 removed; above 50,000 activities that are known
    one partnership must be named.
    """
    question = await question_of(request, reader, None, asked.first, asked.last, asked.known)
    first, last = _ends_of(question)
    known = await _all_known(request, reader, question, asked.partnership)
    if asked.partnership is not None and not known.partnerships:
        raise Fault(_unknown_partnership(asked.partnership))
    otherwise = Otherwise(asked.rubric, asked.add, frozenset(asked.remove))
    _refuse_what_is_not_there(otherwise, known)
    compared = sum(each.stands(first, last) for each in known.partnerships)
    period = {"compared": compared, "from": first, "to": last, **_asked(question, known.position)}
    return await _answer(
        request, WhatIfDocument, lambda: {"items": compose_whatif(known, otherwise, first, last), **period}
    )


@router.post("/backtest", response_model=BacktestDocument, responses=NOT_JSON)
async def backtest(request: Request, reader: Reader, asked: Backtest) -> Response:
    """Answer how the ratings by a rubric agree with official ones, at most 1,000, on a day.

    Beside the agreement: each predicted from all others, and how stable each rating is under rubrics near by.
    """
    question = await question_of(request, reader, asked.on, None, None, asked.known)
    assert question.on is not None
    known = await newest_for(request, reader, question)
    official = asked.official if asked.official is not None else official_on(known, question.on)
    if not official:
        problem = "No official rating is in force on that day."
        raise Fault(_invalid("official", problem, "Send ratings by partnership under “official”."))
    day = {"on": question.on, **_asked(question, known.position)}
    return await _answer(
        request, BacktestDocument, lambda: {**compose_backtest(known, official, asked.rubric, question.day), **day}
    )


@router.get("/diagnosis", response_model=DiagnosisDocument)
async def diagnosis(request: Request, reader: Reader, question: Period, partnership: OnePartnership = None) -> Response:
    """Answer seventeen measures of each partnership over a period, beside the rating and no part of it.

    All or one. Above 20,000 activities in the period one must be named, or a shorter period.
    """
    first, last = _ends_of(question)
    pool, zone = request.app.state.runtime.reading, await zone_of(request, reader.home)
    position = await position_for(request, question)
    partnerships = await _partnerships(request, reader, position, partnership)
    where = Where(reader, position, partnership, first, last)
    rows = await _deeds(request, where, "Name one partnership, or ask for a shorter period.")
    programmes = await read_events(pool, reader, position, zone, ["programme.agreed"], partnership)
    first, last = first, last
    period = {"from": first, "to": last, **_asked(question, position)}
    return await _answer(
        request,
        DiagnosisDocument,
        lambda: {"items": compose_diagnosis(partnerships, rows, programmes, first, last), **period},
    )


@router.get("/partnerships/{partnership}/life", response_model=LifeDocument)
async def life(request: Request, reader: Reader, question: Day, partnership: Slug) -> Response:
    """Answer how far one partnership has come: procedure, requirements, agreements, programmes, fields.

    The steps and the nine requirements are those of Permendagri 25/2020. An agreement's last day is the `valid_until` of
    the event that tells of it.
    """
    assert question.on is not None
    pool, zone = request.app.state.runtime.reading, await zone_of(request, reader.home)
    position = await position_for(request, question)
    (registered,) = await _partnerships(request, reader, position, partnership)
    rows = await _deeds(request, Where(reader, position, partnership, None, question.on), "Ask for an earlier day.")
    milestones = await read_events(pool, reader, position, zone, ["milestone.reached"], partnership)
    programmes = await read_events(pool, reader, position, zone, ["programme.agreed"], partnership)
    on = question.on
    return await _answer(
        request,
        LifeDocument,
        lambda: {
            **compose_life(registered, milestones, programmes, rows.deeds(), on),
            "on": on,
            **_asked(question, position),
        },
    )


async def work_out(turn: asyncio.Semaphore, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Do long work in a thread, in its turn, so that the requests beside it are answered meanwhile."""
    async with turn:
        return await asyncio.to_thread(work, *args, **kwargs)


async def _answer(request: Request, model: type[BaseModel], compose: Callable[[], dict[str, Any]]) -> Response:
    """Compose an answer, hold it to its documented form, and write it, all in a thread."""
    content = await work_out(
        request.app.state.long_work, lambda: model.model_validate(compose()).model_dump_json(by_alias=True)
    )
    return Response(content, media_type="application/json")


async def _all_known(request: Request, reader: Principal, question: Question, partnership: str | None) -> Known:
    position = await position_for(request, question)
    pool, zone = request.app.state.runtime.reading, await zone_of(request, reader.home)
    if await count_facts(pool, reader, position, partnership, MOST_FACTS + 1) > MOST_FACTS:
        raise Fault(_too_much(MOST_FACTS, "Name one partnership."))
    return await read_known(pool, reader, position, zone, partnership)


async def _deeds(request: Request, where: Where, remedy: str) -> DeedRows:
    if await count_deeds(request.app.state.runtime.reading, where, MOST_DEEDS + 1) > MOST_DEEDS:
        raise Fault(_too_much(MOST_DEEDS, remedy))
    return await read_deeds(request.app.state.runtime.reading, where, await zone_of(request, where.reader.home))


async def _partnerships(request: Request, reader: Principal, position: int, slug: str | None) -> list[Partnership]:
    """Return the registry as known, or the one entry that is named."""
    found = await read_partnerships(request.app.state.runtime.reading, reader, position, slug)
    if slug is not None and not found:
        raise Fault(_unknown_partnership(slug))
    return found


def _refuse_what_is_not_there(otherwise: Otherwise, known: Known) -> None:
    slugs = {each.slug for each in known.partnerships}
    for index, each in enumerate(otherwise.added):
        if each.partnership not in slugs:
            said = f"There is no partnership “{each.partnership}” as known then."
            finding = Finding(f"add.{index}.partnership", said, "Use one of /reports/v1/ratings.")
            raise Fault(Problem(422, "unknown-partnership", _TITLE, finding.remedy, (finding,)))
    counting = {fact.activity for facts in known.facts.values() for fact in facts}
    if missing := sorted(otherwise.removed - counting):
        said = f"There is no activity {missing[0]} that counts as known then."
        finding = Finding("remove", said, "Use ids of /reports/v1/activities.")
        raise Fault(Problem(422, "unknown-activity", _TITLE, finding.remedy, (finding,)))


_TITLE = "The question cannot be answered as it stands."


def _asked(question: Question, position: int) -> dict[str, Any]:
    return {"known": rfc3339(question.known) if question.known else None, "position": position}


def _invalid(field: str, problem: str, remedy: str) -> Problem:
    return Problem(422, "invalid", _TITLE, remedy, (Finding(field, problem, remedy),))


def _ends_of(question: Question) -> tuple[date, date]:
    """Return the first and the last day of the period; raise the 422 where it has none."""
    if question.first is None or question.last is None:
        raise Fault(_invalid("from", "A period needs its first and its last day.", "Write days such as 2020-01-31."))
    return question.first, question.last


def _unknown_partnership(slug: str) -> Problem:
    title = f"There is no partnership “{slug}” then, as far as was known."
    return Problem(404, "unknown-partnership", title, "See /reports/v1/ratings for those that there are.")


def _too_much(most: int, remedy: str) -> Problem:
    title = f"The question is about more than {most:,} activities, which would take too long."
    return Problem(422, "too-much", title, remedy)
