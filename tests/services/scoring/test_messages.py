"""Alerts read right in both languages, and what people wrote can do nothing in them."""

import re
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from services.scoring.alert_document import alert_document
from services.scoring.messages import digest_of, message_of, subject_of
from services.scoring.standing import HeldFacts, Standing
from services.scoring.watches import Watches
from shared.domain.amend import Partnership
from shared.domain.codes import Direction, Indicator, Mode
from shared.domain.events import PartnershipFacts
from shared.words.words import LANGUAGES, Words
from tests.support.build import a_fact, an_activity, an_event, an_id

PUBLIC = "https://kembar.example/"
END = "https://kembar.example/end/7?key=a&b"
TITLE = {"id": "Kunjungan wali kota", "en": "The mayor visits"}
PAGE = "https://kembar.example/partnerships/hanoi?on={0}&known={0}T09:00:00.000000Z&home=jakarta"


def documents(*steps: tuple[str, list[Any]], name: dict[str, str] | None = None, title: Any = TITLE) -> list[Any]:
    """The documents of the alerts that a partnership gives on days closed, each with the facts that are known by then."""
    facts = PartnershipFacts(name=name or {"id": "Hanoi"}, level="city", country="VN", mou_date=date(2004, 6, 1))
    standing, watches = Standing({"hanoi": Partnership("hanoi", facts)}, [], None), Watches(None)
    found: dict[str, Any] = {}
    for number, (day, known) in enumerate(steps):
        on = date.fromisoformat(day)
        closed = {"day": (on - timedelta(days=1)).isoformat()}
        events = (
            [("day.closed", closed)] if number == 0 else [("day.closed", closed), ("activity.recorded", an_activity())]
        )
        for position, (kind, data) in enumerate(events, 2 * number + 1):
            event = an_event(kind, data, position=position, recorded_on=on)
            if number == 0 or kind != "day.closed":
                standing.facts["hanoi"] = HeldFacts(known)
            list(standing.take(event, [], []))
            list(watches.take(event, [], [], standing))
            raised = watches.look(event, "hanoi", standing)
            for each in raised.alerts if raised else ():
                found[str(each.id)] = alert_document(each, raised, title, found.get(str(each.about)))
    return list(found.values())


def one(kind: str, rule: str, *steps: tuple[str, list[Any]], **more: Any) -> Any:
    return [each for each in documents(*steps, **more) if (each["kind"], each["rule"]) == (kind, rule)][-1]


def a_letter(on: str, direction: Direction = Direction.INBOUND) -> Any:
    return a_fact(activity=an_id(1), on=date.fromisoformat(on), indicator=Indicator.CONTACT, direction=direction)


VISIT = a_fact(activity=an_id(2), on=date(2019, 5, 22))
EVENT = a_fact(
    activity=an_id(3),
    on=date(2017, 3, 1),
    indicator=Indicator.JOINT_EVENT,
    direction=Direction.MUTUAL,
    mode=Mode.ONLINE,
)
KINDS = {
    "rating_fell": one("rating_fell", "rating", ("2020-12-31", [VISIT, EVENT]), ("2021-03-01", [VISIT, EVENT])),
    "rating_rose": one(
        "rating_rose",
        "rating",
        ("2021-03-01", [VISIT]),
        ("2021-03-02", [VISIT, a_letter("2021-03-01", Direction.MUTUAL)]),
    ),
    "will_fall": one("will_fall", "fall", ("2023-04-22", [VISIT])),
    "dormant": one("dormant", "dormancy", ("2021-05-22", [VISIT])),
    "own_silence": one("dormant", "silence", ("2019-06-22", [VISIT])),
    "never_active": one("dormant", "dormancy", ("2020-01-01", [])),
    "revived": one("revived", "dormancy", ("2021-05-22", [VISIT]), ("2021-06-01", [VISIT, a_letter("2021-05-30")])),
    "withdrawn": one(
        "withdrawn", "withdrawn/dormancy", ("2021-05-22", [VISIT]), ("2021-06-01", [VISIT, a_letter("2021-05-01")])
    ),
}
SECTIONS = re.split(
    r"^=== (\w+) (\w+)\n", Path(__file__).with_name("messages.txt").read_text("utf-8"), flags=re.MULTILINE
)[1:]
SAID = {(kind, language): text for kind, language, text in zip(*[iter(SECTIONS)] * 3, strict=True)}
HOSTILE = "Surat\r\nBcc: x@evil.example\u202egnp.exe <img src=x onerror=alert(1)>&\u2028\u200b\x00%(day)s {0}"


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", KINDS)
def test_a_message_reads_right(kind, language):
    message = message_of(KINDS[kind], Words(language), PUBLIC, END)

    *told, page, end = message.plain.split("\n\n")
    assert "\n\n".join([message.subject, *told, ""]) == SAID[kind, language].rstrip() + "\n\n"
    assert page == f"{Words(language).say('The page as of that moment')}: {PAGE.format(KINDS[kind]['on'])}"
    assert end == f"{Words(language).say('End these messages')}: {END}\n"
    assert subject_of(KINDS[kind], Words(language)) == message.subject


