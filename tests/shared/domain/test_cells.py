import pytest

from shared.domain.cells import CELLS, Cell, lit_by
from shared.domain.codes import Direction, Indicator

OUT, IN, MUTUAL = Direction.OUTBOUND, Direction.INBOUND, Direction.MUTUAL
NOT_JOINT_EVENTS = [each for each in Indicator if each is not Indicator.JOINT_EVENT]


def test_there_are_ten_cells_in_the_studys_order():
    names = [f"{cell.indicator}-{cell.direction}" for cell in CELLS]

    assert names == [
        "contact-outbound",
        "contact-inbound",
        "document-outbound",
        "document-inbound",
        "visit-outbound",
        "visit-inbound",
        "aid-outbound",
        "aid-inbound",
        "joint_event-outbound",
        "joint_event-inbound",
    ]


@pytest.mark.parametrize("indicator", Indicator)
@pytest.mark.parametrize("direction", [OUT, IN])
def test_an_activity_in_one_direction_lights_one_cell(indicator: Indicator, direction: Direction):
    lit = lit_by(indicator, direction, in_person=False, travel=True)

    assert lit == (Cell(indicator, direction),)


@pytest.mark.parametrize("indicator", Indicator)
def test_a_mutual_activity_lights_both_directions(indicator: Indicator):
    lit = lit_by(indicator, MUTUAL, in_person=False, travel=True)

    assert lit == (Cell(indicator, OUT), Cell(indicator, IN))


def test_a_joint_event_in_person_also_lights_the_visit_of_its_direction():
    lit = lit_by(Indicator.JOINT_EVENT, OUT, in_person=True, travel=True)

    assert set(lit) == {Cell(Indicator.JOINT_EVENT, OUT), Cell(Indicator.VISIT, OUT)}


def test_a_mutual_joint_event_in_person_lights_four_cells():
    lit = lit_by(Indicator.JOINT_EVENT, MUTUAL, in_person=True, travel=True)

    assert len(lit) == 4
    assert set(lit) == {Cell(each, way) for each in (Indicator.JOINT_EVENT, Indicator.VISIT) for way in (OUT, IN)}


def test_a_joint_event_lights_no_visit_where_the_rubric_does_not_count_travel():
    lit = lit_by(Indicator.JOINT_EVENT, IN, in_person=True, travel=False)

    assert lit == (Cell(Indicator.JOINT_EVENT, IN),)


@pytest.mark.parametrize("indicator", NOT_JOINT_EVENTS)
def test_only_joint_events_light_a_visit_beside_their_own_cell(indicator: Indicator):
    lit = lit_by(indicator, OUT, in_person=True, travel=True)

    assert lit == (Cell(indicator, OUT),)
