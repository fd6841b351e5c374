"""What a drill found: what was lost, for how long requests failed, what the handbook says to do."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from cli.drill.compare import Loss
from cli.drill.load import Outage
from cli.say import out

HANDBOOK = "docs/operating.md"
NOTHING_ASKED = Outage(0, 0, 0.0, 0.0)


@dataclass(frozen=True)
class Report:
    """The outcome of a drill; `amiss` are findings of the drill itself, such as a table that did not survive."""

    drill: str
    done: str
    section: str
    loss: Loss
    postings: Outage = NOTHING_ASKED
    questions: Outage = NOTHING_ASKED
    figures: Sequence[str] = ()
    amiss: Sequence[str] = ()

    @property
    def is_well(self) -> bool:
        """Whether nothing was lost and nothing is amiss."""
        return self.loss.is_nothing and not self.amiss and not self.loss.never_acknowledged


@dataclass(frozen=True)
class NotRun:
    """A drill that cannot be run here, and why."""

    drill: str
    reason: str


def print_report(report: Report | NotRun) -> None:
    """Print what a drill found, for whoever stands at the terminal."""
    if isinstance(report, NotRun):
        out.print(f"[bold]{report.drill}[/]: not run. {report.reason}")
        return
    out.print(f"[bold]{report.drill}[/]: {report.done}")
    for line in lines_of(report):
        out.print(f"  {line}", markup=False, highlight=False, soft_wrap=True)


def lines_of(report: Report) -> list[str]:
    """Return a report in words: losses, failed requests, figures, what the handbook says."""
    return [
        f"lost: {_loss(report.loss)}",
        *(f"amiss: {each}" for each in report.amiss),
        *(_outage(name, each) for name, each in _asked(report)),
        *report.figures,
        f"what to do: {HANDBOOK}, “{report.section}”",
    ]


def document_of(report: Report | NotRun) -> dict[str, Any]:
    """Return a report as JSON, for programs."""
    if isinstance(report, NotRun):
        return {**asdict(report), "run": False}
    return {**asdict(report), "run": True, "well": report.is_well}


def _asked(report: Report) -> list[tuple[str, Outage]]:
    return [
        (name, each) for name, each in (("postings", report.postings), ("questions", report.questions)) if each.asked
    ]


def _loss(loss: Loss) -> str:
    compared = f"{loss.acknowledged} acknowledged events compared with the ledger, byte for byte"
    if loss.is_nothing and not loss.never_acknowledged:
        return f"nothing ({compared}; all tables equal a rebuild)"
    counted = {
        "gone": loss.gone,
        "changed": loss.changed,
        "stored twice": loss.twice,
        "at another position": loss.elsewhere,
        "never acknowledged": loss.never_acknowledged,
    }
    wrong = [f"{count} {name}" for name, count in counted.items() if count]
    wrong += [f"{table}: {'; '.join(first)[:300]}" for table, first in loss.differing.items()]
    return f"{', '.join(wrong)} ({compared})"


def _outage(name: str, outage: Outage) -> str:
    if not outage.failed:
        return f"{name}: none of {outage.asked} failed; the longest wait for an answer {outage.silence_seconds:.1f} s"
    how = ", ".join(f"{count} with {status}" for status, count in sorted(outage.by_status.items()))
    return (
        f"{name}: {outage.failed} of {outage.asked} failed ({how}), over {outage.seconds:.1f} s; "
        f"without any success for {outage.silence_seconds:.1f} s"
    )
