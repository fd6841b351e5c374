"""The stream of alerts, beside the ledger's and never part of it: what was raised, for programs that speak NATS.

It is bounded in days and alerts, so that it can take no room from the ledger for long. What it holds can be made again from
the ledger at any time.
"""

import json
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from nats.aio.client import Client
from nats.errors import MaxPayloadError

from shared.ledger.ledger import Ledger
from shared.ledger.rights import ALERTS
from shared.ledger.stream import LedgerMisconfigured

ONE_SECOND = 1_000_000_000
DUPLICATES_SECONDS = 3_600
"""An alert that is published again within this time is stored once."""
ONE_TRY_SECONDS = 2.0
CONFIGURATION: Mapping[str, Any] = {
    "name": ALERTS,
    "subjects": ["alerts.>"],
    "storage": "file",
    "retention": "limits",
    "discard": "old",
    "max_age": 400 * 86_400 * ONE_SECOND,
    "max_msgs": 250_000,  # some 3 kB each; a limit in bytes would be set aside by the server, out of the ledger's room
    "duplicate_window": DUPLICATES_SECONDS * ONE_SECOND,
    "deny_delete": True,
    "deny_purge": True,
    "allow_direct": True,
}
NO_SUCH_STREAM = 10059


class NotPublished(Exception):
    """The stream did not take an alert. It can be published again under the same id."""


class NeverPublished(Exception):
    """An alert is too large for the server; it would be refused however often it came."""


async def create_alert_stream(nats: Client, replicas: int) -> None:
    """Make the stream of alerts where there is none; one that is there is left as it is.

    Raises `LedgerMisconfigured` where the server refuses.
    """
    answer = json.loads((await nats.request(f"$JS.API.STREAM.INFO.{ALERTS}", timeout=10)).data)
    if answer.get("error", {}).get("err_code") != NO_SUCH_STREAM:
        return
    wanted = json.dumps({**CONFIGURATION, "num_replicas": replicas}).encode()
    answer = json.loads((await nats.request(f"$JS.API.STREAM.CREATE.{ALERTS}", wanted, timeout=10)).data)
    if "error" in answer:
        raise LedgerMisconfigured(f"The stream {ALERTS} could not be made: {answer['error']['description']}.")


def subject_of_alert(home: str, partnership: str, kind: str) -> str:
    """Return the subject under which an alert is published; none of its parts can have a dot."""
    return f"alerts.{home}.{partnership}.{kind}"


async def publish_alert(ledger: Ledger, alert: UUID, subject: str, payload: bytes) -> None:
    """Publish an alert and wait until it is stored; its id keeps it from being stored twice within an hour.

    Raises `NotPublished`, or one of `CONNECTION_ERRORS`, where that is not known; `NeverPublished` where it cannot be.
    """
    try:
        message = await ledger.ask(subject, payload, ONE_TRY_SECONDS, {"Nats-Msg-Id": str(alert)})
    except MaxPayloadError as error:
        raise NeverPublished(f"{len(payload)} bytes") from error
    answer = json.loads(message.data)
    if "error" in answer:
        raise NotPublished(answer["error"]["description"])
