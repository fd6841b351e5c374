"""From a delivery to what is sent: the body of a webhook, or the text of an e-mail, in the subscription's language."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from services.scoring.delivery.matching import quiet_of
from services.scoring.delivery.sample import sample_document
from services.scoring.delivery.text import confirmation_of, sample_of
from services.scoring.delivery.timing import Quiet
from services.scoring.messages import Message, digest_of, message_of
from shared.wire.envelope import rfc3339
from shared.words.words import Language, Words

CONFIRM_PATH, END_PATH = "/subscriptions/confirm", "/subscriptions/end"


@dataclass(frozen=True, slots=True)
class Claimed:
    """A delivery that is in hand, with all that is needed to make and send its message."""

    delivery: UUID
    kind: str
    home: str
    partnership: str
    subscription: UUID
    account: str | None
    scope: str
    value: str
    language: Language
    channel: str
    address: str | None
    key: str
    quiet: Quiet | None
    secrets: Sequence[str]
    documents: Sequence[dict[str, Any]]
    traceparent: str | None = None

    @classmethod
    def read(cls, row: Any) -> "Claimed":  # noqa: ANN401
        """Return a row of `claim`."""
        return cls(
            delivery=row["delivery"],
            kind=row["kind"],
            home=row["home"],
            partnership=row["partnership"],
            subscription=row["subscription"],
            account=row["account"],
            scope=row["scope"],
            value=row["value"],
            language=row["language"],
            channel=row["channel"],
            address=row["address"],
            key=row["key"],
            quiet=quiet_of(row["quiet_from"], row["quiet_to"]),
            secrets=row["secrets"],
            documents=row["documents"] or (),
            traceparent=row["traceparent"],
        )

    @property
    def tells(self) -> bool:
        """Whether it tells of alerts; else it is a confirmation or a sample."""
        return self.kind in ("alert", "digest")


def message_for(claimed: Claimed, site: str, now: datetime) -> Message:
    """Return what a person reads."""
    words = Words(claimed.language)
    if claimed.kind == "confirmation":
        return confirmation_of(words, address_with_key(site, CONFIRM_PATH, claimed))
    end_url = end_address(site, claimed)
    if claimed.kind == "sample":
        return sample_of(words, message_of(sample_document(claimed.home, now), words, site, end_url))
    if claimed.kind == "digest":
        return digest_of(claimed.documents, words, site, end_url)
    return message_of(claimed.documents[0], words, site, end_url)


def body_for(claimed: Claimed, site: str, now: datetime) -> bytes:
    """Return what a webhook is sent: the same bytes at every attempt, but for a sample."""
    message = message_for(claimed, site, now)
    said = {"subject": message.subject, "plain": message.plain, "language": claimed.language}
    match claimed.kind:
        case "digest":
            kind, data = "alerts.digest", {"alerts": list(claimed.documents)}
            at = max(str(each["raised_at"]) for each in claimed.documents)
        case "sample":
            kind, data, at = "subscription.sample", sample_document(claimed.home, now), rfc3339(now)
        case _:
            (document,) = claimed.documents
            kind, data, at = f"partnership.{document['kind']}", document, str(document["raised_at"])
    body = {"type": kind, "timestamp": at, "data": {**data, "message": said}}
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()


def end_address(site: str, claimed: Claimed) -> str:
    """Return the address that ends a subscription."""
    return address_with_key(site, END_PATH, claimed)


def address_with_key(site: str, path: str, claimed: Claimed) -> str:
    """Return an address that only whoever got the message knows."""
    asked = {"key": claimed.key, **({"lang": "en"} if claimed.language == "en" else {})}
    return f"{site}{path}?{urlencode(asked)}"
