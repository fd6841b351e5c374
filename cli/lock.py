"""What the lock file says: every package that is installed with Kembar, its hashes, and which others need it."""

import re
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cli.stop import CannotGoOn

ROOT = Path(__file__).resolve().parents[1]
LOCK, PROJECT = ROOT / "requirements.lock", ROOT / "pyproject.toml"
FOR_TESTS_ONLY = "test"
"""The extra that an installation does not need to run."""

_PINNED = re.compile(r"([\w.-]+)==([^\s;]+)(?: ; ([^\\]+?))?(?: \\)?")
_HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")
_NEEDED_BY = re.compile(r"# +(?:via +)?(?!via$)([\w.-]+)")


@dataclass(frozen=True, slots=True)
class Locked:
    """A package of the lock: `marker` says on which systems it is installed, None for all; `hashes` are SHA-256, one per
    file of it; `needed_by` are normalised names, the project's own among them.
    """

    name: str
    version: str
    marker: str | None
    hashes: tuple[str, ...]
    needed_by: frozenset[str]


def read_lock(path: Path = LOCK) -> list[Locked]:
    """Return the packages of a lock file in its order. Raises `CannotGoOn` where it is not there, or is no lock."""
    try:
        text = path.read_text("utf-8")
    except OSError as error:
        raise CannotGoOn(f"{path} cannot be read: {error.strerror}.", "Put the lock file back.") from error
    packages = [_package(each) for each in _entries(text)]
    if not packages:
        raise CannotGoOn(f"{path} names no package.", "Put the lock file back.")
    return packages


def _entries(text: str) -> Iterator[list[str]]:
    """Yield the lines of each package: what is indented belongs to the line above."""
    entry: list[str] = []
    for line in text.splitlines():
        if line[:1].isalnum() and entry:
            yield entry
            entry = []
        if line.strip() and (entry or line[:1].isalnum()):
            entry.append(line)
    if entry:
        yield entry


def _package(lines: list[str]) -> Locked:
    pinned = _PINNED.fullmatch(lines[0])
    hashes = tuple(each[1] for line in lines[1:] if (each := _HASH.search(line)))
    if pinned is None or not hashes:
        raise CannotGoOn(
            f"“{lines[0][:80]}” in the lock file is no package with its version and its hashes.",
            "Make the lock anew with `uv pip compile --generate-hashes`, or put it back.",
        )
    above = (_NEEDED_BY.match(line.strip()) for line in lines[1:])
    needed_by = frozenset(normalised(each[1]) for each in above if each)
    return Locked(normalised(pinned[1]), pinned[2], pinned[3], hashes, needed_by)


def normalised(name: str) -> str:
    """Return a package's name in its one form."""
    return re.sub(r"[-_.]+", "-", name).lower()


def project() -> tuple[str, str]:
    """Return the project's own name and version."""
    own = _project()
    return str(own["name"]), str(own["version"])


def needed_to_run(packages: Sequence[Locked]) -> set[str]:
    """Return the names of those that Kembar needs to run, directly or by another; the rest are the tests'."""
    own = _project()
    extras = [each for name, needs in own["optional-dependencies"].items() if name != FOR_TESTS_ONLY for each in needs]
    direct = {normalised(re.split(r"[\s\[<>=!~;]", each, maxsplit=1)[0]) for each in (*own["dependencies"], *extras)}
    reached = direct - {normalised(own["name"])}  # an extra names the project itself to take in another
    while more := {each.name for each in packages if each.needed_by & reached} - reached:
        reached |= more
    return reached


def _project() -> dict[str, Any]:
    try:
        own: dict[str, Any] = tomllib.loads(PROJECT.read_text("utf-8"))["project"]
    except OSError as error:
        raise CannotGoOn(f"{PROJECT} cannot be read: {error.strerror}.", "Put the file back.") from error
    return own
