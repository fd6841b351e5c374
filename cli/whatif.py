"""`kembar whatif` and `kembar backtest`: what other rules or facts would have said, and how the rating agrees with others."""

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.box import SIMPLE
from rich.markup import escape
from rich.table import Table

from cli.client import Client
from cli.post import read_events
from cli.say import out
from cli.show import RATINGS
from cli.stop import CannotGoOn
from shared.wire.strict_json import NotStrictJson, parse_json

SLUG_COLUMNS = ("slug", "partnership")


def ask_whatif(
    client: Client,
    period: dict[str, str | None],
    rubric: Path | None,
    add: Path | None,
    remove: Sequence[str],
) -> dict[str, Any]:
    """Ask whose rating would have been another; raises `CannotGoOn` with what to do."""
    if rubric is None and add is None and not remove:
        remedy = "Give --rubric, --add or --remove; see `kembar whatif --help`."
        raise CannotGoOn("There is nothing that would be otherwise.", remedy)
    body = {
        **period,
        "rubric": read_rubric(rubric) if rubric else None,
        "add": _activities(add) if add else [],
        "remove": list(remove),
    }
    answer: dict[str, Any] = client.post("/reports/v1/whatif", body)[1]
    return answer


def print_whatif(answer: dict[str, Any]) -> None:
    """Print one line for each stretch of days on which a rating would have been another."""
    title = f"What would have been otherwise from {answer['from']} to {answer['to']}"
    table = Table(title=title, title_justify="left", box=SIMPLE, padding=(0, 1, 0, 0), pad_edge=False)
    for name in ("partnership", "from", "to", "was", "would have been", "by these cells"):
        table.add_column(name, no_wrap=name != "by these cells")
    for item in answer["items"]:
        for each in item["differences"]:
            cells = [f"+ {_cell(cell)}" for cell in each["lit_only_then"]]
            cells += [f"- {_cell(cell)}" for cell in each["lit_only_before"]]
            then = ", ".join(cells) or "the thresholds"
            table.add_row(
                item["partnership"], each["from"], each["to"], RATINGS[each["was"]], RATINGS[each["then"]], then
            )
    touched = len(answer["items"])
    if touched:
        out.print(table)
    out.print(f"{touched} of {answer['compared']} partnerships would have been rated otherwise. Nothing was written.")


def ask_backtest(
    client: Client, clocks: dict[str, str | None], rubric: Path | None, official: Path | None
) -> dict[str, Any]:
    """Ask how the rating agrees with official ratings: those of a file, or those in force."""
    body: dict[str, Any] = {**clocks, "rubric": read_rubric(rubric) if rubric else None}
    body["official"] = read_official(official) if official else None
    answer: dict[str, Any] = client.post("/reports/v1/backtest", body)[1]
    return answer


def print_backtest(answer: dict[str, Any]) -> None:
    """Print the agreement, what differs, and what is least stable."""
    rubric = answer["rubric"]
    out.print(f"\n[bold]{rubric['id']}/{rubric['version']}[/] on {answer['on']}: ", end="")
    out.print(f"{answer['agreeing']} of {answer['of']} partnerships agree with the official rating.")
    fitted = answer["leave_one_out"]
    out.print(
        f"Each predicted from the others by the thresholds that fit those best: {fitted['agreeing']} of {fitted['of']}."
    )
    out.print(_matrix(answer["matrix"]))
    if answer["differing"]:
        out.print(_differing(answer))
    if answer["not_compared"]:
        out.print(escape(f"Not in force on that day, or unknown: {', '.join(answer['not_compared'])}"))


def _matrix(matrix: dict[str, dict[str, int]]) -> Table:
    table = Table(title="official, down; computed, across", title_justify="left", box=SIMPLE)
    table.add_column("")
    for code in RATINGS:
        table.add_column(RATINGS[code], justify="right")
    for code in RATINGS:
        table.add_row(RATINGS[code], *(str(matrix[code][computed]) for computed in RATINGS))
    return table


def _differing(answer: dict[str, Any]) -> Table:
    shares = {each["partnership"]: each["share"] for each in answer["stability"]}
    table = Table(title="Those that differ", title_justify="left", box=SIMPLE)
    for name in ("partnership", "official", "computed", "score", "same by rubrics near by"):
        table.add_column(name, justify="right" if name in ("score", "same by rubrics near by") else "left")
    for each in answer["differing"]:
        share = f"{shares[each['partnership']]:.0%}"
        table.add_row(
            each["partnership"], RATINGS[each["official"]], RATINGS[each["computed"]], str(each["score"]), share
        )
    return table


def read_rubric(file: Path) -> Any:  # noqa: ANN401 - the server says what is wrong with it
    """Return the rubric in a JSON file; one as `rubric.adopted` carries it will do too."""
    try:
        document = parse_json(file.read_bytes())
    except OSError as error:
        raise CannotGoOn(f"{file} cannot be read: {error.strerror}.", "Name a JSON file with a rubric.") from error
    except NotStrictJson as error:
        raise CannotGoOn(f"{file}: {error}", "See `GET /reports/v1/rubrics` for what a rubric looks like.") from error
    return document.get("rubric", document) if isinstance(document, dict) else document


def read_official(file: Path) -> dict[str, str]:
    """Return the ratings of a CSV file by partnership.

    It has a column `slug` or `partnership`, and one called `rating`, or else just one that has `rating` in its name.
    """
    try:
        with file.open(encoding="utf-8-sig", newline="") as opened:
            rows = list(csv.DictReader(opened))
    except (OSError, UnicodeDecodeError) as error:
        raise CannotGoOn(f"{file} cannot be read: {error}.", "Name a CSV file in UTF-8.") from error
    columns = list(rows[0]) if rows else []
    slug = next((each for each in SLUG_COLUMNS if each in columns), None)
    ratings = ["rating"] if "rating" in columns else [each for each in columns if "rating" in each]
    if slug is None or len(ratings) != 1:
        remedy = "It needs a column “slug” and a column “rating”, with aktif, kurang_aktif or tidak_aktif in it."
        raise CannotGoOn(f"{file} does not say which partnership has which rating.", remedy)
    return {row[slug]: row[ratings[0]].strip().replace(" ", "_") for row in rows if row[ratings[0]]}


def _activities(file: Path) -> list[Any]:
    """Return the data of the activities in a file of events."""
    events = read_events(file)
    others = [each["type"] for each in events if each.get("type", "activity.recorded") != "activity.recorded"]
    if others:
        remedy = "Leave only events of the type “activity.recorded” in it."
        raise CannotGoOn(f"{file} holds more than activities: {others[0]}.", remedy)
    return [each.get("data", {name: value for name, value in each.items() if name != "id"}) for each in events]


def _cell(cell: dict[str, str]) -> str:
    return f"{cell['indicator'].replace('_', ' ')} {cell['direction']}"
