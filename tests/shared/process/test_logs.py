"""Logs are JSON lines, and hold no value of any variable."""

import json
import subprocess
import sys

PROGRAM = """
import structlog
from shared.process.logs import set_up_logs

set_up_logs("info", service="trial")
log = structlog.get_logger()

def work(token):
    raise ValueError("it broke")

log.debug("too small to be said")
log.info("begun", position=7)
try:
    work("kembar_very-secret")
except ValueError:
    log.exception("ended")
"""


def test_a_fault_is_logged_with_its_place_and_without_the_values_of_variables():
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True)

    begun, ended = (json.loads(line) for line in done.stderr.splitlines())
    assert (begun["event"], begun["position"], begun["level"], begun["service"]) == ("begun", 7, "info", "trial")
    assert ended["exception"][0]["exc_value"] == "it broke"
    assert [frame["name"] for frame in ended["exception"][0]["frames"]] == ["<module>", "work"]
    assert "very-secret" not in done.stderr
