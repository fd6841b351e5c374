"""The pages of imports: hand a file in, match its columns, look at how it is read, load it. They work without scripts."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from pydantic import TypeAdapter, ValidationError
from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser

from services.ingest.check import REQUIRED, RowFinding, Seen
from services.ingest.columns import HEADINGS, ColumnMapping
from services.ingest.files import LARGEST_FILE_BYTES, Format
from services.ingest.finding_words import finding_in_words
from services.ingest.form_routes import templates
from services.ingest.import_routes import (
    MEDIA_TYPES,
    FileHandedIn,
    cancel_import,
    existing,
    hand_in_file,
    load_import,
)
from services.ingest.import_store import (
    Import,
    Preview,
    can_be_mended,
    check_otherwise,
    read_findings,
    read_imports,
    read_kinds_of_rows,
    read_mapping,
    read_mapping_names,
    read_preview,
    write_mapping,
)
from services.ingest.importing import Importer
from shared.domain.access import Action, Allowed, Principal, Subject, may
from shared.domain.codes import Actor, Direction, Indicator, Initiator, Mode, Outcome
from shared.domain.events import import_completed_id
from shared.domain.text import Slug
from shared.postgres.pool import Pool
from shared.projection.homes import read_home
from shared.web.forms import NEVER_STORED, Form, ReadsForm, RequiresSignIn
from shared.web.homes import zone_of
from shared.web.pages import language_of, language_of_home, render
from shared.web.principal import refuse_forgery
from shared.wire.problems import Fault, Problem
from shared.words.codes import FIELD_WORDS, WORDS_OF_CODES
from shared.words.dates import date_in_words, occurred_in_words
from shared.words.words import Words

ROUND_THE_FILE_BYTES = 65_536
"""What a form has beside its file."""
FINDINGS_PER_PAGE = 100
UNDER_WAY = ("checking", "loading", "completing")
STATE_WORDS = {
    "checking": "is being checked",
    "asked": "asks something",
    "ready": "is ready to be loaded",
    "loading": "is being loaded",
    "completing": "is being completed",
    "completed": "is loaded",
    "refused": "cannot be loaded as it stands",
    "cancelled": "is cancelled",
}
KIND_WORDS = {
    "error": "cannot be read",
    "ambiguous": "can mean two days",
    "duplicate": "stands already, perhaps",
    "note": "said only",
}
"""The kinds of findings, the worst first."""
MARKS = {"error": "bad", "ambiguous": "warn", "duplicate": "warn", "": "good"}
STEP_WORDS = ("Hand in", "Match columns", "Preview", "Load")
UPLOAD_PROBLEMS = {
    "no-file": "Choose a file first.",
    "no-format": "Only CSV, XLSX and JSON Lines can be imported. Save the table as one of these.",
    "no-name": "The name has lower-case letters, digits and hyphens only, such as history-2019.",
    "batch-taken": "Other activities carry this name already. Choose another.",
}
SUFFIXES = {".csv": Format.CSV, ".xlsx": Format.XLSX, ".jsonl": Format.JSONL, ".ndjson": Format.JSONL}
CODES: Mapping[str, type[StrEnum]] = {
    "indicator": Indicator,
    "direction": Direction,
    "outcome": Outcome,
    "mode": Mode,
    "initiator": Initiator,
    "actors": Actor,
}
SHOWN_FIRST = ("occurred", "partnership", "indicator", "direction", "outcome", "title.id", "title.en")
SLUG: TypeAdapter[str] = TypeAdapter(Slug)

router = APIRouter(include_in_schema=False, dependencies=[Depends(refuse_forgery)])
Poster = Annotated[Principal, Depends(RequiresSignIn(Action.IMPORT))]
Reader = Annotated[Principal, Depends(RequiresSignIn(Action.READ_IMPORTS))]
Filled = Annotated[Form, Depends(ReadsForm(most_fields=1_000))]
Kind = Annotated[str | None, Query(pattern="^(error|ambiguous|duplicate|note)$")]


@router.get("/imports")
async def imports_page(request: Request, reader: Reader) -> HTMLResponse:
    """Show the home's imports, and where a file is handed in."""
    return await _list_page(request, reader)


