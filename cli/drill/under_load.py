"""Run a drill on a running topology: load before, during and after, then everything compared."""

import itertools
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from cli.drill.compare import compare
from cli.drill.load import Load, under
from cli.drill.report import Report
from cli.drill.topology import Topology

POSTED_BEFORE = 30
POSTED_AFTER = 30
SEED = 20261122


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


def load_on(topology: Topology, *, callers: int = 4, askers: int = 2, pause_seconds: float = 0.02) -> Load:
    """Return a load on the proxy, or on the replicas in turn where there is none."""
    return Load(
        at=addresses(topology),
        token=topology.tokens["bureau"],
        chance=random.Random(f"{SEED}-{time.time_ns()}"),  # noqa: S311 - each load has ids of its own
        certificates=topology.certificates(),
        callers=callers,
        askers=askers,
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


def run_drill(drill: Drill, topology: Topology) -> Report:
    """Let the drill happen under load, wait until all is well again, and compare."""
    course, load = Course(), load_on(topology)
    with under(load):
        more(topology, load, POSTED_BEFORE)
        began = time.monotonic()
        drill.act(topology, load, course)
        more(topology, load, POSTED_AFTER)
    caught_up_from = time.monotonic()
    topology.catch_up()
    course.figures.append(f"tables at the ledger's end {time.monotonic() - caught_up_from:.1f} s after the last posting")
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


def more(topology: Topology, load: Load, count: int) -> None:
    """Wait until that many more events have been acknowledged."""
    wanted = len(load.acknowledged) + count
    topology.wait_until(lambda: load.stop or len(load.acknowledged) >= wanted)
    if load.stop:
        raise LoadEnded


def run_all(drills: Sequence[Drill], topology: Topology) -> list[Report]:
    """Run drills one after the other on the same topology."""
    return [run_drill(each, topology) for each in drills]
