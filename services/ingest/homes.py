"""The homes of the installation: open them, and know each one's time zone.

The zone is said once, in the event that opens the home, whose id is derived from the home's name. So it is looked up in
the ledger itself, and kept.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from shared.domain.access import Role
from shared.domain.events import home_opened_id
from shared.ledger.ledger import Entry, Ledger, NotAppended, Stored
from shared.ledger.subjects import subject_of
from shared.process.settings import Settings
from shared.wire.envelope import Posting, attributes, body_hash, encode
from shared.wire.problems import Fault, Problem

LEDGER_ITSELF = "kembar"


@dataclass(frozen=True, slots=True)
class Homes:
    """What ingest knows of homes."""

    ledger: Ledger
    settings: Settings
    _zones: dict[str, ZoneInfo] = field(default_factory=dict)

    async def zone_of(self, home: str) -> ZoneInfo:
        """Return when a home's days begin; raise the 409 of a home that was not opened.

        Until the installation's own home is opened, which is at its first start, the setting says what its zone will be.
        """
        if home not in self._zones:
            opened = await self.ledger.find(home, home_opened_id(home))
            if opened is None and home == self.settings.home:
                return self.settings.zone
            if opened is None:
                raise Fault(_not_opened(home))
            self._zones[home] = ZoneInfo(attributes(opened.payload)["data"]["time_zone"])
        return self._zones[home]


async def open_own_home(ledger: Ledger, settings: Settings, now: datetime) -> None:
    """Open the installation's own home at its first start; later it is as it was opened, whatever the settings say."""
    name = settings.home.replace("-", " ").title()
    data = {"name": {"id": name, "en": name}, "time_zone": settings.time_zone}
    await open_home(ledger, settings.home, data, LEDGER_ITSELF, None, now)


async def open_home(
    ledger: Ledger, home: str, data: Mapping[str, Any], author: str, role: Role | None, now: datetime
) -> tuple[Stored, bool]:
    """Open a home, unless it is; return the event that opened it, and whether that was now."""
    event_id = home_opened_id(home)
    posting = Posting(event_id, home, "home.opened", data, None, author, now, role=role, time_zone=data["time_zone"])
    standing = await ledger.find(home, event_id)
    if standing is not None:
        return standing, False
    try:
        (stored,) = await ledger.append([Entry(home, event_id, subject_of(home, event_id, None), encode(posting))])
    except NotAppended:
        by_another = await ledger.find(home, event_id)
        if by_another is None:
            raise
        return by_another, False
    return stored, True


def is_opened_as(opened: Stored, data: Mapping[str, Any]) -> bool:
    """Say whether a home was opened with these data."""
    return bool(attributes(opened.payload)["bodyhash"] == body_hash("home.opened", data))


def _not_opened(home: str) -> Problem:
    return Problem(
        status=409,
        kind="unknown-home",
        title=f"The home “{home}” is not opened. Nothing was stored.",
        remedy="Let an administrator of the installation open it with POST /ingest/v1/homes.",
    )
