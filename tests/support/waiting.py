"""Wait for what another program does."""

import asyncio
from collections.abc import Awaitable, Callable


async def until(is_so: Callable[[], object], timeout_seconds: float = 120) -> None:
    """Wait for a condition, which may be a coroutine's; `TimeoutError` where it does not come about."""
    async with asyncio.timeout(timeout_seconds):
        while not (await said if isinstance(said := is_so(), Awaitable) else said):  # noqa: ASYNC110
            await asyncio.sleep(0.02)
