"""The tables of issued reports: what their events say, and the bytes, which the ledger knows by their hash only."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from services.reports.issued import Issued
from shared.domain.access import Principal, partnerships_in_order
from shared.domain.events import Event, ReportIssued
from shared.postgres.pool import Connection, Pool
from shared.postgres.queries import load_queries

KEPT_SECONDS = 7 * 24 * 3_600
"""How long the bytes of what nobody has issued are kept, and the jobs that are over."""

queries = load_queries(__file__, "issued.sql")
kept = load_queries(__file__, "jobs.sql")


async def keep_issued(connection: Connection, events: Iterable[Event]) -> None:
    """Keep which of these events issued a report; every worker writes the same of them."""
    rows = [_row(event, event.data) for event in events if isinstance(event.data, ReportIssued)]
    if rows:
        await queries.write_issued(connection, rows)


def _row(event: Event, data: ReportIssued) -> dict[str, Any]:
    partnership = data.question.get("partnership")
    return {
        "home": event.home,
        "event_id": event.id,
        "position": event.position,
        "recorded_at": event.recorded_at,
        "author": event.author,
        "kind": data.kind,
        "partnership": partnership if isinstance(partnership, str) else None,
        "question": data.question,
        "made_at": data.position,
        "hash": data.hash,
        "content": data.content,
        "versions": data.versions,
    }


async def read_issued(
    pool: Pool, reader: Principal, *, before: int | None = None, partnership: str | None = None, most: int = 10_000
) -> list[Issued]:
    """Return the reports that were issued, the latest first, as far as the reader may see them.

    A report on all partnerships is not for whoever may see only some. With `partnership`, those that are about it.
    """
    asked = {"home": reader.home, "allowed": partnerships_in_order(reader), "partnership": partnership}
    return [_issued(row) async for row in queries.issued_(pool, **asked, before=before, most=most)]


async def read_one_issued(pool: Pool, reader: Principal, event_id: UUID) -> Issued | None:
    """Return one issued report, None where there is none that the reader may see."""
    allowed = partnerships_in_order(reader)
    row = await queries.issued_one(pool, home=reader.home, allowed=allowed, event_id=event_id)
    return _issued(row) if row is not None else None


async def keep_bytes(connection: Connection | Pool, report_hash: str, raw: bytes) -> None:
    """Keep bytes under their hash: for ever once they are issued, else for some days from now."""
    await kept.keep_bytes(connection, hash=report_hash, bytes=raw)


async def read_bytes(pool: Pool, report_hash: str) -> bytes | None:
    """Return the bytes of this hash, None where they are not kept."""
    raw: bytes | None = await queries.bytes_of(pool, hash=report_hash)
    return raw


def _issued(row: Any) -> Issued:  # noqa: ANN401
    return Issued(
        home=row["home"],
        event_id=row["event_id"],
        position=row["position"],
        recorded_at=row["recorded_at"],
        author=row["author"],
        kind=row["kind"],
        partnership=row["partnership"],
        question=row["question"],
        made_at=row["made_at"],
        hash=row["hash"],
        content=row["content"],
        versions=row["versions"],
    )
