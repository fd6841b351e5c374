"""Rules of the source: one clock, no blind except, a docstring for everything public."""

import ast
import re
from collections.abc import Iterator

import pytest

from tests.house.project import PACKAGES, ROOT, parsed

CLOCK = "shared/process/clock.py"
READS_OF_THE_CLOCK = {
    ("datetime", "now"),
    ("datetime", "utcnow"),
    ("datetime", "today"),
    ("date", "today"),
    ("time", "time"),
    ("time", "time_ns"),
    ("time", "localtime"),
    ("time", "gmtime"),
    ("time", "ctime"),
}
SQL_READS_THE_CLOCK = re.compile(
    r"\b(now\s*\(|clock_timestamp|statement_timestamp|current_(date|time|timestamp)\b|localtime)", re.IGNORECASE
)


def reads_of_the_clock(tree: ast.Module) -> list[int]:
    """Return the lines that ask what time it is."""
    lines = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            owner = node.value.attr if isinstance(node.value, ast.Attribute) else getattr(node.value, "id", None)
            if (owner, node.attr) in READS_OF_THE_CLOCK:
                lines.append(node.lineno)
        elif isinstance(node, ast.ImportFrom):
            lines += [node.lineno for name in node.names if (node.module, name.name) in READS_OF_THE_CLOCK]
    return lines


def blind_excepts(tree: ast.Module) -> list[int]:
    """Return the lines that catch every exception there is; `BaseException` may be caught to clean up and raise again."""
    lines = []
    for node in ast.walk(tree):
        if isinstance(node, ast.ExceptHandler):
            caught = node.type.elts if isinstance(node.type, ast.Tuple) else [node.type]
            names = {each and getattr(each, "id", "") for each in caught}
            raises_again = isinstance(node.body[-1], ast.Raise) and node.body[-1].exc is None
            if names & {None, "Exception"} or ("BaseException" in names and not raises_again):
                lines.append(node.lineno)
    return lines


def public_without_docstring(tree: ast.Module) -> Iterator[str]:
    """Yield the public functions, classes and methods that say nothing about themselves."""
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and not node.name.startswith("_"):
            if ast.get_docstring(node) is None:
                yield node.name
            if isinstance(node, ast.ClassDef):
                yield from (f"{node.name}.{name}" for name in public_without_docstring(ast.Module(node.body, [])))


@pytest.mark.parametrize(
    "line",
    [
        "datetime.now(UTC)",
        "datetime.datetime.utcnow()",
        "date.today()",
        "time.time()",
        "from time import time",
        "clock: object = datetime.now",
    ],
)
def test_a_read_of_the_clock_is_noticed(line: str):
    assert reads_of_the_clock(ast.parse(line)) == [1]


@pytest.mark.parametrize("line", ["time.monotonic()", "clock.now()", "self.time()", "datetime.fromisoformat(text)"])
def test_what_reads_no_clock_is_left_alone(line: str):
    assert reads_of_the_clock(ast.parse(line)) == []


def test_only_the_one_clock_is_read():
    found = {name: lines for name, tree in parsed(*PACKAGES) if (lines := reads_of_the_clock(tree))}
    assert found.keys() == {CLOCK}, found


def test_no_sql_reads_the_clock_but_that_of_the_leases():
    assert SQL_READS_THE_CLOCK.search("SELECT now()")
    assert SQL_READS_THE_CLOCK.search("DEFAULT current_timestamp")
    files = [path for package in PACKAGES for path in (ROOT / package).rglob("*.sql")]
    assert files
    found = {path.name for path in files if SQL_READS_THE_CLOCK.search(path.read_text("utf-8"))}
    assert found == {"shares.sql", "jobs.sql"}


@pytest.mark.parametrize(
    "handler", ["except Exception:\n    raise", "except (OSError, Exception):\n    pass", "except:\n    pass"]
)
def test_a_blind_except_is_noticed(handler: str):
    assert blind_excepts(ast.parse(f"try:\n    work()\n{handler}")) == [3]


def test_there_is_no_blind_except():
    assert {name: lines for name, tree in parsed(*PACKAGES) if (lines := blind_excepts(tree))} == {}


def test_a_missing_docstring_is_noticed():
    tree = ast.parse(
        'def said():\n    "Say."\ndef unsaid(): ...\ndef _own(): ...\nclass Part:\n    "A part."\n    def run(self): ...'
    )
    assert list(public_without_docstring(tree)) == ["unsaid", "Part.run"]


def test_everything_public_has_a_docstring():
    assert {name: found for name, tree in parsed(*PACKAGES) if (found := list(public_without_docstring(tree)))} == {}


def test_every_module_says_what_it_is_for():
    silent = [name for name, tree in parsed(*PACKAGES) if tree.body and ast.get_docstring(tree) is None]
    assert silent == []
