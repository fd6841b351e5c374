"""The data folder: everything that an installation on one machine keeps, and the lock that gives it to one program."""

import fcntl
import json
import os
from pathlib import Path
from typing import IO

from cli.stop import CannotGoOn

FORMAT = 1
"""Raised when an older program could no longer read the folder."""
FOR_PEOPLE = "demo-tokens.json"
"""The file of the tokens, one per role, for whoever sits at this machine."""


class DataFolder:
    """An opened data folder; held until `release`."""

    def __init__(self, path: Path, lock: IO[str]) -> None:
        self.path = path
        self._lock = lock

    @classmethod
    def open(cls, path: Path) -> "DataFolder":
        """Open the folder, making it where there is none.

        Raises `CannotGoOn` where it cannot be written to, is in use by another program, or is from a newer version.
        """
        path = path.expanduser().resolve()
        try:
            path.mkdir(parents=True, exist_ok=True, mode=0o700)
            _refuse_a_foreign_folder(path)
            lock = os.fdopen(os.open(path / "lock", os.O_RDWR | os.O_CREAT, 0o600), "r+")
        except OSError as error:
            raise CannotGoOn(
                f"The data folder {path} cannot be written to: {error.strerror}.",
                "Choose another with --data, or make this one writable for you.",
            ) from error
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise CannotGoOn(
                f"The data folder {path} is in use by a running Kembar.",
                "Stop that one (Ctrl-C in its window), or choose another folder with --data.",
            ) from error
        folder = cls(path, lock)
        folder._check_format()
        for name in ("logs", "run"):
            (path / name).mkdir(exist_ok=True, mode=0o700)
        return folder

    def release(self) -> None:
        """Give the folder free for another program."""
        self.file("running.json").unlink(missing_ok=True)
        self._lock.close()

    def file(self, name: str) -> Path:
        """Return the path of a file of the folder."""
        return self.path / name

    def write_private(self, name: str, content: object) -> None:
        """Write a JSON file that only its owner can read; whole or not at all."""
        new = self.file(f"{name}.new")
        with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            json.dump(content, file, indent=2)
            file.write("\n")
        new.replace(self.file(name))

    def _check_format(self) -> None:
        seal = self.file("kembar.json")
        if not seal.exists():
            self.write_private("kembar.json", {"format": FORMAT})
        written = format_in(seal)
        if written is None:
            raise CannotGoOn(
                f"{seal} does not say the format of the data folder; it was damaged or is not Kembar's.",
                f'If the folder is of this version, put {{"format": {FORMAT}}} into it; else choose another with --data.',
            )
        if written > FORMAT:
            raise CannotGoOn(
                f"The data folder {self.path} was written by a newer Kembar (format {written}, this one knows {FORMAT}).",
                "Run the newer version, or choose another folder with --data.",
            )


def _refuse_a_foreign_folder(path: Path) -> None:
    others = {each.name for each in path.iterdir()} - {"lock"}
    if others and "kembar.json" not in others:
        raise CannotGoOn(
            f"{path} holds other things ({', '.join(sorted(others)[:3])}) and is no data folder of Kembar.",
            "Choose an empty or a new folder with --data.",
        )


def format_in(seal: Path) -> int | None:
    """Return the format that a data folder says it has, None where it does not say."""
    try:
        written = json.loads(seal.read_text())["format"]
    except (ValueError, KeyError, TypeError):
        return None
    return written if isinstance(written, int) else None


def where_running(data: Path) -> str | None:
    """Return the address of the Kembar that runs on this data folder, None where none does."""
    try:
        address: str = json.loads((data / "running.json").read_text())["url"]
    except (OSError, ValueError, KeyError):
        return None
    return address
