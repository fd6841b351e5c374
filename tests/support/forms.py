"""Forms as a browser without scripts fills them in: read the page, type, send, follow."""

import html
import re
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

import httpx

from tests.support.installation import Installation


@dataclass
class FormOnPage:
    """A form: where it is sent, what stands in it, which of its fields are required, and its choices."""

    action: str
    method: str = "get"
    values: dict[str, list[str]] = field(default_factory=dict)
    required: set[str] = field(default_factory=set)
    choices: dict[str, list[str]] = field(default_factory=dict)
    hidden: set[str] = field(default_factory=set)

    @property
    def to_fill_in(self) -> list[str]:
        """The required fields in which nothing stands."""
        return sorted(name for name in self.required if not any(self.values.get(name, [])))


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[FormOnPage] = []
        self._select: str | None = None
        self._area: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = dict(attrs)
        name, value = said.get("name"), said.get("value") or ""
        if tag == "form":
            self.forms.append(FormOnPage(said.get("action") or "", said.get("method") or "get"))
        if not self.forms:
            return
        form = self.forms[-1]
        if tag == "option" and self._select is not None:
            form.choices.setdefault(self._select, []).append(value)
            if "selected" in said or (not form.values.get(self._select) and not value):
                form.values[self._select] = [value]
        if name is None or tag not in ("input", "select", "textarea"):
            return
        if "required" in said:
            form.required.add(name)
        if tag == "select":
            self._select = name
        elif tag == "textarea":
            self._area = name
            form.values[name] = [""]
        elif said.get("type") in ("radio", "checkbox"):
            form.choices.setdefault(name, []).append(value)
            if "checked" in said:
                form.values.setdefault(name, []).append(value)
        else:
            form.values.setdefault(name, []).append(value)
            if said.get("type") == "hidden":
                form.hidden.add(name)

    def handle_data(self, data: str) -> None:
        if self._area is not None:
            self.forms[-1].values[self._area][0] += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "select":
            self._select = None
        if tag == "textarea":
            values = self.forms[-1].values
            values[self._area] = [values[self._area][0].removeprefix("\n")]
            self._area = None


def forms_on(page: str, method: str = "post") -> list[FormOnPage]:
    """The forms of a page that are sent by this method."""
    reader = _Reader()
    reader.feed(page)
    return [each for each in reader.forms if each.method == method]


@dataclass
class Clerk:
    """Somebody of a role, who uses pages as a browser without scripts does."""

    installation: Installation
    role: str | None = "bureau"
    site: str = "same-origin"
    token: str | None = None

    def _headers(self) -> dict[str, str]:
        headers = {"Sec-Fetch-Site": self.site, "Kembar-Min-Position": str(self.installation.last_position)}
        token = self.token or (self.installation.tokens[self.role] if self.role else None)
        return headers | ({"Authorization": f"Bearer {token}"} if token else {})

    async def get(self, path: str, **asked: str) -> httpx.Response:
        return await self.installation.http.get(path, params=asked or None, headers=self._headers())

    async def send(self, path: str, **fields: Any) -> httpx.Response:
        """Send a form with these fields; names with dots are written with two underscores."""
        data = {name.replace("__", "."): value for name, value in fields.items()}
        return await self.installation.http.post(path, data=data, headers=self._headers())

    async def fill_in(self, page: httpx.Response, number: int = 0, **typed: Any) -> httpx.Response:
        """Fill in one of the forms of a page, and send it as it then stands."""
        form = forms_on(page.text)[number]
        values = {name: values if len(values) > 1 else values[0] for name, values in form.values.items() if values}
        values |= {name.replace("__", "."): value for name, value in typed.items()}
        return await self.installation.http.post(form.action, data=values, headers=self._headers())

    async def store(self, checked: httpx.Response) -> httpx.Response:
        """Send what a check page shows; return the page of the receipt, or what keeps it from being stored."""
        assert checked.status_code in (200, 409), checked.text
        answer = await self.fill_in(checked)
        if answer.status_code != 303:
            return answer
        receipt = await self.get(answer.headers["location"])
        position = re.search(r"position=(\d+)", answer.headers["location"])
        assert position
        self.installation.last_position = max(self.installation.last_position, int(position[1]))
        return receipt


def text_of(page: httpx.Response) -> str:
    """What a page says, without its tags, in single spaces."""
    main = page.text.partition("<main")[2].partition(">")[2].partition("</main>")[0]
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", main)).split())
