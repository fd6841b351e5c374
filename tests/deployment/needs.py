"""What a part of the program reads when it runs: modules of the project and packages of others, found in the source."""

import ast
import functools
import sys
from collections.abc import Iterable, Iterator
from importlib.metadata import PackageNotFoundError, distribution

from tests.house.project import PACKAGES, ROOT


def modules_read(roots: Iterable[str]) -> set[str]:
    """Return the names of all modules that these read, directly or by another; those of others by their first part.

    What a function reads counts as well, but in `cli`: there a command reads what it needs and nobody else.
    """
    found: set[str] = set()
    waiting = list(roots)
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += _read_by(name)
    return found


def of_others(modules: Iterable[str]) -> set[str]:
    """Return those of these modules that come from packages that are not the project's, nor Python's own."""
    return {name for name in modules if not _is_ours(name)} - sys.stdlib_module_names


def held_by(packages: Iterable[str]) -> set[str]:
    """Return the first parts of the names of all modules that packages of these names hold."""
    return set().union(*map(_held_by, packages))


@functools.cache
def _held_by(package: str) -> frozenset[str]:
    try:
        files = distribution(package).files or []
    except PackageNotFoundError:  # of another system
        return frozenset()
    return frozenset(each.parts[0].partition(".")[0] for each in files)


@functools.cache
def _read_by(name: str) -> frozenset[str]:
    return frozenset(_found_in(name))


def _found_in(name: str) -> Iterator[str]:
    folder, _, _ = name.rpartition(".")
    if folder:
        yield folder
    path = ROOT / name.replace(".", "/")
    source = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    if _is_ours(name) and source.exists():
        tree = ast.parse(source.read_text("utf-8"))
        for node in tree.body if name.startswith("cli.") else ast.walk(tree):
            yield from _named_in(node)


def _named_in(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (each.name if _is_ours(each.name) else each.name.partition(".")[0] for each in node.names)
    elif isinstance(node, ast.ImportFrom) and node.module:
        yield node.module if _is_ours(node.module) else node.module.partition(".")[0]
        below = (f"{node.module}.{each.name}" for each in node.names)
        yield from (each for each in below if _is_module(each))


def _is_ours(name: str) -> bool:
    return name.partition(".")[0] in PACKAGES


def _is_module(name: str) -> bool:
    path = ROOT / name.replace(".", "/")
    return _is_ours(name) and (path.is_dir() or path.with_suffix(".py").exists())
