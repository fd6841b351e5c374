"""Each service as a process of its own, as in production: the same code, the same settings, other addresses."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import urllib.request

import pytest

from cli.embedded.nats_server import free_ports
from tests.support.engines import TOKENS, same_secrets
from tests.support.program import ROOT, run, wait_until
from tests.system.test_api import BEIJING, a_letter


def get(url):
    with urllib.request.urlopen(url, timeout=60) as answer:
        return json.load(answer)


def is_ready(url):
    with contextlib.suppress(OSError):
        return get(url)["ready"]
    return False


@pytest.fixture
def apart(nats_server, database, tmp_path):
    """Where each service answers, once all do."""
    environment = {
        "KEMBAR_NATS_URL": nats_server.address.url,
        "KEMBAR_SECRETS_FOLDER": str(same_secrets()),
        "KEMBAR_NATS_MONITOR_URLS": json.dumps([nats_server.address.monitor_url]),
        "KEMBAR_POSTGRES_DSN": database,
        "KEMBAR_OPEN_READING": "true",
    }
    assert run("prepare", **environment).returncode == 0
    urls, processes = {}, []
    for service, port in zip(("ingest", "scoring", "reports", "access"), free_ports(4), strict=True):
        started = subprocess.Popen(
            [sys.executable, "-m", "cli", "serve", service],
            env={**os.environ, **environment, "PYTHONPATH": str(ROOT), "KEMBAR_PORT": str(port)},
            stderr=subprocess.DEVNULL,
        )
        urls[service] = f"http://127.0.0.1:{port}/{service}"
        processes.append(started)
    try:
        for url in urls.values():
            wait_until(lambda url=url: is_ready(f"{url}/readyz"))
        yield urls
    finally:
        for each in processes:
            each.terminate()
        assert all(each.wait(20) in (0, -signal.SIGTERM) for each in processes)


def test_services_that_share_nothing_but_the_ledger_agree(apart, tmp_path):
    base = apart["ingest"].removesuffix("/ingest")
    events = [
        {"type": "partnership.registered", "data": BEIJING},
        {"type": "activity.recorded", "data": a_letter()},
    ]

    done = run("post", "-", "--url", base, "--token", TOKENS["bureau"], "--json", stdin=json.dumps(events))

    position = json.loads(done.stdout)[-1]["position"]
    for service in ("scoring", "reports"):
        wait_until(lambda service=service: get(f"{apart[service]}/readyz")["position"] >= position)
        (item,) = get(f"{apart[service]}/v1/ratings")["items"]
        assert (item["partnership"], item["score"]) == ("beijing", 1)


def test_a_service_without_its_ledger_says_what_to_do(nats_server, database, tmp_path):
    """There is no stream yet: `serve` without `prepare`."""
    done = run(
        "serve",
        "reports",
        KEMBAR_NATS_URL=nats_server.address.url,
        KEMBAR_SECRETS_FOLDER=str(same_secrets()),
        KEMBAR_NATS_MONITOR_URLS=json.dumps([nats_server.address.monitor_url]),
        KEMBAR_POSTGRES_DSN=database,
        KEMBAR_PORT=str(free_ports(1)[0]),
    )

    assert done.returncode != 0
    assert "kembar prepare" in done.stderr