@pytest.mark.parametrize("kind", KINDS)
def test_the_markup_says_what_the_plain_text_says(kind):
    message = message_of(KINDS[kind], Words("en"), PUBLIC, END)

    root = ElementTree.fromstring(message.html)
    paragraphs = ["".join(each.itertext()) for each in root.iter("p")]
    links = [each.attrib["href"] for each in root.iter("a")]
    *told, _, _ = message.plain.split("\n\n")
    assert paragraphs == [*told, "The page as of that moment", "End these messages"]
    assert links == [PAGE.format(KINDS[kind]["on"]), END]
    assert {each.tag for each in root.iter()} == {"html", "head", "meta", "title", "body", "p", "bdi", "a"}


@pytest.mark.parametrize("kind", ["rating_fell", "withdrawn"])
def test_what_people_wrote_can_do_nothing(kind):
    document = KINDS[kind] | {"name": {"id": HOSTILE}}
    document["last_activity"] = document["last_activity"] | {"title": {"en": HOSTILE}}
    if document["withdraws"]:
        document["withdraws"] = document["withdraws"] | {"name": {"id": HOSTILE}}

    message = message_of(document, Words("id"), PUBLIC, END)

    harmless = "Surat Bcc: x@evil.examplegnp.exe <img src=x onerror=alert(1)>& %(day)s {0}"
    assert harmless in message.plain
    assert "\n" not in message.subject
    assert not set("\r\u202e\u2028\u200b\x00") & set(message.subject + message.plain + message.html)
    root = ElementTree.fromstring(message.html)
    assert {"".join(each.itertext()) for each in root.iter("bdi")} >= {harmless}
    assert not list(root.iter("img"))


def test_a_subject_is_short():
    message = message_of(KINDS["rating_fell"] | {"name": {"id": "Kota " * 60}}, Words("id"), PUBLIC)

    assert len(message.subject) <= 150
    assert message.subject.endswith("…")


def test_a_digest_tells_the_news_of_each_in_order():
    chosen = [KINDS["dormant"], KINDS["will_fall"] | {"name": {"id": "Tokyo"}}]

    digest = digest_of(chosen, Words("en"), PUBLIC, END)

    assert digest.subject == "Alerts about Hanoi and Tokyo"
    news = [message_of(each, Words("en"), PUBLIC).plain.split("\n\n")[0] for each in chosen]
    assert digest.plain.split("\n\n")[::2] == [*news, f"End these messages: {END}\n"]
    many = [KINDS["dormant"] | {"name": {"id": f"Kota {number}"}} for number in range(9)]
    assert digest_of(many, Words("id"), PUBLIC).subject == "Peringatan tentang Kota 0, Kota 1, Kota 2 dan lainnya"


def test_a_partnership_without_activity_and_memorandum_can_be_told_of():
    document = KINDS["never_active"] | {"silent_since": None}

    assert "Belum ada kegiatan yang tercatat.\n" in message_of(document, Words("id"), PUBLIC).plain
