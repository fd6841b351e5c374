"""Disks of a test's own: one small enough to be filled, and one whose power can be cut."""

import contextlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.drill.small_disk import Disk, NoDisk, mounted
from cli.drill.small_disk import small_disk as small_disk_on
from tests.support.engines import laid_out


@contextlib.contextmanager
def small_disk(size_megabytes: int) -> Iterator[Disk]:
    """A disk of this size, in memory."""
    with tempfile.TemporaryDirectory(prefix="kembar-disk-") as name:
        folder = Path(name)
        with _or_skipped(small_disk_on(folder, size_megabytes)) as disk:
            laid_out(folder)
            yield disk


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
    with _or_skipped(mounted(folder, "-o", "loop", str(image))):
        yield


@contextlib.contextmanager
def _or_skipped(mounting):
    """Skip the test where this machine lets nobody mount a disk."""
    with contextlib.ExitStack() as opened:
        try:
            disk = opened.enter_context(mounting)
        except NoDisk as error:
            pytest.skip(str(error))
        yield disk
