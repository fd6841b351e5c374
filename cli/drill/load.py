"""A load: clients that post and ask without pause, and remember what was acknowledged, what failed, and when."""

import asyncio
import random
import ssl
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import httpx

CALLERS = 6
PARTNERSHIPS = ("beijing", "seoul", "tokyo", "berlin", "moscow", "kyiv")
QUESTIONS = ("/reports/v1/ratings?on=2020-12-31", "/scoring/v1/ratings", "/access/v1/me")
ACKNOWLEDGED = (200, 201)
PASSING = (401, 429, 502, 503, 504, 507)
"""What is asked again: the same request is good later, or with another token."""
GIVE_UP_SECONDS = 90.0
PAUSE_AFTER_FAILURE_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class Attempt:
    """A request: what kind, from when to when by the process's own clock, and how it was answered; None for not at all."""

    posting: bool
    began: float
    ended: float
    status: int | None

    @property
    def failed(self) -> bool:
        """Whether whoever asked has to ask again."""
        return self.status is None or self.status in PASSING


@dataclass(frozen=True, slots=True)
class Outage:
    """What of a stretch of time failed: `seconds` are those from the first failure until the last had been got over."""

    asked: int
    failed: int
    seconds: float
    silence_seconds: float
    by_status: Mapping[str, int] = field(default_factory=dict)


