"""Drill: the disk of one nats-server is full, to the last byte."""

import time

from cli.drill.load import Load
from cli.drill.small_disk import Disk
from cli.drill.topology import Topology, wait_until
from cli.drill.under_load import Course, Drill, more

DISK_OF = "nats-1"
FULL_SECONDS = 2.0


def fill_a_disk(topology: Topology, load: Load, course: Course) -> None:
    """Fill the disk under one of three; make room, and start it anew, for it writes nothing more by itself."""
    disk = Disk(topology.folder / DISK_OF)
    course.figures.append(f"{topology.cluster.leader()} led, the disk of {DISK_OF} was filled")
    disk.fill()
    more(load, 30)
    time.sleep(FULL_SECONDS)
    disk.make_room()
    made = time.monotonic()
    topology.restart(DISK_OF)
    reached = max(topology.cluster.position_of(name) for name in topology.cluster.parts)
    wait_until(lambda: topology.cluster.position_of(DISK_OF) >= reached)
    course.figures.append(f"{DISK_OF} held everything again {time.monotonic() - made:.1f} s after there was room")


DISK = Drill("disk", "the disk of one of three nats-servers was full, then had room again", "DiskFilling", fill_a_disk)
