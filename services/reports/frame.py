"""What all pages of reports share: who reads, in which language, of which past; and each page's twins as data."""

import inspect
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta, tzinfo
from pathlib import Path
from typing import Annotated, Any, TypeVar
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, JSONResponse, Response

from services.reports.answers import Clocks, Reader
from services.reports.question import Question, read_day
from services.reports.render.as_csv import csv_of
from services.reports.report import Column, Table
from shared.domain.access import Action, Allowed, Principal, Subject, may
from shared.domain.homes import Home
from shared.postgres.pool import Pool
from shared.process.clock import Clock
from shared.projection.homes import read_home
from shared.web.homes import zone_of
from shared.web.pages import CLOCKS, language_of, language_of_home, make_templates, render
from shared.wire.problems import Fault, Finding, Problem
from shared.wire.sheet import Value
from shared.words.dates import date_in_words
from shared.words.words import Words

T = TypeVar("T")
Document = Mapping[str, Any]
YEARS_ON_THE_SLIDER = 40
MOST_PAGES = 99_999
LONGEST_TEXT = 200
templates = make_templates(Path(__file__).parent / "templates")


@dataclass(frozen=True, slots=True)
class Frame:
    """Who reads which past of whose ledger, and in which language. `today` is the home's."""

    request: Request
    reader: Principal
    question: Question
    home: Home | None
    words: Words
    zone: tzinfo
    today: date

    @property
    def pool(self) -> Pool:
        """The tables."""
        pool: Pool = self.request.app.state.runtime.reading
        return pool

    @property
    def clocks(self) -> dict[str, str]:
        """The clocks as they were asked for: what every link keeps."""
        return {name: asked for name in CLOCKS if (asked := self.request.query_params.get(name))}


async def frame_of(request: Request, reader: Reader, question: Clocks) -> Frame:
    """Read what a page is about, both clocks among it, so that no page can forget one."""
    home = await read_home(request.app.state.runtime.reading, reader.home)
    clock: Clock = request.app.state.clock
    zone = await zone_of(request, reader.home)
    words = Words(language_of(request, language_of_home(home)))
    return Frame(request, reader, question, home, words, zone, clock().astimezone(zone).date())


Framed = Annotated[Frame, Depends(frame_of)]


@dataclass(frozen=True, slots=True)
class Page:
    """A page before it is written: what its template shows, and the same as a document and as a table.

    `here` are the filters in its address: they are kept in another language and another past. `live` is the position after
    which to listen for what comes; `topic` the part of the help that explains it. What a document or a table takes long to
    gather is awaited only where it is asked for.
    """

    frame: Frame
    template: str
    shown: Mapping[str, Any]
    document: Callable[[], Document | Awaitable[Document]]
    table: Callable[[], Table | Awaitable[Table]]
    topic: str
    here: Mapping[str, str] = field(default_factory=dict)
    live: int | None = None

    def as_html(self, twin: str, path: str | None = None) -> HTMLResponse:
        """Return it for people; `twin` is the path of its data, without an ending, `path` its own if not the request's."""
        frame = self.frame
        return render(
            templates,
            self.template,
            frame.request,
            frame.words,
            kept=frame.clocks,
            here=self.here,
            time=time_in_words(frame),
            home=frame.home,
            reader=frame.reader,
            twin=twin,
            live=self._live(),
            topic=self.topic,
            path=path,
            **self.shown,
        )

    def _live(self) -> dict[str, Any] | None:
        """Return where to listen: to today's pages only, for the past does not change."""
        if self.live is None or self.frame.clocks:
            return None
        asked = {"after": str(self.live)} | (
            {"home": home} if (home := self.frame.request.query_params.get("home")) else {}
        )
        return {"address": f"/reports/v1/stream?{urlencode(asked)}"}


def add_page(router: APIRouter, path: str, make: Callable[..., Any], twin: str | None = None) -> None:
    """Serve a page at a path, and its data beside it: the same path with `.json` and `.csv`."""
    made = Annotated[Page, Depends(make)]
    data = twin or path

    async def as_json(page: made) -> Response:
        document = page.document()
        return JSONResponse(await document if inspect.isawaitable(document) else document)

    async def as_csv(page: made) -> Response:
        table = page.table()
        whole = await table if inspect.isawaitable(table) else table
        return Response(csv_of(whole), media_type="text/csv; charset=utf-8")

    async def as_html(request: Request, page: made) -> Response:
        return page.as_html(twin or request.url.path)

    router.add_api_route(f"{data}.json", as_json, methods=["GET"])
    router.add_api_route(f"{data}.csv", as_csv, methods=["GET"])
    router.add_api_route(path, as_html, methods=["GET"])


