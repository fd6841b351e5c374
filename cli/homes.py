"""`kembar homes`: see the homes of an installation, and open one."""

from typing import Any

from rich.table import Table

from cli.client import Client
from cli.say import out


def open_home(client: Client, home: str, names: dict[str, str | None], time_zone: str, language: str) -> Any:  # noqa: ANN401
    """Open a home; return its receipt. Raises `CannotGoOn` with what to do where it cannot be opened so."""
    name = {each: text for each, text in names.items() if text is not None} or {"id": home.replace("-", " ").title()}
    data = {"name": name, "time_zone": time_zone, "language": language}
    return client.post("/ingest/v1/homes", {"home": home, "data": data})[1]


def read_homes(client: Client, home: str | None) -> list[dict[str, Any]]:
    """Return one's own home, another, or `all`, as the rules allow."""
    items: list[dict[str, Any]] = client.get("/ingest/v1/homes", {"home": home})["items"]
    return items


def print_homes(homes: list[dict[str, Any]]) -> None:
    """Print the homes for people."""
    table = Table(title="Homes", title_justify="left")
    for name in ("home", "name", "time zone", "language", "open to the public"):
        table.add_column(name)
    for each in homes:
        name = each["name"].get(each["language"]) or next(iter(each["name"].values()))
        table.add_row(each["home"], name, each["time_zone"], each["language"], "yes" if each["released"] else "no")
    out.print(table)
