"""IATI: what is known of aid, in the standard's form; what is not known is not made up."""

import os
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from lxml import etree

from services.reports.render.as_iati import render_iati
from services.reports.report import Report
from shared.wire.problems import Fault
from tests.support.report_values import a_report

ID, OTHER = "0f8fad5b-d9cb-469f-a165-70867728950e", "7c9e6679-7425-40de-944b-e07fc1f90ae7"
SCHEMAS = os.environ.get("KEMBAR_IATI_SCHEMAS")
XML_LANG = """<xsd:schema xmlns:xsd="http://www.w3.org/2001/XMLSchema"
    targetNamespace="http://www.w3.org/XML/1998/namespace"><xsd:attribute name="lang" type="xsd:language"/></xsd:schema>"""
IN_ORDER = (
    *("iati-identifier", "reporting-org", "title", "description", "participating-org", "activity-status"),
    *("activity-date", "recipient-country", "sector", "transaction"),
)


def aid(**changes) -> dict:
    facts = {
        "id": ID,
        "partnership": "seoul",
        "indicator": "aid",
        "occurred": "2019-05-22",
        "effective": "2019-05-22",
        "direction": "inbound",
        "outcome": "held",
        "title": {"id": "Hibah ambulans", "en": "Ambulances given"},
        **changes,
    }
    return {name: value for name, value in facts.items() if value is not None}


def told(*activities, home=None) -> Report:
    data = {
        "home": home or {"name": {"id": "Jakarta"}, "country": "ID", "organisation": "ID-KDN-31"},
        "activities": list(activities),
        "partnerships": [{"partnership": "seoul", "name": {"en": "Seoul"}, "country": "KR", "issue_basis": "traffic"}],
    }
    return replace(a_report(), kind="aid", data=data)


def read(*activities, **more):
    return etree.fromstring(render_iati(told(*activities, **more)))


def values(tree, path):
    return [str(each) for each in tree.xpath(path)]


def test_an_activity_says_who_what_when_and_where():
    tree = read(aid())
    assert values(tree, "/iati-activities/@version") == ["2.03"]
    assert values(tree, "//iati-identifier/text()") == [f"ID-KDN-31-{ID}"]
    assert values(tree, "//reporting-org/@ref | //reporting-org/@type") == ["ID-KDN-31", "11"]
    assert values(tree, "//title/narrative/text()") == ["Hibah ambulans", "Ambulances given"]
    assert values(tree, "//title/narrative/@xml:lang") == ["id", "en"]
    assert values(tree, "//description/narrative/text()") == ["Hibah ambulans", "Ambulances given"]
    assert values(tree, "//sector/@vocabulary | //sector/@code") == ["99", "traffic"]


@pytest.mark.parametrize(
    ("direction", "gives", "receives", "countries"),
    [
        ("inbound", ["Seoul"], ["Jakarta"], ["ID"]),
        ("outbound", ["Jakarta"], ["Seoul"], ["KR"]),
        ("mutual", ["Jakarta", "Seoul"], ["Jakarta", "Seoul"], ["ID", "KR"]),
    ],
)
def test_the_direction_says_who_gives_who_receives_and_where_it_goes(direction, gives, receives, countries):
    tree = read(aid(direction=direction))
    assert values(tree, "//participating-org[@role='1']/narrative/text()") == gives
    assert values(tree, "//participating-org[@role='4']/narrative/text()") == receives
    assert values(tree, "//recipient-country/@code") == countries
    assert sum(float(each) for each in values(tree, "//recipient-country/@percentage") or ["100"]) == 100


def test_a_home_that_says_no_country_and_no_identifier_gets_none_made_up_but_one_that_says_so():
    tree = read(aid(), home={"name": {"en": "Jakarta"}})
    assert values(tree, "//recipient-country") == []
    assert values(tree, "//reporting-org/@ref") == ["XI-KEMBAR-jakarta"]


@pytest.mark.parametrize(
    ("facts", "dates", "is_said"),
    [
        ({"occurred": "2019-05-22"}, [("2", "2019-05-22"), ("4", "2019-05-22")], False),
        ({"occurred": "2019", "effective": "2019-12-31"}, [("2", "2019-01-01"), ("4", "2019-12-31")], True),
        ({"occurred": "2019-05", "effective": "2019-05-31"}, [("2", "2019-05-01"), ("4", "2019-05-31")], True),
        (
            {"occurred": "2019-05-22/2019-05-28", "effective": "2019-05-28"},
            [("2", "2019-05-22"), ("4", "2019-05-28")],
            False,
        ),
        ({"occurred": "2020", "effective": "2020-03-02"}, [("2", "2020-01-01"), ("4", "2020-03-02")], True),
        ({"occurred": "2021", "outcome": "planned"}, [("1", "2021-01-01"), ("3", "2021-12-31")], True),
    ],
    ids=["day", "year", "month", "days", "stated within the year", "planned"],
)
def test_a_date_is_as_precise_as_it_is_known(facts, dates, is_said):
    tree = read(aid(**facts))
    found = [(each.get("type"), each.get("iso-date")) for each in tree.iter("activity-date")]
    assert found == dates
    said = values(tree, "//activity-date/narrative/text()")
    assert bool(said) is is_said
    if is_said:
        assert len(said) == 4
        assert said[1].startswith("Only this is known of the date: ")


