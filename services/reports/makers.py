"""What makes reports apart from the requests, while somebody waits or as jobs; and who may wait for it."""

import asyncio
from dataclasses import dataclass

from fastapi import Request

from services.reports.apart import Apart, ProcessEnded
from services.reports.ingest_door import IngestDoor
from services.reports.orders import Answer, Order
from shared.wire.problems import Fault, Problem

MOST_WAITING = 8
"""So many may wait for a report to be made; beyond, it is a job."""


@dataclass(frozen=True, slots=True)
class Makers:
    """What makes reports while somebody waits and what makes those of jobs, apart; where issued ones are posted.

    `wake` wakes the worker on jobs.
    """

    waited_for: Apart
    of_jobs: Apart
    ingest: IngestDoor
    wake: asyncio.Event


async def made_while_waiting(request: Request, order: Order) -> Answer:
    """Have an order carried out in a process apart. Raises `Fault` (503) where too many wait for that already."""
    apart = makers_of(request).waited_for
    if apart.waiting >= MOST_WAITING:
        raise Fault(TOO_MANY_WAIT)
    try:
        return await apart.fulfil(order)
    except ProcessEnded as error:
        raise Fault(PROCESS_ENDED) from error


def makers_of(request: Request) -> Makers:
    """Return what makes the reports of an app."""
    makers: Makers = request.app.state.makers
    return makers


TOO_MANY_WAIT = Problem(
    status=503,
    kind="too-many-reports",
    title="Too many reports are waited for just now. Nothing was made.",
    remedy="Order it as a job with POST /reports/v1/jobs, or ask again in a moment.",
    retry_after_seconds=2,
)
PROCESS_ENDED = Problem(
    status=503,
    kind="process-ended",
    title="The process that made the report ended. Nothing was issued.",
    remedy="Ask for less, or again in a moment; tell the administrator if it stays so.",
    retry_after_seconds=2,
)
