"""`kembar show`: ratings and partnerships on the terminal."""

import difflib
from datetime import date
from pathlib import Path
from typing import Any

from rich.box import SIMPLE
from rich.markup import escape
from rich.table import Table

from cli.client import Client
from cli.facts import published_ratings
from cli.say import out
from cli.stop import CannotGoOn
from shared.words.dates import date_in_words, occurred_in_words

INDICATORS = ("contact", "document", "visit", "aid", "joint_event")
RATINGS = {
    "aktif": "[green]● aktif[/]",
    "kurang_aktif": "[yellow]▲ kurang aktif[/]",
    "tidak_aktif": "[red]■ tidak aktif[/]",
}
WAYS = ("outbound", "inbound")


def ratings_table(answer: dict[str, Any]) -> Table:
    """Return the answer of `/reports/v1/ratings` as a table, best first; each pair of cells is outbound, inbound."""
    table = Table(
        title=f"Activity ratings, {answer['on'] or answer['from'] + ' to ' + answer['to']}",
        caption="Cells, outbound and inbound: contact, document, visit, aid, joint event",
        title_justify="left",
        caption_justify="left",
        box=SIMPLE,
        padding=(0, 1, 0, 0),
        pad_edge=False,
    )
    for name in ("partnership", "rating", "cells", "", "if nothing happens"):
        table.add_column(name, no_wrap=True, justify="left" if name else "right")
    for item in sorted(answer["items"], key=_best_first):
        cells = ["".join("■" if item["cells"][indicator][way] else "□" for way in WAYS) for indicator in INDICATORS]
        then = _change(item) or ", ".join(_marks(item))
        table.add_row(item["partnership"], RATINGS[item["rating"]], " ".join(cells), str(item["score"]), then)
    if not answer["items"]:
        table.caption = "No partnership is in force then, as far as was known."
    return table


def _best_first(item: dict[str, Any]) -> tuple[int, int, str]:
    return list(RATINGS).index(item["rating"]), -item["score"], item["partnership"]


def print_differences(answer: dict[str, Any], folder: Path) -> None:
    """Say where the computed ratings differ from those that the study published."""
    published = published_ratings(folder)
    compared = [item for item in answer["items"] if item["partnership"] in published]
    different = [item for item in compared if item["rating"] != published[item["partnership"]]]
    out.print(
        f"\nThe study rated {len(compared)} partnerships; {len(compared) - len(different)} agree, {len(different)} differ:"
    )
    for item in different:
        here, there = item["rating"].replace("_", " "), published[item["partnership"]].replace("_", " ")
        out.print(f"  {escape(_name(item))}: {here} with {item['score']} cells here, {there} in the study")


def show_partnership(client: Client, slug: str, clocks: dict[str, str | None]) -> dict[str, Any]:
    """Return one partnership's rating with its activities, newest first."""
    ratings = client.get("/reports/v1/ratings", clocks)
    item = next((each for each in ratings["items"] if each["partnership"] == slug), None)
    if item is None:
        names = [each["partnership"] for each in ratings["items"]]
        near = difflib.get_close_matches(slug, names, n=1)
        remedy = f"Did you mean {near[0]}? " if near else ""
        remedy += f"Those in force on that day: {', '.join(names) or 'none'}."
        raise CannotGoOn(f"No partnership “{slug}” is in force on that day.", remedy)
    return {
        **item,
        "on": ratings["on"],
        "position": ratings["position"],
        "activities": _activities(client, slug, clocks),
    }


def print_partnership(answer: dict[str, Any]) -> None:
    """Print what `show_partnership` returned: the grid, and behind each lit cell its activities."""
    activities = {each["id"]: each for each in answer["activities"]}
    name = escape(_name(answer))
    said = [RATINGS[answer["rating"]], f"{answer['score']} of 10 cells", *_marks(answer)]
    said.append(f"if nothing happens: {_change(answer)}" if answer["next_change"] else "no change ahead")
    out.print(f"\n[bold]{name}[/] on {answer['on']}: {', '.join(said)}\n" if answer["on"] else f"\n[bold]{name}[/]\n")
    table = Table(box=SIMPLE, show_lines=True)
    for heading in ("", "outbound (home → partner)", "inbound (partner → home)"):
        table.add_column(heading)
    for indicator in INDICATORS:
        lit = {
            way: [activities[each] for each in answer["cells"][indicator][way] if each in activities] for way in WAYS
        }
        cells = ["\n".join([*map(_line, lit[way]), *_dark(answer, indicator, way)]) or "□" for way in WAYS]
        table.add_row(indicator.replace("_", " "), *cells)
    out.print(table)
    if answer["official"]:
        official = answer["official"]
        out.print(escape(f"Official rating: {official['rating']}, by {official['author']}: {official['reason']}\n"))
    lighting = {each for ways in answer["cells"].values() for ids in ways.values() for each in ids}
    others = [each for each in answer["activities"] if each["id"] not in lighting]
    if others:
        out.print("Not counted on that day:")
        for each in others:
            out.print(f"  {_line(each, sign='□')} ({each['outcome']})")


def _activities(client: Client, slug: str, clocks: dict[str, str | None]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    cursor: str | None = None
    while True:
        asked = {"partnership": slug, "known": clocks.get("known"), "cursor": cursor, "limit": "500"}
        page = client.get("/reports/v1/activities", asked)
        found += page["items"]
        cursor = page["next"]
        if cursor is None:
            return found


def _line(activity: dict[str, Any], sign: str = "■") -> str:
    title = activity["title"].get("en") or activity["title"]["id"]
    return escape(f"{sign} {occurred_in_words(activity['occurred'], 'en')}: {title}")


def _dark(answer: dict[str, Any], indicator: str, way: str) -> list[str]:
    day = answer["goes_dark"][indicator][way]
    return [f"[dim]dark on {date_in_words(date.fromisoformat(day), 'en')}[/]"] if day else []


def _name(item: dict[str, Any]) -> str:
    name: str = item["name"].get("en") or item["name"]["id"]
    return name


def _marks(item: dict[str, Any]) -> list[str]:
    return [name for name, there in (("too new", item["provisional"]), ("dormant", item["dormant"])) if there]


def _change(item: dict[str, Any]) -> str:
    change = item["next_change"]
    return f"{change['on']} {change['rating'].replace('_', ' ')}" if change else ""
