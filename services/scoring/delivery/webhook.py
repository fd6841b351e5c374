"""Send a message to a webhook, as Standard Webhooks says: signed, once per attempt, no redirect, 15 seconds in all."""

import asyncio
import ssl
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

import httpcore
import httpx
from standardwebhooks import Webhook

from services.scoring.delivery.addresses import AddressRefused, CheckedConnections, Network
from services.scoring.delivery.outcome import Outcome, excerpt_of

LONGEST_SECONDS = 15.0
LONGEST_ANSWER_BYTES = 65_536
SECRET_BYTES = 32


class Webhooks:
    """Sends to webhooks. A connection serves one attempt, so that its address is looked at every time.

    httpcore follows no redirect, keeps no cookie, asks no proxy and unpacks nothing: what is not here cannot be turned on.
    """

    def __init__(
        self,
        allowed: Sequence[Network],
        *,
        tls: ssl.SSLContext | None = None,
        connections: httpcore.AsyncNetworkBackend | None = None,
    ) -> None:
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=tls or httpx.create_ssl_context(),
            max_connections=None,  # how many there are is the deliverer's to say
            max_keepalive_connections=0,
            network_backend=connections or CheckedConnections(allowed),
        )

    async def send(self, url: str, body: bytes, headers: Sequence[tuple[str, str]], now: datetime) -> Outcome:
        """Send a body that is signed already; return how that ended. Raises nothing that a receiver could bring about."""
        try:
            async with asyncio.timeout(LONGEST_SECONDS):
                return await self._send(url, body, headers, now)
        except TimeoutError:
            return Outcome(taken=False, words=f"There was no whole answer within {LONGEST_SECONDS:.0f} seconds.")
        except AddressRefused as error:
            return Outcome(taken=False, words=str(error))
        except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
            return Outcome(taken=False, words="No connection could be made.", excerpt=excerpt_of(str(error).encode()))
        except (httpcore.NetworkError, httpcore.ProtocolError, httpcore.TimeoutException, OSError) as error:
            return Outcome(taken=False, words="The connection broke.", excerpt=excerpt_of(str(error).encode()))

    async def _send(self, url: str, body: bytes, headers: Sequence[tuple[str, str]], now: datetime) -> Outcome:
        raw = [(name.encode("ascii"), value.encode("ascii")) for name, value in headers]
        async with self._pool.stream("POST", url, headers=raw, content=body) as response:
            answered = await self.read(response)
        asked_for = next((value for name, value in response.headers if name.lower() == b"retry-after"), None)
        return outcome_of(response.status, answered, wait_in(asked_for, now))

    async def read(self, response: httpcore.Response) -> bytes:
        """Return the beginning of an answer; no more of it is read."""
        answered = bytearray()
        async for chunk in response.aiter_stream():
            answered += chunk
            if len(answered) >= LONGEST_ANSWER_BYTES:
                break
        return bytes(answered[:LONGEST_ANSWER_BYTES])

    async def close(self) -> None:
        """Close what is open."""
        await self._pool.aclose()


def outcome_of(status: int, answered: bytes, asked_for: timedelta | None) -> Outcome:
    """Say what a status means: 2xx is taken, 410 ends the subscription, all else is tried again."""
    excerpt = excerpt_of(answered)
    if 200 <= status < 300:
        return Outcome(taken=True, words="It was taken.", status=status, excerpt=excerpt)
    if status == 410:
        return Outcome(
            taken=False, words="The receiver wants no more (410).", status=status, excerpt=excerpt, gone=True
        )
    said = "It was answered by a redirect, which is not followed" if 300 <= status < 400 else "It was not taken"
    return Outcome(taken=False, words=f"{said} ({status}).", status=status, excerpt=excerpt, asked_for=asked_for)


def wait_in(value: bytes | None, now: datetime) -> timedelta | None:
    """Return how long a Retry-After asks to wait, in seconds or up to a date; None where it says nothing that can be read."""
    text = (value or b"").decode("latin-1").strip()
    if text.isascii() and text.isdigit() and len(text) < 9:
        return timedelta(seconds=int(text))
    try:
        until = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    return max(timedelta(0), (until if until.tzinfo else until.replace(tzinfo=UTC)) - now)


def signed_headers(message: str, body: bytes, secrets: Sequence[str], now: datetime) -> list[tuple[str, str]]:
    """Return the headers of a message; during a rotation it has a signature by each secret."""
    signatures = [Webhook(secret).sign(message, now.astimezone(UTC), body.decode()) for secret in secrets]
    return [
        ("Content-Type", "application/json"),
        ("User-Agent", "Kembar"),
        ("webhook-id", message),
        ("webhook-timestamp", str(int(now.timestamp()))),
        ("webhook-signature", " ".join(signatures)),
    ]
