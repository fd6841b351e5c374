"""Check the rows of a file and make events of them; every finding names row, column, original text and remedy. Pure."""

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time
from functools import lru_cache, partial
from hashlib import sha256
from typing import Any, NamedTuple
from uuid import UUID

from pydantic import ValidationError

from services.ingest.columns import YES_AND_NO, ColumnMapping, Columns, code_for, match_columns, simple
from services.ingest.files import MOST_ROWS, CannotRead, Cell, Format, Line, Sheet, Unwanted, read_file
from shared.domain.access import Role
from shared.domain.codes import Actor, Direction, Indicator, Initiator, Mode, Outcome
from shared.domain.events import ActivityRecorded, imported_id
from shared.domain.occurred import EARLIEST_YEAR, LATEST_YEAR, parse_occurred
from shared.domain.unfit import Unfit
from shared.wire.canonical import canonical, digest
from shared.wire.envelope import LARGEST_PAYLOAD_BYTES, Posting, encode
from shared.wire.problems import findings_of
from shared.words.reading_dates import Ambiguous, Unreadable, read_occurred

MOST_FINDINGS = 5_000
"""More are counted, but not kept."""
HEADINGS_WITHIN = 25
"""The row of headings is looked for in so many rows: titles often stand above a table."""
REQUIRED = ("partnership", "indicator", "occurred", "direction", "outcome")
SHOWN_AT_LEAST, SHOWN_AT_MOST = 20, 200
"""So many rows are kept for a preview: the first ones, and those of which something was found."""
LONGEST_SHOWN = 120


class Standing(NamedTuple):
    """An activity that stands in the ledger, as far as likeness is judged by it."""

    partnership: str
    indicator: str
    occurred: str
    activity: str


@dataclass(frozen=True, slots=True)
class Context:
    """What a check needs to know besides the file.

    `names` are the slugs by every name, in simple form, that partnerships are known by; `standing` what counts already, a
    line per activity: partnership, indicator, occurred and id with spaces between. `role` is the author's, `time_zone` the
    home's: they stand in every event.
    """

    import_id: UUID
    home: str
    author: str
    posted_at: datetime
    today: date
    batch: str
    mapping: ColumnMapping
    day_first: bool | None
    names: Mapping[str, Sequence[str]]
    standing: str = ""
    role: Role | None = None
    time_zone: str | None = None


@dataclass(frozen=True, slots=True)
class RowFinding:
    """Something about a row: `error` and `ambiguous` keep the file out, `duplicate` is asked about, `note` is only said.

    `resembles` is the activity or the row that a likely duplicate is like, `readings` what an ambiguous date can mean.
    """

    row: int
    column: str
    kind: str
    text: str
    problem: str
    remedy: str
    resembles: str | None = None
    readings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Seen:
    """A row as it stands in the file, and as it was read, by field; what could not be read is left out of `read`."""

    row: int
    original: dict[str, str]
    read: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Ready:
    """A row that can be stored: its event, encoded once and for all."""

    row: int
    event_id: UUID
    partnership: str
    payload: bytes


@dataclass(slots=True)
class Share:
    """What came of the check of a share of a file's rows; `refused` where the file as a whole cannot be taken.

    For each of `rows`, `said` holds a hash of what it says, and `hashes` that of its event as text, without anything
    between. `likely` are the findings of rows that are like what stands already, by the row's number. `total` counts the
    rows of the whole file. `headings` are those of the file, `fields` which of them is which field; `seen` are rows to show.
    """

    rows: list[Ready] = field(default_factory=list)
    said: list[bytes] = field(default_factory=list)
    hashes: str = ""
    likely: dict[int, RowFinding] = field(default_factory=dict)
    findings: list[RowFinding] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    total: int = 0
    refused: bool = False
    headings: list[str] = field(default_factory=list)
    fields: dict[str, str] = field(default_factory=dict)
    seen: list[Seen] = field(default_factory=list)

    def note(self, finding: RowFinding) -> None:
        """Count a finding, and keep it while there is room."""
        self.counts[finding.kind] += 1
        if len(self.findings) < MOST_FINDINGS:
            self.findings.append(finding)


