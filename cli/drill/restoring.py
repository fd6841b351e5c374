"""Drill: a backup is taken while people work, and restored into empty servers and on an empty machine."""

import asyncio
import json
import time
from collections.abc import Callable
from pathlib import Path

from cli.backup import backup, restore, restore_into_running
from cli.drill.cluster import Cluster
from cli.drill.compare import differing_tables
from cli.drill.load import Load
from cli.drill.topology import START_SECONDS, Topology
from cli.drill.under_load import Course, Drill
from cli.embedded.folder import DataFolder
from cli.embedded.nats_server import SECRETS, free_ports
from cli.embedded.reach import open_ledger, settings_from
from cli.embedded.stack import Stack
from cli.say import say
from cli.secrets_folder import ensure_secrets
from shared.ledger.archive import read_archive
from shared.process.settings import Settings
from shared.wire.canonical import digest


def back_up_and_restore(topology: Topology, load: Load, course: Course) -> None:
    """Back up under load; restore into three empty servers, and on an empty machine that then serves from it."""
    folder = take_backup(topology, load, course)
    restore_into_three(folder, topology.folder / "restored", course)
    serve_from(folder, topology.folder / "one-machine", course)


def back_up_and_restore_ledger(topology: Topology, load: Load, course: Course) -> None:
    """Back up under load, and restore into three empty servers only."""
    restore_into_three(take_backup(topology, load, course), topology.folder / "restored", course)


def take_backup(topology: Topology, load: Load, course: Course) -> Path:
    """Back up while people post; say it is amiss where an event is missing that was acknowledged before it began."""
    before, folder = dict(load.acknowledged), topology.folder / "backup"
    began = time.monotonic()
    held = backup(folder, topology.settings)
    course.figures.append(
        f"{held} events backed up and checked in {time.monotonic() - began:.1f} s, while others were posted"
    )
    copied = {each.position: digest(each.payload) for each in read_archive(folder)}
    if missing := sum(copied.get(each["position"]) != each["hash"] for each in before.values()):
        course.amiss.append(f"{missing} events that were acknowledged before are not in the backup")
    return folder


def restore_into_three(backup_folder: Path, folder: Path, course: Course) -> None:
    """Start three empty servers and restore into them; each event is compared there."""
    (folder / "run").mkdir(parents=True, mode=0o700)
    (folder / "logs").mkdir(mode=0o700)
    ensure_secrets(folder / SECRETS)
    cluster = Cluster(folder)
    try:
        for part in cluster.parts.values():
            part.start()
        for part in cluster.parts.values():
            part.wait_until_ready(START_SECONDS)
        began = time.monotonic()
        end = restore_into_running(backup_folder, _settings_of(cluster, folder))
        course.figures.append(
            f"{end} events restored into three servers and compared in {time.monotonic() - began:.1f} s"
        )
    finally:
        for part in cluster.parts.values():
            part.stop()


def serve_from(backup_folder: Path, data: Path, course: Course) -> None:
    """Restore on an empty machine, start everything there, and wait until its tables are those of a rebuild."""
    began = time.monotonic()
    end = restore(backup_folder, data)
    restored = time.monotonic()
    with_everything_started(data, lambda stack: _compare_tables(stack, end, course))
    course.figures.append(
        f"{end} events restored on an empty machine in {restored - began:.1f} s, served with all tables "
        f"{time.monotonic() - restored:.1f} s later"
    )


def with_everything_started(data: Path, work: Callable[[Stack], None]) -> None:
    """Start everything on a data folder, as `kembar up` does, do something, and stop it."""
    folder = DataFolder.open(data)
    stack = Stack(folder, free_ports(1)[0], say)
    try:
        stack.start()
        work(stack)
    finally:
        stack.stop()
        folder.release()


def _compare_tables(stack: Stack, end: int, course: Course) -> None:
    differing = asyncio.run(_differing(stack.settings))
    course.amiss += [
        f"{table} differs after the restore: {'; '.join(first)[:200]}" for table, first in differing.items()
    ]


async def _differing(settings: Settings) -> dict[str, tuple[str, ...]]:
    async with open_ledger(settings) as ledger:
        return await differing_tables(ledger, settings)


def _settings_of(cluster: Cluster, folder: Path) -> Settings:
    return settings_from(
        {
            "KEMBAR_NATS_URL": cluster.urls[0],
            "KEMBAR_NATS_MONITOR_URLS": json.dumps(cluster.monitor_urls),
            "KEMBAR_LEDGER_REPLICAS": "3",
            "KEMBAR_SECRETS_FOLDER": str(folder / SECRETS),
        }
    )


SECTION = "Backup and restore"
RESTORING = Drill(
    "restore", "a backup was taken under load and restored into empty servers", SECTION, back_up_and_restore
)
