"""What is typed and what is kept are the same, in both languages; a slow loop says what is alike."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ingest.check import Likeness, Standing
from services.reports.posting.activity import changes_between, fields_of, read_activity, type_activity, with_changes
from services.reports.posting.effects import Effect, effect_in_words, history_with, planned_activity, standing_of
from services.reports.posting.rubric import NAMES, VALUES, read_rubric, type_rubric, weight_fields
from shared.domain.amend import correct
from shared.domain.cells import CELLS
from shared.domain.codes import Actor, Direction, Indicator, Initiator, Mode, Outcome
from shared.domain.events import ActivityFacts
from shared.domain.occurred import parse_occurred
from shared.domain.rating import rate
from shared.domain.rubric import JAKARTA_2020
from shared.words.words import LANGUAGES, Words
from tests.support.build import a_fact, a_history, a_rubric, an_activity

FIELDS = fields_of([("hanoi", "Hanoi")])
DAYS = st.dates(date(1900, 1, 1), date(2025, 12, 31))
LINES = st.text("abc XYZ,;“”<&>é", min_size=1, max_size=30).map(lambda text: " ".join(text.split())).filter(bool)


@st.composite
def dates(draw):
    first, last = sorted([draw(DAYS), draw(DAYS)])
    length = draw(st.sampled_from([4, 7, 10]))
    start, end = first.isoformat()[:length], last.isoformat()[:length]
    return draw(st.sampled_from([start, f"{start}/{end}"])) if start != end else start


@st.composite
def facts(draw):
    data = {
        "partnership": "hanoi",
        "indicator": draw(st.sampled_from(Indicator)).value,
        "occurred": draw(dates()),
        "direction": draw(st.sampled_from(Direction)).value,
        "outcome": draw(st.sampled_from(Outcome)).value,
        "mode": draw(st.sampled_from(Mode)).value,
        "title": draw(st.fixed_dictionaries({"id": LINES}, optional={"en": LINES})),
    }
    some = {
        "people_to_people": st.booleans(),
        "participants": st.integers(0, 10**9),
        "actors": st.lists(st.sampled_from([each.value for each in Actor]), unique=True, min_size=1),
        "initiator": st.sampled_from([each.value for each in Initiator]),
        "place": LINES,
        "fields": st.lists(st.sampled_from(["Education", "Health", "Flood"]), unique=True, min_size=1),
        "description": st.fixed_dictionaries({}, optional={"id": LINES, "en": LINES}).filter(bool),
    }
    for name, values in some.items():
        if draw(st.booleans()):
            data[name] = draw(values)
    if draw(st.booleans()):
        data |= {"value": draw(st.sampled_from([0, 12, 12.5])), "currency": "IDR"}
    return ActivityFacts.model_validate(data)


@given(facts(), st.sampled_from(LANGUAGES))
def test_an_activity_typed_into_the_form_and_read_again_is_the_same(known, language):
    data, problems = read_activity(FIELDS, type_activity(known, FIELDS, language), date(2026, 1, 1))

    assert problems == []
    assert ActivityFacts.model_validate(data) == known
    assert changes_between(known, data, FIELDS) == {}


@given(facts(), facts())
def test_a_correction_sends_what_changes_and_makes_of_the_old_the_new(before, after):
    changes = changes_between(before, after.model_dump(mode="json", exclude_none=True), FIELDS)

    corrected = correct(before, changes)
    assert corrected.model_dump(exclude_none=True) == after.model_dump(exclude_none=True)
    assert with_changes(before, changes) == after.model_dump(mode="json", exclude_none=True)
    assert all(before.model_dump(mode="json").get(name) != value for name, value in changes.items())


def test_documents_that_show_an_activity_are_added_to_and_never_lost():
    document = {"hash": f"sha256:{'a' * 64}", "media_type": "application/pdf", "size": 1, "title": "Letter"}
    before = ActivityFacts.model_validate(an_activity(evidence=[document]))
    read = type_activity(before, FIELDS, "en")

    untouched, _ = read_activity(FIELDS, read, date(2026, 1, 1))
    more = {
        "evidence.title": "Photo",
        "evidence.hash": "b" * 64,
        "evidence.media_type": "image/png",
        "evidence.size": "2",
    }
    added, _ = read_activity(FIELDS, read | more, date(2026, 1, 1))

    assert changes_between(before, untouched, FIELDS) == {}
    assert [each["title"] for each in changes_between(before, added, FIELDS)["evidence"]] == ["Letter", "Photo"]


@given(
    st.sampled_from([JAKARTA_2020, a_rubric(window_months=36, travel=False)]),
    st.dictionaries(st.sampled_from(CELLS), st.integers(0, 3), max_size=3),
)
def test_a_rubric_typed_into_the_form_and_read_again_rates_the_same(rubric, weights):
    words = Words("id")
    fields = [*NAMES, *VALUES, *weight_fields(words)]
    typed = type_rubric(rubric, fields, "id")
    typed |= {f"cells.{cell.indicator}.{cell.direction}.weight": str(weight) for cell, weight in weights.items()}

    data, problems = read_rubric(fields, typed | {"valid_from": "2027-01-01"})

    assert problems == []
    again = type(rubric).model_validate(data)
    assert {cell: again.weight(cell) for cell in CELLS} == {cell: weights.get(cell, 1) for cell in CELLS}
    assert [again.window(cell) for cell in CELLS] == [rubric.window(cell) for cell in CELLS]
    assert (again.thresholds, again.travel) == (rubric.thresholds, rubric.travel)


@given(st.lists(dates(), max_size=6), dates())
def test_what_is_alike_is_what_overlaps(standing, occurred):
    """The pages look in the tables, imports in memory; a plain loop says what both must find."""
    known = [Standing("hanoi", "visit", each, str(number)) for number, each in enumerate(standing)]
    asked = parse_occurred(occurred)

    overlapping = [
        each
        for each in known
        if parse_occurred(each.occurred).first <= asked.last and parse_occurred(each.occurred).last >= asked.first
    ]

    assert (Likeness(known).find("hanoi", "visit", occurred) is not None) == bool(overlapping)


@given(st.lists(DAYS, max_size=5), DAYS)
def test_an_effect_is_the_difference_between_two_ratings(days, day):
    history = a_history(*(a_fact(on=each) for each in days))
    added = planned_activity(ActivityFacts.model_validate(an_activity(occurred=day.isoformat())), date(2026, 1, 1))
    after = history_with(history, added)
    on = date(2026, 1, 1)

    stands = standing_of(after, JAKARTA_2020, on)

    rated = rate(after, JAKARTA_2020, on)
    assert stands.cells == rated.score
    assert (stands.rating, stands.falls) == (rated.rating, rated.next_change)
    assert history_with(after, None, [added.id]) == history


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        (
            [],
            [date(2024, 1, 1)],
            "Hanoi: 0 → 1 cell; inactive → less active; falls on 1 January 2028 if nothing happens; no longer dormant.",
        ),
        (
            [date(2024, 1, 1)],
            [],
            "Hanoi: 1 → 0 cells; less active → inactive; does not fall on 1 January 2028 any more.",
        ),
        (
            [date(2024, 1, 1)],
            [date(2025, 1, 1)],
            "Hanoi: 1 cell, as before; falls on 1 January 2029 instead of 1 January 2028.",
        ),
        ([date(2025, 1, 1)], [date(2025, 1, 1)], "Hanoi: 1 cell, as before; falls on 1 January 2029, as before."),
    ],
)
def test_the_sentence_says_what_became_another(before, after, said):
    on, mou = date(2025, 6, 1), date(1990, 1, 1)
    stands = [
        standing_of(a_history(*(a_fact(on=each) for each in days), mou_date=mou), JAKARTA_2020, on)
        for days in (before, after)
    ]

    assert effect_in_words(Effect("hanoi", {"en": "Hanoi"}, *stands), Words("en")) == said
