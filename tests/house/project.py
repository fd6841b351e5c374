"""Where the project's files are, and how its own checkers are run."""

import ast
import functools
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("shared", "services", "cli")


def python_files(*packages: str) -> list[Path]:
    """Return the Python files of these packages in order."""
    return sorted(path for package in packages for path in (ROOT / package).rglob("*.py"))


def parsed(*packages: str) -> Iterator[tuple[str, ast.Module]]:
    """Yield each Python file's path from the root, and its syntax tree."""
    for path in python_files(*packages):
        yield str(path.relative_to(ROOT)), tree_of(path)


@functools.cache
def tree_of(path: Path) -> ast.Module:
    """Return a file's syntax tree, which many tests look at and none may change."""
    return ast.parse(path.read_text("utf-8"))


def all_files() -> list[Path]:
    """Return every file of the project: what git tracks, and what it would if it were added."""
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", "-z"], cwd=ROOT, capture_output=True, check=True, text=True
    )
    return [ROOT / name for name in sorted(set(listed.stdout.split("\0"))) if name and (ROOT / name).is_file()]


def run_python(*arguments: str) -> tuple[int, str]:
    """Run this interpreter from the root; return how it ended and what it said."""
    ended = subprocess.run(
        [sys.executable, *arguments], cwd=ROOT, capture_output=True, text=True, check=False, timeout=280
    )
    return ended.returncode, ended.stdout + ended.stderr


def document(name: str) -> str:
    """Return the text of a document by its path from the root."""
    return (ROOT / name).read_text("utf-8")


def table_rows(markdown: str) -> list[list[str]]:
    """Return the cells of every row of every table, the lines under headings left out."""
    lines = (line.strip() for line in markdown.splitlines())
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("|")]
    return [row for row in rows if not all(set(cell) <= {"-", ":"} for cell in row)]
