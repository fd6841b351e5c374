"""The routes of imports: hand in a file, watch it, answer what it asks, load it, take it back."""

from dataclasses import asdict, dataclass
from typing import Annotated, Any
from uuid import UUID, uuid4

from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse
from pydantic import ValidationError

from services.ingest.columns import HEADINGS, ColumnMapping
from services.ingest.files import LARGEST_FILE_BYTES, Format
from services.ingest.import_store import (
    Import,
    begin,
    queries,
    read_findings,
    read_import,
    read_imports,
    read_mapping,
    read_mapping_names,
    write_mapping,
)
from services.ingest.importing import Importer
from shared.domain.access import Action, Principal
from shared.domain.text import Slug
from shared.process.clock import Clock
from shared.web.rules import requires
from shared.wire.canonical import digest
from shared.wire.envelope import rfc3339
from shared.wire.problems import Fault, Finding, Problem, findings_of
from shared.wire.strict_json import NotStrictJson, parse_json

LARGEST_MAPPING_BYTES = 262_144
CANCELLABLE = ["checking", "asked", "ready", "refused", "loading"]
MEDIA_TYPES = {
    "text/csv": Format.CSV,
    "application/csv": Format.CSV,
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": Format.XLSX,
    "application/jsonl": Format.JSONL,
    "application/x-ndjson": Format.JSONL,
    "application/x-jsonlines": Format.JSONL,
}
NEXT_STEPS = {
    "checking": "Ask again in a moment.",
    "asked": "Answer with POST …/load: `day_first` for ambiguous dates, `duplicates=keep` to load likely duplicates too.",
    "ready": "Load it with POST …/load, or cancel it with DELETE.",
    "loading": "Ask again in a moment.",
    "completing": "Ask again in a moment.",
    "completed": "To take it back, post `import.reversed` with its batch.",
    "refused": "Correct the file as its findings say, and hand it in again.",
    "cancelled": "Hand the file in again to begin anew.",
}

router = APIRouter(prefix="/ingest/v1", tags=["imports"])
Poster = Annotated[Principal, requires(Action.IMPORT)]
Reader = Annotated[Principal, requires(Action.READ_IMPORTS)]
DayFirst = Annotated[bool | None, Query(description="Whether 03/04/2019 is 3 April; asked about where it is left out")]
_BODY = {
    "requestBody": {
        "required": True,
        "content": {name: {"schema": {"type": "string", "format": "binary"}} for name in MEDIA_TYPES},
    }
}


@router.post("/imports", status_code=202, openapi_extra=_BODY)
async def hand_in(
    request: Request,
    principal: Poster,
    dry_run: bool = False,
    format: Format | None = None,
    mapping: Slug | None = None,
    name: Slug | None = None,
    day_first: DayFirst = None,
    duplicates: Annotated[str, Query(pattern="^(ask|keep)$")] = "ask",
) -> JSONResponse:
    """Take a file in and check it; without `dry_run` load it too, if nothing is wrong and nothing must be asked.

    The body is the file. `name` is the batch that its activities carry, `mapping` a saved one. The same file under the
    same name is the same import, however often it is sent.
    """
    chosen = format or _format(request)
    said = await _mapping(request, principal, mapping) if mapping else ColumnMapping()
    raw = await _read(request, LARGEST_FILE_BYTES)
    if not raw:
        raise Fault(_invalid("body", "The file is empty.", "Send the file as the body of the request."))
    begun = await hand_in_file(
        request,
        principal,
        FileHandedIn(raw, chosen, said, name, day_first, dry_run=dry_run, keep_likely=duplicates == "keep"),
    )
    return await _answer(request, principal, begun, status=202)


@dataclass(frozen=True, slots=True)
class FileHandedIn:
    """A file, and what is said of it; `name` is the batch that its activities are to carry."""

    raw: bytes
    format: Format
    mapping: ColumnMapping
    name: str | None = None
    day_first: bool | None = None
    dry_run: bool = False
    keep_likely: bool = False


