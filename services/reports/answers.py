"""Answer a question from the tables: catch up as far as the question reaches, find the position, read, compose."""

from typing import Annotated, Any

from fastapi import Depends, Query, Request

from services.reports.compose import compose_ratings
from services.reports.question import Question, read_question
from services.reports.store import Known, read_known, read_position
from shared.domain.access import Principal
from shared.domain.events import RubricAdopted
from shared.domain.rubric import JAKARTA_2020, Rubric
from shared.ledger.ledger import Ledger
from shared.process.clock import Clock
from shared.process.settings import Settings
from shared.projection.progress import Progress
from shared.wire.problems import Fault, Finding, Problem

CATCH_UP_SECONDS = 5.0


First = Annotated[str | None, Query(alias="from", description="The first day of a period", examples=["2017-01-01"])]
Last = Annotated[str | None, Query(alias="to", description="The last day of a period", examples=["2020-12-31"])]
On = Annotated[str | None, Query(description="A day in the world; today if left out", examples=["2020-12-31"])]
KnownAt = Annotated[str | None, Query(description="The last moment in the ledger that may be looked at")]


async def both_clocks(
    request: Request, on: On = None, first: First = None, last: Last = None, known: KnownAt = None
) -> Question:
    """Read both clocks of a request, so that no route can forget one."""
    settings: Settings = request.app.state.settings
    clock: Clock = request.app.state.clock
    return read_question(on, first, last, known, clock().astimezone(settings.zone).date(), settings.zone)


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
    return min(await read_position(request.app.state.runtime.pool, question.known), progress.checkpoint.position)


async def known_for(
    request: Request, reader: Principal | None, question: Question, partnership: str | None = None
) -> Known:
    """Return what a question may look at."""
    settings: Settings = request.app.state.settings
    position = await position_for(request, question)
    return await read_known(
        request.app.state.runtime.pool, home_of(request, reader), position, settings.zone, partnership
    )


async def ratings_for(
    request: Request, reader: Principal | None, question: Question, rubric: str | None = None
) -> dict[str, Any]:
    """Answer the ratings for a question; `rubric` names another than the law of the day."""
    known = await known_for(request, reader, question)
    return compose_ratings(known, question, _named(rubric, known))


def home_of(request: Request, reader: Principal | None) -> str:
    """Return the home that is asked about: the reader's, or the installation's where reading is open."""
    settings: Settings = request.app.state.settings
    return reader.home if reader else settings.home


def _named(name: str | None, known: Known) -> Rubric | None:
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
