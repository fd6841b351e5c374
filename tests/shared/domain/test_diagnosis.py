"""The diagnosis: three partnerships worked out by hand from Jakarta's facts, and each measure's corners."""

from datetime import date
from fractions import Fraction
from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cli.facts import JAKARTA, activity_events, partnership_events
from shared.domain.codes import Direction, Indicator
from shared.domain.diagnosis import Deed, Diagnosis, carry_out, diagnose
from shared.domain.events import AgreedActivity, Bilingual, ProgrammeAgreed
from tests.support.build import a_book, an_activity, an_event, an_id

POSTED_ON = date(2021, 3, 1)
FIRST, LAST = date(1990, 1, 1), date(2020, 12, 31)


def deeds_of(*activities) -> list[Deed]:
    events = [an_event("activity.recorded", each, event_id=an_id(), recorded_on=POSTED_ON) for each in activities]
    return [Deed(each, POSTED_ON) for each in a_book(*events).activities.values()]


@pytest.fixture(scope="module")
def jakarta() -> dict[str, Diagnosis]:
    fields = {each["data"]["partnership"]: each["data"].get("fields", []) for each in partnership_events(JAKARTA)}
    activities = [each["data"] for each in activity_events(JAKARTA)]
    return {
        slug: diagnose(named, deeds_of(*(each for each in activities if each["partnership"] == slug)), [], FIRST, LAST)
        for slug, named in fields.items()
    }


BY_HAND = {
    # 2007 document mutual; 2018 joint event from them with their embassy, people to people; 2019 aid and a visit from them
    "kyiv": {
        "balance_of_visits": Fraction(0),
        "balance_of_aid": Fraction(0),
        "balance_of_initiative": Fraction(4, 5),  # ours 2: the visit and the mutual document; theirs 3
        "people_to_people": Fraction(1, 4),
        "breadth": Fraction(0),
        "actors": Fraction(2),
        "diversity_of_actors": Fraction(2, 5),  # city government four times, embassy once
        "carried_out": None,
        "home_not_taken_up": Fraction(0),
        "partner_not_taken_up": Fraction(0),
        "third_party": Fraction(0),
        "online": Fraction(0),
        "median_gap_days": Fraction(490),  # 3892, 490, 194
        "longest_gap_days": Fraction(3892),
        "with_evidence": Fraction(0),
        "median_days_to_posting": Fraction(865),  # between 620 and 1110
        "chains_that_led_somewhere": None,
    },
    # 1995 document mutual; 2020 two letters of ours, both declined
    "paris": {
        "balance_of_visits": None,
        "balance_of_aid": None,
        "balance_of_initiative": Fraction(1),
        "people_to_people": Fraction(0),
        "breadth": Fraction(0),
        "actors": Fraction(1),
        "diversity_of_actors": None,
        "carried_out": None,
        "home_not_taken_up": Fraction(1),
        "partner_not_taken_up": None,
        "third_party": Fraction(0),
        "online": None,
        "median_gap_days": None,
        "longest_gap_days": None,
        "with_evidence": Fraction(0),
        "median_days_to_posting": Fraction(9306),
        "chains_that_led_somewhere": None,
    },
    # 2004 document, 2018/2019 visit, 2020 contact and joint event online, all mutual; 2019 a letter of ours declined
    "hanoi": {
        "balance_of_visits": Fraction(1),
        "balance_of_aid": None,
        "balance_of_initiative": Fraction(1),
        "people_to_people": Fraction(0),
        "breadth": Fraction(0),
        "actors": Fraction(1),
        "diversity_of_actors": Fraction(0),
        "carried_out": None,
        "home_not_taken_up": Fraction(1),
        "partner_not_taken_up": None,
        "third_party": Fraction(0),
        "online": Fraction(2, 3),
        "median_gap_days": Fraction(366),  # 5516, 366, 0
        "longest_gap_days": Fraction(5516),
        "with_evidence": Fraction(0),
        "median_days_to_posting": Fraction(243),  # between 60 and 426
        "chains_that_led_somewhere": None,
    },
}


@pytest.mark.parametrize("slug", BY_HAND)
def test_each_measure_is_what_was_worked_out_by_hand(jakarta, slug):
    found = {name: getattr(jakarta[slug], name).value for name in BY_HAND[slug]}

    assert found == BY_HAND[slug]
    assert len(BY_HAND[slug]) == len(Diagnosis.__dataclass_fields__)


def test_every_share_is_the_part_that_it_shows(jakarta):
    for diagnosis in jakarta.values():
        for name in ("people_to_people", "third_party", "online", "with_evidence", "home_not_taken_up"):
            measure = getattr(diagnosis, name)
            assert set(measure.part) <= set(measure.of)
            assert measure.value == (Fraction(len(measure.part), len(measure.of)) if measure.of else None)


