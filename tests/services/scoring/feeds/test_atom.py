"""An Atom feed holds the newest alerts, its archives all before them, and an independent reader reads both."""

from datetime import UTC, datetime, timedelta
from uuid import UUID
from xml.etree import ElementTree

import feedparser
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.scoring.feeds.atom import ATOM, ENTRIES, Feed, FeedEntry, pages_of, write_feed

BEGAN = datetime(2026, 3, 1, tzinfo=UTC)


def an_entry(number: int = 1, **changes) -> FeedEntry:
    values = {
        "alert": UUID(int=number),
        "raised_at": BEGAN + timedelta(minutes=number),
        "kind": "dormant",
        "partnership": "hanoi",
        "title": "Hanoi has fallen silent",
        "html": "<p>Since <b>2024</b></p>",
        "address": "https://kembar.example/partnerships/hanoi?on=2026-03-01&known=2026-03-01T00:00:00Z",
    }
    return FeedEntry(**values | changes)


def a_feed(*entries: FeedEntry, **changes) -> Feed:
    values = {
        "home": "jakarta",
        "name": "alerts/en/all",
        "title": "Kembar: alerts",
        "author": "Jakarta",
        "language": "en",
        "links": [("self", "https://kembar.example/feeds/jakarta/alerts.atom?lang=en&kinds=dormant")],
        "is_archive": False,
        "entries": entries,
    }
    return Feed(**values | changes)


def read(feed: Feed):
    parsed = feedparser.parse(write_feed(feed), sanitize_html=False)
    assert not parsed.bozo, parsed.bozo_exception
    assert parsed.version == "atom10"
    return parsed


def test_what_is_written_is_read_the_newest_first():
    parsed = read(a_feed(*map(an_entry, (1, 3, 2))))

    assert [each.id for each in parsed.entries] == [f"tag:kembar,2026:jakarta/alerts/{UUID(int=n)}" for n in (3, 2, 1)]
    assert parsed.feed.updated_parsed[:5] == (2026, 3, 1, 0, 3)
    assert parsed.entries[0].content[0].value == "<p>Since <b>2024</b></p>"
    assert parsed.entries[0].content[0].type == "text/html"
    assert parsed.entries[0].link.endswith("known=2026-03-01T00:00:00Z")
    assert [each.term for each in parsed.entries[0].tags] == ["dormant", "hanoi"]


def test_a_feed_without_alerts_is_a_feed():
    assert read(a_feed()).entries == []


def test_only_an_archive_says_that_it_is_one():
    assert b"history/1.0" not in write_feed(a_feed(an_entry()))
    assert b"<fh:archive" in write_feed(a_feed(an_entry(), is_archive=True))


@given(st.text())
def test_whatever_stands_in_a_name_or_a_message_is_text(text):
    written = ElementTree.fromstring(write_feed(a_feed(an_entry(title=text, html=text))))

    said = "".join(each for each in text if each in "\t\n\r" or (ord(each) >= 32 and ord(each) not in (0xFFFE, 0xFFFF)))
    entry = written.find(f"{{{ATOM}}}entry")
    for name in ("title", "content"):
        assert (entry.findtext(f"{{{ATOM}}}{name}") or "").split() == said.split()


@pytest.mark.parametrize("said", ["<script>alert(1)</script>", "]]>", "&lt;", '"><link rel="self" href="x"/>'])
def test_nothing_that_people_wrote_is_read_as_a_part_of_the_feed(said):
    parsed = read(a_feed(an_entry(title=said), title=said, author=said))

    assert parsed.entries[0].title == said
    assert len(parsed.entries[0].links) == 1
    assert len(parsed.feed.links) == 1


@given(st.integers(0, 400))
def test_whoever_follows_the_archives_reads_every_alert(count):
    alerts = list(range(count))
    feed = pages_of(count, None)
    read_so_far, before = set(alerts[feed.first :][: feed.most]), feed.before
    while before is not None:
        archive = pages_of(count, before)
        read_so_far |= set(alerts[archive.first :][: archive.most])
        before = archive.before

    assert read_so_far == set(alerts)


@given(st.integers(0, 400), st.integers(0, 400), st.integers(1, 9))
def test_an_archive_holds_the_same_however_many_come_later(count, more, number):
    now, later = pages_of(count, number), pages_of(count + more, number)

    if now is not None:
        assert (now.first, now.most, now.before) == (later.first, later.most, later.before)
        assert now.first + ENTRIES <= count
