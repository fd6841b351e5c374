"""The tables of imports: files that were handed in, their rows and findings, and saved mappings."""

import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from services.ingest.check import Checked, Ready, RowFinding, Seen
from services.ingest.columns import ColumnMapping, simple
from services.ingest.files import Format
from shared.domain.access import Role
from shared.postgres.pool import Connection, Pool
from shared.postgres.queries import load_queries

ROWS_PER_STATEMENT = 5_000
KEEP_REFUSED = timedelta(days=7)
"""So long the file of a refused dry run is kept, to be checked with other columns."""
queries = load_queries(__file__, "imports.sql")


@dataclass(frozen=True, slots=True)
class Import:
    """An import as it stands.

    `state` is checking, asked (something must be answered), ready (loads when told to), loading, completing, completed,
    refused or cancelled; `done` counts the rows that are in the ledger, `counts` the findings of each kind. `role` is its
    author's, None where the file was handed in before roles were kept.
    """

    id: UUID
    home: str
    author: str
    role: Role | None
    batch: str
    format: Format
    mapping: ColumnMapping
    day_first: bool | None
    dry_run: bool
    keep_likely: bool
    state: str
    posted_at: datetime
    rows: int
    done: int
    counts: dict[str, int]
    hash: str | None
    position: int | None


async def begin(pool: Pool, wanted: Import, named: str, file_hash: str, raw: bytes) -> UUID | None:
    """Keep a file that was handed in, and return its import's id; None where its batch belongs to another.

    The same file under the same name is the same import, unless that was refused or cancelled.
    """
    existing: UUID | None = await queries.import_of_file(pool, home=wanted.home, file_hash=file_hash, named=named)
    if existing is not None:
        return existing
    await queries.drop_old_files(pool, home=wanted.home, before=wanted.posted_at - KEEP_REFUSED)
    if await queries.batch_is_taken(pool, home=wanted.home, batch=wanted.batch):
        return None
    begun: UUID | None = await queries.begin_import(
        pool,
        import_id=wanted.id,
        home=wanted.home,
        author=wanted.author,
        role=wanted.role,
        batch=wanted.batch,
        named=named,
        format=wanted.format.value,
        file_hash=file_hash,
        file=raw,
        mapping=wanted.mapping.model_dump(mode="json"),
        day_first=wanted.day_first,
        dry_run=wanted.dry_run,
        keep_likely=wanted.keep_likely,
        posted_at=wanted.posted_at,
    )
    if begun is None:
        begun = await queries.import_of_file(pool, home=wanted.home, file_hash=file_hash, named=named)
    return begun


async def read_import(pool: Pool | Connection, home: str, import_id: UUID) -> Import | None:
    """Return an import as it stands, None where there is none."""
    row = await queries.import_(pool, home=home, import_id=import_id)
    return _import(row) if row is not None else None


async def read_imports(pool: Pool, home: str) -> list[Import]:
    """Return the home's latest imports, the latest first."""
    return [_import(row) async for row in queries.imports(pool, home=home)]


async def read_work(pool: Pool) -> list[tuple[str, UUID]]:
    """Return home and id of the imports that are to be gone on with."""
    return [(row["home"], row["import_id"]) async for row in queries.imports_to_work_on(pool)]


async def read_names(pool: Pool, home: str) -> dict[str, list[str]]:
    """Return the slugs that every name, in simple form, can stand for."""
    names: dict[str, set[str]] = defaultdict(set)
    async for row in queries.known_names(pool, home=home):
        for name in (row["partnership"], row["name_id"], row["name_en"]):
            if name:
                names[simple(name)].add(row["partnership"])
    return {name: sorted(slugs) for name, slugs in names.items()}


async def read_standing(connection: Connection, home: str) -> str:
    """Return what counts in the home already, as a check takes it: a line per activity."""
    standing: str = await queries.standing(connection, home=home)
    return standing


async def write_checked(connection: Connection, import_id: UUID, checked: Checked, state: str) -> bool:
    """Keep what came of a check; False where it was cancelled meanwhile."""
    async with connection.transaction():
        await queries.drop_findings(connection, import_id=import_id)
        await queries.drop_rows(connection, import_id=import_id)
        await queries.write_findings(
            connection, import_id=import_id, findings=[json.dumps(asdict(each)) for each in checked.findings]
        )
        for first in range(0, len(checked.rows), ROWS_PER_STATEMENT):
            await _write_rows(connection, import_id, checked.rows[first : first + ROWS_PER_STATEMENT])
        ended = await queries.end_check(
            connection,
            import_id=import_id,
            state=state,
            rows=checked.total,
            counts=dict(checked.counts),
            hash=checked.hash or None,
            preview={
                "headings": checked.headings,
                "fields": checked.fields,
                "seen": [asdict(each) for each in checked.seen],
            },
        )
    return ended is not None