@router.post("/imports")
async def hand_in_by_form(request: Request, poster: Poster) -> Response:
    """Take a file in for a dry run, and go on to how it is read."""
    form = await _read_upload(request)
    name, mapping_name = form.get("name", ""), form.get("mapping", "")
    problem = _refuse_upload(form)
    if problem:
        return await _list_page(request, poster, problem, name)
    pool = _importer(request).pool
    mapping = await read_mapping(pool, poster.home, mapping_name) if mapping_name else None
    handed_in = FileHandedIn(form["raw"], form["format"], mapping or ColumnMapping(), name or None, dry_run=True)
    try:
        import_id = await hand_in_file(request, poster, handed_in)
    except Fault as fault:
        if fault.problem.kind != "batch-taken":
            raise
        return await _list_page(request, poster, "batch-taken", name)
    return _to(request, import_id)


@router.get("/imports/{import_id}")
async def import_page(
    request: Request,
    reader: Reader,
    import_id: UUID,
    kind: Kind = None,
    cursor: Annotated[int, Query(ge=0, le=1_000_000)] = 0,
) -> HTMLResponse:
    """Show one import: how far it has come, how its columns and rows are read, what was found, what can be done."""
    work = await existing(request, reader, import_id)
    pool = _importer(request).pool
    home = await read_home(pool, reader.home)
    words = Words(language_of(request, language_of_home(home)))
    preview = await read_preview(pool, work.home, work.id)
    found = await read_findings(pool, work.id, cursor, FINDINGS_PER_PAGE + 1, kind)
    page = found[:FINDINGS_PER_PAGE]
    here = {"kind": kind} if kind else {}
    return await _page(
        request,
        reader,
        "import.html",
        words=words,
        home=home,
        here=here,
        work=work,
        state=words.say(STATE_WORDS[work.state]),
        steps=_steps(work, words),
        under_way=work.state in UNDER_WAY,
        kinds=[(each, words.say(KIND_WORDS[each]), work.counts.get(each, 0)) for each in KIND_WORDS],
        kind=kind,
        findings=[_finding(each, words) for _, each in page],
        following=page[-1][0] if len(found) > FINDINGS_PER_PAGE else None,
        columns=_columns(preview, work, words) if preview else [],
        fields=[(name, words.say(FIELD_WORDS[name])) for name in HEADINGS],
        values=_values(preview, work, words) if preview else [],
        shown=await _shown(pool, work, preview, words) if preview else None,
        marks=MARKS,
        mends=_may(reader, Action.IMPORT)
        and await can_be_mended(pool, work)
        and work.state in ("asked", "ready", "refused"),
        loads=_may(reader, Action.IMPORT) and work.state in ("asked", "ready"),
        cancels=_may(reader, Action.IMPORT) and work.state in ("asked", "ready", "refused", "checking", "loading"),
        reverses=_may(reader, Action.REVERSE_IMPORT) and work.state == "completed",
        completed_as=import_completed_id(work.id),
    )


@router.post("/imports/{import_id}/columns")
async def match_by_form(request: Request, poster: Poster, import_id: UUID, filled: Filled) -> Response:
    """Check the file once more with the columns as they were matched; keep the matching under a name, if one is given."""
    work = await existing(request, poster, import_id)
    pool = _importer(request).pool
    preview = await read_preview(pool, work.home, work.id)
    mapping = _mapping_of(filled, preview.headings if preview else [])
    if not await check_otherwise(pool, work, mapping, _day_first(filled)):
        title = f"The import is {work.state}, and its file is not kept any more."
        raise Fault(Problem(409, "import-stands-otherwise", title, "Hand the file in again."))
    name = filled.get("save_as", "").strip().lower()
    if name and _is_slug(name):
        await write_mapping(pool, poster.home, name, mapping)
    _importer(request).wake.set()
    return _to(request, import_id)


@router.post("/imports/{import_id}/load")
async def load_by_form(request: Request, poster: Poster, import_id: UUID, filled: Filled) -> Response:
    """Load an import, with the answers to what it asked."""
    work = await existing(request, poster, import_id)
    await load_import(request, work, _day_first(filled), keep_likely=filled.get("duplicates") == "keep")
    return _to(request, import_id)


