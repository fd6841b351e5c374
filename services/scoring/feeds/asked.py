"""What a request for alerts asks: which kinds, in which language, after which alert."""

import re
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Header, Query

from services.scoring.feeds.store import Place
from shared.domain.alerting import AlertKind
from shared.domain.text import Slug
from shared.wire.problems import Fault, Finding, Problem
from shared.words.words import Language

KINDS = tuple(each.value for each in AlertKind)
PLACE = re.compile(r"(?P<position>[0-9]{1,18})\.(?P<alert>[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})")

OnePartnership = Annotated[Slug | None, Query(description="One partnership only", examples=["hanoi"])]
Thresholds = Annotated[
    bool,
    Query(
        description="With those for subscribers that set thresholds of their own: every month of silence, every lead"
    ),
]
Lang = Annotated[Language, Query(description="The language of what people read")]


async def kinds_asked(
    kinds: Annotated[
        str | None,
        Query(description="Some kinds only, joined by commas", examples=["dormant,will_fall"], max_length=200),
    ] = None,
) -> frozenset[str] | None:
    """Return the kinds that are named, None for all; raise `Fault` (422) where one is none."""
    if not kinds:
        return None
    named = frozenset(each.strip() for each in kinds.split(","))
    if not named <= set(KINDS):
        raise Fault(_invalid("kinds", "There is no such kind of alert.", f"Name some of {', '.join(KINDS)}."))
    return named


async def place_asked(
    last_event_id: Annotated[
        str | None,
        Query(description="Go on after this event; the header Last-Event-ID counts before it", max_length=80),
    ] = None,
    header: Annotated[str | None, Header(alias="Last-Event-ID", description="The last event that was read")] = None,
) -> Place | None:
    """Return the place after which to go on, None for now; raise `Fault` (422) where the id was not made here."""
    said = header or last_event_id
    return place_in(said) if said else None


def place_in(said: str) -> Place:
    """Return the place that the id of an event names, as `id_of` wrote it."""
    found = PLACE.fullmatch(said)
    if found is None:
        raise Fault(_invalid("last_event_id", "The id was not made here.", "Send the id of an event, or leave it out."))
    return Place(int(found["position"]), UUID(found["alert"]))


def id_of(place: Place) -> str:
    """Return the id of the event that stands at a place."""
    return f"{place.position}.{place.alert}"


Kinds = Annotated[frozenset[str] | None, Depends(kinds_asked)]
After = Annotated[Place | None, Depends(place_asked)]


def _invalid(field: str, problem: str, remedy: str) -> Problem:
    return Problem(
        422, "invalid", "The question cannot be answered as it stands.", remedy, (Finding(field, problem, remedy),)
    )