def test_only_the_window_counts():
    deeds = deeds_of(an_activity(occurred="2018-05-01"), an_activity(occurred="2019-05-01", direction="outbound"))

    assert diagnose([], deeds, [], date(2018, 1, 1), LAST).balance_of_visits.value == 1
    assert diagnose([], deeds, [], date(2019, 1, 1), LAST).balance_of_visits.value == 0
    assert diagnose([], deeds, [], date(2020, 1, 1), LAST).balance_of_visits.value is None


def test_a_field_is_touched_however_often_and_whatever_its_letters():
    deeds = deeds_of(an_activity(fields=["Traffic"]), an_activity(fields=["traffic", "sport"]), an_activity())

    breadth = diagnose(["traffic", "health", "sport"], deeds, [], FIRST, LAST).breadth

    assert (breadth.value, len(breadth.part), len(breadth.of)) == (Fraction(2, 3), 2, 3)


def test_evidence_actors_and_posting_are_measured():
    paper = {"hash": "sha256:" + "0" * 64, "media_type": "application/pdf", "size": 1, "title": "Letter"}
    deeds = deeds_of(
        an_activity(evidence=[paper], actors=["embassy", "school"], occurred="2021-02-27"), an_activity(occurred="2021")
    )

    found = diagnose([], deeds, [], FIRST, date(2021, 12, 31))

    assert found.with_evidence.value == Fraction(1, 2)
    assert found.median_days_to_posting.value == 1  # two days, and none for a year that is not over
    assert found.diversity_of_actors.value == 1


def test_a_chain_counts_by_its_end():
    first, second = an_id(), an_id()
    events = [
        an_event("activity.recorded", an_activity(indicator="contact"), event_id=first, recorded_on=POSTED_ON),
        an_event("activity.recorded", an_activity(caused_by=str(first)), event_id=second, recorded_on=POSTED_ON),
        an_event("activity.recorded", an_activity(indicator="document", caused_by=str(second)), recorded_on=POSTED_ON),
        an_event("activity.recorded", an_activity(indicator="aid", caused_by=str(first)), recorded_on=POSTED_ON),
        an_event("activity.recorded", an_activity(indicator="document"), recorded_on=POSTED_ON),
    ]
    deeds = [Deed(each, POSTED_ON) for each in a_book(*events).activities.values()]

    chains = diagnose([], deeds, [], FIRST, LAST).chains_that_led_somewhere

    assert (chains.value, len(chains.of)) == (Fraction(1, 2), 2)


def a_line(title: str, indicator: str | None = None, direction: str | None = None) -> AgreedActivity:
    return AgreedActivity(
        title=Bilingual(en=title),
        indicator=Indicator(indicator) if indicator else None,
        direction=Direction(direction) if direction else None,
    )


def test_a_programme_is_measured_against_what_was_held_in_its_year():
    deeds = deeds_of(
        an_activity(occurred="2019-05-22", title={"en": "Visit of the mayor"}),
        an_activity(occurred="2020-02-01", title={"en": "Batik course"}, indicator="joint_event"),
    )
    of_2019 = ProgrammeAgreed(
        partnership="hanoi", year=2019, activities=[a_line("visit of the Mayor"), a_line("batik course")]
    )
    earlier_draft = ProgrammeAgreed(partnership="hanoi", year=2019, activities=[a_line("anything")])

    carried_out = diagnose([], deeds, [earlier_draft, of_2019], date(2019, 1, 1), LAST).carried_out

    assert (carried_out.value, len(carried_out.part)) == (Fraction(1, 2), 1)


LINES = st.lists(
    st.builds(
        a_line,
        st.sampled_from(["a", "b"]),
        st.sampled_from([None, "visit", "aid"]),
        st.sampled_from([None, "inbound", "outbound"]),
    ),
    max_size=4,
)
HELD = st.lists(
    st.builds(
        lambda title, indicator, direction: an_activity(title={"en": title}, indicator=indicator, direction=direction),
        st.sampled_from(["a", "b", "c"]),
        st.sampled_from(["visit", "aid"]),
        st.sampled_from(["inbound", "outbound"]),
    ),
    max_size=4,
)


@settings(max_examples=80, deadline=None)
@given(lines=LINES, held=HELD)
def test_as_many_lines_as_possible_are_carried_out(lines, held):
    deeds = deeds_of(*held)

    found = [each for each in carry_out(lines, deeds) if each is not None]

    assert len({each.activity.id for each in found}) == len(found)
    slots = [*deeds, *([None] * len(lines))]
    best = max(
        sum(deed is not None and _fits(line, deed) for line, deed in zip(lines, order, strict=False))
        for order in permutations(slots, len(lines))
    )
    assert len(found) == best


def _fits(line: AgreedActivity, deed: Deed) -> bool:
    facts = deed.activity.facts
    if line.title.en == facts.title.en:
        return True
    return facts.indicator is line.indicator and line.direction in (None, facts.direction)
