"""Where a webhook may lead: asked of every address that a name leads to, at the very connection."""

from ipaddress import ip_address, ip_network

import httpcore
import pytest

from services.scoring.delivery.addresses import AddressRefused, CheckedConnections, check_url, host_of, refusal_of
from shared.domain.unfit import Unfit
from tests.support.receivers import answering, receiving

LOOPBACK = (ip_network("127.0.0.2/32"),)


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "127.0.0.3", "0.0.0.0", "10.1.2.3", "172.16.0.1", "192.168.1.1", "100.64.0.1"),
        *("169.254.169.254", "224.0.0.1", "239.255.255.250", "240.0.0.1", "255.255.255.255", "192.0.2.1", "198.18.0.1"),
        *("::", "::1", "fe80::1", "fc00::1", "fd00:ec2::254", "ff02::1", "2001:db8::1"),
        *("::ffff:127.0.0.1", "::ffff:10.0.0.1", "2002:7f00:1::", "64:ff9b::a9fe:a9fe", "64:ff9b::7f00:1"),
    ],
)
def test_what_is_not_public_is_refused_however_it_is_written(address):
    assert refusal_of(ip_address(address), LOOPBACK) is not None


@pytest.mark.parametrize("address", ["1.1.1.1", "8.8.8.8", "2606:4700:4700::1111", "127.0.0.2"])
def test_what_is_public_or_allowed_by_a_setting_is_not(address):
    assert refusal_of(ip_address(address), LOOPBACK) is None


@pytest.mark.parametrize(
    "url",
    [
        *(
            "",
            "example.org",
            "ftp://example.org",
            "https://",
            "https://user:secret@example.org/",
            "https://example.org/#x",
        ),
        *("https://example.org:99999/", "https://exa mple.org/", "https://[::1", "https://example.org/\r\nHost: x"),
        "https://example.org/" + "x" * 2_000,
    ],
)
def test_what_is_no_address_is_refused(url):
    with pytest.raises(Unfit):
        host_of(url, LOOPBACK)


def test_without_tls_only_this_machine_is_reached_and_only_where_a_setting_allows_that():
    assert host_of("http://127.0.0.2:8000/x", LOOPBACK) == ("127.0.0.2", 8000)
    for allowed in ((), (ip_network("10.0.0.0/8"),)):
        with pytest.raises(Unfit):
            host_of("http://127.0.0.2:8000/x", allowed)


@pytest.mark.parametrize(
    "url",
    [
        "https://localhost/",
        "https://127.0.0.3/",
        "http://8.8.8.8/",
        "https://no-such-name.invalid/",
        "https://2130706433/",
    ],
)
async def test_nobody_subscribes_an_address_that_may_not_be_asked(url):
    with pytest.raises(Unfit):
        await check_url(url, LOOPBACK)


async def test_a_name_that_leads_elsewhere_by_now_is_refused_at_the_connection():
    """`localhost` stands for a name whose address was changed after somebody had subscribed with it."""
    async with receiving(answering(200), host="127.0.0.1") as receiver:
        with pytest.raises(AddressRefused):
            await CheckedConnections(LOOPBACK).connect_tcp("localhost", receiver.port, 5)
        assert receiver.connections == 0


async def test_a_connection_is_made_by_the_address_that_was_looked_at():
    async with receiving(answering(200)) as receiver:
        stream = await CheckedConnections(LOOPBACK).connect_tcp("127.0.0.2", receiver.port, 5)

        assert stream.get_extra_info("server_addr")[0] == "127.0.0.2"
        await stream.aclose()


async def test_where_nobody_listens_no_connection_is_made():
    with pytest.raises(httpcore.ConnectError):
        await CheckedConnections(LOOPBACK).connect_tcp("127.0.0.2", 1, 5)