async def hand_in_file(request: Request, principal: Principal, file: FileHandedIn) -> UUID:
    """Keep a file and let it be checked; return its import's id. Raises `Fault`: 422 for an empty file, 409 for a taken name."""
    await _importer(request).homes.zone_of(principal.home)
    if not file.raw:
        raise Fault(_invalid("body", "The file is empty.", "Send the file as the body of the request."))
    import_id, clock = uuid4(), _clock(request)
    wanted = Import(
        id=import_id,
        home=principal.home,
        author=principal.account,
        role=principal.role,
        batch=file.name or f"import-{import_id.hex[:8]}",
        format=file.format,
        mapping=file.mapping,
        day_first=file.day_first,
        dry_run=file.dry_run,
        keep_likely=file.keep_likely,
        state="checking",
        posted_at=clock(),
        rows=0,
        done=0,
        counts={},
        hash=None,
        position=None,
    )
    begun = await begin(_importer(request).pool, wanted, file.name or "", digest(file.raw), file.raw)
    if begun is None:
        raise Fault(_batch_is_taken(wanted.batch))
    _importer(request).wake.set()
    return begun


async def load_import(request: Request, work: Import, day_first: bool | None, *, keep_likely: bool) -> None:
    """Load an import after its dry run, or with answers to what it asks. Raises `Fault` (409) where it stands otherwise."""
    pool = _importer(request).pool
    if work.state == "asked":
        await queries.check_anew(
            pool,
            home=work.home,
            import_id=work.id,
            keep_likely=work.keep_likely or keep_likely,
            day_first=day_first if day_first is not None else work.day_first,
        )
    elif work.state in ("ready", "loading", "completing", "completed"):
        await queries.move(pool, home=work.home, import_id=work.id, state="loading", states=["ready"])
    else:
        raise Fault(_stands(work, "cannot be loaded"))
    _importer(request).wake.set()


async def cancel_import(request: Request, work: Import) -> None:
    """Cancel an import. Raises `Fault` (409) where it is completed, or about to be."""
    moved = await queries.move(
        _importer(request).pool,
        home=work.home,
        import_id=work.id,
        state="cancelled",
        states=[*CANCELLABLE, "cancelled"],
    )
    if moved is None:
        raise Fault(_stands(work, "cannot be cancelled any more"))


@router.get("/imports")
async def imports(request: Request, principal: Reader) -> dict[str, Any]:
    """Answer the home's latest imports, without their findings."""
    return {"items": [_document(each) for each in await read_imports(_importer(request).pool, principal.home)]}


@router.get("/imports/{import_id}")
async def import_(
    request: Request,
    principal: Reader,
    import_id: UUID,
    cursor: Annotated[int, Query(ge=0, le=1_000_000)] = 0,
    limit: Annotated[int, Query(ge=1, le=1_000)] = 100,
) -> JSONResponse:
    """Answer how far an import has come, and what was found in it, page by page."""
    return await _answer(request, principal, import_id, cursor=cursor, limit=limit)


@router.post("/imports/{import_id}/load", status_code=202)
async def load(
    request: Request,
    principal: Poster,
    import_id: UUID,
    day_first: DayFirst = None,
    duplicates: Annotated[str, Query(pattern="^(ask|keep)$")] = "ask",
) -> JSONResponse:
    """Load an import after its dry run, or answer what it asks and load it then."""
    work = await existing(request, principal, import_id)
    await load_import(request, work, day_first, keep_likely=duplicates == "keep")
    return await _answer(request, principal, import_id, status=202)


@router.delete("/imports/{import_id}")
async def cancel(request: Request, principal: Poster, import_id: UUID) -> JSONResponse:
    """Cancel an import before it is completed; nothing of it ever counts."""
    await cancel_import(request, await existing(request, principal, import_id))
    return await _answer(request, principal, import_id)


@router.put("/mappings/{name}")
async def save_mapping(request: Request, principal: Poster, name: Slug) -> dict[str, Any]:
    """Save what the columns of the home's own tables mean, under a name."""
    try:
        mapping = ColumnMapping.model_validate(parse_json(await _read(request, LARGEST_MAPPING_BYTES)))
    except NotStrictJson as error:
        raise Fault(_invalid("body", error.problem, error.remedy)) from error
    except ValidationError as error:
        raise Fault(_invalid_fields(findings_of(error, known_fields=list(ColumnMapping.model_fields)))) from error
    for place, fields in (("columns", mapping.columns.values()), ("values", mapping.values)):
        for each in fields:
            if each is not None and each not in HEADINGS:
                raise Fault(_invalid(place, f"“{each[:60]}” is no field.", f"Use one of {', '.join(HEADINGS)}."))
    await write_mapping(_importer(request).pool, principal.home, name, mapping)
    return {"name": name, **mapping.model_dump(mode="json")}


