"""The benchmark measures what it says: its made-up history is a history, its figures stand beside their raw limits."""

import json
from collections import Counter
from itertools import islice

import pytest

from cli.bench.figures import Samples
from cli.bench.history import PARTNERSHIPS, batches_of_entries, history
from cli.bench.run import measure
from cli.stop import CannotGoOn
from services.ingest.requests import read_event
from shared.wire.envelope import attributes
from shared.wire.problems import Problem
from tests.support.program import run


def test_the_history_is_the_same_every_time():
    assert list(history(500)) == list(history(500))


def test_ingest_would_take_every_event_of_the_history():
    sent = [{"type": each.type, "id": str(each.id), "data": each.data} for each in history(2_000)]

    refused = [read_event(each) for each in sent if each["type"] != "day.closed"]

    assert [each for each in refused if isinstance(each, Problem)] == []


def test_the_history_holds_activities_amendments_and_the_close_of_each_day():
    counted = Counter(each.type for each in history(5_000))

    assert counted["partnership.registered"] == PARTNERSHIPS
    assert counted["activity.recorded"] > 4_000
    assert counted["activity.corrected"] > counted["activity.retracted"] > 0
    assert counted["day.closed"] == (5_000 - PARTNERSHIPS) // 14


def test_an_activity_has_about_600_bytes():
    sizes = [len(json.dumps(each.data)) for each in islice(history(400), PARTNERSHIPS, None) if "title" in each.data]

    assert 550 < sum(sizes) / len(sizes) < 700


def test_entries_come_a_thousand_at_a_time():
    batches = list(batches_of_entries(history(2_100)))

    assert [len(batch) for batch in batches] == [1_000, 1_000, 100]
    assert attributes(batches[0][0].payload)["id"] == str(batches[0][0].event_id)


def test_the_median_of_the_runs_is_shown():
    samples = Samples()
    for value in (3.0, 1.0, 100.0):
        samples.add("follow", value)

    assert samples.median("follow") == 3.0


def test_what_cannot_be_measured_is_refused_by_name():
    with pytest.raises(CannotGoOn, match="“speed”") as refused:
        measure(["speed"], 1, 1_000, lambda line: None)

    assert "replay" in refused.value.remedy


def test_a_short_replay_gives_a_figure_for_each_projection():
    done = run("bench", "replay", "--runs", "1", "--events", "1000", "--json")

    assert done.returncode == 0, done.stderr
    measured = json.loads(done.stdout)
    assert measured["machine"]
    assert len(measured["figures"]) == 4
    for figure in measured["figures"]:
        assert figure["median"] > 0
        assert figure["beside"].keys() == {"pull, undecoded", "COPY of the rows"}
