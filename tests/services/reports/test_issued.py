"""What an issued report is: its id, and how it compares with the same made again."""

import json
import tomllib
from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from services.reports.issued import Issued, Made, comparison, differences_between, event_data, issued_id
from services.reports.render.formats import Format
from services.reports.versions import versions_of
from services.reports.weight import is_long
from shared.domain.events import ReportIssued
from shared.process.version import VERSION
from tests.house.project import ROOT

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.text("ab/~", max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("ab/~", max_size=2), inner, max_size=3),
    max_leaves=12,
)


def a_made(**changes) -> Made:
    values = {
        "question": {"kind": "ratings", "from": "2017-01-01", "to": "2020-12-31", "position": 7, "format": "pdf"},
        "position": 7,
        "content": b'{"score":1}',
        "raw": b"%PDF",
        "hash": "sha256:" + "1" * 64,
        "content_hash": "sha256:" + "2" * 64,
        "media_type": "application/pdf",
        "file_name": "ratings.pdf",
        "versions": {"kembar": "0.1.0"},
    }
    return Made(**values | changes)


def issued_as(made: Made, **changes) -> Issued:
    data = ReportIssued.model_validate(event_data(made))
    values = {
        "home": "jakarta",
        "event_id": UUID(int=1),
        "position": 9,
        "recorded_at": datetime(2026, 11, 21, tzinfo=UTC),
    }
    values |= {"author": "jakarta/issuer", "kind": data.kind, "partnership": None, "question": data.question}
    values |= {"made_at": data.position, "hash": data.hash, "content": data.content, "versions": data.versions}
    return Issued(**values | changes)


def found_at(value, pointer):
    """What stands at a JSON pointer; None where nothing does."""
    for step in pointer.split("/")[1:]:
        key = step.replace("~1", "/").replace("~0", "~")
        if isinstance(value, dict):
            value = value.get(key)
        elif isinstance(value, list) and key.isdigit() and int(key) < len(value):
            value = value[int(key)]
        else:
            return None
    return value


def test_the_id_is_that_of_home_question_and_bytes_whatever_the_order_of_keys():
    made = a_made()
    turned = replace(made, question=dict(reversed(made.question.items())))

    assert issued_id("jakarta", made) == issued_id("jakarta", turned)
    others = {
        issued_id("bandung", made),
        issued_id("jakarta", replace(made, hash="sha256:" + "3" * 64)),
        issued_id("jakarta", replace(made, question={**made.question, "position": 8})),
    }
    assert len(others | {issued_id("jakarta", made)}) == 4


def test_other_bytes_that_say_the_same_are_told_from_another_report():
    made = a_made()
    fixed = issued_as(made)
    rewritten = replace(made, hash="sha256:" + "4" * 64, versions={"kembar": "0.2.0"})
    another = replace(rewritten, content_hash="sha256:" + "5" * 64, content=b'{"score":2}')

    same, other, differing = (comparison(fixed, each, {"score": 1}) for each in (made, rewritten, another))

    assert [(each["same"], each["says_the_same"]) for each in (same, other, differing)] == [
        (True, True),
        (False, True),
        (False, False),
    ]
    assert other["versions_differ"] == ["kembar"]
    assert differing["differences"] == [{"at": "/score", "then": 1, "now": 2}]


def test_of_an_event_without_the_hash_of_its_json_nobody_can_say_what_it_said():
    made = a_made()
    answer = comparison(issued_as(made, content=None, hash="sha256:" + "6" * 64), made, None)

    assert (answer["same"], answer["says_the_same"], answer["differences"]) == (False, None, None)


@given(JSON, JSON)
def test_two_values_differ_exactly_where_they_are_said_to(then, now):
    places = differences_between(then, now, 10_000)

    assert all(found_at(then, each["at"]) == each["then"] for each in places)
    assert all(found_at(now, each["at"]) == each["now"] for each in places)
    if json.dumps(then, sort_keys=True) == json.dumps(now, sort_keys=True):
        assert places == []


@given(JSON)
def test_a_value_that_was_changed_in_one_place_differs_in_that(value):
    assert differences_between({"a": value, "b": 1}, {"a": value, "b": 2}, 5) == [{"at": "/b", "then": 1, "now": 2}]


def test_of_many_differences_the_first_are_named():
    assert len(differences_between(list(range(50)), list(range(1, 51)), 7)) == 7


def test_the_version_is_that_of_the_project():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())

    assert project["project"]["version"] == VERSION


def test_each_format_names_what_writes_it():
    assert {"kembar", "python", "babel"} <= versions_of("csv").keys()
    assert "typst" in versions_of("pdf")
    assert "xlsxwriter" in versions_of("xlsx")
    assert "docxtpl" in versions_of("docx")
    assert "typst" not in versions_of("json")


def test_what_is_quick_is_never_a_job_and_what_is_slow_is_one_when_there_is_much_of_it():
    assert not any(is_long(each, 22, 200) for each in Format)
    assert [each for each in Format if is_long(each, 1_000, 2_000)] == [Format.PDF, Format.DOCX]
    assert not any(is_long(each, 1_000, 1_000_000) for each in (Format.JSON, Format.CSV))
