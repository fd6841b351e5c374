"""The end of the fault tests: what each fault did, in figures; the long form names every one."""

import os
import re

import pytest

LONG = os.environ.get("FAULTS") == "long"


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print a line per fault: its outcome, the test's sentence, and the figures that it recorded."""
    reports = [
        (outcome, report)
        for outcome in ("passed", "failed", "error", "skipped")
        for report in terminalreporter.stats.get(outcome, [])
        if report.nodeid.startswith("tests/faults/") and (LONG or report.user_properties)
    ]
    if reports:
        terminalreporter.section("faults")
    for outcome, report in sorted(reports, key=lambda each: each[1].nodeid):
        terminalreporter.write_line(f"{outcome:8}{_sentence(report.nodeid)}{_figures(report.user_properties)}")


def _sentence(nodeid: str) -> str:
    name, _, parameters = nodeid.partition("::test_")[2].partition("[")
    sentence = name.replace("_", " ")
    return f"{sentence} ({parameters.rstrip(']')})" if parameters else sentence


def _figures(properties: list[tuple[str, object]]) -> str:
    return "".join(f"\n        {re.sub('_', ' ', name)}: {value}" for name, value in properties)
