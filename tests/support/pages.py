"""What tests read out of pages."""

import re
from datetime import datetime
from html.parser import HTMLParser
from urllib.parse import urlencode


def links_in(html: str) -> list[str]:
    """Return where links and forms of a page lead within the site, but for those that are there to leave the past."""
    reader = _Links()
    reader.feed(html)
    return reader.found


def times_in(text: str) -> list[datetime]:
    """Return all moments that are written as data."""
    return [datetime.fromisoformat(each) for each in re.findall(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z", text)]


class _Links(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self._action: str | None = None
        self._hidden: dict[str, str] = {}
        self._in_control = 0
        self._sets_clocks = False

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attributes}
        if tag == "details":
            self._in_control += values.get("id") == "time"
        href = values.get("href", "")
        if tag == "a" and href.startswith("/") and not self._in_control and "data-back" not in values:
            self.found.append(href)
        if tag == "form":
            self._action, self._hidden = values.get("action"), {}
            self._sets_clocks = "data-clocks" in values
        if tag == "input" and values.get("type") == "hidden":
            self._hidden[values["name"]] = values["value"]

    def handle_endtag(self, tag: str) -> None:
        if tag == "details" and self._in_control:
            self._in_control = 0
        if tag == "form" and self._action and not self._in_control and not self._sets_clocks:
            self.found.append(f"{self._action}?{urlencode(self._hidden)}")