@dataclass
class Load:
    """Clients that post without pause, each event again under its id until it is acknowledged, and others that ask.

    `at` says where a service is reached; `acknowledged` holds the receipt, and `sent` the event, by the event's id.
    """

    at: Callable[[str], str]
    token: str
    chance: random.Random
    certificates: ssl.SSLContext | bool = True
    callers: int = CALLERS
    askers: int = 0
    pause_seconds: float = 0.0
    passing: Collection[int] = PASSING
    acknowledged: dict[str, dict[str, Any]] = field(default_factory=dict)
    sent: dict[str, dict[str, Any]] = field(default_factory=dict)
    unacknowledged: set[str] = field(default_factory=set)
    answers: Counter[int] = field(default_factory=Counter)
    attempts: list[Attempt] = field(default_factory=list)
    recorded: list[str] = field(default_factory=list)
    stop: bool = False

    async def run(self) -> None:
        """Post and ask until told to stop; what was begun is acknowledged before it ends."""
        callers = [self._caller() for _ in range(self.callers)]
        await asyncio.gather(*callers, *(self._asker() for _ in range(self.askers)))

    @property
    def longest_silence_seconds(self) -> float:
        """How long it once took until anything was acknowledged again."""
        return outage_of(each for each in self.attempts if each.posting).silence_seconds

    def since(self, began: float, *, posting: bool) -> Outage:
        """Return what failed of the postings, or of the questions, from a moment of `time.monotonic` on."""
        return outage_of(each for each in list(self.attempts) if each.posting is posting and each.ended >= began)

    async def _caller(self) -> None:
        async with self._client() as http:
            while not self.stop:
                await self._post_until_acknowledged(http, self._event())
                await asyncio.sleep(self.pause_seconds)

    async def _asker(self) -> None:
        async with self._client() as http:
            while not self.stop:
                question = self.chance.choice(QUESTIONS)
                answer = await self._ask(http, "GET", question, posting=False)
                failed = answer is None or answer.status_code in PASSING
                if answer is not None and not failed and not answer.is_success:
                    raise UnexpectedAnswer(f"{question}: {answer.status_code} {answer.text[:500]}")
                await asyncio.sleep(PAUSE_AFTER_FAILURE_SECONDS if failed else self.pause_seconds)

    def _client(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(verify=self.certificates, timeout=20, trust_env=False)

    async def _post_until_acknowledged(self, http: httpx.AsyncClient, event: dict[str, Any]) -> None:
        self.sent[event["id"]] = event
        self.unacknowledged.add(event["id"])
        began = time.monotonic()
        while time.monotonic() - began < GIVE_UP_SECONDS:
            answer = await self._ask(http, "POST", "/ingest/v1/events", posting=True, json=event)
            if answer is not None and answer.status_code in ACKNOWLEDGED:
                self.acknowledged[event["id"]] = answer.json()
                self.unacknowledged.discard(event["id"])
                return
            if answer is not None and answer.status_code == 409:  # two corrected the same at once: the second is told
                self.unacknowledged.discard(event["id"])
                return
            if answer is not None and answer.status_code not in self.passing:
                raise UnexpectedAnswer(f"{answer.status_code} {answer.text[:500]}")
            await asyncio.sleep(PAUSE_AFTER_FAILURE_SECONDS)

    async def _ask(
        self,
        http: httpx.AsyncClient,
        method: str,
        path: str,
        *,
        posting: bool,
        json: Any = None,  # noqa: ANN401
    ) -> httpx.Response | None:
        began, answer = time.monotonic(), None
        with suppress(httpx.TransportError):
            address = self.at(path.split("/")[1]) + path
            answer = await http.request(method, address, json=json, headers={"Authorization": f"Bearer {self.token}"})
            self.answers[answer.status_code] += 1
        self.attempts.append(Attempt(posting, began, time.monotonic(), answer.status_code if answer else None))
        return answer

    def _event(self) -> dict[str, Any]:
        known = [each for each in self.recorded[-200:] if each in self.acknowledged]
        if known and self.chance.random() < 0.2:
            changes = {"place": f"Jakarta {self.chance.randrange(10**9)}"}
            data = {"activity": self.chance.choice(known), "changes": changes, "reason": "Lebih tepat"}
            return {"type": "activity.corrected", "id": self._id(), "data": data}
        return self._recorded()

    def _recorded(self) -> dict[str, Any]:
        data = {
            "partnership": self.chance.choice(PARTNERSHIPS),
            "indicator": self.chance.choice(["contact", "document", "visit", "aid", "joint_event"]),
            "occurred": f"{self.chance.randrange(2016, 2027)}",
            "direction": self.chance.choice(["outbound", "inbound", "mutual"]),
            "outcome": self.chance.choice(["held", "held", "planned"]),
            "title": {"id": f"Kegiatan {self.chance.randrange(10**9)}"},
        }
        self.recorded.append(self._id())
        return {"type": "activity.recorded", "id": self.recorded[-1], "data": data}

    def _id(self) -> str:
        digits = f"{self.chance.getrandbits(128):032x}"
        return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-8{digits[17:20]}-{digits[20:]}"


class UnexpectedAnswer(Exception):
    """A request was answered as none of a load may be, whatever is broken."""


def outage_of(attempts: Iterable[Attempt]) -> Outage:
    """Return what failed of attempts, how long it took to get over it, and the longest time without any success."""
    inorder = sorted(attempts, key=lambda each: each.ended)
    failed = [each for each in inorder if each.failed]
    good = [each.ended for each in inorder if not each.failed]
    silence = max((later - earlier for earlier, later in pairwise(good)), default=0.0)
    if not failed:
        return Outage(len(inorder), 0, 0.0, silence)
    first = min(each.began for each in failed)
    last = max(each.ended for each in failed)
    over = next((each for each in good if each >= last), last)
    by_status = Counter("no answer" if each.status is None else str(each.status) for each in failed)
    return Outage(len(inorder), len(failed), over - first, silence, by_status)


@contextmanager
def under(load: Load) -> Iterator[Load]:
    """Let the load run beside what is done meanwhile; raises what went wrong in it."""

    def stop(_: object) -> None:
        load.stop = True

    with ThreadPoolExecutor(1, "load") as threads:
        running = threads.submit(lambda: asyncio.run(load.run()))
        running.add_done_callback(stop)
        try:
            yield load
        finally:
            load.stop = True
            running.result()
