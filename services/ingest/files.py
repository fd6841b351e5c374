"""Read a CSV, XLSX or JSON Lines file into rows of cells; what is no plain table is refused, never waited for. Pure."""

import codecs
import csv
import io
import re
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from python_calamine import CalamineError, CalamineWorkbook, PasswordError, SheetVisibleEnum, XmlError, ZipError

from shared.domain.unfit import Unfit
from shared.wire.strict_json import NotStrictJson, parse_json

LARGEST_FILE_BYTES = 20_000_000
MOST_ROWS = 100_000
MOST_COLUMNS = 200
LARGEST_UNPACKED_BYTES = 400_000_000
LARGEST_RATIO = 150
"""Spreadsheets shrink to a tenth or a fiftieth; what shrinks more is made to burst (a zip bomb)."""
MOST_ENTRIES = 2_000
MOST_CELLS = 30_000_000
"""In the rectangle around all that is filled in: one cell in the last corner of a sheet would fill the memory."""
MOST_SHOWN = 50

# None of these looks further than the tag in which it began, nor at anything twice ((?>…), *+): a sheet of nothing but
# beginnings would otherwise be looked through from each of them to its end.
_FORMULA = re.compile(
    rb'<c\b(?>[^<>]*?\br="([A-Z]{1,3})(\d{1,7})")[^<>]*+>\s*+<f\b(?>[^<>/]*+(?:/(?!>)[^<>/]*+)*+)(?:/>|>([^<]*+))'
)
_ANY_FORMULA = re.compile(rb"<(?:\w++:)?+f[\s/>]")
_MERGED = re.compile(rb'<mergeCell\b[^<>]*?\bref="([A-Z]{1,3})(\d+):([A-Z]{1,3})(\d+)"')
_ROW_NUMBER = re.compile(rb'<row\b[^<>]*?\br="(\d{1,7})"')
_COLUMN = re.compile(rb'<c\b[^<>]*?\br="([A-Z]{1,3})\d')
_SHEET = re.compile(rb"<sheet\b[^<>]*+>")
_RELATION = re.compile(rb"<Relationship\b[^<>]*+>")

Cell = str | int | float | bool | date | datetime | list[Any] | None


class Format(StrEnum):
    """The files that can be imported."""

    CSV = "csv"
    XLSX = "xlsx"
    JSONL = "jsonl"


class CannotRead(Unfit):
    """The file as a whole cannot be taken."""


@dataclass(frozen=True, slots=True)
class Line:
    """A row of the file under its number as people see it, from 1 on."""

    number: int
    cells: Sequence[Cell]


@dataclass(frozen=True, slots=True)
class Unwanted:
    """A formula or a merged range in a sheet: `place` as people name it, the rows it touches, its text."""

    place: str
    first_row: int
    last_row: int
    text: str


@dataclass(frozen=True, slots=True)
class Sheet:
    """What stands in the file, empty rows left out; `left_out` are the names of sheets that are not read."""

    lines: list[Line]
    formulas: list[Unwanted] = field(default_factory=list)
    merged: list[Unwanted] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)


def read_file(raw: bytes, file_format: Format) -> Sheet:
    """Return what stands in the file. Raises `CannotRead` where it is too large, broken, or no plain table."""
    if len(raw) > LARGEST_FILE_BYTES:
        raise CannotRead(
            f"The file has {len(raw):,} bytes; at most {LARGEST_FILE_BYTES:,} are read.", "Send it in parts."
        )
    match file_format:
        case Format.CSV:
            sheet = Sheet(_few_enough(_csv_lines(raw)))
        case Format.JSONL:
            sheet = Sheet(_few_enough(_json_lines(raw)))
        case Format.XLSX:
            sheet = _workbook(raw)
    if not sheet.lines:
        raise CannotRead("The file is empty.", "Send a file with a row of headings and rows of activities.")
    return sheet


def _few_enough(lines: Iterator[Line]) -> list[Line]:
    taken = []
    for line in lines:
        if all(cell in ("", None) or (isinstance(cell, str) and not cell.strip()) for cell in line.cells):
            continue
        if len(line.cells) > MOST_COLUMNS:
            raise CannotRead(f"Row {line.number} has {len(line.cells)} columns.", f"Keep to {MOST_COLUMNS}.")
        taken.append(line)
        if len(taken) > MOST_ROWS + 100:
            raise CannotRead(f"The file has more than {MOST_ROWS:,} rows.", "Send it in parts.")
    return taken