async def _write_rows(connection: Connection, import_id: UUID, rows: Sequence[Ready]) -> None:
    await queries.write_rows(
        connection,
        import_id=import_id,
        rows=[each.row for each in rows],
        event_ids=[each.event_id for each in rows],
        partnerships=[each.partnership for each in rows],
        payloads=[each.payload for each in rows],
    )


async def read_rows(connection: Connection, import_id: UUID, after: int, most: int) -> list[Ready]:
    """Return the rows after a row of the file, in its order."""
    rows = queries.rows_after(connection, import_id=import_id, row=after, most=most)
    return [Ready(row["row"], row["event_id"], row["partnership"], row["payload"]) async for row in rows]


async def read_findings(
    pool: Pool, import_id: UUID, after: int, most: int, kind: str | None = None
) -> list[tuple[int, RowFinding]]:
    """Return findings after a number, each with its own; of one kind, if one is named."""
    rows = queries.findings_after(pool, import_id=import_id, number=after, most=most, kind=kind)
    return [(row["number"], RowFinding(**row["finding"])) async for row in rows]


async def read_kinds_of_rows(pool: Pool, import_id: UUID, rows: Sequence[int]) -> dict[int, set[str]]:
    """Return which kinds of findings rows have; those without any are left out."""
    kinds: dict[int, set[str]] = {}
    async for each in queries.kinds_of_rows(pool, import_id=import_id, rows=list(rows)):
        kinds.setdefault(each["row"], set()).add(each["kind"])
    return kinds


@dataclass(frozen=True, slots=True)
class Preview:
    """What of a file is shown to people: its headings, which of them is which field, and rows."""

    headings: list[str]
    fields: dict[str, str]
    seen: list[Seen]


async def read_preview(pool: Pool, home: str, import_id: UUID) -> Preview | None:
    """Return what is shown of an import; None before its check, and after its completion."""
    preview = await queries.preview_of(pool, home=home, import_id=import_id)
    if preview is None:
        return None
    return Preview(preview["headings"], preview["fields"], [Seen(**each) for each in preview["seen"]])


async def check_otherwise(pool: Pool, work: Import, mapping: ColumnMapping, day_first: bool | None) -> bool:
    """Let an import be checked with other columns; False where its file is gone or another has taken its place."""
    moved = await queries.check_otherwise(
        pool, home=work.home, import_id=work.id, mapping=mapping.model_dump(mode="json"), day_first=day_first
    )
    return moved is not None


async def can_be_mended(pool: Pool, work: Import) -> bool:
    """Say whether an import's file is still here, so that it can be checked with other columns."""
    return bool(await queries.can_be_mended(pool, home=work.home, import_id=work.id))


async def read_mapping(pool: Pool, home: str, name: str) -> ColumnMapping | None:
    """Return what the home says about its columns under this name, None where it says nothing."""
    mapping = await queries.mapping_(pool, home=home, name=name)
    return ColumnMapping.model_validate(mapping) if mapping is not None else None


async def read_mapping_names(pool: Pool, home: str) -> list[str]:
    """Return the names of the home's mappings."""
    return [row["name"] async for row in queries.mappings(pool, home=home)]


async def write_mapping(pool: Pool, home: str, name: str, mapping: ColumnMapping) -> None:
    """Keep what the home says about its columns."""
    await queries.write_mapping(pool, home=home, name=name, mapping=mapping.model_dump(mode="json"))


def _import(row: Any) -> Import:  # noqa: ANN401
    return Import(
        id=row["import_id"],
        home=row["home"],
        author=row["author"],
        role=Role(row["role"]) if row["role"] is not None else None,
        batch=row["batch"],
        format=Format(row["format"]),
        mapping=ColumnMapping.model_validate(row["mapping"]),
        day_first=row["day_first"],
        dry_run=row["dry_run"],
        keep_likely=row["keep_likely"],
        state=row["state"],
        posted_at=row["posted_at"],
        rows=row["rows"],
        done=row["done"],
        counts=row["counts"],
        hash=row["hash"],
        position=row["position"],
    )
