"""Drills: a part is lost at once, as with its machine, and comes back."""

import time

import psutil

from cli.drill.load import Load
from cli.drill.topology import Topology, wait_until
from cli.drill.under_load import Course, Drill, more

AWAY_SECONDS = 2.0


def lose_the_leader(topology: Topology, load: Load, course: Course) -> None:
    """Kill the nats-server that leads the stream; start it again once others are written to."""
    wait_until(lambda: topology.cluster.leader() is not None)
    leader = str(topology.cluster.leader())
    topology.kill(leader)
    killed = time.monotonic()
    wait_until(lambda: topology.cluster.leader() not in (None, leader))
    course.figures.append(f"{leader} led; {topology.cluster.leader()} after {time.monotonic() - killed:.1f} s")
    more(load, 20)
    time.sleep(AWAY_SECONDS)
    topology.start(leader)


def lose_a_replica(topology: Topology, load: Load, course: Course) -> None:
    """Kill, of ingest and of reports, the replica that answered most."""
    for service in ("ingest", "reports"):
        spent = {name: seconds_spent(topology, name) for name in topology.replicas(service)}
        favourite = max(spent, key=lambda name: spent[name])
        course.figures.append(f"{favourite} was killed; it had spent {spent[favourite]:.1f} s of processor time")
        topology.kill(favourite)
        more(load, 20)
        time.sleep(AWAY_SECONDS)
        topology.start(favourite)


def seconds_spent(topology: Topology, name: str) -> float:
    """Return how much processor time a replica has taken: the one that answers more takes more."""
    process = topology.parts[name].process
    assert process is not None
    times = psutil.Process(process.pid).cpu_times()
    return float(times.user + times.system)


def lose_postgres(topology: Topology, load: Load, course: Course) -> None:
    """Kill PostgreSQL with all its sessions, and start it again."""
    topology.kill("postgres")
    time.sleep(AWAY_SECONDS)
    began = time.monotonic()
    topology.start_again("postgres")
    course.figures.append(f"away for {AWAY_SECONDS:.0f} s; PostgreSQL took {time.monotonic() - began:.1f} s to recover")


def lose_a_projecting_worker(topology: Topology, load: Load, course: Course) -> None:
    """Kill one of those that follow the ledger; the other takes its share over."""
    topology.kill("projections-1")
    killed = time.monotonic()
    wait_until(lambda: all(_is_behind_by_little(topology, service) for service in ("ingest", "scoring", "reports")))
    course.figures.append(f"the other took its share over within {time.monotonic() - killed:.1f} s")
    more(load, 20)
    topology.start("projections-1")


def _is_behind_by_little(topology: Topology, service: str) -> bool:
    behind = topology.behind(service)
    return behind is not None and behind < 10


LOSSES = (
    Drill("leader", "the nats-server that leads the stream was killed, and started again", "Drills", lose_the_leader),
    Drill("replica", "of ingest and of reports the replica was killed that answers most", "Drills", lose_a_replica),
    Drill("postgres", "PostgreSQL was killed, and started again", "Drills", lose_postgres),
    Drill("projections", "one of two that follow the ledger was killed", "Drills", lose_a_projecting_worker),
)