@dataclass(slots=True)
class Checked:
    """What came of a check: the rows, none where one is wrong; the findings in order; how many of each kind; the hash.

    The hash is the SHA-256 over the hashes of the rows' events, in the order of the file. `headings`, `fields` and `seen` are
    as in `Share`, to be shown to people.
    """

    rows: list[Ready] = field(default_factory=list)
    findings: list[RowFinding] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    total: int = 0
    hash: str = ""
    headings: list[str] = field(default_factory=list)
    fields: dict[str, str] = field(default_factory=dict)
    seen: list[Seen] = field(default_factory=list)


class _Asked(Exception):
    """A date has two readings."""

    def __init__(self, readings: Ambiguous) -> None:
        super().__init__()
        self.readings = readings


def check_share(raw: bytes, file_format: Format, context: Context, number: int = 0, of: int = 1) -> Share:
    """Read the file and check one of so many shares of its rows; the first has the number 0."""
    try:
        return check_sheet(read_file(raw, file_format), context, number, of)
    except CannotRead as error:
        return refusal(error.problem, error.remedy)


def refusal(problem: str, remedy: str) -> Share:
    """Return what comes of a file that cannot be taken as a whole."""
    share = Share(refused=True)
    share.note(RowFinding(0, "", "error", "", problem, remedy))
    return share


def check_sheet(sheet: Sheet, context: Context, number: int = 0, of: int = 1) -> Share:
    """Check one of so many shares of a sheet's rows, and the sheet as a whole, of which the first share tells."""
    share = Share()
    index, columns = _find_headings(sheet.lines, context.mapping)
    heading, lines = sheet.lines[index], sheet.lines[index + 1 :]
    names = {name: _text(heading.cells[at]) for name, at in columns.fields.items()}
    share.headings, share.fields = [_text(cell) for cell in heading.cells], names
    _check_columns(share, heading, columns, context.mapping)
    _check_sheet(share, sheet, heading.number)
    if not lines or len(lines) > MOST_ROWS:
        problem = f"The table has {len(lines):,} rows." if lines else "The table has headings, but no rows."
        share.note(RowFinding(0, "", "error", "", problem, f"Send 1 to {MOST_ROWS:,} rows."))
    if share.counts["error"]:
        return replace(share, refused=True, total=len(lines))
    if number > 0:
        share = Share(headings=share.headings, fields=share.fields)
    share.total = len(lines)
    first, after = len(lines) * number // of, len(lines) * (number + 1) // of
    _Rows(share, columns, names, context).check(lines[first:after], first)
    share.hashes = "".join(digest(each.payload) for each in share.rows)
    return share


def whole(shares: Sequence[Share]) -> Checked:
    """Return what came of the check of a file, given that of each of its shares, in order."""
    shares = [share for share in shares if share.refused][:1] or shares
    duplicates = list(_duplicates(shares))
    found = [finding for share in shares for finding in share.findings] + duplicates
    checked = Checked(
        findings=sorted(found, key=lambda each: each.row)[:MOST_FINDINGS],
        total=shares[0].total,
        headings=shares[0].headings,
        fields=shares[0].fields,
        seen=[seen for share in shares for seen in share.seen][:SHOWN_AT_MOST],
    )
    for share in shares:
        checked.counts += share.counts
    checked.counts += Counter(each.kind for each in duplicates)
    if not (checked.counts["error"] or checked.counts["ambiguous"]):
        checked.rows = [row for share in shares for row in share.rows]
        checked.hash = digest("".join(share.hashes for share in shares).encode())
    return checked


def _duplicates(shares: Sequence[Share]) -> Iterator[RowFinding]:
    """Yield a finding for each row that says the same as one before it, or is like what stands already."""
    seen: dict[bytes, int] = {}
    for share in shares:
        for row, said in zip(share.rows, share.said, strict=True):
            same = seen.setdefault(said, row.row)
            if same != row.row:
                problem, remedy = f"The row says the same as row {same}.", "Leave one out, or load both."
                yield RowFinding(row.row, "", "duplicate", "", problem, remedy, f"row {same}")
            elif row.row in share.likely:
                yield share.likely[row.row]


def _find_headings(lines: Sequence[Line], mapping: ColumnMapping) -> tuple[int, Columns]:
    """Return the row in which the most headings are known, the first of equals."""
    tried = [match_columns([_text(cell) for cell in line.cells], mapping) for line in lines[:HEADINGS_WITHIN]]
    index = max(range(len(tried)), key=lambda each: len(tried[each].fields))
    return index, tried[index]


