"""`kembar bench`: measure the subjects asked for, and show the figures."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from rich.table import Table

from cli.bench.alerts import measure_alerts
from cli.bench.appends import measure_appends
from cli.bench.batches import measure_batches
from cli.bench.country import measure_homes
from cli.bench.figures import Figure
from cli.bench.jobs import measure_jobs
from cli.bench.machine import machine_in_words
from cli.bench.pages import measure_pages
from cli.bench.ratings import measure_ratings
from cli.bench.replay import measure_replay
from cli.bench.replicas import measure_replicas
from cli.bench.reports import measure_reports
from cli.bench.starts import measure_starts
from cli.say import out
from cli.stop import CannotGoOn

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Measured:
    """The figures of one run of the command, and where they were measured."""

    machine: str
    runs: int
    figures: Sequence[Figure]

    def document(self) -> dict[str, object]:
        """Return all for programs."""
        figures = [each.document() for each in self.figures]
        return {"machine": self.machine, "runs": self.runs, "figures": figures}


def measure(subjects: Sequence[str], runs: int, events: int, say: Say) -> Measured:
    """Measure these subjects, all where none is named; `events` is how many are replayed, rated and reported."""
    by_name: Mapping[str, Callable[[int, Say], list[Figure]]] = {
        "starts": measure_starts,
        "appends": measure_appends,
        "batches": measure_batches,
        "replay": partial(_with, measure_replay, events),
        "alerts": measure_alerts,
        "ratings": partial(_with, measure_ratings, events),
        "pages": partial(_with, measure_pages, events),
        "reports": partial(_with, measure_reports, events),
        "jobs": measure_jobs,
        "homes": measure_homes,
        "replicas": partial(_with, measure_replicas, events),
    }
    unknown = [each for each in subjects if each not in by_name]
    if unknown:
        raise CannotGoOn(f"Nothing is measured as “{unknown[0]}”.", f"Use some of {', '.join(by_name)}.")
    figures = [figure for name in subjects or by_name for figure in by_name[name](runs, say)]
    return Measured(machine_in_words(), runs, figures)


def _with(measure: Callable[[int, int, Say], list[Figure]], events: int, runs: int, say: Say) -> list[Figure]:
    return measure(runs, events, say)


def print_figures(measured: Measured) -> None:
    """Print one line per figure, with each raw limit beside it and the figure's share of that."""
    title = f"Medians of {measured.runs} run{'s' if measured.runs > 1 else ''}"
    table = Table(title=title, title_justify="left", caption=measured.machine)
    for name in ("what", "median", "unit", "beside"):
        table.add_column(name, justify="right" if name == "median" else "left")
    for each in measured.figures:
        beside = "\n".join(
            f"{name} {_number(raw)} ({each.median / raw:.0%} of it)" for name, raw in each.beside.items()
        )
        table.add_row(f"{each.subject}: {each.what}", _number(each.median), each.unit, beside)
    out.print(table)


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.2f}"
