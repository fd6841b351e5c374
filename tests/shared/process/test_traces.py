"""Traces cost nothing where nobody collects them; where somebody does, a step tells what it must and nothing else."""

import socket
import subprocess
import sys
import time
import tomllib
from datetime import timedelta

import pytest
from opentelemetry.trace import get_current_span

from shared.process import traces
from shared.process.clock import now
from shared.process.metrics import VERSION
from shared.process.otlp import GOES_ON_FOR, LONGEST_SECONDS, MOST_WAITING, Tracing
from shared.process.settings import Settings
from tests.house.project import ROOT
from tests.support.collector import collecting
from tests.support.waiting import until

TRACE, ASKED_BY = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
CAME = f"00-{TRACE}-{ASKED_BY}-01"


@pytest.fixture(scope="module")
def collector():
    with collecting() as running:
        yield running


@pytest.fixture(scope="module")
def tracing(collector):
    made = Tracing(collector.url, "test", 1.0)
    yield made
    made.end()


async def steps_of(tracing, collector, trace):
    tracing.send()
    await until(lambda: collector.of_trace(trace), 10)
    return {each.name: each for each in collector.of_trace(trace)}


def test_without_a_collector_nothing_is_loaded_and_every_step_is_nothing():
    program = (
        "import sys, cli.deliver\n"
        "from shared.process import traces\n"
        "from shared.process.settings import Settings\n"
        "traces.set_up_traces(Settings(), service='test')\n"
        f"assert traces.begin('a', 'server', '{CAME}') is traces.step('b', 'client') is traces.NOTHING\n"
        f"assert traces.go_on('c', 'client', '{CAME}') is traces.NOTHING and traces.onward() == {{}}\n"
        "print([name for name in sys.modules if name.startswith(('opentelemetry.sdk', 'google.protobuf'))])"
    )
    ended = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False)

    assert (ended.stderr.strip(), ended.stdout.strip()) == ("", "[]")


async def test_a_step_goes_on_with_the_trace_that_came_and_those_within_with_it(tracing, collector):
    with tracing.begin("asked", "server", CAME) as asked:
        with tracing.step("within", "producer") as within:
            handed_on = within.traceparent
        assert tracing.current() == asked.traceparent
    with tracing.go_on("elsewhere", "consumer", handed_on, {"kembar__position": 7}):
        pass
    steps = await steps_of(tracing, collector, TRACE)

    assert handed_on.split("-")[1] == TRACE
    assert (steps["asked"].parent, steps["within"].parent) == (ASKED_BY, steps["asked"].id)
    assert (steps["elsewhere"].parent, steps["elsewhere"].said) == (steps["within"].id, {"kembar.position": 7})
    assert {each.service for each in steps.values()} == {"kembar-test"}
    assert not get_current_span().is_recording()


@pytest.mark.parametrize(
    "came",
    [
        None,
        "",
        "no",
        CAME.upper(),
        CAME[:-1],
        f"{CAME}-more",
        f"00-{'0' * 32}-{ASKED_BY}-01",
        f"01{CAME[2:]}",
        "٠" * 55,
    ],
)
def test_what_is_no_traceparent_begins_a_trace_of_its_own_and_goes_on_with_none(tracing, came):
    with tracing.begin("asked", "server", came) as asked:
        assert asked.traceparent.split("-")[1] not in (TRACE, "0" * 32)
    assert tracing.go_on("elsewhere", "consumer", came or "", {}) is traces.NOTHING


def test_what_the_asker_does_not_want_followed_is_not(tracing):
    with tracing.begin("asked", "server", f"{CAME[:-2]}00") as asked:
        assert asked.traceparent is tracing.current() is None
        assert tracing.step("within", "producer") is traces.NOTHING


def test_of_what_begins_here_a_share_is_followed(collector):
    tenth = Tracing(collector.url, "share", 0.1)
    followed = 0
    for _ in range(2_000):
        with tenth.begin("asked", "server", None) as asked:
            followed += asked.traceparent is not None
    tenth.end()

    assert 100 < followed < 320  # 200, and nine times its deviation either way


async def test_a_fault_is_told_by_its_name_and_never_by_its_words(tracing, collector):
    trace = "1" * 32
    with pytest.raises(ValueError, match="sri@"), tracing.begin("asked", "server", f"00-{trace}-{ASKED_BY}-01"):
        raise ValueError("sri@example.org is no slug")
    steps = await steps_of(tracing, collector, trace)

    assert steps["asked"].failed == "ValueError"
    assert b"sri@example.org" not in collector.raw


@pytest.mark.parametrize(("age", "is_followed"), [(timedelta(), True), (GOES_ON_FOR + timedelta(seconds=5), False)])
def test_what_was_recorded_long_ago_is_not_followed_again(tracing, age, is_followed):
    with tracing.go_on("again", "consumer", CAME, {}, now() - age) as again:
        assert (again is not traces.NOTHING) is is_followed


def test_a_collector_that_never_answers_keeps_nobody_waiting_and_is_waited_for_no_longer_than_is_said():
    with socket.create_server(("127.0.0.1", 0)) as silent:
        nobody = Tracing(f"http://127.0.0.1:{silent.getsockname()[1]}", "away", 1.0)
        began = time.perf_counter()
        for _ in range(5 * MOST_WAITING):
            with nobody.begin("asked", "server", None):
                pass
        ending = time.perf_counter()
        nobody.end()

    assert ending - began < LONGEST_SECONDS * 5 / 2, "five times as many as may wait do not wait for their turn"
    assert time.perf_counter() - ending < 3 * LONGEST_SECONDS


def test_the_program_says_the_version_that_the_project_has():
    assert tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"] == VERSION


@pytest.mark.parametrize("address", ["collector:4318", "ftp://collector", "http://user:word@collector", "http://"])
def test_what_is_no_address_of_a_collector_is_refused(address):
    with pytest.raises(ValueError, match="collector:4318"):
        Settings(otlp_endpoint=address)