@router.post("/imports/{import_id}/cancel")
async def cancel_by_form(request: Request, poster: Poster, import_id: UUID) -> Response:
    """Cancel an import; nothing of it ever counts."""
    await cancel_import(request, await existing(request, poster, import_id))
    return _to(request, import_id)


async def _list_page(request: Request, reader: Principal, problem: str = "", name: str = "") -> HTMLResponse:
    pool = _importer(request).pool
    home, zone = await read_home(pool, reader.home), await zone_of(request, reader.home)
    words = Words(language_of(request, language_of_home(home)))
    lines = [
        {
            "id": each.id,
            "batch": each.batch,
            "state": words.say(STATE_WORDS[each.state]),
            "rows": each.rows,
            "when": date_in_words(each.posted_at.astimezone(zone).date(), words.language),
            "author": each.author,
        }
        for each in await read_imports(pool, reader.home)
    ]
    return await _page(
        request,
        reader,
        "imports.html",
        words=words,
        home=home,
        status=422 if problem else 200,
        lines=lines,
        posts=_may(reader, Action.IMPORT),
        mappings=await read_mapping_names(pool, reader.home),
        steps=[(words.say(each), number == 0) for number, each in enumerate(STEP_WORDS)],
        wrong=words.say(UPLOAD_PROBLEMS[problem]) if problem else "",
        wrong_field="name" if problem in ("no-name", "batch-taken") else "file",
        name=name,
    )


async def _page(
    request: Request,
    reader: Principal,
    template: str,
    *,
    words: Words,
    home: Any,  # noqa: ANN401 - a home, or None
    status: int = 200,
    **values: Any,  # noqa: ANN401 - what each template shows
) -> HTMLResponse:
    page = render(templates, template, request, words, home=home, reader=reader, topic="imports", **values)
    page.headers.update(NEVER_STORED)
    page.status_code = status
    return page


async def _read_upload(request: Request) -> dict[str, Any]:
    """Return the fields of the upload, its file as `raw` and `format`; raise the 413 or 422 of what cannot be read."""
    parser = MultiPartParser(request.headers, _limited(request), max_files=1, max_fields=10)
    try:
        form = await parser.parse()
    except (MultiPartException, KeyError) as error:
        raise Fault(Problem(422, "invalid", "The form cannot be read.", "Choose the file again.")) from error
    fields: dict[str, Any] = {name: value.strip() for name, value in form.items() if isinstance(value, str)}
    file = form.get("file")
    if isinstance(file, UploadFile) and file.filename:
        fields["raw"] = await file.read()
        suffix = f".{file.filename.lower().rpartition('.')[2]}"
        fields["format"] = SUFFIXES.get(suffix) or MEDIA_TYPES.get((file.content_type or "").partition(";")[0])
    await form.close()
    return fields


async def _limited(request: Request) -> AsyncGenerator[bytes, None]:
    read = 0
    async for chunk in request.stream():
        read += len(chunk)
        if read > LARGEST_FILE_BYTES + ROUND_THE_FILE_BYTES:
            title = f"The file is larger than the {LARGEST_FILE_BYTES:,} bytes that are read. Nothing was stored."
            raise Fault(Problem(413, "file-too-large", title, "Send it in parts."))
        yield chunk


def _refuse_upload(form: Mapping[str, Any]) -> str:
    """Return which of `UPLOAD_PROBLEMS` stands against a file; nothing where it can be taken."""
    if not form.get("raw"):
        return "no-file"
    if form.get("format") is None:
        return "no-format"
    return "no-name" if form.get("name") and not _is_slug(form["name"]) else ""


def _mapping_of(filled: Form, headings: Sequence[str]) -> ColumnMapping:
    """Return what was said about the columns, by their number, and about the values that hold for every row."""
    columns: dict[str, str | None] = {}
    for number, heading in enumerate(headings):
        said = filled.get(f"column.{number}")
        if heading and said is not None:
            columns[heading] = said if said in HEADINGS else None
    values = {name: text for name in HEADINGS if (text := filled.get(f"value.{name}", "").strip()[:300])}
    return ColumnMapping(columns=columns, values=values, day_first=_day_first(filled))


