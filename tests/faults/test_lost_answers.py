"""The ledger stores, and its answer is lost on the wire: the append is repeated, and stands once."""

import asyncio

import pytest

from shared.ledger.ledger import Ledger
from tests.shared.ledger.test_append import an_entry
from tests.support.engines import same_secrets
from tests.support.waiting import until
from tests.support.wire import line_to


@pytest.mark.parametrize("count", [1, 20])
async def test_what_was_stored_unheard_is_stored_once(nats_server, ledger, count):
    async with line_to(nats_server.port) as line:
        far = await Ledger.connect(line.url, "ingest", same_secrets())
        far.one_try_seconds = 0.3
        line.deaf = True
        entries = [an_entry(payload=str(number).encode()) for number in range(count)]
        appending = asyncio.create_task(far.append(entries))
        await until(lambda: line.swallowed > 0)
        await until(ledger.end)
        assert not appending.done()

        line.deaf = False

        stored = await appending
        assert line.swallowed > 0
        assert [each.position for each in stored] == list(range(1, count + 1))
        assert await ledger.end() == count
        await far.close()
