"""Disks of a test's own: one small enough to be filled, and one whose power can be cut."""

import contextlib
import functools
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
AS_ROOT = [] if os.geteuid() == 0 else ["sudo", "-n"]


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
    with _mounted("-t", "tmpfs", "-o", f"size={size_megabytes}m", "kembar-test") as folder:
        yield Disk(laid_out(folder))


@contextlib.contextmanager
def disk_in_a_file(image: Path) -> Iterator[Disk]:
    """A disk whose platter is a file: what was never synced is not in it, as after a power cut."""
    is_new = not image.exists()
    if is_new:
        with image.open("wb") as file:
            file.truncate(64 * 2**20)
        subprocess.run(["mkfs.ext4", "-q", str(image)], check=True)  # noqa: S607
    with _mounted("-o", "loop", str(image)) as folder:
        yield Disk(laid_out(folder) if is_new else folder)


@contextlib.contextmanager
def _mounted(*what: str) -> Iterator[Path]:
    if not can_mount():
        pytest.skip("only who may mount a disk can fill it or cut its power: root, or sudo without a password")
    folder = Path(tempfile.mkdtemp(prefix="kembar-disk-"))
    subprocess.run([*AS_ROOT, "mount", *what, str(folder)], check=True)
    try:
        if AS_ROOT:
            subprocess.run([*AS_ROOT, "chown", str(os.getuid()), str(folder)], check=True)
        yield folder
    finally:
        subprocess.run([*AS_ROOT, "umount", "--lazy", str(folder)], check=True)
        folder.rmdir()


@functools.cache
def can_mount() -> bool:
    """Say whether disks can be mounted here; it is tried."""
    if shutil.which("mount") is None or shutil.which(*AS_ROOT[:1] or ["umount"]) is None:
        return False
    with tempfile.TemporaryDirectory() as folder:
        mount = [*AS_ROOT, "mount", "-t", "tmpfs", "-o", "size=64k", "kembar-test", folder]
        if subprocess.run(mount, capture_output=True, check=False).returncode != 0:
            return False
        subprocess.run([*AS_ROOT, "umount", folder], check=True)
    return True