def _columns(preview: Preview, work: Import, words: Words) -> list[tuple[int, str, str]]:
    """Return each column with its number, its heading, and the field that it is taken for."""
    fields = {heading: name for name, heading in preview.fields.items()}
    return [(number, heading, fields.get(heading, "")) for number, heading in enumerate(preview.headings) if heading]


def _values(preview: Preview, work: Import, words: Words) -> list[tuple[str, str, str, list[tuple[str, str]]]]:
    """Return the fields that need a value for every row, for no column says it: name, label, value, choices."""
    wanted = [name for name in REQUIRED if name not in preview.fields]
    wanted += [name for name in work.mapping.values if name not in wanted]
    return [
        (name, words.say(FIELD_WORDS[name]), work.mapping.values.get(name, ""), _choices(name, words))
        for name in wanted
    ]


def _choices(name: str, words: Words) -> list[tuple[str, str]]:
    kind = CODES.get(name)
    return [(code.value, words.say(WORDS_OF_CODES[kind][code])) for code in kind] if kind else []


async def _shown(pool: Pool, work: Import, preview: Preview, words: Words) -> dict[str, Any] | None:
    """Return the preview: for each row and field the original beside its reading, and the worst that was found of it."""
    fields = [name for name in SHOWN_FIRST if name in preview.fields]
    fields += [name for name in preview.fields if name not in fields]
    if not preview.seen:
        return None
    kinds = await read_kinds_of_rows(pool, work.id, [each.row for each in preview.seen])
    rows = []
    for each in preview.seen:
        cells = [(each.original.get(name, ""), _reading(each, name, words)) for name in fields]
        worst = next((kind for kind in KIND_WORDS if kind in kinds.get(each.row, ())), "")
        rows.append((each.row, cells, worst, words.say(KIND_WORDS[worst]) if worst else words.say("ready")))
    return {"headings": [(words.say(FIELD_WORDS[name]), preview.fields[name]) for name in fields], "rows": rows}


def _reading(seen: Seen, name: str, words: Words) -> str:
    outer, _, inner = name.partition(".")
    value = seen.read.get(outer)
    if inner:
        value = value.get(inner) if isinstance(value, dict) else None
    if value is None:
        return "–"
    if name == "occurred":
        return occurred_in_words(value, words.language)
    if name in CODES:
        kind = CODES[name]
        codes = value if isinstance(value, list) else [value]
        return ", ".join(words.say(WORDS_OF_CODES[kind][kind(code)]) for code in codes)
    if isinstance(value, bool):
        return words.say("yes") if value else words.say("no")
    return "; ".join(value) if isinstance(value, list) else str(value)


def _finding(finding: RowFinding, words: Words) -> dict[str, Any]:
    return {
        "row": finding.row or "–",
        "column": finding.column,
        "text": finding.text,
        "kind": finding.kind,
        "said": words.say(KIND_WORDS[finding.kind]),
        "problem": finding_in_words(finding.problem, words),
        "remedy": finding_in_words(finding.remedy, words),
        "resembles": finding.resembles if finding.resembles and not finding.resembles.startswith("row ") else None,
        "readings": [occurred_in_words(each, words.language) for each in finding.readings],
    }


def _steps(work: Import, words: Words) -> list[tuple[str, bool]]:
    at = {"checking": 1, "refused": 1, "asked": 2, "ready": 2}.get(work.state, 3)
    return [(words.say(each), number == at) for number, each in enumerate(STEP_WORDS)]


def _day_first(filled: Form) -> bool | None:
    return {"yes": True, "no": False}.get(filled.get("day_first", ""))


def _is_slug(name: str) -> bool:
    try:
        SLUG.validate_python(name)
    except ValidationError:
        return False
    return True


def _may(reader: Principal, action: Action) -> bool:
    return isinstance(may(reader, action, Subject(reader.home)), Allowed)


def _to(request: Request, import_id: UUID) -> Response:
    lang = request.query_params.get("lang")
    address = f"/imports/{import_id}?lang={lang}" if lang in ("id", "en") else f"/imports/{import_id}"
    return RedirectResponse(address, status_code=303, headers=NEVER_STORED)


def _importer(request: Request) -> Importer:
    importer: Importer = request.app.state.importer
    return importer
