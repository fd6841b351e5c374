"""A service works on a write-once ledger that syncs every write, and on no other."""

import pytest

from cli.embedded.nats_server import free_ports
from shared.ledger.stream import (
    MUST_BE_ABSENT,
    WRITE_ONCE,
    LedgerMisconfigured,
    LedgerMissing,
    check_fsync,
    check_stream,
    create_stream,
    differing,
)
from tests.support.engines import running_nats


async def test_a_server_without_the_stream_is_no_ledger_yet(nats_server):
    ledger = await nats_server.connect()

    with pytest.raises(LedgerMissing, match="kembar prepare"):
        await check_stream(ledger.client)

    await ledger.close()


async def test_the_stream_that_is_made_is_the_one_that_is_accepted(ledger):
    await check_stream(ledger.client)


async def test_making_the_stream_again_changes_nothing(nats_server, ledger):
    maker = await nats_server.connect_as("prepare")

    await create_stream(maker.client, replicas=1)

    await maker.close()


@pytest.mark.parametrize("change", [{"max_age": 3_600_000_000_000}, {"max_msgs": 5}, {"allow_rollup_hdrs": True}])
async def test_a_stream_made_otherwise_is_refused_by_name(nats_server, change):
    await nats_server.make_stream(deny_purge=False, **change)
    ledger = await nats_server.connect()

    with pytest.raises(LedgerMisconfigured, match="deny_purge"):
        await check_stream(ledger.client)

    await ledger.close()


@pytest.mark.parametrize("name", sorted(WRITE_ONCE))
def test_every_setting_of_the_stream_is_compared(name):
    other = {**WRITE_ONCE, name: "something else"}

    assert [each.split(" ")[0] for each in differing(other)] == [name]


@pytest.mark.parametrize("name", MUST_BE_ABSENT)
def test_what_would_let_events_go_is_refused(name):
    assert differing({**WRITE_ONCE, name: True}) == [f"{name} is set"]


async def test_a_server_that_does_not_sync_every_write_is_refused():
    with (
        running_nats(lambda text: text.replace("sync_interval: always", 'sync_interval: "2m"')) as server,
        pytest.raises(LedgerMisconfigured, match="power cut"),
    ):
        await check_fsync([server.address.monitor_url])


async def test_a_server_that_syncs_every_write_is_accepted(nats_server):
    await check_fsync([nats_server.address.monitor_url])


async def test_one_of_three_servers_may_be_away_while_a_service_starts_and_no_more(nats_server):
    (nobody,) = free_ports(1)
    here, away = nats_server.address.monitor_url, f"http://127.0.0.1:{nobody}"

    await check_fsync([here, away, here])

    for urls in ([away], [here, away], [away, here, away]):
        with pytest.raises(LedgerMisconfigured, match="cannot be asked"):
            await check_fsync(urls)
