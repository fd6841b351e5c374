"""What a drill says of failures and losses is what was counted: examples small enough to be counted by hand."""

import json
import random
import re
from datetime import UTC, datetime

import pytest

from cli.drill.compare import loss_of
from cli.drill.load import Attempt, Load, outage_of
from cli.drill.report import Report, lines_of
from cli.drill.run import NAMES, run_drills
from cli.stop import CannotGoOn
from shared.ledger.ledger import Stored
from shared.wire.canonical import digest
from tests.house.project import document

FIRST, SECOND = "0b0e1f9c-7f1c-4f5b-8d52-0c54c4d8a001", "0b0e1f9c-7f1c-4f5b-8d52-0c54c4d8a002"


def attempt(began, ended, status=201):
    return Attempt(True, began, ended, status)


def test_nothing_failed_where_all_was_answered():
    outage = outage_of([attempt(0, 1), attempt(1, 3)])
    assert (outage.asked, outage.failed, outage.seconds, outage.silence_seconds) == (2, 0, 0.0, 2)


def test_an_outage_lasts_from_the_first_failure_until_the_last_is_got_over():
    attempts = [attempt(0, 1), attempt(1, 2, 503), attempt(1, 4), attempt(5, 6, None), attempt(6, 9)]
    outage = outage_of(attempts)
    assert (outage.asked, outage.failed, outage.seconds) == (5, 2, 8)
    assert outage.silence_seconds == 5
    assert outage.by_status == {"503": 1, "no answer": 1}


def test_what_never_came_back_lasts_until_the_last_failure():
    assert outage_of([attempt(0, 1), attempt(2, 7, 502)]).seconds == 5


def a_load(*stored):
    """A load that was acknowledged what stands there."""
    load = Load(at=str, token="", chance=random.Random(1))
    for entry in stored:
        event_id = entry.subject.split(".")[2]
        load.sent[event_id] = {"id": event_id, "data": json.loads(entry.payload)["data"]}
        load.acknowledged[event_id] = {"position": entry.position, "hash": digest(entry.payload)}
    return load


def stored(position, event_id, place="Jakarta"):
    payload = json.dumps({"data": {"place": place}}).encode()
    return Stored(position, datetime(2026, 11, 22, tzinfo=UTC), f"ledger.jakarta.{event_id}.1.2", payload)


def test_nothing_is_lost_where_all_that_was_acknowledged_stands_as_it_was():
    entries = [stored(1, FIRST), stored(2, SECOND)]
    assert loss_of(entries, a_load(*entries), {}).is_nothing


@pytest.mark.parametrize(
    ("stands", "wrong"),
    [
        ([stored(1, FIRST)], "1 gone"),
        ([stored(1, FIRST), stored(2, SECOND, "Bandung")], "1 changed"),
        ([stored(1, FIRST), stored(2, SECOND), stored(3, SECOND)], "1 stored twice"),
        ([stored(1, FIRST), stored(3, SECOND)], "1 at another position"),
    ],
)
def test_every_loss_is_found_and_told(stands, wrong):
    loss = loss_of(stands, a_load(stored(1, FIRST), stored(2, SECOND)), {})
    report = Report("leader", "", "Drills", loss)
    assert not report.is_well
    assert wrong in lines_of(report)[0]


def test_a_table_that_differs_and_an_event_that_was_never_acknowledged_are_told():
    load = a_load(stored(1, FIRST))
    load.unacknowledged.add(SECOND)
    report = Report("leader", "", "Drills", loss_of([stored(1, FIRST)], load, {"reports.event": ("rebuilt only: 2",)}))
    assert not report.is_well
    assert "1 never acknowledged" in lines_of(report)[0]
    assert "reports.event: rebuilt only: 2" in lines_of(report)[0]


def test_a_drill_that_there_is_not_is_refused_with_those_there_are():
    with pytest.raises(CannotGoOn, match="There is no drill"):
        run_drills(["flood"], print, print)


def test_the_handbook_has_every_section_that_a_drill_sends_to():
    headings = set(re.findall(r"^#+ (.+)$", document("docs/operating.md"), re.MULTILINE))
    from cli.drill.run import ON_THE_TOPOLOGY

    assert {drill.section for drill in ON_THE_TOPOLOGY} | {"Upgrade"} <= headings
    assert set(NAMES) <= set(re.findall(r"`(\w+)`", document("docs/operating.md").partition("## Drills")[2]))
