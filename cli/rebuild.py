"""`kembar rebuild`: build a projection anew beside the live one, compare the two, and swap them if asked."""

import asyncio
import time
from collections.abc import Mapping
from pathlib import Path

from rich.table import Table

from cli.backup import refusing
from cli.bar import bar
from cli.embedded.reach import open_ledger, reach
from cli.say import out, say
from cli.stop import CannotGoOn
from cli.tables import PROJECTING_STORES, PROJECTORS
from shared.process.settings import Settings
from shared.projection.rebuild import CannotRebuild, Compared, Projection, open_rebuild

PROJECTIONS: Mapping[str, Projection] = {
    store.SCHEMA: Projection(
        store.SCHEMA,
        store.migrations(),
        PROJECTORS[store.SCHEMA],
        kept=getattr(store, "NOT_IN_THE_LEDGER", ()),
        carried_over=getattr(store, "CARRIED_OVER", ()),
    )
    for store in PROJECTING_STORES
}


def rebuild(name: str, data: Path, *, swap: bool) -> bool:
    """Build a projection anew, print how it compares, swap if asked; say whether live and rebuilt were the same."""
    if name not in PROJECTIONS:
        raise CannotGoOn(f"There is no projection “{name}”.", f"Use one of {', '.join(PROJECTIONS)}.")
    with reach(data) as reached, refusing():
        try:
            return asyncio.run(_rebuild(PROJECTIONS[name], reached.settings, swap=swap))
        except CannotRebuild as error:
            problem, _, remedy = str(error).partition(". ")
            raise CannotGoOn(f"{problem}.", remedy) from error


async def _rebuild(projection: Projection, settings: Settings, *, swap: bool) -> bool:
    async with open_ledger(settings) as ledger, open_rebuild(projection, ledger, settings) as building:
        started = time.monotonic()
        target = await building.target()
        with bar(f"Building {projection.schema}", target) as advanced:
            await building.build(target, advanced)
        took = time.monotonic() - started
        say(f"{target} events in {took:.1f} s: {target / max(took, 0.001):,.0f} a second.")
        compared = await building.compare()
        _print(projection, compared, building.checkpoint.position)
        if swap:
            position = await building.swap()
            say(f"The rebuilt tables of {projection.schema} are the live ones now; they stand at position {position}.")
    return not any(each.differences for each in compared)


def _print(projection: Projection, compared: list[Compared], position: int) -> None:
    table = Table(title=f"{projection.schema} at position {position}", title_justify="left")
    for heading in ("table", "rows", "rebuilt", "differences"):
        table.add_column(heading, justify="left" if heading == "table" else "right")
    for each in compared:
        table.add_row(each.table, f"{each.rows:,}", f"{each.rebuilt_rows:,}", f"{each.differences:,}")
    out.print(table)
    for each in compared:
        for line in each.first:
            out.print(f"{each.table}: {line}", markup=False, soft_wrap=True)
