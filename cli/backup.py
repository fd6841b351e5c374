"""`kembar backup` and `kembar restore`: the ledger as an archive of plain files, and an equal ledger out of one."""

import asyncio
import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from cli.bar import bar
from cli.embedded.folder import DataFolder
from cli.embedded.nats_server import SECRETS, nats_part
from cli.embedded.part import end_what_was_left
from cli.embedded.reach import START_SECONDS, engines_environment, open_ledger, reach, settings_from
from cli.say import say
from cli.secrets_folder import ensure_secrets
from cli.stop import CannotGoOn
from shared.ledger.archive import ENDING, Archive, ArchiveBroken, read_archive, segments_in
from shared.ledger.copying import copy_until, first_difference, write_anew
from shared.ledger.follow import LedgerBroken
from shared.ledger.stream import LedgerMisconfigured, LedgerMissing, check_stream, create_stream
from shared.process.settings import Settings

LAZILY = '"2m"'
"""While nothing else is written: a restore that syncs every batch takes 17 times as long (measured)."""


def backup(destination: Path, data: Path | Settings) -> int:
    """Copy the ledger as it stands into an archive, which may hold an earlier part of it; return the last position."""
    destination = destination.expanduser().resolve()
    _refuse_other_things(destination)
    with reach(data, tables=False) as reached, refusing():
        copied = asyncio.run(_copy(reached.settings, destination))
        held = count_entries(destination)
    if held != copied:
        raise CannotGoOn(
            f"The copy ends at position {held}, not {copied}.",
            "Another program writes there: choose a folder of its own.",
        )
    return held


async def _copy(settings: Settings, destination: Path) -> int:
    async with open_ledger(settings) as ledger:
        try:
            await check_stream(ledger.client)
        except LedgerMissing:
            raise
        except LedgerMisconfigured as error:
            say(f"Copied all the same: {error}")
        end = await ledger.end()
        try:
            opened = Archive.open(destination)
        except BlockingIOError as error:
            raise CannotGoOn(
                f"Another program adds to the archive in {destination}.", "Choose another folder for the backup."
            ) from error
        with closing(opened) as archive, bar("Copying", end) as advanced:
            if archive.checkpoint.position > end:
                raise LedgerBroken(
                    f"The ledger ends at position {end}, the copy in {destination} at {archive.checkpoint.position}. The "
                    "ledger was rolled back, or the copy is another ledger's."
                )
            await copy_until(ledger, archive, end, advanced)
            archive.seal()
    return end


def count_entries(archive: Path) -> int:
    """Read a whole archive, checking all of it, and return its last position; 0 for none."""
    return sum(1 for _ in read_archive(archive))


def restore(source: Path, data: Path) -> int:
    """Make a data folder whose ledger equals the archive, whole or not at all; return its last position."""
    started = time.monotonic()
    source, data = source.expanduser().resolve(), data.expanduser().resolve()
    _refuse_a_folder_in_use(data)
    if not segments_in(source):
        raise CannotGoOn(f"{source} holds no archive (files ending in {ENDING}).", "Name the folder of a backup.")
    with refusing():
        end = count_entries(source)
        folder = _unfinished(data)
        try:
            _write(folder.path, source, end)
            _compare(folder.path, source, end)
            for name in ("run", "logs"):
                shutil.rmtree(folder.file(name))
            sync_all(folder.path)
            folder.path.rename(data)
            _sync(data.parent)
        except BaseException:
            shutil.rmtree(folder.path, ignore_errors=True)
            raise
        finally:
            folder.release()
    say(f"{end} events restored and compared in {time.monotonic() - started:.1f} s.")
    return end


