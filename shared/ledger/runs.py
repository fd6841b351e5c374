"""Ask the ledger for a run of positions: one subscription, kept, takes the answers to all questions.

A subscription of its own for each question would be made and ended at both sides for each group that is appended.
"""

import asyncio
import json
from dataclasses import dataclass, field

from nats.aio.client import Client
from nats.aio.msg import Msg

from shared.ledger.stream import DIRECT_GET


@dataclass(slots=True)
class _Run:
    """What has come of a run so far."""

    count: int
    messages: list[Msg] = field(default_factory=list)
    over: asyncio.Event = field(default_factory=asyncio.Event)

    def take(self, message: Msg) -> None:
        """Take what came; a message with a status says that there is no more."""
        if message.headers and "Status" in message.headers:
            self.over.set()
            return
        self.messages.append(message)
        if len(self.messages) == self.count:
            self.over.set()


class Runs:
    """Answers of the ledger to questions for several positions in a row."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._inbox = ""
        self._asked = 0
        self._under_way: dict[str, _Run] = {}

    async def open(self) -> None:
        """Begin to listen for answers; a client that connects anew goes on listening by itself."""
        self._inbox = self._client.new_inbox()
        # Without limits: what is asked for is bounded, and a dropped message would only be asked for again.
        await self._client.subscribe(f"{self._inbox}.*", cb=self._take, pending_msgs_limit=-1, pending_bytes_limit=-1)

    async def read(self, first: int, count: int, timeout_seconds: float) -> list[Msg]:
        """Return the messages from position `first` on, `count` at most, and what has come of them at the deadline.

        Raises what `Client.publish` raises where the question cannot be sent.
        """
        self._asked += 1
        name, run = str(self._asked), _Run(count)
        self._under_way[name] = run
        try:
            question = json.dumps({"seq": first, "batch": count}).encode()
            await self._client.publish(DIRECT_GET, question, reply=f"{self._inbox}.{name}")
            async with asyncio.timeout(timeout_seconds):
                await run.over.wait()
        except TimeoutError:
            pass  # the question or its answer was lost with a server; whoever reads asks again
        finally:
            del self._under_way[name]
        return run.messages

    async def _take(self, message: Msg) -> None:
        """Give a message to the run that it belongs to; one that is over already needs it no more."""
        run = self._under_way.get(message.subject.rpartition(".")[2])
        if run is not None:
            run.take(message)
