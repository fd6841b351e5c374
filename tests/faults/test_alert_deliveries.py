"""Kill the deliverer again and again while it tells fifty receivers of alerts, each of which behaves in its own way.

Every alert reaches every receiver that lives, under one id, signed; none goes to a private address. The short form runs
with all tests; `./kembar faults` runs the long one.
"""

import asyncio
import os
import random
import subprocess
import sys
import time
from collections import Counter
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from uuid import UUID, uuid5

import pytest

from services.access import store as access
from services.access.decide import Membership
from shared.domain.access import Role
from shared.postgres.pool import Pool, open_pool
from tests.faults.conftest import LONG
from tests.support.alerts import Made, raise_alert, settings_of, subscribe
from tests.support.build import HOME
from tests.support.engines import PRESENT, same_secrets
from tests.support.program import ROOT
from tests.support.receivers import (
    ALLOWED,
    Receiver,
    answering,
    closing,
    endless,
    hanging,
    in_turn,
    receiving,
)

ALERTS, KILLS = (200, 20) if LONG else (6, 3)
PARTNERSHIPS = ("hanoi", "beijing", "seoul", "tokyo")
LIVING = {
    "200": (lambda: answering(200), 26),
    "500, then 200": (lambda: in_turn(answering(500), answering(200)), 3),
    "closes, then 200": (lambda: in_turn(closing, answering(200)), 3),
    "200 without an end": (lambda: endless, 2),
}
"""How many receivers are told in the end, by how they behave."""
NEVER = {
    "500": (lambda: answering(500), 3),
    "hangs": (lambda: hanging, 3),
    "redirects": (lambda: answering(302, "Location: http://127.0.0.3/"), 3),
    "closes": (lambda: closing, 3),
    "410": (lambda: answering(410), 2),
}
PRIVATE = 2


@dataclass
class Told:
    """A receiver, how it behaves, and its subscription."""

    behaves: str
    receiver: Receiver
    made: Made


class Killed:
    """The deliverer, killed and started again."""

    def __init__(self, environment: dict[str, str]) -> None:
        self._environment = environment
        self._process = self._start()

    def _start(self) -> subprocess.Popen[bytes]:
        return subprocess.Popen([sys.executable, "-m", "tests.faults.deliverer"], cwd=ROOT, env=self._environment)

    def again(self) -> None:
        self.stop()
        self._process = self._start()

    def stop(self) -> None:
        self._process.kill()
        self._process.wait()


@pytest.fixture
async def pool(database):
    settings = settings_of(database)
    people = await open_pool(settings, access.SCHEMA)
    async with access.transaction(people) as connection:
        await access.make_program(connection, f"{HOME}/bureau", HOME, PRESENT)
        await access.write_membership(connection, f"{HOME}/bureau", Membership(HOME, Role.BUREAU_EDITOR))
    await people.close()
    opened = await open_pool(settings, "scoring")
    yield opened
    await opened.close()


@asynccontextmanager
async def fifty_receivers(pool: Pool):
    async with AsyncExitStack() as opened:
        told = []
        for behaves, (make, count) in {**LIVING, **NEVER}.items():
            for _ in range(count):
                receiver = await opened.enter_async_context(receiving(make()))
                told.append(Told(behaves, receiver, await subscribe(pool, receiver.url)))
                receiver.secret = told[-1].made.secret
        for _ in range(PRIVATE):
            receiver = await opened.enter_async_context(receiving(answering(200), host="127.0.0.3"))
            told.append(Told("private", receiver, await subscribe(pool, receiver.url)))
        yield told


