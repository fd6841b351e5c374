"""How quick the pages are while reports are made, and how long the queue of one account takes."""

import json
import random
import statistics
import time
from collections.abc import Callable
from typing import Any

import httpx

from cli.bench.figures import Figure, Samples
from cli.bench.history import PARTNERSHIPS, activity
from cli.bench.installation import Installation, running_installation
from cli.bench.ratings import FIRST_DAY

ACTIVITIES = 500
ORDERED = 20
PAGES = 100
PAGE = "/?on=2011-12-31"
REPORT = {"kind": "history", "format": "pdf", "from": "2011-01-01", "to": "2011-12-31"}


def measure_jobs(runs: int, say: Callable[[str], None]) -> list[Figure]:
    """Return milliseconds for the dashboard while PDFs are made, beside those when nothing is, and seconds for the PDFs."""
    samples = Samples()
    for run in range(1, runs + 1):
        with running_installation() as installation:
            _post(installation)
            with _asking(installation) as http:
                _measure(http, samples)
        say(f"jobs: run {run} of {runs} done")
    pages = [
        Figure(
            "jobs",
            f"the dashboard of {PARTNERSHIPS} partnerships while {ORDERED} PDFs are made, {name}",
            "ms",
            samples.median(f"under load, {name}"),
            {"with nothing else": samples.median(f"alone, {name}")},
        )
        for name in ("p50", "p99")
    ]
    queue = f"{ORDERED} PDFs on {ACTIVITIES:,} activities, from the first order to the last result"
    return [*pages, Figure("jobs", queue, "s", samples.median("queue"))]


def _measure(http: httpx.Client, samples: Samples) -> None:
    for name, took_ms in (("alone", _pages(http)), ("under load", _pages_under_load(http, samples))):
        hundredths = statistics.quantiles(took_ms, n=100)
        samples.add(f"{name}, p50", hundredths[49])
        samples.add(f"{name}, p99", hundredths[98])


def _pages_under_load(http: httpx.Client, samples: Samples) -> list[float]:
    """Ask for pages as long as any of the reports is not made, at least so many; note how long these took."""
    started = time.perf_counter()
    jobs = [_asked(http, "POST", "/reports/v1/jobs", json=REPORT)["job"] for _ in range(ORDERED)]
    took_ms = _pages(http)
    while unfinished := [each for each in jobs if not _is_over(http, each)]:
        jobs = unfinished
        took_ms += _pages(http, count=5)
    samples.add("queue", time.perf_counter() - started)
    return took_ms


def _is_over(http: httpx.Client, job: str) -> bool:
    found = _asked(http, "GET", f"/reports/v1/jobs/{job}")
    if found["state"] in ("failed", "cancelled"):
        raise RuntimeError(f"the job {job} was {found['state']}: {found['problem']}")
    return bool(found["state"] == "done")


def _pages(http: httpx.Client, count: int = PAGES) -> list[float]:
    """Ask for the dashboard one time after the other; return the milliseconds of each."""
    took_ms = []
    for _ in range(count):
        started = time.perf_counter()
        http.get(PAGE).raise_for_status()
        took_ms.append(1_000 * (time.perf_counter() - started))
    return took_ms


def _post(installation: Installation) -> None:
    chance = random.Random(ACTIVITIES)  # noqa: S311 - the same in every run
    events = [
        {"type": "activity.recorded", "data": {**activity(chance, FIRST_DAY), "outcome": "held"}}
        for _ in range(ACTIVITIES)
    ]
    batches = [json.dumps({"events": events[first : first + 1_000]}) for first in range(0, ACTIVITIES, 1_000)]
    installation.post("/ingest/v1/batches", batches, callers=1)
    with _asking(installation) as http:
        end = _asked(http, "GET", "/reports/v1/status")["ledger_ends_at"]
        _asked(http, "GET", "/reports/v1/rubrics", headers={"Kembar-Min-Position": str(end)})


def _asking(installation: Installation) -> httpx.Client:
    headers = {"Authorization": f"Bearer {installation.token}"}
    return httpx.Client(base_url=f"http://127.0.0.1:{installation.port}", headers=headers, timeout=120, trust_env=False)


def _asked(http: httpx.Client, method: str, path: str, **more: Any) -> Any:  # noqa: ANN401 - as JSON has it
    return http.request(method, path, **more).raise_for_status().json()