def _check_columns(share: Share, heading: Line, columns: Columns, mapping: ColumnMapping) -> None:
    there = columns.fields.keys() | mapping.values.keys()
    row = heading.number
    for name in REQUIRED:
        if name not in there:
            remedy = (
                f"Add a column “{name}”, or save a mapping that says which column it is, or which value holds for all."
            )
            share.note(RowFinding(row, name, "error", "", f"There is no column for “{name}”.", remedy))
    if not {"title.id", "title.en"} & there:
        remedy = "Add a column “judul” (Indonesian) or “title” (English)."
        share.note(RowFinding(row, "title", "error", "", "There is no column for the title.", remedy))
    for name in columns.twice:
        problem = f"“{name}” means the same as another column."
        share.note(RowFinding(row, name, "error", name, problem, "Remove one, or tell them apart by a mapping."))
    for name in columns.unknown:
        remedy = "Rename it, or say in a mapping what it is."
        share.note(RowFinding(row, name, "note", name, f"The column “{name}” is not known and is left out.", remedy))


def _check_sheet(share: Share, sheet: Sheet, heading_row: int) -> None:
    last = sheet.lines[-1].number
    for each in sheet.formulas:
        if _touches(each, heading_row, last):
            problem = f"{each.place} holds a formula; what it gives can change."
            remedy = "Copy the table and paste it as values."
            share.note(RowFinding(each.first_row, each.place, "error", each.text, problem, remedy))
    for each in sheet.merged:
        if _touches(each, heading_row, last):
            problem = f"The cells {each.place} are merged, so it cannot be told to which row their text belongs."
            share.note(RowFinding(each.first_row, each.place, "error", "", problem, "Unmerge them, fill in every row."))
    for name in sheet.left_out:
        share.note(RowFinding(0, "", "note", name, f"The sheet “{name[:60]}” is not read.", "Import it by itself."))


def _touches(unwanted: Unwanted, first: int, last: int) -> bool:
    return unwanted.first_row <= last and unwanted.last_row >= first


