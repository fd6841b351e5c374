"""Drills: a part is lost at once, as with its machine, and comes back."""

import re
import time

import httpx

from cli.drill.load import Load
from cli.drill.topology import Topology
from cli.drill.under_load import Course, Drill, more

AWAY_SECONDS = 2.0
REQUESTS = re.compile(r"^kembar_requests_seconds_count\{.*?\} (\S+)$", re.MULTILINE)


def lose_the_leader(topology: Topology, load: Load, course: Course) -> None:
    """Kill the nats-server that leads the stream; start it again once others are written to."""
    topology.wait_until(lambda: topology.cluster.leader() is not None)
    leader = str(topology.cluster.leader())
    topology.kill(leader)
    killed = time.monotonic()
    topology.wait_until(lambda: topology.cluster.leader() not in (None, leader))
    course.figures.append(f"{leader} led; {topology.cluster.leader()} after {time.monotonic() - killed:.1f} s")
    more(topology, load, 20)
    time.sleep(AWAY_SECONDS)
    topology.start(leader)


def lose_a_replica(topology: Topology, load: Load, course: Course) -> None:
    """Kill, of ingest and of reports, the replica that answered most."""
    for service in ("ingest", "reports"):
        counts = {name: answered(topology, name) for name in topology.replicas(service)}
        favourite = max(counts, key=lambda name: counts[name])
        course.figures.append(f"{favourite} was killed after {counts[favourite]:.0f} of {sum(counts.values()):.0f} answers")
        topology.kill(favourite)
        more(topology, load, 20)
        time.sleep(AWAY_SECONDS)
        topology.start(favourite)


def answered(topology: Topology, name: str) -> float:
    """Return how many requests a replica has answered."""
    service = name.partition("-")[0]
    said = httpx.get(f"{topology.at(name)}/{service}/metrics", timeout=10, trust_env=False).text
    return sum(float(count) for count in REQUESTS.findall(said))


def lose_postgres(topology: Topology, load: Load, course: Course) -> None:
    """Kill PostgreSQL with all its sessions, and start it again."""
    topology.kill("postgres")
    time.sleep(AWAY_SECONDS)
    began = time.monotonic()
    topology.start("postgres")
    course.figures.append(f"away for {AWAY_SECONDS:.0f} s; PostgreSQL took {time.monotonic() - began:.1f} s to recover")


def lose_a_projecting_worker(topology: Topology, load: Load, course: Course) -> None:
    """Kill one of those that follow the ledger; the other takes its share over."""
    topology.kill("projections-1")
    killed = time.monotonic()
    topology.wait_until(lambda: all(_is_behind_by_little(topology, service) for service in ("ingest", "scoring", "reports")))
    course.figures.append(f"the other took its share over within {time.monotonic() - killed:.1f} s")
    more(topology, load, 20)
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
