"""What the lock file says: every package that is installed with Kembar, its hashes, and which others need it.

`python -m cli.lock scoring commands` writes the part of it that these extras need; a container installs no more.
"""

import re
import sys
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
_OWN_EXTRA = re.compile(r"kembar\[(\w+)\]")
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
    return needed_by(packages, [name for name in _project()["optional-dependencies"] if name != FOR_TESTS_ONLY])


def needed_by(packages: Sequence[Locked], extras: Sequence[str]) -> set[str]:
    """Return the names of those that these extras of the project need, directly or by another.

    What a package needs for an extra of its own counts as needed by it: rather one too many than one too few. Raises
    `CannotGoOn` where the project has no such extra.
    """
    reached = _named_in(extras)
    while more := {each.name for each in packages if each.needed_by & reached} - reached:
        reached |= more
    return reached


def _named_in(extras: Sequence[str]) -> set[str]:
    """Return what the project and these extras of it name, those followed that an extra takes in."""
    own = _project()
    optional = own["optional-dependencies"]
    names, waiting = set(map(_name_in, own["dependencies"])), list(extras)
    while waiting:
        if (extra := waiting.pop()) not in optional:
            raise CannotGoOn(f"The project has no extra “{extra}”.", f"Use some of {', '.join(optional)}.")
        for need in optional[extra]:
            taken_in = _OWN_EXTRA.fullmatch(need)
            waiting += [taken_in[1]] if taken_in else []
            names |= set() if taken_in else {_name_in(need)}
    return names


def _name_in(requirement: str) -> str:
    return normalised(re.split(r"[\s\[<>=!~;]", requirement, maxsplit=1)[0])


def part_of_lock(packages: Sequence[Locked], extras: Sequence[str]) -> str:
    """Return the lines of a lock file with what these extras need, each with its hashes."""
    names = needed_by(packages, extras)
    return "".join(_lines(each) for each in packages if each.name in names)


def _lines(package: Locked) -> str:
    marker = f" ; {package.marker}" if package.marker else ""
    hashes = "".join(f" \\\n    --hash=sha256:{each}" for each in package.hashes)
    return f"{package.name}=={package.version}{marker}{hashes}\n"


def _project() -> dict[str, Any]:
    try:
        own: dict[str, Any] = tomllib.loads(PROJECT.read_text("utf-8"))["project"]
    except OSError as error:
        raise CannotGoOn(f"{PROJECT} cannot be read: {error.strerror}.", "Put the file back.") from error
    return own


if __name__ == "__main__":
    print(part_of_lock(read_lock(), sys.argv[1:]), end="")
