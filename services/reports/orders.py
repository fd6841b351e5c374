"""What is done in a process apart: make a report, or find which issued reports a change lets read otherwise."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from services.reports.asked import Asked, asked_again
from services.reports.issued import Made
from services.reports.making import compose, gather_at
from services.reports.render.as_csv import render_csv
from services.reports.render.formats import FORMATS, Format, file_name, render
from services.reports.report import Report
from services.reports.touched import Change, Touched, change_of, find_touched
from services.reports.versions import versions_of
from shared.domain.access import Principal
from shared.postgres.pool import Pool
from shared.process.settings import Settings
from shared.projection.homes import read_home
from shared.wire.canonical import digest

REPORT, TOUCHED = "report", "touched"
"""The kinds of jobs."""
Tell = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class MakeReport:
    """Make a report for a reader in a format; its question says the moment and the position already."""

    reader: Principal
    asked: Asked
    form: Format
    table: str | None = None

    @property
    def question(self) -> dict[str, Any]:
        """The whole question as JSON, with the format."""
        table = {"table": self.table} if self.table else {}
        return {**self.asked.document(), "format": self.form.value, **table}


@dataclass(frozen=True, slots=True)
class FindTouched:
    """Find which issued reports, of those that a reader may see, a change lets read otherwise.

    At most so many questions are looked at; None for all there are.
    """

    reader: Principal
    change: Change
    most: int | None = None


Order = MakeReport | FindTouched
Answer = Made | Touched


def report_order(reader: Principal, question: Mapping[str, Any]) -> MakeReport:
    """Return the order that a question was written for. Raises `ValueError`, `KeyError` or `TypeError` for another."""
    return MakeReport(reader, asked_again(question), Format(question["format"]), question.get("table"))


def order_of(kind: str, asked: Mapping[str, Any], owner: Principal) -> Order:
    """Return what a job is about."""
    return report_order(owner, asked) if kind == REPORT else FindTouched(owner, change_of(asked))


async def fulfil(pool: Pool, settings: Settings, order: Order, tell: Tell) -> Answer:
    """Carry out an order, and tell how far it has come. Raises `Fault` with what is wrong with it."""
    home = await read_home(pool, order.reader.home)
    zone = home.zone if home is not None else settings.zone
    if isinstance(order, FindTouched):
        return await find_touched(pool, order.reader, zone, order.change, order.most, tell)
    tell("gathering", 0, 3)
    material = await gather_at(pool, order.reader, zone, order.asked)
    tell("composing", 1, 3)
    report = await asyncio.to_thread(compose, material)
    tell("writing", 2, 3)
    return await asyncio.to_thread(_written, order, report, settings.report_templates)


def _written(order: MakeReport, report: Report, templates: Path | None) -> Made:
    raw = render_csv(report, order.table) if order.table else render(report, order.form, templates)
    content = raw if order.form is Format.JSON else render(report, Format.JSON)
    return Made(
        question=order.question,
        position=report.stands.position,
        content=content,
        raw=raw,
        hash=digest(raw),
        content_hash=digest(content),
        media_type=FORMATS[order.form].media_type,
        file_name=file_name(report, order.form),
        versions=versions_of(order.form),
    )
