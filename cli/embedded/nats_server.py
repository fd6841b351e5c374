"""nats-server from its wheel, on loopback, syncing every write to the disk before it answers."""

import contextlib
import json
import os
import random
import socket
import sys
import urllib.error
import urllib.request
from collections import deque
from dataclasses import dataclass
from pathlib import Path

from cli.embedded.part import Part
from cli.secrets_folder import NATS_CONFIGURATION

SECRETS = "secrets"
"""The folder of an installation's secrets, within its data folder."""
SERVER_PORTS = range(20_000, 32_768)
"""Above these, Linux takes ports for connections that go out, unless it is told otherwise."""


@dataclass(frozen=True, slots=True)
class NatsAddress:
    """Where nats-server listens."""

    url: str
    monitor_url: str


def nats_part(folder: Path, *, sync_interval: str = "always") -> tuple[Part, NatsAddress]:
    """Return the part and where it will listen; the folder's secrets say who its users are.

    Only a restore may sync at another interval than `always`, given with its quotes: `"2m"`.
    """
    port, monitor_port = free_ports(2)
    address = NatsAddress(f"nats://127.0.0.1:{port}", f"http://127.0.0.1:{monitor_port}")
    store = folder / "nats"
    store.mkdir(mode=0o700, exist_ok=True)
    configuration = folder / "run" / "nats.conf"
    configuration.touch(mode=0o600)
    configuration.write_text(_configuration(port, monitor_port, store, folder / SECRETS, sync_interval))
    part = Part(
        name="nats-server",
        command=[str(Path(sys.executable).with_name("nats-server")), "-c", str(configuration)],
        folder=folder,
        is_ready=lambda: is_ready(address.monitor_url),
        is_stuck=lambda: _cannot_write(address.monitor_url),
    )
    return part, address


_given_lately: deque[int] = deque(maxlen=1_000)
"""Ports that were given out, and may not be listened to yet."""


def free_ports(count: int) -> list[int]:
    """Return ports of the loopback address that are free now, none of those that the system gives to whoever connects.

    So nobody takes one by chance before the server that it is meant for has started; nor is one of them given out a second time
    soon.
    """
    found: list[int] = []
    with contextlib.ExitStack() as held:
        while len(found) < count:
            port = random.choice(SERVER_PORTS)  # noqa: S311 - nothing depends on nobody guessing it
            if port in _given_lately:
                continue
            bound = held.enter_context(socket.socket())
            with contextlib.suppress(OSError):
                bound.bind(("127.0.0.1", port))
                found.append(port)
                _given_lately.append(port)
    return found


def _configuration(port: int, monitor_port: int, store: Path, secrets_folder: Path, sync_interval: str) -> str:
    return f"""\
server_name: kembar
listen: "127.0.0.1:{port}"
http: "127.0.0.1:{monitor_port}"
include {json.dumps(os.path.relpath(secrets_folder / NATS_CONFIGURATION, store.parent / "run"), ensure_ascii=False)}
jetstream {{
  store_dir: {json.dumps(str(store), ensure_ascii=False)}
  max_file_store: 1TB
  # always: every write is on the disk before it is acknowledged
  sync_interval: {sync_interval}
}}
feature_flags {{ js_ack_fc_v2: false }}
"""


def _cannot_write(monitor_url: str) -> bool:
    """Say whether a write has failed: nats-server then writes nothing more, even when there is room again."""
    try:
        urllib.request.urlopen(f"{monitor_url}/healthz", timeout=1).close()  # noqa: S310 - our own loopback address
    except urllib.error.HTTPError as error:
        return b"write error" in error.read()
    except (urllib.error.URLError, OSError):
        pass
    return False


def is_ready(monitor_url: str) -> bool:
    """Say whether a nats-server answers that it can be used."""
    try:
        with urllib.request.urlopen(f"{monitor_url}/healthz", timeout=1) as answer:  # noqa: S310 - our own loopback address
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False
