"""What scoring answers, as its OpenAPI document describes it."""

from datetime import date
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field

ChangedWord = Literal["in_force", "rating", "score", "cells", "dormant", "provisional", "official", "rubric"]
Standing = Annotated[
    dict[str, Any] | None,
    Field(description="The rating as `/scoring/v1/ratings` answered it then; null where it was not in force"),
]


class Cause(BaseModel):
    """The event that changed a rating. A `day.closed` is the passing of time."""

    event_id: str
    type: Annotated[str, Field(examples=["activity.recorded"])]
    position: int
    recorded_at: Annotated[str, Field(examples=["2026-11-21T14:37:56.651555Z"])]


class ChangeDocument(BaseModel):
    """A change of rating, kept when it happened and never computed again."""

    cause: Cause
    on: Annotated[date, Field(description="The day that was today when it changed")]
    changed: Annotated[list[ChangedWord], Field(examples=[["rating", "score", "cells"]])]
    before: Standing
    after: Standing


class HistoryDocument(BaseModel):
    """The changes of one partnership's rating, the latest first; `next` is the cursor of the following page."""

    items: list[ChangeDocument]
    next: str | None
    position: Annotated[int, Field(description="Up to here the ledger was read")]
