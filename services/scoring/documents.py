"""What scoring answers, as its OpenAPI document describes it."""

from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field

from shared.domain.alerting import AlertKind
from shared.domain.codes import Direction, Indicator, RatingCode

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


class CellName(BaseModel):
    """One of the ten cells."""

    indicator: Indicator
    direction: Literal["outbound", "inbound"]


class LitCell(CellName):
    """A cell that is lit, and the day on which it goes dark if nothing else happens."""

    goes_dark: date


class RatingBeforeAndAfter(BaseModel):
    """The rating that was announced before, and the one of now; the same where the alert is about something else."""

    before: RatingCode
    after: RatingCode


class ScoreBeforeAndAfter(BaseModel):
    """The score that was announced before, and the one of now."""

    before: int
    after: int


class LastActivity(BaseModel):
    """The last activity that counted, as it was known."""

    id: str
    indicator: Indicator
    direction: Direction
    day: Annotated[date, Field(description="The day on which it took effect")]
    title: dict[str, str]


class FallDocument(BaseModel):
    """The day on which the rating falls if nothing happens, and to what."""

    on: date
    rating: RatingCode


class RubricName(BaseModel):
    """The rubric by which it was rated."""

    id: str
    version: int


Target = Annotated[
    dict[str, Any] | None,
    Field(description="As under `foresight` of `/scoring/v1/ratings/{partnership}`; null where there is nothing to do"),
]


class AlertDocument(BaseModel):
    """What subscribers are told of a partnership, as it was when it was raised; it is never changed."""

    id: Annotated[
        str, Field(description="The same wherever the alert is seen: by it a receiver knows what it has already")
    ]
    home: str
    partnership: str
    name: dict[str, str]
    country: str
    issue: str | None
    kind: AlertKind
    rule: Annotated[str, Field(examples=["rating", "dormancy", "silence", "fall", "withdrawn/fall"])]
    by_law: Annotated[bool, Field(description="Whether it is for subscribers that set no threshold of their own")]
    crossed: Annotated[
        list[int], Field(description="Months of silence that were reached or have ended, or days ahead of a fall")
    ]
    due: Annotated[
        date, Field(description="The day it is about: of the fall, of dormancy, of the activity that ended it")
    ]
    on: Annotated[date, Field(description="The day it was raised for")]
    position: int
    event_id: Annotated[str, Field(description="The event that caused it; a `day.closed` is the passing of time")]
    event_type: str
    raised_at: Annotated[str, Field(examples=["2026-11-21T14:37:56.651555Z"])]
    rating: RatingBeforeAndAfter
    score: ScoreBeforeAndAfter
    provisional: bool
    dormant: bool
    silent_since: Annotated[
        date | None, Field(description="The day of the last activity; without any, of the memorandum")
    ]
    silent_months: int
    last_activity: LastActivity | None
    cells: list[LitCell]
    went_dark: Annotated[list[CellName], Field(description="Lit when the rating was last announced, and dark now")]
    lit_up: list[CellName]
    falls: FallDocument | None
    keep: Target
    raise_: Annotated[Target, Field(alias="raise")]
    rubric: RubricName
    withdraws: Annotated[dict[str, Any] | None, Field(description="The alert that is withdrawn, as it was raised")]
    path: Annotated[
        str, Field(description="The page as of that moment", examples=["/partnerships/hanoi?on=2026-11-21"])
    ]


class Acknowledged(BaseModel):
    """Who sees to an alert."""

    by: Annotated[str, Field(description="The account")]
    at: datetime
    note: str | None


class ShownAlert(AlertDocument):
    """An alert as it is shown: what it says, and beside that who sees to it by now."""

    acknowledged: Annotated[
        Acknowledged | None, Field(description="Null for nobody; left out for whoever may not subscribe to alerts")
    ] = None


class AlertsDocument(BaseModel):
    """Alerts, the latest first; `next` is the cursor of the following page."""

    items: list[ShownAlert]
    next: str | None
    position: Annotated[int, Field(description="Up to here the ledger was read")]
