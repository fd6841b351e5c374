"""Carry imports on, from the file to the ledger; killed anywhere, go on from what the tables and the ledger hold.

Rows are appended in batches with fixed bounds and fixed bytes, so that a batch either stands whole or not at all, and
the import counts only from its completion on, which is one event.
"""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

import structlog

from services.ingest.check import Checked, Context, Ready
from services.ingest.checking import check_apart
from services.ingest.homes import Homes
from services.ingest.import_store import (
    Import,
    queries,
    read_import,
    read_names,
    read_rows,
    read_standing,
    read_work,
    write_checked,
)
from shared.domain.events import import_completed_id
from shared.ledger.ledger import CONNECTION_ERRORS, Entry, Ledger, LedgerFull, NotAppended, OutcomeUnknown
from shared.ledger.subjects import subject_of
from shared.postgres.pool import DATABASE_ERRORS, Connection, Pool
from shared.projection.progress import Progress
from shared.wire.envelope import LARGEST_BATCH, Posting, encode
from shared.wire.problems import Fault

LOOK_AGAIN_SECONDS = 2.0
WAIT_AFTER_TROUBLE_SECONDS = 0.5
CATCH_UP_SECONDS = 30.0

log = structlog.get_logger()


class NotOurs(Exception):
    """Another event stands under the id of a row; the ledger was written to by something else."""


class StillBehind(Exception):
    """The book has not come as far as the ledger; the check waits."""


@dataclass(frozen=True, slots=True)
class Importer:
    """What importing works with; `wake` says that there is something new to do."""

    ledger: Ledger
    pool: Pool
    progress: Progress
    homes: Homes
    wake: asyncio.Event = field(default_factory=asyncio.Event)


def state_after(checked: Checked, *, dry_run: bool, keep_likely: bool) -> str:
    """Return what an import comes to after its check. Pure."""
    if checked.counts["error"]:
        return "refused"
    if checked.counts["ambiguous"] or (checked.counts["duplicate"] and not keep_likely and not dry_run):
        return "asked"
    return "ready" if dry_run else "loading"


async def keep_importing(importer: Importer) -> None:
    """Carry on every import there is, for ever."""
    while True:
        importer.wake.clear()
        try:
            for home, import_id in await read_work(importer.pool):
                await carry_on(importer, home, import_id)
        except (*CONNECTION_ERRORS, *DATABASE_ERRORS, OutcomeUnknown, LedgerFull, StillBehind, Fault) as error:
            log.warning("an import waits", error=repr(error))
            await asyncio.sleep(WAIT_AFTER_TROUBLE_SECONDS)
            continue
        try:
            async with asyncio.timeout(LOOK_AGAIN_SECONDS):
                await importer.wake.wait()
        except TimeoutError:
            pass


async def carry_on(importer: Importer, home: str, import_id: UUID) -> None:
    """Carry one import on as far as it goes, unless another process does."""
    async with importer.pool.acquire() as connection:
        if not await queries.work_alone(connection, import_id=str(import_id)):
            return
        try:
            await _carry_on(importer, connection, home, import_id)
        finally:
            await queries.work_is_over(connection, import_id=str(import_id))


async def _carry_on(importer: Importer, connection: Connection, home: str, import_id: UUID) -> None:
    work = await read_import(connection, home, import_id)
    if work is not None and work.state == "checking":
        await _check(importer, connection, work)
        work = await read_import(connection, home, import_id)
    if work is not None and work.state == "loading":
        await _load(importer, connection, work)
        work = await read_import(connection, home, import_id)
    if work is not None and work.state == "completing":
        await _complete(importer, connection, work)


