"""`kembar drill`: which drills there are, and how they are run one after the other."""

import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from cli.drill.clocks import CLOCK, WITHOUT_A_LIBRARY, find_library
from cli.drill.disks import DISK, DISK_OF
from cli.drill.loss import LOSSES
from cli.drill.proxy import find_proxy
from cli.drill.report import NotRun, Report
from cli.drill.restoring import RESTORING
from cli.drill.rotate import ROTATION
from cli.drill.small_disk import NoDisk, small_disk
from cli.drill.topology import Topology, running_topology
from cli.drill.under_load import Drill, run_drill
from cli.drill.upgrade import upgrade
from cli.stop import CannotGoOn

ON_THE_TOPOLOGY: Sequence[Drill] = (*LOSSES, DISK, RESTORING, ROTATION, CLOCK)
UPGRADE = "upgrade"
NAMES = (*(drill.name for drill in ON_THE_TOPOLOGY), UPGRADE)
WITHOUT_A_PROXY = "There is no Caddy of release 2.7 or later here: the replicas are asked in turn, without the proxy."
DISK_MEGABYTES = 96
Ended = Callable[[Report | NotRun], None]


def run_drills(names: Sequence[str], say: Callable[[str], None], ended: Ended) -> None:
    """Run the drills of these names, `all` of them for none; tell of each as it ends. Raises `CannotGoOn` for others."""
    wanted = NAMES if not names or "all" in names else names
    if unknown := [name for name in wanted if name not in NAMES]:
        raise CannotGoOn(f"There is no drill “{unknown[0]}”.", f"Use some of {', '.join((*NAMES, 'all'))}.")
    if UPGRADE in wanted:
        with _folder() as folder:
            ended(upgrade(folder))
    drills = [drill for drill in ON_THE_TOPOLOGY if drill.name in wanted]
    if not drills:
        return
    if find_proxy() is None:
        say(WITHOUT_A_PROXY)
    say("Starting three nats-servers, PostgreSQL, two replicas of each service and the proxy ...")
    with _folder() as folder, _disk_if_wanted(folder, drills) as has_disk, running_topology(folder) as topology:
        for drill in drills:
            ended(_run(drill, topology, has_disk=has_disk))


def _run(drill: Drill, topology: Topology, *, has_disk: str | None) -> Report | NotRun:
    if drill is CLOCK and find_library() is None:
        return NotRun(drill.name, WITHOUT_A_LIBRARY)
    if drill is DISK and has_disk is not None:
        return NotRun(drill.name, has_disk)
    return run_drill(drill, topology)


@contextmanager
def _disk_if_wanted(folder: Path, drills: Sequence[Drill]) -> Iterator[str | None]:
    """Put the store of one nats-server on a small disk of its own; yield why that cannot be done, None where it was."""
    if DISK not in drills:
        yield None
        return
    store = folder / DISK_OF
    store.mkdir()
    try:
        with small_disk(store, DISK_MEGABYTES):
            yield None
    except NoDisk as error:
        yield str(error)


@contextmanager
def _folder() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="kembar-drill-"))
    folder.chmod(0o711)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