def _csv_lines(raw: bytes) -> Iterator[Line]:
    text = _text(raw)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text), strict=True)
    number = 1
    try:
        for cells in reader:
            yield Line(number, cells)
            number = reader.line_num + 1
    except csv.Error as error:
        problem = f"Row {number} is no row of a CSV file: {error}."
        raise CannotRead(problem, "Save the file anew as CSV; a quotation mark inside a text is doubled.") from error


def _text(raw: bytes) -> str:
    """Decode what says that it is Unicode as such, else UTF-8, else Windows-1252 as older spreadsheets write."""
    encodings = ("utf-8-sig", "cp1252")
    if raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        encodings = ("utf-16", "utf-16")
    for encoding in encodings:
        try:
            text = raw.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" in text:
            break
        return text
    raise CannotRead("The file is not text.", "Save it as CSV in UTF-8.")


def _delimiter(text: str) -> str:
    """Return which of ; , and tab parts the first row with text into the most cells."""
    first = next((line for line in text.splitlines() if line.strip(' ;,\t"')), "")
    return max(";,\t", key=lambda mark: len(next(csv.reader([first], delimiter=mark), [])))


def _json_lines(raw: bytes) -> Iterator[Line]:
    objects: list[tuple[int, dict[str, Cell]]] = []
    headings: dict[str, None] = {}
    for number, line in enumerate(raw.removeprefix(codecs.BOM_UTF8).split(b"\n"), 1):
        if not line.strip():
            continue
        try:
            value = parse_json(line)
        except NotStrictJson as error:
            raise CannotRead(f"Row {number}: {error.problem}", error.remedy) from error
        if not isinstance(value, dict):
            raise CannotRead(f"Row {number} is no JSON object.", "Write one object per line.")
        if len(objects) > MOST_ROWS:
            raise CannotRead(f"The file has more than {MOST_ROWS:,} rows.", "Send it in parts.")
        flat = dict(_flattened(value))
        headings |= dict.fromkeys(flat)
        if len(headings) > MOST_COLUMNS:
            raise CannotRead(f"The objects have more than {MOST_COLUMNS} different keys.", "Keep to fewer.")
        objects.append((number, flat))
    if objects:
        yield Line(0, list(headings))
    for number, flat in objects:
        yield Line(number, [flat.get(heading) for heading in headings])


def _flattened(value: dict[str, Any]) -> Iterator[tuple[str, Cell]]:
    """Yield the members; those of an object inside as `title.id`."""
    for key, member in value.items():
        if isinstance(member, dict):
            yield from ((f"{key}.{name}", each) for name, each in member.items())
        else:
            yield key, member


def _workbook(raw: bytes) -> Sheet:
    if raw.startswith(bytes.fromhex("d0cf11e0a1b11ae1")):
        remedy = "Save it as .xlsx without a password."
        raise CannotRead("The file is an old .xls or is protected by a password.", remedy)
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            _check_archive(archive, len(raw))
            parts = {name: archive.read(name) for name in _parts_to_look_at(archive)}
        return _first_sheet(raw, parts)
    except (zipfile.BadZipFile, NotImplementedError, EOFError, KeyError, zipfile.LargeZipFile, ZipError) as error:
        raise CannotRead("The file is not an .xlsx workbook, or is damaged.", "Save it anew as .xlsx.") from error
    except (PasswordError, RuntimeError) as error:
        raise CannotRead("The workbook is protected by a password.", "Save it without a password.") from error
    except (CalamineError, XmlError, MemoryError, zipfile.error) as error:
        raise CannotRead("The workbook cannot be read.", "Save it anew as .xlsx, or as CSV.") from error


