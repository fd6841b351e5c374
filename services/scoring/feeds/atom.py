"""Alerts as an Atom feed (RFC 4287), the older ones in archives that stay as they are (RFC 5005). Pure.

An archive holds fifty alerts, counted from the first one on, so that its address always leads to the same fifty. The feed
itself holds the newest fifty; whoever follows `prev-archive` from it misses none.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID
from xml.etree import ElementTree  # only ever written with: nothing that others sent is read by it

ENTRIES = 50
ATOM, HISTORY = "http://www.w3.org/2005/Atom", "http://purl.org/syndication/history/1.0"
BEGUN = 2026
"""The year in the ids (RFC 4151): they are Kembar's own, whatever address people reach it by."""
EMPTY_SINCE = datetime(1970, 1, 1, tzinfo=UTC)
ElementTree.register_namespace("", ATOM)
ElementTree.register_namespace("fh", HISTORY)


@dataclass(frozen=True, slots=True)
class Pages:
    """Which alerts a document holds: `most` after the first `first`; and the archives before and after it.

    `archive` is its own number, counted from 1, None for the feed itself.
    """

    archive: int | None
    first: int
    most: int
    before: int | None
    after: int | None


def pages_of(count: int, archive: int | None) -> Pages | None:
    """Return which of so many alerts stand in the feed, or in one of its archives; None where there is no such archive.

    Only what is full is an archive.
    """
    full = count // ENTRIES
    if archive is None:
        first = max(0, count - ENTRIES)
        return Pages(None, first, ENTRIES, full if first > 0 else None, None)
    if not 1 <= archive <= full:
        return None
    before = archive - 1 if archive > 1 else None
    return Pages(archive, (archive - 1) * ENTRIES, ENTRIES, before, archive + 1 if archive < full else None)


@dataclass(frozen=True, slots=True)
class FeedEntry:
    """An alert in a feed: `html` is what it says, `address` the page as of its moment."""

    alert: UUID
    raised_at: datetime
    kind: str
    partnership: str
    title: str
    html: str
    address: str


@dataclass(frozen=True, slots=True)
class Feed:
    """A document of a feed. `name` is what it is about in its id, `links` its addresses by relation."""

    home: str
    name: str
    title: str
    author: str
    language: str
    links: Sequence[tuple[str, str]]
    is_archive: bool
    entries: Sequence[FeedEntry]

    @property
    def updated(self) -> datetime:
        """When the newest of its alerts was raised; long ago where it has none."""
        return max((each.raised_at for each in self.entries), default=EMPTY_SINCE)


def write_feed(feed: Feed) -> bytes:
    """Return a feed as XML, the newest alert first."""
    root = ElementTree.Element(_atom("feed"), {"xml:lang": feed.language})
    _text(root, "id", f"tag:kembar,{BEGUN}:{feed.home}/{feed.name}")
    _text(root, "title", feed.title)
    _text(root, "updated", _moment(feed.updated))
    _text(ElementTree.SubElement(root, _atom("author")), "name", feed.author)
    _text(root, "generator", "Kembar")
    for relation, address in feed.links:
        media_type = "text/html" if relation == "alternate" else "application/atom+xml"
        ElementTree.SubElement(root, _atom("link"), {"rel": relation, "href": address, "type": media_type})
    if feed.is_archive:
        ElementTree.SubElement(root, f"{{{HISTORY}}}archive")
    for entry in sorted(feed.entries, key=lambda each: (each.raised_at, each.alert), reverse=True):
        _write_entry(root, feed, entry)
    content: bytes = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
    return content


def _write_entry(root: ElementTree.Element, feed: Feed, entry: FeedEntry) -> None:
    written = ElementTree.SubElement(root, _atom("entry"))
    _text(written, "id", f"tag:kembar,{BEGUN}:{feed.home}/alerts/{entry.alert}")
    _text(written, "title", entry.title)
    _text(written, "published", _moment(entry.raised_at))
    _text(written, "updated", _moment(entry.raised_at))
    for term in (entry.kind, entry.partnership):
        ElementTree.SubElement(written, _atom("category"), {"term": term})
    page = {"rel": "alternate", "href": entry.address, "type": "text/html"}
    ElementTree.SubElement(written, _atom("link"), page)
    _text(written, "content", entry.html).set("type", "html")


def _atom(name: str) -> str:
    return f"{{{ATOM}}}{name}"


def _text(parent: ElementTree.Element, name: str, text: str) -> ElementTree.Element:
    written = ElementTree.SubElement(parent, _atom(name))
    written.text = "".join(each for each in text if _is_allowed(each))
    return written


def _is_allowed(character: str) -> bool:
    """Say whether XML 1.0 can hold a character at all; the writer escapes what it must, and leaves these as they are."""
    code = ord(character)
    return character in "\t\n\r" or 0x20 <= code <= 0xD7FF or 0xE000 <= code <= 0xFFFD or code >= 0x10000


def _moment(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
