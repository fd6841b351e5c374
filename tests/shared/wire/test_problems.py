"""Findings name the field and the remedy; a problem document says both."""

from typing import Any

import pytest
from pydantic import BaseModel, ValidationError

from shared.domain.events import EVENT_TYPES
from shared.wire.problems import Fault, Finding, Problem, findings_of
from tests.support.build import a_partnership, an_activity

HASH = "sha256:" + "0f" * 32


def _findings(model: type[BaseModel], data: dict[str, Any]) -> tuple[Finding, ...]:
    with pytest.raises(ValidationError) as refused:
        model.model_validate(data)
    return findings_of(refused.value, under="data", known_fields=list(model.model_fields))


def _activity(**wrong: Any) -> Finding:
    (finding,) = _findings(EVENT_TYPES["activity.recorded"], an_activity(**wrong))
    return finding


@pytest.mark.parametrize(
    ("wrong", "field", "problem", "remedy"),
    [
        (
            {"indicator": "lunch"},
            "data.indicator",
            "“lunch” is not a code for “indicator”.",
            "Use 'contact', 'document', 'visit', 'aid' or 'joint_event'.",
        ),
        (
            {"occured": "2019"},
            "data.occured",
            "“occured” is not a field of this event.",
            "Did you mean “occurred”?",
        ),
        (
            {"zzzz": 1},
            "data.zzzz",
            "“zzzz” is not a field of this event.",
            "Remove it, or look up the right name in the API's documentation.",
        ),
        (
            {"occurred": "2019-13"},
            "data.occurred",
            "“2019-13” has a month 13; months are 01 to 12.",
            "Write a year (2019), a month (2019-05), a day (2019-05-22) or an interval of two of these (2018/2019).",
        ),
        (
            {"occurred": "2019-02-29"},
            "data.occurred",
            "“2019-02-29” is not a day of the calendar: that month has 28 days.",
            "Correct the day.",
        ),
        (
            {"partnership": "New South Wales"},
            "data.partnership",
            "“New South Wales” does not have the form of “partnership”.",
            "Use lower-case letters, digits and single hyphens, such as new-south-wales.",
        ),
        (
            {"value": 5.0, "currency": "Rp"},
            "data.currency",
            "“Rp” does not have the form of “currency”.",
            "Use the three capital letters of ISO 4217, such as IDR.",
        ),
        (
            {"value": 5.0},
            "data",
            "`value` and `currency` go together.",
            "Give both or neither.",
        ),
        (
            {"title": {}},
            "data.title",
            "It has no text.",
            "Give `id` (Indonesian), `en` (English) or both.",
        ),
        (
            {"title": {"en": "x" * 301}},
            "data.title.en",
            "“en” is longer than 300 characters.",
            "Shorten it.",
        ),
        (
            {"title": {"en": "two\nlines"}},
            "data.title.en",
            "It must be one line.",
            "Replace line breaks and tabs by spaces.",
        ),
        (
            {"title": {"en": "bell\x07"}},
            "data.title.en",
            "It has a character that cannot be seen (U+0007).",
            "Remove it.",
        ),
        (
            {"evidence": [{"hash": "0f", "media_type": "application/pdf", "size": 1, "title": "Letter"}]},
            "data.evidence.0.hash",
            "“0f” does not have the form of “hash”.",
            "Use sha256: and 64 hexadecimal digits.",
        ),
        (
            {"participants": "forty"},
            "data.participants",
            "“participants” must be a whole number.",
            "Correct the value, or leave it out where it is not known.",
        ),
        (
            {"participants": -1},
            "data.participants",
            "“participants” is too small.",
            "Use 0 or more.",
        ),
        (
            {"participants": 10**9 + 1},
            "data.participants",
            "“participants” is too large.",
            "Use 1000000000 or less.",
        ),
        (
            {"actors": "school"},
            "data.actors",
            "“actors” must be a list.",
            "Correct the value, or leave it out where it is not known.",
        ),
        (
            {"actors": ["school"] * 21},
            "data.actors",
            "“actors” has more than 20 entries.",
            "Send fewer.",
        ),
        (
            {"actors": ["school", "mayor"]},
            "data.actors.1",
            "“mayor” is not a code for “actors 1”.",
            None,
        ),
        (
            {"place": ""},
            "data.place",
            "“place” is empty.",
            "Fill it in, or leave it out where it is not known.",
        ),
        (
            {"caused_by": "the letter"},
            "data.caused_by",
            "“caused_by” is not a UUID.",
            "Send the id as it stands in the receipt.",
        ),
    ],
)
def test_a_finding_names_the_field_and_the_remedy(wrong: dict[str, Any], field: str, problem: str, remedy: str | None):
    finding = _activity(**wrong)

    assert (finding.field, finding.problem) == (field, problem)
    assert finding.remedy == remedy if remedy is not None else finding.remedy.startswith("Use 'home_government', ")


def test_a_missing_field_is_named():
    without = {key: value for key, value in an_activity().items() if key != "outcome"}

    findings = _findings(EVENT_TYPES["activity.recorded"], without)

    assert findings == (Finding("data.outcome", "“outcome” is missing.", "Add “outcome”."),)


def test_a_missing_field_inside_a_value_is_named_with_its_path():
    finding = _activity(evidence=[{"hash": HASH, "media_type": "application/pdf", "size": 1}])

    assert finding == Finding("data.evidence.0.title", "“title” is missing.", "Add “title”.")


def test_every_error_is_a_finding():
    findings = _findings(EVENT_TYPES["partnership.registered"], a_partnership(country="vn", level="town", surprise=1))

    assert {each.field for each in findings} == {"data.country", "data.level", "data.surprise"}
    assert all(each.problem and each.remedy for each in findings)


def test_a_finding_quotes_no_more_than_the_beginning():
    findings = [_activity(partnership="X" * 5_000), _activity(**{"x" * 5_000: 1}), _activity(indicator="y" * 5_000)]

    assert all(len(each.problem) < 160 for each in findings)


def test_without_a_path_above_the_field_stands_alone():
    with pytest.raises(ValidationError) as refused:
        EVENT_TYPES["activity.recorded"].model_validate(an_activity(indicator="lunch"))

    assert [each.field for each in findings_of(refused.value)] == ["indicator"]


def test_a_problem_document_says_what_is_wrong_where_and_what_to_do():
    findings = (Finding("data.a", "A is wrong.", "Correct A."), Finding("data.b", "B is wrong.", "Correct B."))
    problem = Problem(422, "invalid", "It cannot be stored.", "Correct the fields.", findings)

    assert problem.document() == {
        "type": "/problems/invalid",
        "title": "It cannot be stored.",
        "status": 422,
        "detail": "A is wrong.",
        "remedy": "Correct the fields.",
        "errors": [
            {"field": "data.a", "problem": "A is wrong.", "remedy": "Correct A."},
            {"field": "data.b", "problem": "B is wrong.", "remedy": "Correct B."},
        ],
    }


def test_a_problem_without_findings_repeats_its_title_and_lists_no_errors():
    document = Problem(503, "behind", "Still reading.", "Send it again.", more={"ids": ["a"]}).document()

    assert document["detail"] == "Still reading."
    assert "errors" not in document
    assert document["ids"] == ["a"]


def test_a_fault_carries_its_problem():
    problem = Problem(503, "behind", "Still reading.", "Send it again.")

    fault = Fault(problem)

    assert fault.problem is problem
    assert str(fault) == "Still reading."
