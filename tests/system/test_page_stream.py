"""What is new reaches whoever listens, and only what they may see."""

import asyncio
import json

from services.reports import stream
from services.reports.stream import Listeners
from shared.domain.access import Principal, Role
from tests.system.test_api import BEIJING, a_letter


async def heard(installation, events: int, role: str | None = None, **asked: str) -> list[dict]:
    """Listen until so many were told."""
    told = []
    headers = {"Authorization": f"Bearer {installation.tokens[role]}"} if role else {}
    async with installation.http.stream("GET", "/reports/v1/stream", params=asked, headers=headers) as answer:
        assert answer.status_code == 200
        assert answer.headers["Content-Type"].startswith("text/event-stream")
        assert "Content-Encoding" not in answer.headers
        async for line in answer.aiter_lines():
            if line.startswith("data: "):
                told.append(json.loads(line.removeprefix("data: ")))
            if sum(each["count"] for each in told) >= events:
                break
    return told


async def test_what_is_new_is_told_to_those_who_may_see_it(installation):
    await installation.post("partnership.registered", BEIJING)
    await installation.get("/reports/v1/ratings")
    after = str(installation.last_position)
    everybody = asyncio.create_task(heard(installation, 3, after=after))
    embassy = asyncio.create_task(heard(installation, 2, "embassy", after=after))
    for number in range(2):
        await installation.post("activity.recorded", a_letter(occurred=f"201{number}"))
    await installation.post("partnership.registered", {**BEIJING, "partnership": "kyiv", "name": {"id": "Kyiv"}})

    async with asyncio.timeout(60):
        told, told_embassy = await asyncio.gather(everybody, embassy)

    assert sum(each["count"] for each in told) == 3
    assert told[-1]["position"] == installation.last_position
    assert sum(each["count"] for each in told_embassy) == 2


async def test_whoever_comes_back_is_told_what_came_meanwhile(installation):
    await installation.post("partnership.registered", BEIJING)
    await installation.get("/reports/v1/ratings")
    after = installation.last_position
    async with asyncio.timeout(60):
        first = asyncio.create_task(heard(installation, 1, after=str(after)))
        await installation.post("activity.recorded", a_letter(occurred="2011"))
        await first
        await installation.post("activity.recorded", a_letter(occurred="2012"))
        again = await heard(installation, 1, after=str(installation.last_position - 1))

    assert again == [{"count": 1, "position": installation.last_position}]


async def test_nobody_is_kept_waiting_when_the_program_stops():
    listeners = Listeners()
    listener = Principal("jakarta/viewer", "jakarta", Role.VIEWER)
    told = asyncio.create_task(anext_all(stream._told(listeners, listener, 0)))
    await asyncio.sleep(0)
    listeners.end()

    async with asyncio.timeout(60):
        assert len(await told) <= 2


async def anext_all(generator) -> list[str]:
    return [each async for each in generator]