def _check_archive(archive: zipfile.ZipFile, packed_bytes: int) -> None:
    """Refuse what bursts when it is unpacked, and what holds a program, before anything of it is unpacked."""
    entries = archive.infolist()
    unpacked = sum(entry.file_size for entry in entries)
    bursts = unpacked > 10_000_000 and unpacked > LARGEST_RATIO * packed_bytes
    if len(entries) > MOST_ENTRIES or unpacked > LARGEST_UNPACKED_BYTES or bursts:
        raise CannotRead(
            f"The workbook unpacks to {unpacked:,} bytes in {len(entries):,} parts.",
            "Copy the table into a new workbook, or save it as CSV.",
        )
    if any(entry.filename.lower().endswith(("vbaproject.bin", ".xlm")) for entry in entries):
        raise CannotRead("The workbook holds macros.", "Save it as .xlsx, without macros.")


def _parts_to_look_at(archive: zipfile.ZipFile) -> list[str]:
    return [name for name in archive.namelist() if re.fullmatch(r"/?xl/(_rels/)?workbook\.xml(\.rels)?", name)] + [
        name for name in archive.namelist() if re.fullmatch(r"/?xl/worksheets/[^/]+\.xml", name)
    ]


def _first_sheet(raw: bytes, parts: dict[str, bytes]) -> Sheet:
    _refuse_wide(parts)
    with CalamineWorkbook.from_filelike(io.BytesIO(raw)) as book:
        shown = [each.name for each in book.sheets_metadata if each.visible is SheetVisibleEnum.Visible]
        if not shown:
            raise CannotRead("The workbook has no sheet that can be seen.", "Put the table into the first sheet.")
        sheet = book.get_sheet_by_name(shown[0])
        rows = sheet.to_python(skip_empty_area=False)
        lines = _few_enough(Line(number, cells) for number, cells in enumerate(rows, 1))  # type: ignore[arg-type]
    xml = _xml_of(shown[0], parts)
    return Sheet(lines, formulas=_formulas(xml), merged=_merged(xml), left_out=shown[1:])


def _refuse_wide(parts: dict[str, bytes]) -> None:
    for name, xml in parts.items():
        if "worksheets/" in name:
            rows = max(map(int, _ROW_NUMBER.findall(xml)), default=0)
            columns = max(map(_number_of, set(_COLUMN.findall(xml))), default=0)
            if rows * columns > MOST_CELLS:
                problem = f"The sheet reaches to row {rows:,} and column {columns:,}."
                raise CannotRead(problem, "Delete the rows and columns that are empty, or save the table as CSV.")


def _number_of(column: bytes) -> int:
    number = 0
    for letter in column:
        number = number * 26 + letter - 64
    return number


def _xml_of(sheet: str, parts: dict[str, bytes]) -> bytes:
    """Return the XML of the sheet; of all sheets where it cannot be told which it is."""
    found = {name.rpartition("/")[2]: xml for name, xml in parts.items()}
    for number, tag in enumerate(_SHEET.findall(found.get("workbook.xml", b""))):
        relation = re.search(rb'\br:id="([^"]+)"', tag)
        names_it = f'name="{sheet}"'.encode() in tag or (number == 0 and tag.count(b"name=") == 1 and b"&" in tag)
        for each in _RELATION.findall(found.get("workbook.xml.rels", b"")) if relation and names_it else ():
            target = re.search(rb'\bTarget="([^"]+)"', each)
            if relation and target and b'Id="%s"' % relation[1] in each:
                name = target[1].decode("utf-8", "replace").rpartition("/")[2]
                if name in found:
                    return found[name]
    return b"".join(xml for name, xml in parts.items() if "worksheets/" in name)


def _formulas(xml: bytes) -> list[Unwanted]:
    if not _ANY_FORMULA.search(xml):
        return []
    found = []
    for match in _FORMULA.finditer(xml):
        row = int(match[2])
        text = (match[3] or b"").decode("utf-8", "replace")
        found.append(Unwanted(f"{match[1].decode()}{row}", row, row, f"={text}"[:200]))
        if len(found) == MOST_SHOWN:
            break
    return found or [Unwanted("the sheet", 1, 1_048_576, "")]


def _merged(xml: bytes) -> list[Unwanted]:
    found = []
    for match in _MERGED.finditer(xml):
        place = f"{match[1].decode()}{match[2].decode()}:{match[3].decode()}{match[4].decode()}"
        found.append(Unwanted(place, int(match[2]), int(match[4]), ""))
    return found[:MOST_SHOWN]
