"""Logs are JSON lines, and hold no value of any variable."""

import json
import subprocess
import sys

import pytest

from shared.process.logs import without_secrets

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


@pytest.mark.parametrize(
    ("line", "secret"),
    [
        ('{"error": "Authorization: Bearer abc.def-123"}', "abc.def-123"),
        ('{"error": "cannot reach postgresql://kembar:S3cret@db/kembar"}', "S3cret"),
        ('{"error": "the token kembar_0123456789abcdefghijKLMN is not valid"}', "kembar_0123456789abcdefghijKLMN"),
        ('{"password": "S3cret"}', "S3cret"),
        ('{"error": "550 no warga.kota@mail.example.org here"}', "warga.kota@"),
        ('{"error": "cannot sign by whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"}', "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"),
    ],
)
def test_what_looks_like_a_secret_is_left_out(line: str, secret: str):
    shown = without_secrets(line)

    assert secret not in shown
    assert json.loads(shown).keys() == json.loads(line).keys()


def test_what_only_looks_like_one_is_left_in():
    line = '{"path": "/ingest/v1/events", "url": "nats://127.0.0.1:4222", "schema": "kembar_reports", "at": "09:00:01"}'

    assert without_secrets(line) == line


HOSTILE = [*map(chr, (*range(32), *range(127, 160), 0x2028, 0x2029, 0x202E, 0xFEFF)), '"}', "\r\n{", "é"]
PROGRAM_ON_WHAT_WAS_SENT = """
import json, sys, structlog
from shared.process.logs import set_up_logs

set_up_logs("info", service="trial")
for each in json.load(sys.stdin):
    structlog.get_logger().info("sent", path=each, **{"name" + each: 1})
"""


def test_nothing_that_was_sent_begins_a_line_of_its_own_or_steers_a_terminal():
    command = [sys.executable, "-c", PROGRAM_ON_WHAT_WAS_SENT]
    done = subprocess.run(command, input=json.dumps(HOSTILE).encode(), capture_output=True, check=True)

    lines = done.stderr.decode().splitlines()
    assert [json.loads(line)["path"] for line in lines] == HOSTILE
    assert all(line.isprintable() for line in lines)
