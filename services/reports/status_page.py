"""The state of the installation: how far each service has come, what waits, what could not be told, which versions run."""

from collections.abc import Mapping, Sequence
from typing import Any

from services.reports.frame import Frame, Framed, Page, table_of
from services.reports.news import moment_said
from services.reports.report import Table
from services.reports.status_door import StatusDoor, Told
from services.reports.store import SCHEMA, migrations
from services.reports.versions import versions_of
from shared.domain.access import Action, Allowed, Role, Subject, may
from shared.process.version import VERSION
from shared.projection.parking import Parked, read_parked
from shared.wire.envelope import rfc3339

SERVICES = ("ingest", "scoring", "reports", "access")
WITH_STATUS = ("ingest", "scoring", "reports")
KEYS = ("service", "answers", "position", "behind", "parked", "deliveries_pending", "deliveries_failed", "version")


async def status(frame: Framed) -> Page:
    """Show how far the tables have come, how far the ledger goes, and what of one's own is parked and why."""
    runtime, home = frame.request.app.state.runtime, frame.reader.home
    checkpoint = frame.request.app.state.progress.checkpoint
    door: StatusDoor = frame.request.app.state.status_door
    others = await door.ask(frame.request, home)
    ends_at = await runtime.ledger.end()
    parked = [each for each in await read_parked(frame.pool) if _may_see(frame, each)]
    behind = ends_at - checkpoint.position
    own = {"position": checkpoint.position, "behind": behind, "parked": parked, "version": VERSION}
    services = [_line(each) for each in (*others, Told("reports", own))]
    document = {
        "home": home,
        "position": checkpoint.position,
        "recorded_at": rfc3339(checkpoint.recorded_at),
        "hash": checkpoint.hash,
        "ledger_ends_at": ends_at,
        "behind": behind,
        "trouble": runtime.trouble,
        "tables": f"{SCHEMA}/{migrations()[-1].name}",
        "versions": await _versions(frame),
        "services": services,
        "parked": [
            {"position": each.position, "partnership": each.partnership, "error": each.error} for each in parked
        ],
    }
    return Page(
        frame=frame,
        template="status.html",
        shown={
            "status": document,
            "when": moment_said(checkpoint.recorded_at, frame.zone, frame.words) if checkpoint.position else None,
            "parked": parked,
            "names": SERVICES,
            "with_status": WITH_STATUS,
        },
        document=lambda: document,
        table=lambda: _table(services),
        topic="status",
    )


def _line(told: Told) -> dict[str, Any]:
    """Return what a service tells, as the page lists it: None for what it did not tell."""
    status: Mapping[str, Any] = told.status or {}
    deliveries = status.get("deliveries") or {}
    return {
        "service": told.service,
        "answers": told.status is not None,
        "position": status.get("position"),
        "behind": status.get("behind"),
        "parked": len(status["parked"]) if "parked" in status else None,
        "deliveries_pending": deliveries.get("pending"),
        "deliveries_failed": deliveries.get("failed"),
        "version": status.get("version"),
    }


def _table(services: Sequence[Mapping[str, Any]]) -> Table:
    return table_of(
        "status", KEYS, [[str(each[key]) if key == "answers" else each[key] for key in KEYS] for each in services]
    )


async def _versions(frame: Frame) -> dict[str, str]:
    """Return the versions of what this answer went through; the public is told ours only."""
    if frame.reader.role is Role.PUBLIC:
        return {"kembar": VERSION}
    nats = frame.request.app.state.runtime.ledger.client.connected_server_version
    async with frame.pool.acquire() as connection:
        postgres = connection.get_settings().server_version
    engines = {"postgresql": postgres.partition(" ")[0], "nats-server": f"{nats.major}.{nats.minor}.{nats.patch}"}
    return {**versions_of("html"), **engines}


def _may_see(frame: Frame, parked: Parked) -> bool:
    subject = Subject(parked.home, parked.partnership or None)
    return isinstance(may(frame.reader, Action.READ_PARKED, subject), Allowed)
