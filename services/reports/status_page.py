"""The state of the installation, as reports can tell it: how far the tables have come, what waits, where the others tell theirs."""

from services.reports.frame import Frame, Framed, Page, table_of
from services.reports.news import moment_said
from services.reports.store import SCHEMA, migrations
from shared.domain.access import Action, Allowed, Subject, may
from shared.projection.parking import Parked, read_parked
from shared.wire.envelope import rfc3339

SERVICES = ("ingest", "scoring", "reports", "access")
WITH_STATUS = ("ingest", "scoring", "reports")


async def status(frame: Framed) -> Page:
    """Show how far the tables have come, how far the ledger goes, and what of one's own is parked and why."""
    runtime = frame.request.app.state.runtime
    checkpoint = frame.request.app.state.progress.checkpoint
    ends_at = await runtime.ledger.end()
    parked = [each for each in await read_parked(frame.pool) if _may_see(frame, each)]
    tables = migrations()[-1].name
    document = {
        "position": checkpoint.position,
        "recorded_at": rfc3339(checkpoint.recorded_at),
        "hash": checkpoint.hash,
        "ledger_ends_at": ends_at,
        "behind": ends_at - checkpoint.position,
        "trouble": runtime.trouble,
        "tables": f"{SCHEMA}/{tables}",
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
            "services": SERVICES,
            "with_status": WITH_STATUS,
        },
        document=lambda: document,
        table=lambda: table_of(
            "status", ("name", "value"), [(name, value) for name, value in document.items() if name != "parked"]
        ),
        topic="status",
    )


def _may_see(frame: Frame, parked: Parked) -> bool:
    subject = Subject(parked.home, parked.partnership or None)
    return isinstance(may(frame.reader, Action.READ_PARKED, subject), Allowed)