async def _check(importer: Importer, connection: Connection, work: Import) -> None:
    if not await importer.progress.reach(await importer.ledger.end(), CATCH_UP_SECONDS):
        raise StillBehind
    raw = await queries.file_of(connection, import_id=work.id)
    started = time.monotonic()
    context = await _context(importer, connection, work)
    gathered = time.monotonic()
    checked = await check_apart(raw, work.format, context)
    found = time.monotonic()
    state = state_after(checked, dry_run=work.dry_run, keep_likely=work.keep_likely)
    await write_checked(connection, work.id, checked, state)
    log.info(
        "an import was checked",
        batch=work.batch,
        rows=checked.total,
        state=state,
        seconds_to_gather=round(gathered - started, 3),
        seconds_to_check=round(found - gathered, 3),
        seconds_to_keep=round(time.monotonic() - found, 3),
    )


async def _context(importer: Importer, connection: Connection, work: Import) -> Context:
    zone = await importer.homes.zone_of(work.home)
    return Context(
        import_id=work.id,
        home=work.home,
        author=work.author,
        role=work.role,
        time_zone=zone.key,
        posted_at=work.posted_at,
        today=work.posted_at.astimezone(zone).date(),
        batch=work.batch,
        mapping=work.mapping,
        day_first=work.day_first if work.day_first is not None else work.mapping.day_first,
        names=await read_names(importer.pool, work.home),
        standing=await read_standing(connection, work.home),
    )


async def _load(importer: Importer, connection: Connection, work: Import) -> None:
    """Append the rows that are not in the ledger yet, batch by batch."""
    done = work.done
    after = await queries.row_at(connection, import_id=work.id, done=done) if done else 0
    batch = await read_rows(connection, work.id, after, LARGEST_BATCH)
    while batch:
        appending = asyncio.create_task(append_rows(importer.ledger, work.home, batch))
        try:
            following = await read_rows(connection, work.id, batch[-1].row, LARGEST_BATCH)
            # A cancelled append is taken for a lost answer and tried again; the shield keeps the cancellation here.
            await asyncio.shield(appending)
        except NotOurs as error:
            log.error("an import is refused while it is loaded", batch=work.batch, error=str(error))
            await queries.move(connection, home=work.home, import_id=work.id, state="refused", states=["loading"])
            return
        finally:
            appending.cancel()
        done += len(batch)
        if await queries.note_loaded(connection, import_id=work.id, done=done) is None:
            return
        batch = following
    states = ["loading"]
    await queries.move(connection, home=work.home, import_id=work.id, state="completing", states=states)


async def append_rows(ledger: Ledger, home: str, batch: Sequence[Ready]) -> None:
    """Append a batch, unless it stands already: a load that was killed after its append comes here again."""
    entries = [
        Entry(home, each.event_id, subject_of(home, each.event_id, each.partnership), each.payload) for each in batch
    ]
    try:
        await ledger.append_unread(entries)
    except NotAppended as refused:
        for each in (batch[0], batch[-1]):
            stands = await ledger.find(home, each.event_id)
            if stands is None or stands.payload != each.payload:
                raise NotOurs(f"Row {each.row} of an import stands in the ledger with another body.") from refused


async def _complete(importer: Importer, connection: Connection, work: Import) -> None:
    """Say in the ledger that the import is whole; from there on it counts."""
    event_id = import_completed_id(work.id)
    data = {"import": str(work.id), "batch": work.batch, "rows": work.rows, "hash": work.hash}
    zone = await importer.homes.zone_of(work.home)
    posting = Posting(
        event_id,
        work.home,
        "import.completed",
        data,
        None,
        work.author,
        work.posted_at,
        role=work.role,
        time_zone=zone.key,
    )
    entry = Entry(work.home, event_id, subject_of(work.home, event_id, None), encode(posting))
    appending = asyncio.create_task(importer.ledger.append([entry]))
    try:
        (stands,) = await asyncio.shield(appending)
    except NotAppended:
        found = await importer.ledger.find(work.home, event_id)
        if found is None:
            raise
        stands = found
    finally:
        appending.cancel()
    async with connection.transaction():
        await queries.complete(connection, import_id=work.id, position=stands.position)
        await queries.drop_rows(connection, import_id=work.id)
