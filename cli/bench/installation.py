"""A running installation in a temporary folder, with its partnerships registered, for posting to."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from cli.bench.engines import temporary_folder
from cli.bench.history import PARTNERSHIPS, registration
from cli.bench.load import Order, Taken, post_all
from cli.embedded.folder import DataFolder
from cli.embedded.nats_server import free_ports
from cli.embedded.stack import Stack
from shared.process.settings import Settings


@dataclass(frozen=True, slots=True)
class Installation:
    """Where it listens, the bureau's token, and how its engines are reached."""

    port: int
    token: str
    settings: Settings

    def post(self, path: str, bodies: list[str], callers: int) -> Taken:
        """Post each body once, by that many callers at a time."""
        return post_all(Order(self.port, path, self.token, callers, bodies))


@contextmanager
def running_installation() -> Iterator[Installation]:
    """Start all parts as `kembar up` does, and register the partnerships."""
    with temporary_folder() as above:
        folder = DataFolder.open(above / "data")
        stack = Stack(folder, free_ports(1)[0], lambda line: None)
        stack.start()
        try:
            installation = Installation(stack.port, stack.tokens["bureau"], stack.settings)
            registered = [
                {"type": "partnership.registered", "data": registration(each)} for each in range(PARTNERSHIPS)
            ]
            installation.post("/ingest/v1/batches", [json.dumps({"events": registered})], callers=1)
            yield installation
        finally:
            stack.stop()
            folder.release()
