"""What is asked of nats-server tells one that syncs from one that does not, and a ledger with gaps from one without.

The rules are checked by promtool, and who is told by amtool, in the long form, FAULTS=long, which needs them on the path.
"""

import json
import os
import re
import shutil
import subprocess

import httpx
import pytest
import yaml

from shared.ledger.stream import STREAM
from tests.house.project import ROOT
from tests.support.engines import running_nats

OBSERVE = ROOT / "deploy" / "observe"
MODULES = yaml.safe_load((OBSERVE / "blackbox.yml").read_text())["modules"]


def passes(module: str, body: str) -> bool:
    """Say whether a probe finds what it wants, and nothing that it does not want."""
    asked = MODULES[module]["http"]
    wanted = all(re.search(each, body) for each in asked["fail_if_body_not_matches_regexp"])
    return wanted and not any(re.search(each, body) for each in asked.get("fail_if_body_matches_regexp", []))


def told_by(server, path: str) -> str:
    return httpx.get(f"{server.address.monitor_url}/{path}").text


def test_a_server_that_does_not_sync_every_write_is_told_from_one_that_does(nats_server):
    assert passes("fsync", told_by(nats_server, "varz"))
    with running_nats(lambda text: text.replace("sync_interval: always", 'sync_interval: "2m"')) as other:
        assert not passes("fsync", told_by(other, "varz"))


async def test_a_ledger_with_a_gap_is_told_from_one_without(nats_server, ledger):
    assert passes("density", told_by(nats_server, "jsz?streams=true"))
    without_rights = re.compile(r'include "[^"]+"')
    with running_nats(lambda text: without_rights.sub("", text)) as other:
        assert not passes("density", told_by(other, "jsz?streams=true")), "there is no ledger"
        maker = await other.connect()
        asked = json.dumps({"name": STREAM, "subjects": ["ledger.>"], "storage": "file"}).encode()
        await maker.client.request(f"$JS.API.STREAM.CREATE.{STREAM}", asked)
        for number in range(3):
            await maker.client.request(f"ledger.{number}", b"{}")
        assert passes("density", told_by(other, "jsz?streams=true"))
        assert (await maker.state()).missing == 0
        await maker.client.request(f"$JS.API.STREAM.MSG.DELETE.{STREAM}", b'{"seq": 2}')
        state = await maker.state()
        assert (state.end, state.missing) == (3, 1)
        await maker.close()
        assert not passes("density", told_by(other, "jsz?streams=true"))


@pytest.mark.skipif(os.environ.get("FAULTS") != "long", reason="promtool and amtool are asked with FAULTS=long")
@pytest.mark.parametrize(
    ("name", "what"),
    [
        ("promtool", ["check", "rules", "rules.yml"]),
        ("promtool", ["test", "rules", "rules-test.yml"]),
        ("promtool", ["check", "config", "--syntax-only", "prometheus.yml"]),
        ("amtool", ["check-config", "alertmanager.yml"]),
    ],
)
def test_the_rules_alarm_when_they_should_and_somebody_is_told(name, what):
    program = shutil.which(name)
    assert program, f"install {name}, which comes with Prometheus and its Alertmanager"

    ended = subprocess.run([program, *what], cwd=OBSERVE, capture_output=True, text=True, check=False)

    assert ended.returncode == 0, ended.stdout + ended.stderr
