"""How commands speak: tables and progress for people on a terminal, JSON for programs, problems with their remedy."""

import json
import sys
from typing import Any

from rich.console import Console
from rich.markup import escape

out = Console(highlight=False, soft_wrap=False)
err = Console(highlight=False, stderr=True)


def say(line: str) -> None:
    """Tell the person at the terminal, beside the result."""
    err.print(line, markup=False)


def print_json(value: Any) -> None:  # noqa: ANN401
    """Print a result for a program."""
    sys.stdout.write(json.dumps(value, indent=2, ensure_ascii=False) + "\n")


def complain(what: str, remedy: str) -> None:
    """Say what is wrong and what to do."""
    err.print(f"[bold red]kembar:[/] {_plain(what)}\n{_plain(remedy)}", soft_wrap=True)


def _plain(text: str) -> str:
    return escape(text)
