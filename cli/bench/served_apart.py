"""Replicas of the services as processes of their own, each on a port, over one ledger and one PostgreSQL."""

import sys
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

from cli.bench.engines import START_SECONDS
from cli.embedded.nats_server import free_ports
from cli.embedded.part import Part
from cli.embedded.stack import ROOT


@contextmanager
def replicas_of(service: str, count: int, folder: Path, environment: Mapping[str, str]) -> Iterator[list[Part]]:
    """Serve a service, or `all`, as often as is asked; yields the replicas, which answer by then."""
    with ExitStack() as serving:
        parts = [_replica(service, number, folder, environment) for number in range(count)]
        for part in parts:
            part.start()
            serving.callback(part.stop)
        for part in parts:
            part.wait_until_ready(START_SECONDS)
        yield parts


def port_of(replica: Part) -> int:
    """Return where a replica listens."""
    return int(replica.environment["KEMBAR_PORT"])


def _replica(service: str, number: int, folder: Path, environment: Mapping[str, str]) -> Part:
    (port,) = free_ports(1)
    asked = "reports" if service == "all" else service
    return Part(
        name=f"{service}-{number}",
        command=[sys.executable, "-m", "cli", "serve", service],
        folder=folder,
        is_ready=lambda: _answers(f"http://127.0.0.1:{port}/{asked}/healthz"),
        environment={**environment, "PYTHONPATH": str(ROOT), "KEMBAR_PORT": str(port)},
    )


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:  # noqa: S310 - our own loopback address
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False
