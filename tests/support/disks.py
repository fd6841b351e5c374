"""Disks of a test's own: one small enough to be filled, and one whose power can be cut."""

import contextlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.engines import laid_out

BALLAST = "ballast"
AS_ROOT = ("/usr/bin/env",) if os.geteuid() == 0 else ("/usr/bin/env", "sudo", "-n")


@dataclass(frozen=True)
class Disk:
    """A folder with the layout that parts expect, on a file system of its own."""

    folder: Path

    def fill(self) -> None:
        """Leave not a byte free."""
        with (self.folder / BALLAST).open("ab", buffering=0) as ballast:
            for size in (2**20, 2**12, 1):
                with contextlib.suppress(OSError):
                    while ballast.write(b"\0" * size):
                        pass

    def make_room(self) -> None:
        """Free what was filled."""
        (self.folder / BALLAST).unlink()


@contextlib.contextmanager
def small_disk(size_megabytes: int) -> Iterator[Disk]:
    """A disk of this size, in memory."""
    with tempfile.TemporaryDirectory(prefix="kembar-disk-") as name:
        folder = Path(name)
        with _mounted(folder, "-t", "tmpfs", "-o", f"size={size_megabytes}m", "kembar-test"):
            yield Disk(laid_out(folder))


@contextlib.contextmanager
def disk_in_a_file(image: Path, folder: Path) -> Iterator[None]:
    """Mount on a folder a disk whose platter is a file: what was never synced is not in it, as after a power cut."""
    if not image.exists():
        make = shutil.which("mkfs.ext4", path=os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/sbin"]))
        if make is None:
            pytest.skip("a disk in a file is made by mkfs.ext4, of the package e2fsprogs")
        with image.open("wb") as file:
            file.truncate(64 * 2**20)
        subprocess.run([make, "-q", str(image)], check=True)
    with _mounted(folder, "-o", "loop", str(image)):
        yield


@contextlib.contextmanager
def _mounted(folder: Path, *what: str) -> Iterator[None]:
    """Mount something; skip the test where this machine lets nobody mount it."""
    mounting = subprocess.run([*AS_ROOT, "mount", *what, str(folder)], capture_output=True, text=True, check=False)
    if mounting.returncode != 0:
        pytest.skip(f"only who may mount a disk can fill it or cut its power: {mounting.stderr.strip()}")
    try:
        if os.geteuid() != 0:
            subprocess.run([*AS_ROOT, "chown", str(os.getuid()), str(folder)], check=True)
        yield
    finally:
        subprocess.run([*AS_ROOT, "umount", "--lazy", str(folder)], check=True)
