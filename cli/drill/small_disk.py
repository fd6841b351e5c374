"""A disk that is small enough to be filled, mounted on a folder; for whoever may mount one."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

BALLAST = "ballast"
AS_ROOT = ("/usr/bin/env",) if os.geteuid() == 0 else ("/usr/bin/env", "sudo", "-n")


class NoDisk(Exception):
    """This machine lets nobody mount a disk who is neither root nor may become it without a password."""


@dataclass(frozen=True)
class Disk:
    """A folder on a file system of its own."""

    folder: Path

    def fill(self) -> None:
        """Leave not a byte free."""
        with (self.folder / BALLAST).open("ab", buffering=0) as ballast:
            for size in (2**20, 2**12, 1):
                with suppress(OSError):
                    while ballast.write(b"\0" * size):
                        pass

    def make_room(self) -> None:
        """Free what was filled."""
        (self.folder / BALLAST).unlink()


@contextmanager
def small_disk(folder: Path, size_megabytes: int) -> Iterator[Disk]:
    """Mount a disk of this size, in memory, on an empty folder. Raises `NoDisk`."""
    with mounted(folder, "-t", "tmpfs", "-o", f"size={size_megabytes}m", "kembar-disk"):
        yield Disk(folder)


@contextmanager
def mounted(folder: Path, *what: str) -> Iterator[None]:
    """Mount something on a folder, as whoever runs this owns it. Raises `NoDisk`."""
    mounting = subprocess.run([*AS_ROOT, "mount", *what, str(folder)], capture_output=True, text=True, check=False)
    if mounting.returncode != 0:
        raise NoDisk(f"Only who may mount a disk can fill it or cut its power: {mounting.stderr.strip()}")
    try:
        if os.geteuid() != 0:
            subprocess.run([*AS_ROOT, "chown", str(os.getuid()), str(folder)], check=True)
        yield
    finally:
        subprocess.run([*AS_ROOT, "umount", "--lazy", str(folder)], check=True)