def restore_into_running(source: Path, settings: Settings) -> int:
    """Write an archive into the empty ledger of servers that run, and compare; return its last position.

    For several nats-servers, whose stream is made here with as many copies as the setting says. What was begun and not
    ended leaves a ledger that is not empty: throw its store away and begin again.
    """
    started = time.monotonic()
    source = source.expanduser().resolve()
    if not segments_in(source):
        raise CannotGoOn(f"{source} holds no archive (files ending in {ENDING}).", "Name the folder of a backup.")
    with refusing():
        end = count_entries(source)
        with bar("Restoring", end) as advanced:
            asyncio.run(_write_to(settings, source, advanced))
        with bar("Comparing", end) as advanced:
            asyncio.run(_compare_with(settings, source, end, advanced))
    say(f"{end} events restored and compared in {time.monotonic() - started:.1f} s.")
    return end


def _unfinished(data: Path) -> DataFolder:
    """Return an empty folder beside the one to be made; what an earlier restore left there half done is taken away."""
    folder = DataFolder.open(data.with_name(f"{data.name}.restoring"))
    end_what_was_left(folder.path)
    shutil.rmtree(folder.file("nats"), ignore_errors=True)
    return folder


def _write(folder: Path, source: Path, end: int) -> None:
    with _nats(folder, LAZILY) as settings, bar("Restoring", end) as advanced:
        asyncio.run(_write_to(settings, source, advanced))
    sync_all(folder / "nats")


async def _write_to(settings: Settings, source: Path, advanced: Callable[[int], None]) -> None:
    async with open_ledger(settings, "prepare") as ledger:
        await create_stream(ledger.client, settings.ledger_replicas)
    async with open_ledger(settings, "ingest") as ledger:
        await write_anew(ledger, read_archive(source), advanced)


def _compare(folder: Path, source: Path, end: int) -> None:
    """Compare with a server that was started as the services will find it."""
    with _nats(folder, "always") as settings, bar("Comparing", end) as advanced:
        asyncio.run(_compare_with(settings, source, end, advanced))


async def _compare_with(settings: Settings, source: Path, end: int, advanced: Callable[[int], None]) -> None:
    async with open_ledger(settings) as ledger:
        await ledger.check(settings.nats_monitor_urls)
        if (stands_at := await ledger.end()) != end:
            raise LedgerBroken(f"The restored ledger ends at position {stands_at}, not {end}. Nothing was kept of it.")
        difference = await first_difference(ledger, read_archive(source), end, advanced)
        if difference is not None:
            raise LedgerBroken(f"{difference} Nothing was kept of it.")


@contextmanager
def _nats(folder: Path, sync_interval: str) -> Iterator[Settings]:
    ensure_secrets(folder / SECRETS)
    part, address = nats_part(folder, sync_interval=sync_interval)
    try:
        part.start()
        part.wait_until_ready(START_SECONDS)
        yield settings_from(engines_environment(address, None, folder))
    finally:
        part.stop()


def sync_all(folder: Path) -> None:
    """Bring every file and folder below to the disk."""
    for path in (folder, *folder.rglob("*")):
        if path.is_dir() or path.is_file():
            _sync(path)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _refuse_other_things(destination: Path) -> None:
    others = [each.name for each in destination.glob("*") if each.suffix != ENDING and each.name != "lock"]
    if others:
        raise CannotGoOn(
            f"{destination} holds other things ({', '.join(sorted(others)[:3])}).",
            "Choose a new or an empty folder, or one that holds an earlier backup.",
        )


def _refuse_a_folder_in_use(data: Path) -> None:
    if data.exists() and (not data.is_dir() or any(data.iterdir())):
        raise CannotGoOn(
            f"{data} is not empty; a restore never touches what is there.",
            "Choose a new folder with --data. To replace this one, stop Kembar and move it away first.",
        )


@contextmanager
def refusing() -> Iterator[None]:
    """End the command where ledger or archive are not as they must be."""
    try:
        yield
    except ArchiveBroken as error:
        raise CannotGoOn(
            str(error), "Use another copy. `kembar doctor` says whether the ledger itself is whole."
        ) from error
    except (LedgerBroken, LedgerMisconfigured) as error:
        problem, _, remedy = str(error).partition(". ")
        raise CannotGoOn(f"{problem}.", f"{remedy} `kembar doctor` says more.".strip()) from error