@pytest.mark.parametrize(
    ("outcome", "status"), [("held", "4"), ("planned", "1"), ("declined", "5"), ("postponed", "6")]
)
def test_the_outcome_is_the_status(outcome, status):
    assert values(read(aid(outcome=outcome)), "//activity-status/@code") == [status]


def test_a_value_is_a_transaction_once_it_was_given():
    tree = read(aid(value=1_250_000_000.5, currency="IDR"))
    assert values(tree, "//transaction/transaction-type/@code") == ["1"]
    assert values(tree, "//transaction/value/text()") == ["1250000000.5"]
    assert values(tree, "//transaction/value/@currency | //transaction/value/@value-date") == ["IDR", "2019-05-22"]
    assert values(tree, "//provider-org/narrative/text() | //receiver-org/narrative/text()") == ["Seoul", "Jakarta"]
    assert values(read(aid(direction="outbound", value=1e21, currency="JPY")), "//value/text()") == [str(10**21)]
    assert values(read(aid(outcome="planned", value=5, currency="IDR")), "//transaction") == []


def test_humanitarian_aid_says_so():
    assert values(read(aid(fields=["Bantuan kemanusiaan"])), "//@humanitarian") == ["1"]
    assert values(read(aid(fields=["Kesehatan"])), "//@humanitarian") == []


def test_what_nobody_knows_the_outcome_of_is_left_out_and_nothing_at_all_is_a_clear_error():
    assert values(read(aid(), aid(id=OTHER, outcome="unknown")), "//iati-identifier/text()") == [f"ID-KDN-31-{ID}"]
    with pytest.raises(Fault) as refused:
        render_iati(told(aid(outcome="unknown")))
    assert refused.value.problem.kind == "nothing-to-tell"
    with pytest.raises(Fault) as refused:
        render_iati(a_report())
    assert refused.value.problem.kind == "no-such-format"


def everything() -> list[dict]:
    return [
        aid(id=f"{index:08d}{ID[8:]}", direction=direction, outcome=outcome, occurred=occurred, **more)
        for index, (direction, outcome, occurred, more) in enumerate(
            (direction, outcome, occurred, more)
            for direction in ("inbound", "outbound", "mutual")
            for outcome in ("held", "planned", "declined", "postponed")
            for occurred in ("2019", "2019-04", "2019-05-20/2019-05-22")
            for more in (
                {"value": 1e-7, "currency": "EUR", "fields": ["humanitarian aid"]},
                {"title": {"id": "<b>&\x07\u202e"}, "description": {"en": "Two\nlines"}},
            )
        )
    ]


def test_parts_stand_in_the_order_of_the_schema_each_with_what_it_must_have():
    tree = read(*everything())
    assert len(tree) == 72
    for activity in tree:
        places = [IN_ORDER.index(part.tag) for part in activity]
        assert places == sorted(places)
        assert set(IN_ORDER[:7]) <= {part.tag for part in activity}
        assert activity.findtext("iati-identifier").startswith(activity.find("reporting-org").get("ref"))
        assert all(each.text for each in activity.iter("narrative"))
        for each in activity.iter("activity-date", "transaction-date"):
            assert date.fromisoformat(each.get("iso-date"))
        assert all("e" not in each.text.lower() for each in activity.iter("value"))


@pytest.mark.skipif(
    SCHEMAS is None, reason="the schemas are not part of the project: KEMBAR_IATI_SCHEMAS names their folder"
)
def test_it_is_valid_against_the_schemas_of_the_standard():
    class WithXmlLang(etree.Resolver):
        def resolve(self, url, _id, context):
            return self.resolve_string(XML_LANG, context) if url.endswith("xml.xsd") else None

    parser = etree.XMLParser()
    parser.resolvers.add(WithXmlLang())
    schema = etree.XMLSchema(etree.parse(str(Path(str(SCHEMAS)) / "iati-activities-schema.xsd"), parser))
    for activities in ([aid()], everything()):
        assert schema.validate(read(*activities)), schema.error_log
    broken = read(aid())
    broken[0].remove(broken[0].find("title"))
    assert not schema.validate(broken)
