"""Run a drill on a running topology: load before, during and after, then everything compared."""

import itertools
import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from cli.drill.compare import compare
from cli.drill.load import Load, under
from cli.drill.report import Report
from cli.drill.topology import Topology, wait_until

POSTED_BEFORE = 30
POSTED_AFTER = 30
POSTING, ASKING = 4, 2
PAUSE_SECONDS = 0.02
"""Between two requests of a client: it works all the time, and leaves the machine to those that are drilled."""


@dataclass
class Course:
    """What a drill says while it runs: figures for the report, and what is amiss."""

    figures: list[str] = field(default_factory=list)
    amiss: list[str] = field(default_factory=list)


Act = Callable[[Topology, Load, Course], None]


@dataclass(frozen=True)
class Drill:
    """A disaster and how it is got over; `section` is where the handbook says what to do."""

    name: str
    done: str
    section: str
    act: Act


class LoadEnded(Exception):
    """The load ended before it was told to; what it raised says why."""


def load_on(topology: Topology, *, pause_seconds: float = PAUSE_SECONDS) -> Load:
    """Return a load on the proxy, or on the replicas in turn where there is none."""
    return Load(
        at=addresses(topology),
        token=topology.tokens["bureau"],
        chance=random.Random(),  # noqa: S311 - each load has ids of its own, and nothing depends on nobody guessing them
        certificates=topology.certificates(),
        callers=POSTING,
        askers=ASKING,
        pause_seconds=pause_seconds,
    )


def addresses(topology: Topology) -> Callable[[str], str]:
    """Return where a service is reached: by the proxy, else by its replicas in turn."""
    if topology.proxy is not None:
        return lambda service: topology.url
    turns = {
        service: itertools.cycle(topology.at(each) for each in topology.replicas(service))
        for service in ("ingest", "scoring", "reports", "access")
    }
    return lambda service: next(turns[service])


def run_drill(drill: Drill, topology: Topology, *, pause_seconds: float = PAUSE_SECONDS) -> Report:
    """Let the drill happen under load, wait until all is well again, and compare."""
    course, load = Course(), load_on(topology, pause_seconds=pause_seconds)
    with under(load):
        more(load, POSTED_BEFORE)
        began = time.monotonic()
        drill.act(topology, load, course)
        more(load, POSTED_AFTER)
    caught_up_from = time.monotonic()
    topology.catch_up()
    course.figures.append(
        f"tables at the ledger's end {time.monotonic() - caught_up_from:.1f} s after the last posting"
    )
    return Report(
        drill=drill.name,
        done=drill.done,
        section=drill.section,
        loss=compare(topology.settings, load),
        postings=load.since(began, posting=True),
        questions=load.since(began, posting=False),
        figures=course.figures,
        amiss=course.amiss,
    )


def more(load: Load, count: int) -> None:
    """Wait until that many more events have been acknowledged. Raises `LoadEnded` where the load has ended instead."""
    wanted = len(load.acknowledged) + count
    wait_until(lambda: load.stop or len(load.acknowledged) >= wanted)
    if load.stop:
        raise LoadEnded
