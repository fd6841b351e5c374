"""How long a start takes: to the first served page, in a new folder and in one that is there."""

import statistics
import tempfile
import time
import urllib.request
from collections.abc import Callable
from functools import partial
from pathlib import Path

from cli.bench.figures import Figure
from cli.embedded.folder import DataFolder
from cli.embedded.nats_server import SECRETS, free_ports, nats_part
from cli.embedded.postgres import postgres_part
from cli.embedded.stack import Stack
from cli.secrets_folder import ensure_secrets

PART_SECONDS = 60.0


def measure_starts(runs: int, say: Callable[[str], None]) -> list[Figure]:
    """Return, per kind of start, the seconds to a served page and the engines' own share of it."""
    first: list[float] = []
    second: list[float] = []
    engines_first: list[float] = []
    engines_second: list[float] = []
    for run in range(1, runs + 1):
        with tempfile.TemporaryDirectory(prefix="kembar-bench-") as name:
            data, bare = Path(name) / "data", Path(name) / "bare"
            first.append(_seconds(partial(_serve_a_page, data)))
            second.append(_seconds(partial(_serve_a_page, data)))
            for part_folder in ("logs", "run"):
                (bare / part_folder).mkdir(parents=True)
            ensure_secrets(bare / SECRETS)
            engines_first.append(_seconds(partial(_start_engines, bare)))
            engines_second.append(_seconds(partial(_start_engines, bare)))
        say(f"starts: run {run} of {runs} done")
    return [
        _figure("first start to a served page", first, engines_first),
        _figure("second start to a served page", second, engines_second),
    ]


def _figure(what: str, seconds: list[float], engines: list[float]) -> Figure:
    return Figure("starts", what, "s", statistics.median(seconds), {"the engines alone": statistics.median(engines)})


def _seconds(work: Callable[[], Callable[[], None]]) -> float:
    """Return how long `work` takes; what it returns ends what it began, and is not counted."""
    started = time.perf_counter()
    end = work()
    took = time.perf_counter() - started
    end()
    return took


def _serve_a_page(data: Path) -> Callable[[], None]:
    folder = DataFolder.open(data)
    stack = Stack(folder, free_ports(1)[0], lambda line: None)
    stack.start()
    with urllib.request.urlopen(f"{stack.url}/") as page:  # noqa: S310 - our own loopback address
        page.read()

    def end() -> None:
        stack.stop()
        folder.release()

    return end


def _start_engines(folder: Path) -> Callable[[], None]:
    parts = [postgres_part(folder)[0], nats_part(folder)[0]]
    for part in parts:
        part.start()
    for part in parts:
        part.wait_until_ready(PART_SECONDS)

    def end() -> None:
        for part in parts:
            part.stop()

    return end