class _Rows:
    """The check of rows, one after the other."""

    def __init__(self, share: Share, columns: Columns, names: Mapping[str, str], context: Context) -> None:
        self._share, self._columns, self._names, self._context = share, columns, names, context
        self._readers = _readers(context)
        self._standing = Likeness(Standing(*line.split(" ")) for line in context.standing.splitlines())

    def check(self, lines: Sequence[Line], first: int) -> None:
        """Check them all; `first` is the place of the first of them among all rows of the file."""
        for number, line in enumerate(lines):
            data, findings = self._read(line)
            if not findings:
                findings = self._refuse(line, data)
            if not findings:
                findings = self._make(line, data)
            for finding in findings:
                self._share.note(finding)
            is_remarkable = bool(findings) or line.number in self._share.likely
            if first + number < SHOWN_AT_LEAST or is_remarkable:
                self._show(line, data)

    def _show(self, line: Line, data: dict[str, Any]) -> None:
        """Keep a row for the preview while there is room."""
        if len(self._share.seen) < SHOWN_AT_MOST:
            original = {name: self._original(line, name)[:LONGEST_SHOWN] for name in self._columns.fields}
            self._share.seen.append(Seen(line.number, original, data))

    def _read(self, line: Line) -> tuple[dict[str, Any], list[RowFinding]]:
        """Return the row as the data of an event."""
        data: dict[str, Any] = {"batch": self._context.batch}
        findings: list[RowFinding] = []
        for name, value in self._context.mapping.values.items():
            if name not in self._columns.fields:
                self._take(line, name, value, data, findings)
        for name, at in self._columns.fields.items():
            cell = line.cells[at] if at < len(line.cells) else None
            if cell is not None and cell != "":
                self._take(line, name, cell, data, findings)
        return data, findings

    def _take(self, line: Line, name: str, cell: Cell, data: dict[str, Any], findings: list[RowFinding]) -> None:
        read = self._readers.get(name)
        column = self._names.get(name, name)
        if read is None:
            problem = f"“{name}” is no field of an activity."
            findings.append(RowFinding(line.number, column, "error", "", problem, "Correct the mapping."))
            return
        try:
            value = read(cell)
        except _Asked as asked:
            both = (asked.readings.day_first, asked.readings.month_first)
            problem = f"“{_text(cell)[:60]}” can mean {both[0]} or {both[1]}."
            remedy = "Say which is meant (day_first), for all such dates of the file."
            findings.append(
                RowFinding(line.number, column, "ambiguous", _text(cell)[:200], problem, remedy, readings=both)
            )
            return
        except Unfit as error:
            findings.append(RowFinding(line.number, column, "error", _text(cell)[:200], error.problem, error.remedy))
            return
        if value is None:
            return
        outer, _, inner = name.partition(".")
        if inner:
            data.setdefault(outer, {})[inner] = value
        else:
            data[name] = value

    def _refuse(self, line: Line, data: dict[str, Any]) -> list[RowFinding]:
        try:
            facts = ActivityRecorded.model_validate(data)
        except ValidationError as error:
            return [
                self._finding(line, each.field, each.problem, each.remedy)
                for each in findings_of(error, known_fields=list(ActivityRecorded.model_fields))
            ]
        if facts.outcome is Outcome.HELD and parse_occurred(facts.occurred).first > self._context.today:
            problem = f"“{facts.occurred}” lies in the future, so it cannot have been held yet."
            return [self._finding(line, "occurred", problem, "Correct the date, or give the outcome “planned”.")]
        return []

    def _make(self, line: Line, data: dict[str, Any]) -> list[RowFinding]:
        """Keep the event that the row becomes, and what it is like, if anything."""
        context, slug = self._context, data["partnership"]
        event_id = imported_id(context.import_id, line.number)
        posting = Posting(
            event_id,
            context.home,
            "activity.recorded",
            data,
            slug,
            context.author,
            context.posted_at,
            context.import_id,
            role=context.role,
            time_zone=context.time_zone,
        )
        encoded = canonical(data)
        payload = encode(posting, encoded)
        if len(payload) > LARGEST_PAYLOAD_BYTES:
            return [self._finding(line, "", f"The row has {len(payload):,} bytes.", "Shorten its texts.")]
        self._share.rows.append(Ready(line.number, event_id, slug, payload))
        self._share.said.append(sha256(encoded).digest())
        like = self._standing.find(slug, data["indicator"], data["occurred"])
        if like is not None:
            self._share.likely[line.number] = self._duplicate(line, like)
        return []

    def _duplicate(self, line: Line, like: Standing) -> RowFinding:
        column = self._names.get("occurred", "occurred")
        said = f"{like.partnership} has a {like.indicator} of {like.occurred} already."
        remedy = "Leave the row out if it is the same one, or load it all the same."
        text = self._original(line, "occurred")
        return RowFinding(line.number, column, "duplicate", text, said, remedy, like.activity)

    def _finding(self, line: Line, path: str, problem: str, remedy: str) -> RowFinding:
        name = path if path in self._columns.fields else path.split(".")[0]
        return RowFinding(
            line.number, self._names.get(name, name), "error", self._original(line, name), problem, remedy
        )

    def _original(self, line: Line, name: str) -> str:
        at = self._columns.fields.get(name)
        return _text(line.cells[at])[:200] if at is not None and at < len(line.cells) else ""


class Likeness:
    """Finds what stands already for the same partnership and indicator with overlapping dates."""

    def __init__(self, standing: Iterable[Standing]) -> None:
        groups: dict[tuple[str, str], list[tuple[str, str, Standing]]] = defaultdict(list)
        for each in standing:
            groups[each.partnership, each.indicator].append((*_bounds(each.occurred), each))
        self._groups = {key: _latest_so_far(sorted(group)) for key, group in groups.items()}

    def find(self, partnership: str, indicator: str, occurred: str) -> Standing | None:
        """Return one that overlaps: of those that begin in time, the one that ends last."""
        if (partnership, indicator) not in self._groups:
            return None
        starts, latest = self._groups[partnership, indicator]
        first, last = _bounds(occurred)
        at = bisect_right(starts, last) - 1
        return latest[at][1] if at >= 0 and latest[at][0] >= first else None


def _latest_so_far(group: Sequence[tuple[str, str, Standing]]) -> tuple[list[str], list[tuple[str, Standing]]]:
    """Return the first days in order, and beside each the latest last day up to there and whose it is."""
    latest: list[tuple[str, Standing]] = []
    for _, last, each in group:
        latest.append((last, each) if not latest or last >= latest[-1][0] else latest[-1])
    return [first for first, _, _ in group], latest


@lru_cache(maxsize=20_000)
def _bounds(occurred: str) -> tuple[str, str]:
    """Return first and last day as texts that compare as the days do; a month's last day may be 31 in any month."""
    start, _, end = occurred.partition("/")
    end = end or start
    return start + "-01-01"[len(start) - 4 :], end + "-12-31"[len(end) - 4 :]


