"""Aid as an IATI 2.03 file, for those who publish or gather what is given: one `iati-activity` per aid activity.

The standard asks for days. Where only a year or a month is known, its first and its last day stand there, with a narrative
that says so. What the ledger does not know is left out, and so are activities of which nobody knows what came of them.
"""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from lxml import etree

from services.reports.report import Report
from services.reports.visible import one_line, visible
from shared.domain.codes import Direction, Outcome
from shared.domain.occurred import parse_occurred
from shared.wire.problems import Fault, Problem
from shared.words.dates import occurred_in_words
from shared.words.words import LANGUAGES, Words

VERSION = "2.03"
MADE_UP_REGISTER = "XI-KEMBAR"
"""Before the home's own short name: an identifier of the right form for a home that has none in a register."""
LANG = "{http://www.w3.org/XML/1998/namespace}lang"
STATUSES = {Outcome.HELD: "4", Outcome.PLANNED: "1", Outcome.DECLINED: "5", Outcome.POSTPONED: "6"}
"""ActivityStatus: closed, pipeline, cancelled, suspended."""
PLANNED_START, ACTUAL_START, PLANNED_END, ACTUAL_END = "1", "2", "3", "4"
FUNDING, IMPLEMENTING = "1", "4"
LOCAL_GOVERNMENT = "11"
GENERAL = "1"
INCOMING_FUNDS, DISBURSEMENT = "1", "3"
OWN_VOCABULARY = "99"
HUMANITARIAN = frozenset({"humanitarian aid", "humanitarian assistance", "bantuan kemanusiaan"})
"""Fields of cooperation that say that an activity is humanitarian aid."""
Facts = Mapping[str, Any]


def render_iati(report: Report) -> bytes:
    """Return the aid of a report of the kind `aid` as XML.

    Raises `Fault` (422) for another kind, and where there is no activity to tell of: the standard has no empty file.
    """
    if report.kind != "aid":
        raise Fault(_ONLY_AID)
    home = _Home(report)
    told = [each for each in report.data["activities"] if Outcome(each["outcome"]) in STATUSES]
    if not told:
        raise Fault(_NOTHING)
    root = etree.Element("iati-activities", {"version": VERSION, "generated-datetime": report.stands.known})
    partners = {each["partnership"]: each for each in report.data["partnerships"]}
    for each in told:
        root.append(_activity(each, partners[each["partnership"]], home))
    etree.indent(root)
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8")


class _Home:
    """The government that reports: its names, its identifier, its country where it says one."""

    def __init__(self, report: Report) -> None:
        facts: Facts = report.data["home"]
        self.names: Mapping[str, str] = facts["name"]
        self.country: str | None = facts.get("country")
        self.identifier: str = facts.get("organisation") or f"{MADE_UP_REGISTER}-{report.home}"
        self.language = report.language
        self.known = report.stands.known


def _activity(facts: Facts, partner: Facts, home: _Home) -> etree._Element:
    """Return one activity; the order of its parts is the schema's."""
    made = etree.Element("iati-activity", {LANG: home.language, "last-updated-datetime": home.known})
    if HUMANITARIAN & {each.casefold() for each in facts.get("fields", ())}:
        made.set("humanitarian", "1")
    _add(made, "iati-identifier").text = f"{home.identifier}-{facts['id']}"
    reporting = _add(made, "reporting-org", ref=home.identifier, type=LOCAL_GOVERNMENT)
    _narratives(reporting, home.names)
    _narratives(_add(made, "title"), facts["title"])
    _narratives(_add(made, "description", type=GENERAL), facts.get("description") or facts["title"])
    _participants(made, facts, partner, home)
    _add(made, "activity-status", code=STATUSES[Outcome(facts["outcome"])])
    _dates(made, facts)
    _countries(made, facts, partner, home)
    _sector(made, partner)
    _transaction(made, facts, partner, home)
    return made


def _participants(made: etree._Element, facts: Facts, partner: Facts, home: _Home) -> None:
    """Say who gave and who received; in what is mutual both did both. What else others did is not known."""
    direction = Direction(facts["direction"])
    for role, ours, theirs in (
        (FUNDING, direction is not Direction.INBOUND, direction is not Direction.OUTBOUND),
        (IMPLEMENTING, direction is not Direction.OUTBOUND, direction is not Direction.INBOUND),
    ):
        if ours:
            us = _add(made, "participating-org", ref=home.identifier, type=LOCAL_GOVERNMENT, role=role)
            _narratives(us, home.names)
        if theirs:
            _narratives(_add(made, "participating-org", type=LOCAL_GOVERNMENT, role=role), partner["name"])


