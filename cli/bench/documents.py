"""How fast reports become documents: PDF with charts, a workbook of many activities, and what a worker takes for them."""

import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, timedelta
from pathlib import Path

import psutil

import services.reports.store as reports
from cli.bench.figures import Figure, Samples
from cli.bench.history import history
from cli.bench.ratings import DAYS, FIRST_DAY, LAST_DAY
from services.reports.asked import Asked, Kind
from services.reports.kinds.activities import activities_table
from services.reports.making import compose, gather_at
from services.reports.material import Entry
from services.reports.render.as_pdf import render_pdf
from services.reports.render.as_xlsx import render_xlsx
from services.reports.render.press import Press
from services.reports.report import Report, Section, Table
from shared.domain.access import Principal
from shared.domain.amend import Activity, Partnership
from shared.domain.diagnosis import Deed
from shared.domain.events import ActivityFacts, PartnershipFacts, PartnershipRegistered
from shared.domain.months import add_months
from shared.postgres.pool import Pool
from shared.wire.envelope import Posting
from shared.words.words import Words

ACTIVITIES = 20_000
TIMES = 10


async def measure_documents(
    pool: Pool, some: Principal, runs: int, events: int, say: Callable[[str], None]
) -> list[Figure]:
    """Return milliseconds for a PDF of some partnerships and a workbook of many activities, and a worker's memory."""
    ratings = await _ratings(pool, some, events)
    listed = replace(ratings, sections=[Section("activities", "Activities", [_activities()])], main="activities")
    samples = Samples()
    for run in range(1, runs + 1):
        render_once(samples, ratings, listed)
        say(f"reports: documents, run {run} of {runs} done")
    named, many = f"ratings of {len(some.partnerships or ())} partnerships", f"{ACTIVITIES:,} activities"
    return [
        Figure("reports", f"{named} as PDF with charts, the worker warm", "ms", samples.median("pdf")),
        Figure("reports", f"{many} as a workbook", "ms", samples.median("xlsx")),
        Figure("reports", f"{many} as PDF, the first laid out, all inside", "ms", samples.median("long pdf")),
        Figure("reports", "the most memory that a worker took for these", "MB", samples.median("memory")),
    ]


async def _ratings(pool: Pool, reader: Principal, events: int) -> Report:
    """Make the report of the last four years, as known at the end."""
    last = FIRST_DAY + timedelta(days=DAYS)
    known = await reports.read_moment(pool, events)
    asked = Asked(Kind.RATINGS, add_months(last, -48), last, known=known, position=events)
    return compose(await gather_at(pool, reader, UTC, asked))


def _activities() -> Table:
    """Return activities of the made-up history as all kinds of reports list them."""
    postings = list(history(2 * ACTIVITIES))
    registered = [_partnership(each) for each in postings if each.type == "partnership.registered"]
    partnerships = {each.slug: each for each in registered}
    recorded = [each for each in postings if each.type == "activity.recorded"][:ACTIVITIES]
    return activities_table("activities", "Activities", map(_listed, recorded), partnerships, Words("id"))


def _partnership(posting: Posting) -> Partnership:
    data = PartnershipRegistered.model_validate(posting.data)
    facts = PartnershipFacts.model_validate(data.model_dump(exclude={"partnership"}))
    return Partnership(data.partnership, facts)


def _listed(posting: Posting) -> Entry:
    facts = ActivityFacts.model_validate(posting.data)
    return Entry(Deed(Activity(posting.id, facts, LAST_DAY), LAST_DAY), corrected=False)


def render_once(samples: Samples, ratings: Report, listed: Report) -> None:
    """Render each a first time or again, and note what it took."""
    press = Press(1)
    render_pdf(ratings, press)
    for _ in range(TIMES):
        samples.add("pdf", _milliseconds(lambda: render_pdf(ratings, press)))
    samples.add("xlsx", _milliseconds(lambda: render_xlsx(listed)))
    samples.add("long pdf", _milliseconds(lambda: render_pdf(listed, press)))
    samples.add("memory", max(_peak_megabytes(each.pid) for each in psutil.Process().children()))
    press.close()


def _milliseconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return 1_000 * (time.perf_counter() - started)


def _peak_megabytes(process: int) -> float:
    """Return the most memory that a process ever held, as Linux counts it."""
    status = Path(f"/proc/{process}/status").read_text("ascii")
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM")) / 1_000
