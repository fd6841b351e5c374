"""The stream that is the ledger: how it must be configured, and the refusal to work on any other.

`deny_delete` and `deny_purge` alone do not protect; write-once (`max_msgs_per_subject: 1`, `discard: new`) keeps limits from
deleting, and the missing limits keep anything from expiring. Message schedules would silently turn `deny_purge` off.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import httpx
from nats.aio.client import Client

from shared.process.certificates import certificates

STREAM = "LEDGER_00"
DIRECT_GET = f"$JS.API.DIRECT.GET.{STREAM}"
WRITE_ONCE: Mapping[str, Any] = {
    "name": STREAM,
    "subjects": ["ledger.>"],
    "storage": "file",
    "retention": "limits",
    "discard": "new",
    "discard_new_per_subject": True,
    "max_msgs_per_subject": 1,
    "max_msgs": -1,
    "max_bytes": -1,
    "max_age": 0,
    "max_msg_size": -1,
    "max_consumers": -1,
    "deny_delete": True,
    "deny_purge": True,
    "allow_direct": True,
    "allow_atomic": True,
    "allow_rollup_hdrs": False,
    "allow_msg_ttl": False,
    "sealed": False,
}
MUST_BE_ABSENT = ("allow_msg_schedules", "mirror", "sources", "subject_transform", "republish")


class LedgerMisconfigured(Exception):
    """The stream or the server is not the ledger it must be; nothing may be written or read until it is mended."""


class LedgerMissing(LedgerMisconfigured):
    """There is no stream yet; `kembar prepare` makes it."""


async def create_stream(nats: Client, replicas: int) -> None:
    """Create the stream where there is none, and check what is there."""
    try:
        await check_stream(nats)
    except LedgerMissing:
        wanted = json.dumps({**WRITE_ONCE, "num_replicas": replicas}).encode()
        answer = json.loads((await nats.request(f"$JS.API.STREAM.CREATE.{STREAM}", wanted, timeout=10)).data)
        if "error" in answer:
            raise LedgerMisconfigured(
                f"The stream {STREAM} could not be made: {answer['error']['description']}."
            ) from None
        await check_stream(nats)


async def check_stream(nats: Client) -> None:
    """Raise `LedgerMissing` or `LedgerMisconfigured`, naming what differs, unless the stream is write-once and unlimited."""
    answer = json.loads((await nats.request(f"$JS.API.STREAM.INFO.{STREAM}", timeout=10)).data)
    if "error" in answer:
        if answer["error"].get("err_code") == 10059:
            raise LedgerMissing(f"There is no stream {STREAM}. Run `kembar prepare` once.")
        raise LedgerMisconfigured(f"The stream {STREAM} cannot be read: {answer['error']['description']}.")
    differences = differing(answer["config"])
    if differences:
        raise LedgerMisconfigured(
            f"The stream {STREAM} is configured otherwise than a ledger must be: {'; '.join(differences)}. "
            "Find out who changed it, check the ledger, and put the setting back."
        )


def differing(config: Mapping[str, Any]) -> list[str]:
    """Return in words what in a stream's configuration is not as a ledger's must be; an empty list where all is."""
    wrong = [
        f"{name} is {config.get(name)!r}, not {wanted!r}"
        for name, wanted in WRITE_ONCE.items()
        if config.get(name, False) != wanted
    ]
    return wrong + [f"{name} is set" for name in MUST_BE_ABSENT if config.get(name)]


async def check_fsync(monitor_urls: Sequence[str]) -> None:
    """Raise `LedgerMisconfigured` unless every server that answers syncs each write to the disk, and more than half answer.

    The server is asked, not its configuration file: an unquoted `sync_interval: 2m` is read as two million seconds. One of
    three may be away, for the ledger acknowledges what more than half have written.
    """
    async with monitor_client(timeout_seconds=10) as client:
        answers = [(url, await jetstream_of(client, url)) for url in monitor_urls]
    for url, answer in answers:
        if answer is not None and not (answer.get("config") or {}).get("sync_always"):
            raise LedgerMisconfigured(
                f"nats-server at {url} does not sync every write (jetstream.sync_interval is not `always`): "
                "what it acknowledges can be lost in a power cut. Set `sync_interval: always` and restart it."
            )
    away = [url for url, answer in answers if answer is None]
    if 2 * len(away) >= len(answers):
        raise LedgerMisconfigured(
            f"Too few nats-servers say whether they sync every write; {', '.join(away)} cannot be asked. "
            "Start them, or correct KEMBAR_NATS_MONITOR_URLS."
        )


async def jetstream_of(client: httpx.AsyncClient, monitor_url: str) -> dict[str, Any] | None:
    """Return what a server says of its JetStream; None where it cannot be asked."""
    try:
        answer = (await client.get(f"{monitor_url}/varz")).json()
    except (httpx.HTTPError, ValueError):
        return None
    jetstream: dict[str, Any] = answer.get("jetstream") or {}
    return jetstream


def monitor_client(timeout_seconds: float) -> httpx.AsyncClient:
    """Return a client for the servers' monitoring addresses; the caller closes it."""
    return httpx.AsyncClient(timeout=timeout_seconds, trust_env=False, verify=certificates())
