"""A feed is sent again only where it has changed."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from fastapi import FastAPI, Request

from services.scoring.feeds.conditional import answer_feed

NOW = datetime(2026, 3, 1, 12, 0, 0, 500_000, tzinfo=UTC)
CHANGED = NOW - timedelta(hours=1)
THEN = "Sun, 01 Mar 2026 11:00:00 GMT"


async def answered(content: bytes = b"feed", changed_at: datetime | None = CHANGED, **headers: str):
    app = FastAPI()
    app.state.writing_feeds = asyncio.Lock()
    raw = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    request = Request({"type": "http", "headers": raw, "app": app})
    return await answer_feed(request, [content.decode()], "text/calendar", changed_at, NOW, lambda: content)


async def test_who_has_it_is_told_so_without_it():
    tag = (await answered()).headers["etag"]

    again = await answered(if_none_match=f'"other", {tag}')

    assert (again.status_code, again.body, again.headers["etag"]) == (304, b"", tag)
    assert (await answered(b"another", if_none_match=tag)).status_code == 200
    assert (await answered(if_none_match="*")).status_code == 304


@pytest.mark.parametrize(
    ("since", "status"),
    [
        (THEN, 304),
        ("Sun, 01 Mar 2026 10:59:59 GMT", 200),
        ("Sun, 01 Mar 2026 11:00:01 GMT", 304),
        ("Sun, 01 Mar 2026 11:00:01 -0000", 304),
        ("yesterday", 200),
        ("", 200),
    ],
)
async def test_a_date_tells_where_there_is_no_tag(since, status):
    assert (await answered()).headers["last-modified"] == THEN
    assert (await answered(if_modified_since=since)).status_code == status


async def test_a_tag_counts_before_a_date():
    assert (await answered(if_none_match='"other"', if_modified_since=THEN)).status_code == 200


async def test_a_feed_that_changed_this_very_second_has_no_date_yet():
    """Another alert of the same second would be another feed of the same date."""
    just_now = await answered(changed_at=NOW - timedelta(seconds=1), if_modified_since="Sun, 01 Mar 2026 12:00:00 GMT")

    assert just_now.status_code == 200
    assert "last-modified" not in just_now.headers
    assert "last-modified" not in (await answered(changed_at=None)).headers
