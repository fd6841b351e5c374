"""The small questions that a form asks while somebody types: what a date is read as, and what is like it already."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel

from services.reports.answers import Reader
from services.reports.documents import EventId, Name
from services.reports.posting.store import read_like
from shared.domain.codes import Direction, Indicator
from shared.domain.text import OccurredText, Slug
from shared.domain.unfit import Unfit
from shared.words.dates import occurred_in_words
from shared.words.reading_dates import Ambiguous, read_occurred
from shared.words.words import Language

router = APIRouter(prefix="/reports/v1", tags=["reports"])


class ReadingDocument(BaseModel):
    """What a date as people write it is read as: none where it cannot be read, two where it can mean two."""

    readings: list[str]
    in_words: list[str]


class LikeDocument(BaseModel):
    """An activity that another may be a repetition of."""

    id: EventId
    occurred: str
    in_words: str
    title: Name


class LikenessDocument(BaseModel):
    """What counts already for the same partnership and indicator with overlapping dates, the most alike first."""

    items: list[LikeDocument]


@router.get("/dates", response_model=ReadingDocument)
async def dates(
    reader: Reader, text: Annotated[str, Query(max_length=100, examples=["Mei 2019"])], lang: Language = "id"
) -> dict[str, Any]:
    """Answer what a date is read as, in EDTF and in words; nothing is ever made more precise than it is written."""
    try:
        read = read_occurred(text)
    except Unfit:
        return {"readings": [], "in_words": []}
    readings = [read.day_first, read.month_first] if isinstance(read, Ambiguous) else [read]
    return {"readings": readings, "in_words": [occurred_in_words(each, lang) for each in readings]}


@router.get("/likenesses", response_model=LikenessDocument)
async def likenesses(
    request: Request,
    reader: Reader,
    partnership: Slug,
    indicator: Indicator,
    occurred: Annotated[OccurredText, Query(examples=["2019-05"])],
    direction: Direction | None = None,
    lang: Language = "id",
) -> dict[str, Any]:
    """Answer what an activity may be a repetition of, at most five, as imports judge it."""
    data = {"partnership": partnership, "indicator": indicator, "occurred": occurred, "direction": direction}
    found = await read_like(request.app.state.runtime.reading, reader, data)
    return {
        "items": [
            {
                "id": str(each.id),
                "occurred": each.facts.occurred,
                "in_words": occurred_in_words(each.facts.occurred, lang),
                "title": each.facts.title.model_dump(exclude_none=True),
            }
            for each in found
        ]
    }