def table_of(name: str, keys: Sequence[str], rows: Sequence[Sequence[Value]]) -> Table:
    """Return rows as the table of a page's CSV; its heading are the keys."""
    return Table(name, name, [Column(each, each) for each in keys], rows)


def time_in_words(frame: Frame) -> dict[str, Any]:
    """Return which past is shown, in words, and what the control over both clocks offers."""
    question, words, today = frame.question, frame.words, frame.today
    return {
        "day": _days_in_words(question, words),
        "on": question.on.isoformat() if question.on else None,
        "first": question.first.isoformat() if question.first else None,
        "last": question.last.isoformat() if question.last else None,
        "known": question.known_text,
        "known_in_words": _known_in_words(question.known_text, words) if question.known_text else None,
        "is_past": question.known is not None or question.on != today,
        "presets": _presets(words, today),
        "today": today.isoformat(),
        "first_year": today.year - YEARS_ON_THE_SLIDER,
    }


def _presets(words: Words, today: date) -> list[tuple[str, dict[str, str]]]:
    new_year = date(today.year, 1, 1)
    last_day, year = new_year - timedelta(days=1), str(today.year - 1)
    return [
        (words.say("Today"), {}),
        (words.say("End of %(year)s", year=year), {"on": last_day.isoformat()}),
        (
            words.say("End of %(year)s, as known then", year=year),
            {"on": last_day.isoformat(), "known": last_day.isoformat()},
        ),
        (words.say("The year %(year)s", year=year), {"from": f"{year}-01-01", "to": f"{year}-12-31"}),
    ]


def _days_in_words(question: Question, words: Words) -> str:
    if question.first and question.last:
        return " – ".join(date_in_words(each, words.language) for each in (question.first, question.last))
    return date_in_words(question.day, words.language)


def _known_in_words(known: str, words: Words) -> str:
    """Return a day in words; a moment as it was asked for, to the second and beyond."""
    return date_in_words(date.fromisoformat(known), words.language) if len(known) == 10 else known


def one_of(name: str, asked: str | None, known: Iterable[str]) -> str | None:
    """Return one of the known values, None where nothing is asked. Raises `Fault` (422) for any other."""
    if not asked:
        return None
    values = list(known)
    if asked not in values:
        raise _fault(name, f"“{asked[:40]}” is not known here.", f"Use one of {', '.join(values)}.")
    return asked


def page_number(asked: str | None) -> int:
    """Return the number of a page, 1 where none is asked. Raises `Fault` (422) for what is none."""
    if not asked:
        return 1
    if not (asked.isascii() and asked.isdigit() and 0 < int(asked[:6]) <= MOST_PAGES and len(asked) < 6):
        raise _fault("page", f"“{asked[:40]}” is not the number of a page.", f"Use 1 to {MOST_PAGES}.")
    return int(asked)


def page_of(values: Sequence[T], number: int, size: int) -> Sequence[T]:
    """Return the values on a page; none where there are not so many."""
    return values[(number - 1) * size : number * size]


def text_asked(asked: str | None) -> str | None:
    """Return what somebody looks for: one line without what no keyboard writes, None where that is nothing."""
    line = " ".join("".join(each if each.isprintable() else " " for each in asked or "").split())
    return line[:LONGEST_TEXT] or None


def day_asked(name: str, asked: str | None) -> date | None:
    """Return a day, None where none is asked. Raises `Fault` (422) for what is no day."""
    return read_day(name, asked) if asked else None


def address_of(event_id: UUID, reader: Principal) -> str | None:
    """Return where an event is shown alone, None where its reader may not look there."""
    return f"/audit/events/{event_id}" if may_look(reader) else None


def may_look(reader: Principal) -> bool:
    """Say whether a reader may look into the ledger itself, where what was taken back stands too."""
    return isinstance(may(reader, Action.READ_WITHDRAWN, Subject(reader.home)), Allowed)


def _fault(name: str, problem: str, remedy: str) -> Fault:
    finding = Finding(name, problem, remedy)
    return Fault(Problem(422, "invalid", "The question cannot be answered as it stands.", remedy, (finding,)))
