"""Ask the other services how they are, as any client does, in the name of whoever looks at the status page."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx
from fastapi import Request

from services.reports.ingest_door import address_beside, address_of_ingest, credentials_of
from shared.process.settings import Settings

LONGEST_SECONDS = 2.0
"""Somebody waits; a service that takes longer is shown as one that does not answer."""


@dataclass(frozen=True, slots=True)
class Told:
    """What a service told of itself; `status` is None where it did not answer, or not to whoever asked."""

    service: str
    status: Mapping[str, Any] | None


class StatusDoor:
    """The lines to the services that have a status of their own; one per app."""

    def __init__(self, settings: Settings) -> None:
        self._addresses = {
            "ingest": address_of_ingest(settings),
            "scoring": settings.scoring_url or address_beside(settings),
        }
        self._http = httpx.AsyncClient(timeout=LONGEST_SECONDS, trust_env=False)

    async def ask(self, request: Request, home: str) -> list[Told]:
        """Return what each service tells of a home, all asked at once. Never raises: silence is an answer here."""
        return await asyncio.gather(*(self._ask_one(service, request, home) for service in self._addresses))

    async def _ask_one(self, service: str, request: Request, home: str) -> Told:
        named = {"home": home} if request.query_params.get("home") else {}
        address = f"{self._addresses[service]}/{service}/v1/status"
        try:
            answer = await self._http.get(address, params=named, headers=credentials_of(request))
            content = answer.json() if answer.is_success else None
        except (httpx.HTTPError, ValueError):
            return Told(service, None)
        return Told(service, content if isinstance(content, dict) else None)

    async def close(self) -> None:
        """Hang up."""
        await self._http.aclose()
