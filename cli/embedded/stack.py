"""All parts of an installation on one machine, started in order, watched, stopped in the opposite order."""

import os
import shutil
import socket
import sys
import time
import urllib.error
import urllib.request
from collections import defaultdict
from collections.abc import Callable, Mapping
from pathlib import Path

import psutil

from cli.embedded.folder import DataFolder
from cli.embedded.nats_server import SECRETS, nats_part
from cli.embedded.part import Part, end_what_was_left
from cli.embedded.postgres import postgres_part
from cli.embedded.reach import archive_of, settings_from, write_addresses
from cli.embedded.tokens import ensure_tokens
from cli.secrets_folder import ensure_secrets
from cli.stop import CannotGoOn
from shared.postgres.roles import SERVICES
from shared.process.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 60.0
YOUNG_SECONDS = 5.0
YOUNG_DEATHS_AT_MOST = 6
"""A part that so often in a row ends before it is ready, or so soon after, will not come up by being started again."""
FIRST_PAUSE_SECONDS = 0.1
ROOM_BYTES = 64 * 2**20
"""What must be free before a part is started again: PostgreSQL needs whole segments of its log to recover."""


class Stack:
    """PostgreSQL, nats-server and the services on one data folder; its settings and tokens, once it is started."""

    def __init__(self, folder: DataFolder, port: int, say: Callable[[str], None]) -> None:
        self.folder = folder
        self.port = port
        self.url = f"http://127.0.0.1:{port}"
        self._say = say
        self.settings = Settings()
        self.tokens: dict[str, str] = {}
        self._parts: list[Part] = []
        self._ready_at: dict[str, float] = {}
        self._died_young: dict[str, int] = defaultdict(int)
        self._waits_for_room = False

    @property
    def is_running(self) -> bool:
        """Say whether there is anything to stop."""
        return bool(self._parts)

    def start(self) -> None:
        """Start all parts and wait until they can be used; stops what was started where one would not."""
        end_what_was_left(self.folder.path)
        refuse_a_taken_port(self.port)
        self._say(f"Starting PostgreSQL, nats-server and the services in {self.folder.path} ...")
        try:
            ensure_secrets(self.folder.file(SECRETS))
            postgres, dsn = postgres_part(self.folder.path)
            nats, address = nats_part(self.folder.path)
            self._parts = [postgres, nats]
            for part in self._parts:
                part.start()
            environment = {
                "PYTHONPATH": str(ROOT),
                "KEMBAR_HOST": "127.0.0.1",
                "KEMBAR_PORT": str(self.port),
                "KEMBAR_OPEN_READING": "true",
                "KEMBAR_NATS_URL": address.url,
                "KEMBAR_SECRETS_FOLDER": str(self.folder.file(SECRETS)),
                "KEMBAR_NATS_MONITOR_URLS": f'["{address.monitor_url}"]',
                "KEMBAR_POSTGRES_DSN": dsn,
                "KEMBAR_ARCHIVE_FOLDER": str(archive_of(self.folder.path)),
            }
            write_addresses(self.folder, environment)
            for part in self._parts:
                part.wait_until_ready(START_SECONDS)
            for part in (self._projections(environment), self._services(environment)):
                self._parts.append(part)
                part.start()
            self._parts[-1].wait_until_ready(START_SECONDS)
            self._parts.append(
                self._deliveries(environment)
            )  # the tables are there by now, and whoever waits is served
            self._parts[-1].start()
            self.settings = settings_from(environment)
            self.tokens = ensure_tokens(self.folder, self.settings)
            self._ready_at = {part.name: time.monotonic() for part in self._parts}
        except BaseException:
            self.stop()
            raise
        self.folder.write_private("running.json", {"url": self.url, "pid": os.getpid()})

    def _projections(self, environment: Mapping[str, str]) -> Part:
        """What follows the ledger has a process of its own, so that a posting never waits for a rating."""
        return Part(
            name="projections",
            command=[sys.executable, "-m", "cli", "serve", "projections", "--prepare"],
            folder=self.folder.path,
            is_ready=lambda: True,
            environment={**environment, "KEMBAR_DELIVER": "false"},
        )

    def _deliveries(self, environment: Mapping[str, str]) -> Part:
        """What tells of alerts has one too, so that no alert waits for what is projected meanwhile."""
        return Part(
            name="deliveries",
            command=[sys.executable, "-m", "cli", "serve", "deliveries"],
            folder=self.folder.path,
            is_ready=lambda: True,
            environment={**environment, **_next_worker_port()},
        )

    def _services(self, environment: Mapping[str, str]) -> Part:
        return Part(
            name="services",
            command=[sys.executable, "-m", "cli", "serve", "all", "--prepare"],
            folder=self.folder.path,
            is_ready=lambda: all(answers(f"{self.url}/{each}/readyz") for each in SERVICES),
            environment={**environment, "KEMBAR_PROJECT": "false"},
        )

    def watch(self) -> None:
        """Start again whatever has died or is stuck, once the disk has room; `CannotGoOn` where it keeps dying."""
        for part in self._parts:
            while (part.has_died() or part.is_stuck()) and self._has_room(part):
                self._start_again(part)

    def _has_room(self, part: Part) -> bool:
        """Say whether a part can be started again; on a full disk it would only die again."""
        has_room = shutil.disk_usage(self.folder.path).free >= ROOM_BYTES
        if not has_room and not self._waits_for_room:
            self._say(
                f"The disk of {self.folder.path} is full: {part.name} waits until {ROOM_BYTES // 2**20} MB are free. "
                "Nothing that was acknowledged is lost."
            )
        self._waits_for_room = not has_room
        return has_room

    def _start_again(self, part: Part) -> None:
        """Start a part again, a little later each time: processes that PostgreSQL left behind can keep it from starting."""
        now = time.monotonic()
        young = now - self._ready_at.pop(part.name, now) < YOUNG_SECONDS
        died_young = self._died_young[part.name] = self._died_young[part.name] + 1 if young else 0
        if died_young > YOUNG_DEATHS_AT_MOST:
            raise CannotGoOn(
                f"{part.name} keeps ending.\n\nThe end of {part.log}:\n{part.last_lines()}",
                "See the message above. Nothing that was acknowledged is lost; start again once it is mended.",
            )
        said = "has ended unexpectedly" if part.has_died() else "can write nothing more"
        self._say(f"{part.name} {said}; starting it again.")
        time.sleep(FIRST_PAUSE_SECONDS * (2 ** max(0, died_young - 1) - 1))
        if not part.has_died():
            part.stop()
        part.start()
        try:
            part.wait_until_ready(START_SECONDS)
            self._ready_at[part.name] = time.monotonic()
        except CannotGoOn:
            if not part.has_died():
                raise

    def stop(self) -> None:
        """Stop the parts, the last started first."""
        for part in reversed(self._parts):
            part.stop()
        self._parts = []


def _next_worker_port() -> dict[str, str]:
    """Return the port on which `deliveries` answers whoever observes: the one after that of `projections`, where it has one."""
    port = Settings().worker_port
    return {} if port is None else {"KEMBAR_WORKER_PORT": str(port + 1)}


def refuse_a_taken_port(port: int) -> None:
    """Raise `CannotGoOn` where something else listens on the port, naming it where the system tells."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except PermissionError as error:
            raise CannotGoOn(
                f"Port {port} may be used by the administrator only.", "Choose one above 1023, for example --port 8080."
            ) from error
        except OSError as error:
            raise CannotGoOn(
                f"Port {port} is taken{_by_whom(port)}.",
                f"Choose another, for example --port {port + 1}, or stop what uses it.",
            ) from error


def _by_whom(port: int) -> str:
    try:
        for each in psutil.net_connections("tcp"):
            if each.status == psutil.CONN_LISTEN and each.laddr and each.laddr.port == port and each.pid:
                return f" by {psutil.Process(each.pid).name()} (process {each.pid})"
    except psutil.Error:
        pass
    return ""


def answers(url: str) -> bool:
    """Say whether an address of this machine answers 200."""
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:  # noqa: S310 - our own loopback address
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False
