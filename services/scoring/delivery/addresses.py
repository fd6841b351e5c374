"""Where a webhook may lead: to public addresses, and to the networks that the settings allow besides.

Asked when somebody subscribes, and again at each connection, of the very address that is connected to: a name may lead
elsewhere by then.
"""

import asyncio
import socket
from collections.abc import Iterable, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from urllib.parse import urlsplit

import httpcore

from shared.domain.unfit import Unfit

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network
LONGEST_URL = 2_000
_REMEDY = "Name an https address that can be reached from the public network."


class AddressRefused(Exception):
    """A connection would have led where none may; the message says why, in a sentence."""


def refusal_of(address: Address, allowed: Sequence[Network]) -> str | None:
    """Return why no webhook may lead to an address, None where it may. Every address within an IPv6 one is looked at too."""
    if any(address in network for network in allowed):
        return None
    for each in _meant_by(address):
        if not each.is_global or each.is_multicast or each.is_reserved or each.is_unspecified:
            return "It leads into a network that is not public."
    return None


def _meant_by(address: Address) -> Iterable[Address]:
    yield address
    if isinstance(address, IPv6Address):
        yield from (each for each in (address.ipv4_mapped, address.sixtofour, *(address.teredo or ())) if each)


def host_of(url: str, allowed: Sequence[Network]) -> tuple[str, int]:
    """Return the host and the port of a webhook's address. Raises `Unfit` for what is none.

    Without TLS only to this machine itself, where its network is among those allowed.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise Unfit("It is no address.", _REMEDY) from error
    if len(url) > LONGEST_URL or not url.isascii() or not url.isprintable() or " " in url or not host:
        raise Unfit("It is no address.", _REMEDY)
    if parts.scheme != "https" and not (parts.scheme == "http" and any(each.is_loopback for each in allowed)):
        raise Unfit("It does not begin with https://.", _REMEDY)
    if "@" in parts.netloc or parts.fragment:
        raise Unfit("It holds a name, a password or a fragment.", "Leave them out: each message is signed.")
    return host, port or (443 if parts.scheme == "https" else 80)


async def addresses_of(host: str, port: int) -> list[Address]:
    """Return what a name leads to just now, none where it leads nowhere."""
    try:
        return [ip_address(host)]
    except ValueError:
        pass
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return []
    return [ip_address(str(each[4][0]).partition("%")[0]) for each in found]


async def check_url(url: str, allowed: Sequence[Network]) -> str:
    """Return the host and port of an address that messages may be sent to. Raises `Unfit`."""
    host, port = host_of(url, allowed)
    addresses = await addresses_of(host, port)
    if not addresses:
        raise Unfit(f"“{host[:60]}” leads nowhere.", "Check the name, or try again later.")
    for each in addresses:
        if refusal := refusal_of(each, allowed) or _refusal_without_tls(url, each):
            raise Unfit(refusal, _REMEDY)
    return f"{host}:{port}"


def _refusal_without_tls(url: str, address: Address) -> str | None:
    return "Without TLS it may lead to this machine only." if url[:5] == "http:" and not address.is_loopback else None


class CheckedConnections(httpcore.AsyncNetworkBackend):
    """Connects to what a name leads to at this moment, if that is an address where a webhook may lead.

    It is asked for the name, and connects by the address that it has looked at, so nothing can lead elsewhere in between.
    Raises `AddressRefused`.
    """

    def __init__(self, allowed: Sequence[Network]) -> None:
        self._allowed = allowed
        self._by_address: httpcore.AsyncNetworkBackend = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's own
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Connect to the first address that answers; one that is refused refuses them all."""
        addresses = await addresses_of(host, port)
        for each in addresses:
            if refusal := self.refusal_of(each):
                raise AddressRefused(refusal)
        trouble: httpcore.ConnectError | httpcore.ConnectTimeout = httpcore.ConnectError(f"{host} leads nowhere")
        for each in addresses:
            try:
                return await self._by_address.connect_tcp(str(each), port, timeout, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                trouble = error
        raise trouble

    def refusal_of(self, address: Address) -> str | None:
        """Return why no connection may lead to an address, None where it may."""
        return refusal_of(address, self._allowed)

    async def sleep(self, seconds: float) -> None:
        """Wait between two attempts to connect."""
        await asyncio.sleep(seconds)
