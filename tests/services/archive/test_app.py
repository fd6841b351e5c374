"""The archive as a service of its own, as it runs in production."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import urllib.error
import urllib.request

import pytest

from cli.embedded.nats_server import free_ports
from shared.ledger.archive import read_archive
from tests.shared.ledger.test_append import an_entry
from tests.support.engines import open_ledger, running_nats, same_secrets
from tests.support.program import ROOT, run, wait_until


def environment(server, folder, port):
    return {
        "KEMBAR_NATS_URL": server.address.url,
        "KEMBAR_SECRETS_FOLDER": str(same_secrets()),
        "KEMBAR_NATS_MONITOR_URLS": json.dumps([server.address.monitor_url]),
        "KEMBAR_ARCHIVE_FOLDER": str(folder),
        "KEMBAR_PORT": str(port),
    }


@contextlib.contextmanager
def serving(server, folder):
    """`kembar serve archive`; yields the process and a function that says how far it is."""
    (port,) = free_ports(1)
    process = subprocess.Popen(
        [sys.executable, "-m", "cli", "serve", "archive"],
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment(server, folder, port)},
        stderr=subprocess.DEVNULL,
    )

    def position():
        with (
            contextlib.suppress(urllib.error.URLError, OSError),
            urllib.request.urlopen(f"http://127.0.0.1:{port}/archive/readyz", timeout=2) as answer,
        ):
            return json.load(answer)["position"]
        return -1

    try:
        yield process, position
    finally:
        process.terminate()
        assert process.wait(90) in (0, -signal.SIGTERM)


@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGKILL])
async def test_it_copies_the_ledger_and_goes_on_where_it_ended(nats_server, ledger, tmp_path, ending):
    entries = await ledger.append([an_entry() for _ in range(30)])
    with serving(nats_server, tmp_path) as (_, position):
        wait_until(lambda: position() == 30)

    with contextlib.suppress(AssertionError), serving(nats_server, tmp_path) as (process, position):
        entries += await ledger.append([an_entry()])
        wait_until(lambda: position() == 31)
        process.send_signal(ending)
        process.wait(90)

    assert list(read_archive(tmp_path)) == entries


async def test_it_stops_on_another_ledger_than_it_has_copied(nats_server, ledger, tmp_path):
    await ledger.append([an_entry(), an_entry()])
    with serving(nats_server, tmp_path) as (_, position):
        wait_until(lambda: position() == 2)
    held = list(read_archive(tmp_path))

    with running_nats() as recreated:
        async with open_ledger(recreated) as other:
            await other.append([an_entry()])
            with serving(recreated, tmp_path) as (process, _):
                process.wait(30)

    assert list(read_archive(tmp_path)) == held


def test_without_a_folder_it_says_what_to_set():
    done = run("serve", "archive")

    assert done.returncode == 1
    assert "KEMBAR_ARCHIVE_FOLDER" in done.stderr