def _dates(made: etree._Element, facts: Facts) -> None:
    first, last = _days(facts)
    is_held = facts["outcome"] == Outcome.HELD
    kinds = (ACTUAL_START, ACTUAL_END) if is_held else (PLANNED_START, PLANNED_END)
    for kind, day in zip(kinds, (first, last), strict=True):
        said = _add(made, "activity-date", {"type": kind, "iso-date": day.isoformat()})
        if not _is_to_the_day(facts["occurred"]):
            for language in LANGUAGES:
                known = occurred_in_words(facts["occurred"], language)
                _narrative(said, Words(language).say("Only this is known of the date: %(when)s", when=known), language)


def _days(facts: Facts) -> tuple[date, date]:
    """Return the first and the last day that it can have been on; what was held is over when it is stated."""
    occurred = parse_occurred(facts["occurred"])
    if facts["outcome"] != Outcome.HELD:
        return occurred.first, occurred.last
    effective = date.fromisoformat(facts["effective"])
    return min(occurred.first, effective), effective


def _is_to_the_day(occurred: str) -> bool:
    return all(len(part) == len("2019-05-22") for part in occurred.split("/"))


def _countries(made: etree._Element, facts: Facts, partner: Facts, home: _Home) -> None:
    """Say where aid went: to the partner's country, to the home's where it says it, to both in equal parts."""
    direction = Direction(facts["direction"])
    theirs = [partner["country"]] if direction is not Direction.INBOUND else []
    ours = [home.country] if direction is not Direction.OUTBOUND and home.country else []
    countries = list(dict.fromkeys([*ours, *theirs]))
    for each in countries:
        said = _add(made, "recipient-country", code=each)
        if len(countries) > 1:
            said.set("percentage", "50")


def _sector(made: etree._Element, partner: Facts) -> None:
    """Say which issue the partnership serves, in the home's own words: the ledger knows no purpose codes."""
    if partner.get("issue_basis"):
        said = _add(made, "sector", vocabulary=OWN_VOCABULARY, code=partner["issue_basis"])
        _narrative(said, partner["issue_basis"], "en")


def _transaction(made: etree._Element, facts: Facts, partner: Facts, home: _Home) -> None:
    """Say what was given where a value is known, and only of what was held: what is planned was not given."""
    if facts.get("value") is None or facts["outcome"] != Outcome.HELD:
        return
    is_received = facts["direction"] == Direction.INBOUND
    day = _days(facts)[1].isoformat()
    said = _add(made, "transaction")
    _add(said, "transaction-type", code=INCOMING_FUNDS if is_received else DISBURSEMENT)
    _add(said, "transaction-date", {"iso-date": day})
    value = _add(said, "value", {"currency": facts["currency"], "value-date": day})
    value.text = format(Decimal(repr(facts["value"])), "f")
    if facts["direction"] != Direction.MUTUAL:
        for tag, is_home in (("provider-org", not is_received), ("receiver-org", is_received)):
            named = {"ref": home.identifier} if is_home else {}
            _narratives(_add(said, tag, named, type=LOCAL_GOVERNMENT), home.names if is_home else partner["name"])


def _add(parent: etree._Element, tag: str, attributes: Mapping[str, str] | None = None, **more: str) -> etree._Element:
    return etree.SubElement(parent, tag, {**(attributes or {}), **more})


def _narratives(parent: etree._Element, texts: Mapping[str, str]) -> None:
    for language in LANGUAGES:
        if texts.get(language):
            _narrative(parent, texts[language], language)


def _narrative(parent: etree._Element, said: str, language: str) -> None:
    text = visible(said) if "\n" in said else one_line(said)
    _add(parent, "narrative", {LANG: language}).text = text


_ONLY_AID = Problem(
    422, "no-such-format", "Only aid is told as IATI (XML).", "Ask for the kind “aid”, or for another format."
)
_NOTHING = Problem(
    422,
    "nothing-to-tell",
    "No aid of which the outcome is known is in the period, and IATI has no empty file.",
    "Ask for a longer period, or for JSON, which says that there is none.",
)
