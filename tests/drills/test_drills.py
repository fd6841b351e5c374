"""Drills in their short form: a disaster under load on the production topology, and nothing is lost of it.

Those that nothing else shows share one topology with fewer replicas: the leader lost, the ledger restored into three servers,
every secret renewed; and the upgrade. `tests/faults` kills and fills the other parts in short; `./kembar drill`, and FAULTS=long
here, run every drill whole.
"""

import os

import pytest

from cli.drill.loss import lose_the_leader
from cli.drill.proxy import find_proxy
from cli.drill.report import NotRun, lines_of
from cli.drill.restoring import back_up_and_restore_ledger
from cli.drill.rotate import renew_every_secret
from cli.drill.run import ON_THE_TOPOLOGY, run_drills
from cli.drill.topology import running_topology
from cli.drill.under_load import Drill, run_drill
from cli.drill.upgrade import upgrade

LONG = os.environ.get("FAULTS") == "long"
FEWER = {"ingest": 2, "scoring": 1, "reports": 1, "access": 1, "projections": 2, "deliveries": 1}


def assert_nothing_was_lost(report):
    assert report.is_well, "\n".join(lines_of(report))
    assert report.loss.acknowledged > 0


def three_after_one_another(topology, load, course):
    """Under one load, so that everything is compared once."""
    for act in (lose_the_leader, back_up_and_restore_ledger, renew_every_secret):
        act(topology, load, course)


@pytest.mark.timeout(600)
def test_no_drill_on_the_topology_loses_anything(tmp_path, record_property):
    with running_topology(tmp_path, FEWER) as topology:
        assert topology.proxy is not None, "Caddy comes with the tests' packages"
        drill = Drill(
            "short", "the leader lost, the ledger restored, every secret renewed", "Drills", three_after_one_another
        )

        report = run_drill(drill, topology, pause_seconds=0.25)

        record_property(drill.name, "; ".join(lines_of(report)))
        assert_nothing_was_lost(report)


@pytest.mark.timeout(300)
def test_the_release_before_is_taken_over_and_could_be_put_back(tmp_path, record_property):
    tmp_path.chmod(0o711)

    report = upgrade(tmp_path)

    assert not isinstance(report, NotRun)
    record_property("upgrade", "; ".join(lines_of(report)))
    assert_nothing_was_lost(report)


@pytest.mark.skipif(not LONG, reason="the whole topology is drilled with FAULTS=long")
@pytest.mark.timeout(1_800)
def test_no_drill_in_its_long_form_loses_anything(record_property):
    assert find_proxy() is not None
    ended = []

    run_drills([], print, ended.append)

    assert {report.drill for report in ended} == {*(drill.name for drill in ON_THE_TOPOLOGY), "upgrade"}
    for report in ended:
        if not isinstance(report, NotRun):
            record_property(report.drill, "; ".join(lines_of(report)))
            assert_nothing_was_lost(report)
