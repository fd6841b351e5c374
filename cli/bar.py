"""A bar that shows how far something long has come."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from cli.say import err


@contextmanager
def bar(what: str, end: int) -> Iterator[Callable[[int], None]]:
    """Yield the function that is told which position, of 1 to `end`, has been reached."""
    columns = (BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TimeRemainingColumn())
    with Progress(TextColumn("{task.description}"), *columns, console=err) as progress:
        task = progress.add_task(what, total=end)
        yield lambda position: progress.update(task, completed=position)
