"""Answer a question from the tables: catch up as far as the question reaches, find the position, read, compose."""

import asyncio
from typing import Annotated, Any

from fastapi import Depends, Query, Request

from services.reports.compose import compose_ratings
from services.reports.question import Question, read_question
from services.reports.store import Known, read_known, read_newest, read_position
from shared.domain.access import Action, Principal
from shared.domain.events import RubricAdopted
from shared.domain.rubric import JAKARTA_2020, Rubric
from shared.ledger.ledger import Ledger
from shared.process.clock import Clock
from shared.projection.progress import Progress
from shared.web.homes import zone_of
from shared.web.rules import requires
from shared.wire.problems import Fault, Finding, Problem
from shared.wire.rating_document import as_shown_to

CATCH_UP_SECONDS = 5.0

Reader = Annotated[Principal, requires(Action.READ)]
First = Annotated[str | None, Query(alias="from", description="The first day of a period", examples=["2017-01-01"])]
Last = Annotated[str | None, Query(alias="to", description="The last day of a period", examples=["2020-12-31"])]
On = Annotated[str | None, Query(description="A day in the world; today if left out", examples=["2020-12-31"])]
KnownAt = Annotated[str | None, Query(description="The last moment in the ledger that may be looked at")]


async def both_clocks(
    request: Request, reader: Reader, on: On = None, first: First = None, last: Last = None, known: KnownAt = None
) -> Question:
    """Read both clocks of a request, so that no route can forget one."""
    return await question_of(request, reader, on, first, last, known)


async def question_of(
    request: Request, reader: Principal, on: str | None, first: str | None, last: str | None, known: str | None
) -> Question:
    """Read both clocks, wherever in the request they stand; days are those of the home that is asked about."""
    clock: Clock = request.app.state.clock
    zone = await zone_of(request, reader.home)
    return read_question(on, first, last, known, clock().astimezone(zone).date(), zone)


Clocks = Annotated[Question, Depends(both_clocks)]


async def position_for(request: Request, question: Question) -> int:
    """Return the position that a question reaches: the last one recorded by `known`, or the last in the tables.

    A question about a past moment waits until the tables hold all that was recorded by then: its answer is for ever.
    """
    progress: Progress = request.app.state.progress
    if question.known is None:
        return progress.checkpoint.position
    ledger: Ledger = request.app.state.runtime.ledger
    if progress.checkpoint.recorded_at <= question.known and not await progress.reach(
        await ledger.end(), CATCH_UP_SECONDS
    ):
        raise Fault(
            Problem(
                status=503,
                kind="not-there-yet",
                title="Not all that was recorded by then is in the tables yet.",
                remedy="Ask again in a moment. If it stays so, look at /reports/readyz.",
                retry_after_seconds=1,
            )
        )
    # Some shares may have come further than all have: what lies beyond is not asked about.
    return min(await read_position(request.app.state.runtime.reading, question.known), progress.checkpoint.position)


async def known_for(request: Request, reader: Principal, question: Question, partnership: str | None = None) -> Known:
    """Return what a question may look at."""
    position = await position_for(request, question)
    zone = await zone_of(request, reader.home)
    return await read_known(request.app.state.runtime.reading, reader, position, zone, partnership)


async def newest_for(request: Request, reader: Principal, question: Question) -> Known:
    """Return what decides the ratings that a question asks for."""
    position = await position_for(request, question)
    zone = await zone_of(request, reader.home)
    return await read_newest(request.app.state.runtime.reading, reader, position, zone, question.day)


async def ratings_for(
    request: Request, reader: Principal, question: Question, rubric: str | None = None, *, newest: bool = False
) -> dict[str, Any]:
    """Answer the ratings for a question; `rubric` names another than the law of the day.

    With `newest`, of the activities behind a cell only the newest is named.
    """
    known = await (newest_for if newest else known_for)(request, reader, question)
    # A thousand take a tenth of a second, in which others shall not wait.
    composed = await asyncio.to_thread(compose_ratings, known, question, rubric_named(rubric, known), newest=newest)
    return {"home": reader.home, **composed, "items": [as_shown_to(reader, each) for each in composed["items"]]}


def rubric_named(name: str | None, known: Known) -> Rubric | None:
    """Return the rubric of this name, None where none is named. Raises `Fault` (422) where it was not adopted then."""
    if name is None:
        return None
    adopted = [event.data.rubric for event in known.rulings if isinstance(event.data, RubricAdopted)]
    for rubric in reversed([JAKARTA_2020, *adopted]):
        if name in (rubric.id, f"{rubric.id}/{rubric.version}"):
            return rubric
    names = ", ".join(f"{rubric.id}/{rubric.version}" for rubric in [JAKARTA_2020, *adopted])
    finding = Finding("rubric", f"There is no rubric “{name[:60]}”.", f"Use one of {names}.")
    raise Fault(
        Problem(422, "unknown-rubric", "The question cannot be answered as it stands.", finding.remedy, (finding,))
    )