def _readers(context: Context) -> dict[str, Callable[[Cell], Any]]:
    """Return how the cell of each field is read; None where it says nothing."""
    find = lru_cache(maxsize=10_000)(partial(_partnership, context.names))
    return {
        "partnership": lambda cell: find(_text(cell)),
        "indicator": partial(_code, Indicator, "indicator"),
        "occurred": partial(_occurred, context.day_first),
        "direction": partial(_code, Direction, "direction"),
        "outcome": partial(_code, Outcome, "outcome"),
        "mode": partial(_code, Mode, "mode"),
        "initiator": partial(_code, Initiator, "initiator"),
        "actors": _actors,
        "people_to_people": _flag,
        "participants": _count,
        "value": _amount,
        "currency": lambda cell: _line(cell) and _text(cell).upper(),
        "place": _line,
        "fields": lambda cell: [each for each in map(_line, _several(cell)) if each] or None,
        "title.id": _line,
        "title.en": _line,
        "description.id": _lines,
        "description.en": _lines,
        "source": _line,
    }


def _text(cell: Cell) -> str:
    """Return a cell as a person would write it."""
    match cell:
        case str():
            return cell.strip()
        case None:
            return ""
        case bool():
            return "true" if cell else "false"
        case float() if cell.is_integer():
            return str(int(cell))
        case datetime() if cell.time() == time.min:
            return cell.date().isoformat()
        case list():
            return "; ".join(map(str, cell))
        case _:
            return str(cell)


def _line(cell: Cell) -> str | None:
    return " ".join(_text(cell).split()) or None


def _lines(cell: Cell) -> str | None:
    return _text(cell).replace("\r\n", "\n").replace("\r", "\n") or None


def _several(cell: Cell) -> Sequence[Cell]:
    return (
        cell if isinstance(cell, list) else [part for part in _text(cell).replace("\n", ";").split(";") if part.strip()]
    )


def _code(kind: Any, name: str, cell: Cell) -> str | None:  # noqa: ANN401 - a class of codes
    text = _text(cell)
    if not text:
        return None
    code = code_for(kind, text)
    if code is None:
        raise Unfit(f"“{text[:60]}” is not known for “{name}”.", f"Use {', '.join(kind)}, or the Indonesian word.")
    return code


def _actors(cell: Cell) -> list[str] | None:
    parts = [part for each in _several(cell) for part in _text(each).split(",")]
    return [code for part in parts if (code := _code(Actor, "actors", part)) is not None] or None


def _partnership(names: Mapping[str, Sequence[str]], text: str) -> str | None:
    if not text:
        return None
    found = names.get(simple(text), ())
    if len(found) == 1:
        return found[0]
    if found:
        raise Unfit(f"“{text[:60]}” is the name of more than one partnership.", f"Use one of {', '.join(found)}.")
    raise Unfit(
        f"There is no partnership “{text[:60]}”.", "Use its short or its registered name, or register it first."
    )


def _occurred(day_first: bool | None, cell: Cell) -> str | None:
    match cell:
        case datetime():
            return cell.date().isoformat()
        case date():
            return cell.isoformat()
        case bool() | list():
            raise Unreadable(f"“{_text(cell)[:60]}” cannot be read as a date.", "Write it as 22 Oktober 2019.")
        case int() | float() if not EARLIEST_YEAR <= cell <= LATEST_YEAR:
            raise Unreadable(
                f"The number {_text(cell)[:30]} is no year.", "Format the cell as a date, or write a date."
            )
        case _:
            read = read_occurred(_text(cell), day_first=day_first) if _text(cell) else None
    if isinstance(read, Ambiguous):
        raise _Asked(read)
    return read


def _flag(cell: Cell) -> bool | None:
    text = _text(cell)
    if text and simple(text) not in YES_AND_NO:
        raise Unfit(f"“{text[:60]}” is neither yes nor no.", "Write ya or tidak, yes or no.")
    return YES_AND_NO[simple(text)] if text else None


def _count(cell: Cell) -> int | None:
    text = _text(cell)
    if text and not (text.isascii() and text.isdigit() and len(text) <= 15):
        raise Unfit(f"“{text[:60]}” is no whole number.", "Write digits only, without signs between them.")
    return int(text) if text else None


def _amount(cell: Cell) -> int | float | None:
    if isinstance(cell, int | float) and not isinstance(cell, bool):
        return cell
    return _count(cell)
