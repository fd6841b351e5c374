"""Drill: the clock of one machine is an hour off, once ahead and once behind."""

import asyncio
import json
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path

from cli.drill.compare import read_all
from cli.drill.load import Load
from cli.drill.topology import Topology
from cli.drill.under_load import Course, Drill, more
from cli.embedded.reach import open_ledger
from shared.ledger.ledger import Stored
from shared.process.settings import Settings

OFF = timedelta(minutes=30)
"""Half of what the clock is off by: what differs by more was written by that machine."""
LIBRARIES = (Path("/usr/lib"), Path("/usr/lib64"))
WITHOUT_A_LIBRARY = "Another clock for a process takes libfaketime: apt-get install faketime."


def find_library() -> Path | None:
    """Return the library that gives a process another clock; None where it is not installed."""
    found = [path for folder in LIBRARIES for path in folder.glob("**/faketime/libfaketimeMT.so.1")]
    return found[0] if found else None


def clock_an_hour_off(topology: Topology, load: Load, course: Course) -> None:
    """Let all replicas of one machine run an hour ahead, then an hour behind, then right again."""
    library, machine = find_library(), topology.on_machine(2)
    assert library is not None
    right = {name: topology.parts[name].environment for name in machine}
    for offset in ("+1h", "-1h"):
        for name in machine:
            topology.parts[name].environment = {**right[name], **another_clock(library, offset)}
        topology.restart(*machine)
        more(load, 60)
    for name in machine:
        topology.parts[name].environment = right[name]
    topology.restart(*machine)
    say_what_was_written(asyncio.run(_read(topology.settings)), course)


def another_clock(library: Path, offset: str) -> dict[str, str]:
    """Return the environment in which a process has another clock; what it measures times by stays as it is."""
    return {
        "LD_PRELOAD": str(library),
        "FAKETIME": offset,
        "DONT_FAKE_MONOTONIC": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
    }


def say_what_was_written(stored: list[Stored], course: Course) -> None:
    """Say how many events bear a time of the wrong clock; it is amiss where none does, or recorded_at is wrong too."""
    ahead = sum(_posted_at(each) - each.recorded_at > OFF for each in stored)
    behind = sum(each.recorded_at - _posted_at(each) > OFF for each in stored)
    course.figures.append(
        f"{ahead} events bear a time an hour ahead, {behind} an hour behind; recorded_at is right for all"
    )
    if not (ahead and behind):
        course.amiss.append("no event bears the time of the wrong clock: it was not tried")
    if any(later.recorded_at < earlier.recorded_at for earlier, later in pairwise(stored)):
        course.amiss.append("recorded_at goes back")


def _posted_at(entry: Stored) -> datetime:
    return datetime.fromisoformat(json.loads(entry.payload)["time"])


async def _read(settings: Settings) -> list[Stored]:
    async with open_ledger(settings) as ledger:
        return await read_all(ledger)


CLOCK = Drill("clock", "the clock of one of two machines was an hour ahead, then behind", "ClockOff", clock_an_hour_off)
