"""Answer a feed only where it is another than the one that its reader has (RFC 9110, section 13).

Whether it is can be told by what it would be made of, so that nothing is written for whoever has it. What is written takes
long for many partnerships: it is done in a thread, one at a time, so that other requests go on.
"""

import asyncio
import hashlib
import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime, parsedate_to_datetime

from fastapi import Request, Response

FORM = 1
"""Another number for another form of the feeds: what a reader has is then sent anew."""
STILL_CHANGING = timedelta(seconds=2)
"""A date has whole seconds: one that is this young could be the date of two different feeds."""


async def answer_feed(
    request: Request,
    made_of: Sequence[object],
    media_type: str,
    changed_at: datetime | None,
    now: datetime,
    write: Callable[[], bytes],
) -> Response:
    """Return the feed with its validators, or 304 where the reader has the very same.

    `made_of` is all that the feed depends on, as JSON takes it; `changed_at` is None where there is nothing by whose date
    it could be told.
    """
    headers = {"ETag": _tag(made_of), "Cache-Control": "private, no-cache", "Vary": "Authorization, Cookie"}
    if changed_at is not None and now - changed_at > STILL_CHANGING:
        headers["Last-Modified"] = format_datetime(changed_at.astimezone(UTC).replace(microsecond=0), usegmt=True)
    if _has_it(request, headers):
        return Response(status_code=304, headers=headers)
    one_at_a_time: asyncio.Lock = request.app.state.writing_feeds
    async with one_at_a_time:
        content = await asyncio.to_thread(write)
    return Response(content, media_type=media_type, headers=headers)


def _tag(made_of: Sequence[object]) -> str:
    """Return a weak tag: the same feed says the same, if not in the same bytes for ever."""
    text = json.dumps([FORM, *made_of], ensure_ascii=False, default=str)
    return f'W/"{hashlib.sha256(text.encode()).hexdigest()[:32]}"'


def _has_it(request: Request, headers: dict[str, str]) -> bool:
    named = request.headers.get("if-none-match")
    if named is not None:
        tag = headers["ETag"].removeprefix("W/")
        return named.strip() == "*" or tag in (each.strip().removeprefix("W/") for each in named.split(","))
    since, changed = request.headers.get("if-modified-since"), headers.get("Last-Modified")
    return bool(since and changed) and _moment(changed) <= _moment(since)


def _moment(text: str | None) -> datetime:
    """Read a date of HTTP; one that is none is before all others, so that the feed is sent."""
    try:
        read = parsedate_to_datetime(text or "")
    except ValueError:
        return datetime.min.replace(tzinfo=UTC)
    return read if read.tzinfo else read.replace(tzinfo=UTC)