@pytest.mark.timeout(1_200)
async def test_whatever_receivers_do_and_however_often_the_deliverer_is_killed_all_that_live_are_told(
    pool, database, record_property
):
    chance, started = random.Random(20261121), time.monotonic()
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "KEMBAR_POSTGRES_DSN": database,
        "KEMBAR_SECRETS_FOLDER": str(same_secrets()),
        "KEMBAR_WEBHOOK_NETWORKS": f'["{ALLOWED}"]',
    }
    async with fifty_receivers(pool) as told:
        assert len(told) == 50
        deliverer = Killed(environment)
        try:
            alerts = await raised_while_it_is_killed(pool, deliverer, told, chance)
            await wait_for_the_living(pool, told)
        finally:
            deliverer.stop()

        figures = await compared(pool, told, alerts)
    record_property("deliveries", len(told) * len(alerts))
    record_property("kills", KILLS)
    for name, figure in figures.items():
        record_property(name, figure)
    record_property("seconds", round(time.monotonic() - started))
    assert figures["not told"] == figures["wrong ids"] == figures["wrong signatures"] == figures["out of order"] == 0
    assert figures["to private addresses"] == figures["to redirected addresses"] == 0


async def raised_while_it_is_killed(pool, deliverer, told, chance) -> list[tuple[UUID, str]]:
    """Raise the alerts bit by bit; after each bit kill the deliverer while it is sending."""
    alerts: list[tuple[UUID, str]] = []
    for _ in range(KILLS):
        for _ in range(ALERTS // KILLS):
            partnership = chance.choice(PARTNERSHIPS)
            alerts.append((await raise_alert(pool, partnership), partnership))
        before = sum(len(each.receiver.got) for each in told)
        async with asyncio.timeout(120):
            while sum(len(each.receiver.got) for each in told) < before + chance.randrange(5, 40):  # noqa: ASYNC110
                await asyncio.sleep(0.005)
        deliverer.again()
    return alerts


async def wait_for_the_living(pool: Pool, told: list[Told]) -> None:
    living = [each.made.id for each in told if each.behaves in LIVING]
    query = (
        "SELECT (SELECT count(*) FROM outbox) + (SELECT count(*) FROM delivery WHERE state = 'pending' "
        "AND subscription = ANY($1))"
    )
    async with asyncio.timeout(900 if LONG else 200):
        while await pool.fetchval(query, living):  # noqa: ASYNC110
            await asyncio.sleep(0.05)


async def compared(pool: Pool, told: list[Told], alerts: list[tuple[UUID, str]]) -> dict[str, object]:
    """Count what was wrong, receiver by receiver, and what had come twice."""
    counted: Counter[str] = Counter()
    for each in told:
        wanted = {str(uuid5(alert, str(each.made.id))): alert for alert, _ in alerts}
        counted["requests"] += len(each.receiver.got)
        if each.behaves == "private":
            counted["to private addresses"] += each.receiver.connections
            continue
        for got in each.receiver.got:
            counted["wrong ids"] += wanted.get(got.id) != UUID(got.document["data"]["id"])
        counted["wrong signatures"] += each.receiver.unsigned
        counted["to redirected addresses"] += sum(got.path != "/kembar" for got in each.receiver.got)
        if each.behaves in LIVING:
            counted["not told"] += len(wanted.keys() - set(each.receiver.taken))
            counted["taken more than once"] += len(each.receiver.taken) - len(set(each.receiver.taken))
            counted["out of order"] += is_out_of_order(each.receiver, alerts, wanted)
    cut_off = await pool.fetchval("SELECT count(*) FROM attempt WHERE outcome IS NULL")
    zeros = dict.fromkeys(
        (
            "not told",
            "wrong ids",
            "wrong signatures",
            "out of order",
            "to private addresses",
            "to redirected addresses",
        ),
        0,
    )
    return {**zeros, **counted, "attempts that a kill cut off": cut_off}


def is_out_of_order(receiver: Receiver, alerts, wanted) -> bool:
    """Say whether of one partnership a later alert was taken before an earlier one."""
    firsts = [wanted[each] for each in dict.fromkeys(receiver.taken)]
    partnership_of = dict(alerts)
    raised = [alert for alert, _ in alerts]
    return any(
        [each for each in firsts if partnership_of[each] == name]
        != [each for each in raised if partnership_of[each] == name and each in firsts]
        for name in PARTNERSHIPS
    )
