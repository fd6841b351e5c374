"""How far a projection has come, for those who wait for it and those who watch it."""

import asyncio

from shared.ledger.follow import Checkpoint


class Progress:
    """The checkpoint as this process knows it; the loop moves it on, readers wait for it."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.checkpoint = Checkpoint()
        self.trouble: str | None = "not started yet"
        self._moved = asyncio.Condition()
        self._tasks: set[asyncio.Task[None]] = set()

    def advanced(self, checkpoint: Checkpoint) -> None:
        """Note that all up to the checkpoint is in the tables."""
        self.checkpoint = checkpoint
        self.trouble = None
        task = asyncio.get_running_loop().create_task(self._tell())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def troubled(self, what: str) -> None:
        """Note that the projection cannot go on just now."""
        self.trouble = what

    async def reach(self, position: int, timeout_seconds: float) -> bool:
        """Wait until the projection has come to `position`; False where it has not in time."""
        if self.checkpoint.position >= position:
            return True
        try:
            async with asyncio.timeout(timeout_seconds), self._moved:
                await self._moved.wait_for(lambda: self.checkpoint.position >= position)
        except TimeoutError:
            return False
        return True

    async def _tell(self) -> None:
        async with self._moved:
            self._moved.notify_all()
