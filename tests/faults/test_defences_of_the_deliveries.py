"""Each defence of the deliveries once at work and once switched off: off, the harm that it keeps away really shows.

`docs/faults.md` lists them. A defence is switched off by SQL, or by a variant that a test makes of a part.
"""

import asyncio
from contextlib import asynccontextmanager
from datetime import timedelta
from ipaddress import ip_network
from uuid import uuid5

import httpcore
import pytest

from services.scoring.delivery.addresses import CheckedConnections
from services.scoring.delivery.webhook import LONGEST_ANSWER_BYTES, Webhooks
from shared.postgres.pool import open_pool
from shared.process.clock import now
from tests.faults.test_defences_of_the_ledger import on_and_off
from tests.support.alerts import delivering, raise_alert, settings_of, states, subscribe
from tests.support.installation import SetClock
from tests.support.receivers import ALLOWED, Receiver, answering, hanging, in_turn, receiving
from tests.support.waiting import until

NETWORKS = (ip_network(ALLOWED),)
HEADERS = [("webhook-id", "1")]


@pytest.fixture
def settings(database):
    return settings_of(database)


@pytest.fixture
async def pool(settings):
    opened = await open_pool(settings, "scoring")
    yield opened
    await opened.close()


@asynccontextmanager
async def sending(connections: httpcore.AsyncNetworkBackend | None = None):
    webhooks = Webhooks(NETWORKS, connections=connections)
    yield webhooks
    await webhooks.close()


class Trusting(CheckedConnections):
    """Looks at no address."""

    def refusal_of(self, address):
        return None


@on_and_off
async def test_the_very_address_of_a_connection_is_looked_at(defended):
    """Whoever subscribed with this name had it lead to a public address then; by now it leads to this machine."""
    async with (
        receiving(answering(200), host="127.0.0.1") as inside,
        sending((CheckedConnections if defended else Trusting)(NETWORKS)) as webhooks,
    ):
        outcome = await webhooks.send(f"http://localhost:{inside.port}/metadata", b"{}", HEADERS, now())

    assert outcome.taken != defended
    assert len(inside.got) == (0 if defended else 1)


class Following(Webhooks):
    """Goes where it is sent to."""

    async def _send(self, url, body, headers, now):
        outcome = await super()._send(url, body, headers, now)
        if outcome.status in (301, 302, 307, 308):
            return await super()._send(outcome.excerpt, body, headers, now)
        return outcome


@on_and_off
async def test_no_redirect_is_followed(defended):
    """A message would go where nobody subscribed it to; here to another receiver that is allowed."""
    async with receiving(answering(200)) as elsewhere:
        sends_on = answering(307, f"Location: {elsewhere.url}", body=elsewhere.url.encode())
        async with receiving(sends_on) as receiver:
            webhooks = (Webhooks if defended else Following)(NETWORKS)
            outcome = await webhooks.send(receiver.url, b"{}", HEADERS, now())
            await webhooks.close()

    assert outcome.taken != defended
    assert len(elsewhere.got) == (0 if defended else 1)


class Reading(Webhooks):
    """Reads every answer to its end."""

    async def read(self, response):
        return b"".join([chunk async for chunk in response.aiter_stream()])


@on_and_off
async def test_an_answer_is_cut_at_64_kilobytes(defended):
    """The receiver answers with 32 MB; it is the receiver that counts what was taken off its hands."""
    written = []

    async def answers_much(receiver: Receiver, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 33554432\r\n\r\n")
        for _ in range(512):
            writer.write(b"x" * 65_536)
            await writer.drain()
            written.append(65_536)

    async with receiving(answers_much) as receiver:
        webhooks = (Webhooks if defended else Reading)(NETWORKS)
        outcome = await webhooks.send(receiver.url, b"{}", HEADERS, now())
        await webhooks.close()

    assert outcome.taken
    assert (sum(written) < 16_777_216) == defended  # what the sockets of both sides hold is more than what is read
    assert LONGEST_ANSWER_BYTES == 65_536


@on_and_off
async def test_of_a_partnership_the_next_waits_until_the_one_before_is_settled(pool, settings, defended):
    """The first is not taken at once; off, each stands in a line of its own, so none waits for another."""
    async with receiving(in_turn(answering(503), answering(200))) as receiver:
        made = await subscribe(pool, receiver.url, None)
        clock = SetClock()
        first = await raise_alert(pool, raised_at=clock())
        await raise_alert(pool, raised_at=clock())
        async with delivering(settings, clock):
            await until(lambda: pool.fetchval("SELECT count(*) = 1 FROM attempt WHERE outcome IS NOT NULL"))
            if not defended:
                await pool.execute("UPDATE delivery SET partnership = delivery::text")
                await until(lambda: receiver.taken)
            clock.moment += timedelta(minutes=1)
            await until(lambda: _all_taken(pool, made))

    assert (receiver.taken[0] == str(uuid5(first, str(made.id)))) == defended


async def _all_taken(pool, made):
    found = await states(pool, made.id)
    return len(found) == 2 and set(found) == {"delivered"}


@on_and_off
async def test_what_one_has_in_hand_is_its_own_as_long_as_it_is_there(pool, settings, defended):
    """Two deliverers, a receiver that takes its time; off, each is taken for dead again and again."""
    async with receiving(hanging) as receiver:
        await subscribe(pool, receiver.url, None)
        await raise_alert(pool)
        async with delivering(settings), delivering(settings):
            await until(lambda: receiver.got)
            if not defended:
                await until(lambda: _seen_twice(pool, receiver))
            else:
                await until(lambda: pool.fetchval("SELECT count(*) = 2 FROM worker WHERE projection = 'deliveries'"))
                await asyncio.sleep(1.5)  # longer than it takes either of them to look again

    assert (len(receiver.got) == 1) == defended
    assert len({got.id for got in receiver.got}) == 1


async def _seen_twice(pool, receiver):
    await pool.execute("DELETE FROM worker WHERE projection = 'deliveries'")
    return len(receiver.got) > 1
