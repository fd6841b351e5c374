"""A store that is full refuses plainly; what stood there stands, and posting goes on once there is room."""

import pytest

from shared.ledger.ledger import LedgerFull
from tests.shared.ledger.test_append import an_entry
from tests.support.engines import open_ledger, running_nats


async def test_a_full_ledger_says_so_at_once_and_goes_on_when_there_is_room():
    small = "max_file_store: 200KB"
    with running_nats(lambda text: text.replace("max_file_store: 1TB", small)) as server:
        async with open_ledger(server) as ledger:
            stored = []

            async def fill():
                while True:
                    stored.extend(await ledger.append([an_entry(payload=b"x" * 20_000)]))

            with pytest.raises(LedgerFull, match="full"):
                await fill()
            with pytest.raises(LedgerFull):
                await ledger.append([an_entry(payload=b"x" * 60_000) for _ in range(4)])
            assert await ledger.end() == len(stored) > 2

        configuration = server.part.folder / "run" / "nats.conf"
        configuration.write_text(configuration.read_text().replace(small, "max_file_store: 1TB"))
        server.kill()
        server.start()
        again = await server.connect()
        assert [await again.at(each.position) for each in stored] == stored
        await again.append([an_entry(payload=b"x" * 20_000)])
        await again.close()
