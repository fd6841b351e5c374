"""What every form page has in common: where it stands, the form itself, the look before it is sent."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, tzinfo
from typing import Any
from uuid import UUID, uuid4

from fastapi import Request
from fastapi.responses import HTMLResponse
from pydantic import BaseModel

import shared.web.pages
from services.reports.answers import CATCH_UP_SECONDS
from services.reports.frame import Frame, templates
from services.reports.posting.effects import Effect, effect_in_words
from services.reports.posting.fields import Field, FieldProblem, Typed, field_views
from services.reports.store import Known, count_facts, read_known, read_partnerships
from services.reports.study_routes import MOST_FACTS
from shared.domain.access import Action, Principal, Subject
from shared.domain.amend import Partnership
from shared.domain.homes import Home
from shared.postgres.pool import Pool
from shared.process.clock import Clock
from shared.projection.homes import read_home
from shared.projection.progress import Progress
from shared.web.forms import NEVER_STORED
from shared.web.homes import zone_of
from shared.web.pages import language_of, language_of_home, render
from shared.web.rules import demand
from shared.wire.canonical import canonical
from shared.wire.problems import Fault, Problem
from shared.wire.strict_json import NotStrictJson, parse_json
from shared.words.words import Words

SEND = "/ingest/post"
"""Where a form is sent in the end: ingest is the one way into the ledger."""
PROBLEMS_IN_WORDS = {
    **shared.web.pages.PROBLEMS_IN_WORDS,
    "unknown-event": "There is no such event, or it is not one that you may see.",
    "unknown-activity": "There is no such activity, or it is not one that you may see.",
    "not-there-yet": "What was stored stands in the ledger, but is not in the tables yet. This page looks again by itself.",
    "too-much": "This concerns more activities than can be looked at for a page.",
}


@dataclass(frozen=True, slots=True)
class Desk:
    """Where somebody sits: the request, who asks, the tables, the day, the words."""

    request: Request
    asker: Principal
    pool: Pool
    zone: tzinfo
    today: date
    home: Home | None
    words: Words

    @property
    def position(self) -> int:
        """The last position in the tables."""
        progress: Progress = self.request.app.state.progress
        return progress.checkpoint.position

    async def wait_for(self, position: int | None) -> None:
        """Wait until a position is in the tables: what one has just posted one sees. Raises `Fault` (503) at the deadline."""
        progress: Progress = self.request.app.state.progress
        if position is not None and not await progress.reach(position, CATCH_UP_SECONDS):
            raise Fault(_not_there_yet(position))

    async def partnerships(self) -> list[Partnership]:
        """Return the registry as far as it may be seen."""
        return await read_partnerships(self.pool, self.asker, self.position, None)

    async def partnership(self, slug: str) -> Partnership:
        """Return one entry of the registry; raise the 404 where there is none that may be seen."""
        found = await read_partnerships(self.pool, self.asker, self.position, slug)
        if not found:
            title = f"There is no partnership “{slug[:60]}”."
            raise Fault(Problem(404, "unknown-partnership", title, "Go back to the dashboard and choose one."))
        return found[0]

    async def known(self, partnership: str | None) -> Known | None:
        """Return what ratings are made of now, None where that is too much to look at for a page."""
        position = self.position
        if await count_facts(self.pool, self.asker, position, partnership, MOST_FACTS + 1) > MOST_FACTS:
            return None
        return await read_known(self.pool, self.asker, position, self.zone, partnership)

    def demand(self, action: Action, partnership: str) -> None:
        """Raise the 403 of whoever may not do this for a partnership."""
        demand(self.asker, action, Subject(self.asker.home, partnership))

    def name_of(self, partnership: Partnership) -> str:
        """Return what a partnership is called."""
        name = partnership.facts.name
        ours, other = (name.id, name.en) if self.words.language == "id" else (name.en, name.id)
        return ours or other or partnership.slug

    def show(self, template: str, status: int = 200, **values: Any) -> HTMLResponse:  # noqa: ANN401
        """Return a page that no store keeps."""
        page = render(
            templates, template, self.request, self.words, home=self.home, reader=self.asker, topic="record", **values
        )
        page.headers.update(NEVER_STORED)
        page.status_code = status
        return page


async def desk_of(request: Request, asker: Principal) -> Desk:
    """Return where a request sits."""
    clock: Clock = request.app.state.clock
    pool: Pool = request.app.state.runtime.reading
    zone, home = await zone_of(request, asker.home), await read_home(pool, asker.home)
    words = Words(language_of(request, language_of_home(home)))
    return Desk(request, asker, pool, zone, clock().astimezone(zone).date(), home, words)


def desk_in(frame: Frame) -> Desk:
    """Return the same for a page that is read, in the past that it shows."""
    return Desk(frame.request, frame.reader, frame.pool, frame.zone, frame.today, frame.home, frame.words)


@dataclass(frozen=True, slots=True)
class FormPage:
    """A form before what is typed is put in: its heading, where it is sent, its fields, and what explains them.

    The browser keeps what was typed until the receipt. `effects` is what sending it would change. `liftable` are
    official ratings in force: address, rating, reason; with `more_rows` one can ask for more lines. `others` are other
    forms that one may look for here: address and words; `folded` is what the fields are called that are asked seldom.
    """

    title: str
    address: str
    fields: Sequence[Field]
    hints: Mapping[str, str]
    explained: Mapping[str, str]
    intro: str = ""
    crumb: tuple[str, str] | None = None
    button: str = ""
    before: Sequence[tuple[str, list[str], bool]] = ()
    effects: Sequence[str] = ()
    liftable: Sequence[tuple[str, str, str]] = ()
    others: Sequence[tuple[str, str]] = ()
    more_rows: bool = False
    folded: str = ""

    def show(
        self,
        desk: Desk,
        typed: Typed,
        problems: Sequence[FieldProblem] = (),
        hidden: Mapping[str, str] | None = None,
    ) -> HTMLResponse:
        """Return the form with what was typed, and each problem beside its field; 422 where there is one."""
        views = field_views(self.fields, typed, problems, desk.words, self.hints, self.explained)
        rare = {each.name for each in self.fields if each.rare}
        folded = [each for each in views if each.name in rare]
        return desk.show(
            "form.html",
            status=422 if problems else 200,
            form=self,
            shown=[each for each in views if each.name not in rare],
            folded=folded,
            unfolded=any(each.problem for each in folded) or _differ_from_default(self.fields, typed),
            wrong=[each for each in views if each.problem],
            fresh=desk.request.method == "GET",
            hidden={"event": _id_of(typed), **(hidden or {})},
        )


@dataclass(frozen=True, slots=True)
class TouchedReports:
    """The issued reports that would read otherwise: address and words. `said` is the sentence above them."""

    said: str
    reports: Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class CheckPage:
    """What was understood, before it is sent: lines in words, the same already there, what it will change.

    `compared` stands in place of lines where something is changed: label, the versions in words, whether they differ.
    `touched` are the issued reports that would read otherwise.
    """

    title: str
    address: str
    type: str
    data: Mapping[str, Any]
    lines: Sequence[tuple[str, str]] = ()
    compared: Sequence[tuple[str, list[str], bool]] = ()
    columns: Sequence[str] = ()
    alike: Sequence[Mapping[str, str]] = ()
    effects: Sequence[str] = ()
    warning: str = ""
    touched: TouchedReports | None = None

    def show(self, desk: Desk, typed: Typed, status: int = 200) -> HTMLResponse:
        """Return the page; its button sends the event itself to ingest."""
        return desk.show(
            "check.html",
            status=status,
            check=self,
            send=SEND,
            event_id=_id_of(typed),
            data=canonical(self.data).decode(),
        )


def said_of(effects: Sequence[Effect], words: Words) -> list[str]:
    """Return each effect as a sentence."""
    return [effect_in_words(each, words) for each in effects]


def data_sent(typed: Typed) -> dict[str, Any]:
    """Return the event's data that a page sends back for another look; raise the 422 of what is none."""
    try:
        data = parse_json(typed.get("data", "").encode())
    except NotStrictJson as error:
        raise Fault(_unreadable()) from error
    if not isinstance(data, dict):
        raise Fault(_unreadable())
    return data


def stands(model: type[BaseModel], data: Mapping[str, Any]) -> bool:
    """Say whether data fit a schema: those that a page sends back may have been changed on the way."""
    try:
        model.model_validate(data)
    except ValueError:
        return False
    return True


def with_id(typed: Typed) -> dict[str, str]:
    """Return what was typed with the id of the event that it becomes: drawn when the form is first shown, kept ever after."""
    return {**typed, "event": _id_of(typed)}


def _id_of(typed: Typed) -> str:
    try:
        return str(UUID(typed.get("event", "")))
    except ValueError:
        return str(uuid4())


def _differ_from_default(fields: Sequence[Field], typed: Typed) -> bool:
    return any(each.rare and typed.get(each.name, "") not in ("", each.default) for each in fields)


def _unreadable() -> Problem:
    return Problem(422, "invalid", "What was sent cannot be read.", "Go back and fill the form in again.")


def _not_there_yet(position: int) -> Problem:
    return Problem(
        status=503,
        kind="not-there-yet",
        title=f"Position {position} is not in the tables yet.",
        remedy="Ask again in a moment. If it stays so, look at /reports/readyz.",
        retry_after_seconds=1,
    )
