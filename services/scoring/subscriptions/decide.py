"""What can be subscribed to, and what is wrong with what was asked. Pure."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import time, timedelta
from typing import Literal

from shared.domain.alerting import LEADS, LEADS_BY_LAW, LONGEST_SILENCE_MONTHS
from shared.domain.codes import RatingCode
from shared.wire.problems import Finding, Problem
from shared.words.words import Language

ScopeKind = Literal["all", "partnership", "country", "issue", "rating"]
Channel = Literal["webhook", "email"]
Digest = Literal["none", "daily", "weekly"]
Kind = Literal["dormant", "revived", "rating_fell", "rating_rose", "will_fall"]
KINDS: tuple[Kind, ...] = ("dormant", "revived", "rating_fell", "rating_rose", "will_fall")
"""What can be chosen. Whoever was told of an alert is told that it was withdrawn, without choosing that."""
MOST_SUBSCRIPTIONS = 100
MOST_CONFIRMATIONS = 3
"""So many mails that ask for a confirmation go to one address before it answers: nobody is flooded by what others ask for."""
CONFIRM_WITHIN = timedelta(days=3)
BOTH_SECRETS_FOR = timedelta(hours=24)
_ADDRESS = re.compile(
    r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)*[A-Za-z0-9-]{1,63}"
)
_COUNTRY = re.compile(r"[A-Z]{2}")


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody wants to be told, in which language, and when."""

    scope: ScopeKind = "all"
    value: str = ""
    kinds: tuple[Kind, ...] = KINDS
    silence_months: int | None = None
    lead_days: tuple[int, ...] = tuple(sorted(LEADS_BY_LAW, reverse=True))
    language: Language = "id"
    quiet_from: time | None = None
    quiet_to: time | None = None
    digest: Digest = "none"

    def in_order(self) -> "Wish":
        """Return the same wish with each kind and each lead once, in their order."""
        return replace(
            self,
            kinds=tuple(each for each in KINDS if each in self.kinds),
            lead_days=tuple(sorted(set(self.lead_days), reverse=True)),
        )


def findings_of(wish: Wish, partnerships: Sequence[str] | None) -> list[Finding]:
    """Return what is wrong with a wish; `partnerships` are those that may be named, None for all that there are."""
    findings = _findings_of_scope(wish, partnerships)
    if not wish.kinds:
        findings.append(Finding("kinds", "No kind of alert is named.", f"Name some of {', '.join(KINDS)}."))
    if wish.silence_months is not None and not 1 <= wish.silence_months <= LONGEST_SILENCE_MONTHS:
        said = f"Use 1 to {LONGEST_SILENCE_MONTHS} months, or leave it out."
        findings.append(Finding("silence_months", "It is no length of silence that is told.", said))
    if not wish.lead_days or not set(wish.lead_days) <= set(LEADS):
        said = f"Use some of {', '.join(map(str, LEADS))}."
        findings.append(Finding("lead_days", "It names days on which nothing is told ahead.", said))
    return findings


def _findings_of_scope(wish: Wish, partnerships: Sequence[str] | None) -> list[Finding]:
    value = wish.value
    match wish.scope:
        case "all":
            fits, remedy = value == "", "Leave “value” out."
        case "partnership":
            fits = bool(value) and (partnerships is None or value in partnerships)
            remedy = "Use one of /scoring/v1/ratings."
        case "country":
            fits, remedy = (
                _COUNTRY.fullmatch(value) is not None,
                "Use the two capital letters of ISO 3166-1, such as JP.",
            )
        case "issue":
            fits = 0 < len(value) <= 300 and value.isprintable()
            remedy = "Use an issue basis as it stands in the registry."
        case "rating":
            fits, remedy = value in set(RatingCode), f"Use one of {', '.join(RatingCode)}."
    said = f"“{value[:60]}” is no {wish.scope} that can be subscribed to."
    return [] if fits else [Finding("scope.value", said, remedy)]


def is_mail_address(text: str) -> bool:
    """Say whether a text has the form of an address that mail can be sent to; it then holds nothing that ends a header."""
    local, _, _ = text.partition("@")
    dots = local.startswith(".") or local.endswith(".") or ".." in local
    return len(text) <= 254 and not dots and _ADDRESS.fullmatch(text) is not None


def masked(channel: str, address: str | None) -> str | None:
    """Return an address as those see it whose it is not: who looks after a home needs to know it again, not to have it."""
    if address is None:
        return None
    if channel == "email":
        local, _, domain = address.rpartition("@")
        return f"{local[:1]}…@{domain}"
    return address.partition("://")[2].partition("/")[0]


def invalid(*findings: Finding) -> Problem:
    """Return the problem of a subscription that cannot be taken as it was asked for."""
    title = "The subscription cannot be taken as it stands. Nothing was changed."
    return Problem(422, "invalid", title, "Correct the fields named under “errors”.", findings)