@router.get("/mappings")
async def mappings(request: Request, principal: Reader) -> dict[str, Any]:
    """Answer the names of the home's saved mappings."""
    return {"items": await read_mapping_names(_importer(request).pool, principal.home)}


@router.get("/mappings/{name}")
async def saved_mapping(request: Request, principal: Reader, name: Slug) -> dict[str, Any]:
    """Answer a saved mapping."""
    mapping = await _mapping(request, principal, name, status=404)
    return {"name": name, **mapping.model_dump(mode="json")}


async def _answer(
    request: Request, principal: Principal, import_id: UUID, *, status: int = 200, cursor: int = 0, limit: int = 100
) -> JSONResponse:
    work = await existing(request, principal, import_id)
    found = await read_findings(_importer(request).pool, import_id, cursor, limit + 1)
    page = found[:limit]
    return JSONResponse(
        {
            **_document(work),
            "findings": [asdict(finding) for _, finding in page],
            "next": page[-1][0] if len(found) > limit else None,
        },
        status_code=status,
    )


def _document(work: Import) -> dict[str, Any]:
    return {
        "import": str(work.id),
        "batch": work.batch,
        "state": work.state,
        "rows": work.rows,
        "done": work.done,
        "counts": work.counts,
        "position": work.position,
        "hash": work.hash,
        "author": work.author,
        "posted_at": rfc3339(work.posted_at),
        "remedy": NEXT_STEPS[work.state],
    }


async def existing(request: Request, principal: Principal, import_id: UUID) -> Import:
    """Return an import of the home; raise the 404 where there is none."""
    work = await read_import(_importer(request).pool, principal.home, import_id)
    if work is None:
        title = f"There is no import {import_id}."
        raise Fault(Problem(404, "unknown-import", title, "Send the id as it stood in the answer to the file."))
    return work


async def _mapping(request: Request, principal: Principal, name: str, status: int = 422) -> ColumnMapping:
    mapping = await read_mapping(_importer(request).pool, principal.home, name)
    if mapping is None:
        title = f"There is no mapping “{name}”."
        raise Fault(Problem(status, "unknown-mapping", title, f"Save it first with PUT /ingest/v1/mappings/{name}."))
    return mapping


async def _read(request: Request, largest_bytes: int) -> bytes:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > largest_bytes:
            title = f"The file is larger than the {largest_bytes:,} bytes that are read. Nothing was stored."
            raise Fault(Problem(413, "file-too-large", title, "Send it in parts."))
    return bytes(body)


def _format(request: Request) -> Format:
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type not in MEDIA_TYPES:
        title = f"“{media_type[:80]}” is no kind of file that can be imported. Nothing was stored."
        remedy = "Send Content-Type text/csv, application/jsonl or that of XLSX, or ?format=csv, xlsx or jsonl."
        raise Fault(Problem(415, "unknown-format", title, remedy))
    return MEDIA_TYPES[media_type]


def _invalid(field: str, problem: str, remedy: str) -> Problem:
    return _invalid_fields((Finding(field, problem, remedy),))


def _invalid_fields(findings: tuple[Finding, ...]) -> Problem:
    title = "What was sent cannot be taken as it stands. Nothing was stored."
    return Problem(422, "invalid", title, "Correct the fields named under “errors” and send it again.", findings)


def _batch_is_taken(batch: str) -> Problem:
    return Problem(
        status=409,
        kind="batch-taken",
        title=f"Other activities carry the batch “{batch}”. Nothing was stored.",
        remedy="Give the import another name: reversing a batch takes back all that carry it.",
    )


def _stands(work: Import, what: str) -> Problem:
    title = f"The import is {work.state}, so it {what}."
    return Problem(409, "import-stands-otherwise", title, NEXT_STEPS[work.state])


def _importer(request: Request) -> Importer:
    importer: Importer = request.app.state.importer
    return importer


def _clock(request: Request) -> Clock:
    clock: Clock = request.app.state.clock
    return clock
