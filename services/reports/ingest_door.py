"""Post an event to ingest over HTTP, as any client does, in the name of whoever asked: ingest is the one way in."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import httpx
from fastapi import Request

from shared.process.certificates import certificates
from shared.process.settings import Settings, is_loopback
from shared.process.traces import onward
from shared.web.principal import cookie_name
from shared.wire.problems import Fault, Finding, Problem

LONGEST_SECONDS = 30.0
PASSED_ON = (401, 403, 413, 429, 503, 507)
"""What ingest answers that whoever asked us is to know as it is."""


class IngestDoor:
    """The line to ingest; one per app."""

    def __init__(self, settings: Settings) -> None:
        self._http = httpx.AsyncClient(
            base_url=address_of_ingest(settings), timeout=LONGEST_SECONDS, trust_env=False, verify=certificates()
        )

    async def post(
        self, request: Request, home: str, event_type: str, event_id: UUID, data: Mapping[str, Any]
    ) -> "Posted":
        """Post an event with the credentials of a request, and return its receipt.

        Where the id stands already the old receipt is returned, whatever its body: the id says what it is. Raises `Fault`
        with what ingest answers, 503 where it cannot be reached; under the same id it is safe to ask again.
        """
        body = {"type": event_type, "id": str(event_id), "data": data}
        try:
            answer = await self._http.post(
                "/ingest/v1/events",
                params={"home": home},
                json=body,
                headers={**credentials_of(request), **onward()},
            )
            content = answer.json()
        except (httpx.TransportError, ValueError) as error:
            raise Fault(_away()) from error
        if answer.is_success:
            return Posted(content, new=answer.status_code == 201)
        if answer.status_code == 409 and "stands" in content:
            return Posted(content["stands"], new=False)
        raise Fault(_passed_on(answer.status_code, content))

    async def close(self) -> None:
        """Hang up."""
        await self._http.aclose()


class Posted:
    """A receipt, and whether the event is new."""

    def __init__(self, receipt: dict[str, Any], *, new: bool) -> None:
        self.receipt, self.new = receipt, new


def address_of_ingest(settings: Settings) -> str:
    """Return where ingest answers: where the settings say, else beside us on the same port."""
    return settings.ingest_url or address_beside(settings)


def address_beside(settings: Settings) -> str:
    """Return where the services answer that are served with us on one port."""
    host = settings.host if is_loopback(settings.host) else "127.0.0.1"
    return f"http://{f'[{host}]' if ':' in host else host}:{settings.port}"


def credentials_of(request: Request) -> dict[str, str]:
    """Return what says who asks. A session was held to our own pages when it came in, so it goes on as from there."""
    if token := request.headers.get("authorization"):
        return {"Authorization": token}
    name = cookie_name(request.app.state.settings)
    secret = request.cookies.get(name, "")
    return {"Cookie": f"{name}={secret}", "Sec-Fetch-Site": "same-origin"}


def _away() -> Problem:
    return Problem(
        503,
        "unreachable",
        "Ingest cannot be reached just now. Nothing was issued.",
        "Ask again.",
        retry_after_seconds=1,
    )


def _passed_on(status: int, content: Any) -> Problem:  # noqa: ANN401
    """Return what ingest answered, as far as it is for whoever asked us; else that our event was not taken."""
    title, remedy = str(content.get("title", ""))[:500], str(content.get("remedy", ""))[:500]
    if status in PASSED_ON:
        return Problem(status, "not-issued", title, remedy, retry_after_seconds=1 if status in (429, 503) else None)
    findings = tuple(Finding(each["field"], each["problem"], each["remedy"]) for each in content.get("errors", []))
    return Problem(422, "not-issued", f"Ingest did not take the event. {title}", remedy, findings)
