"""End what runs beside the rest."""

import asyncio
from typing import Any

CANCEL_AGAIN_SECONDS = 0.2


async def end(*tasks: asyncio.Task[Any]) -> None:
    """Cancel tasks and wait until they have ended; how they ended plays no part.

    They are cancelled again and again, for `asyncio.wait_for` loses a cancellation that comes with its answer.
    """
    while under_way := [task for task in tasks if not task.done()]:
        for task in under_way:
            task.cancel()
        await asyncio.wait(under_way, timeout=CANCEL_AGAIN_SECONDS)
