"""A part: one process that is started, watched, started again if it dies, and stopped."""

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from cli.stop import CannotGoOn

LARGEST_LOG_BYTES = 20_000_000
LAST_LINES = 15


@dataclass(slots=True)
class Part:
    """How a part is started and stopped, and the process while it runs.

    `is_ready` says whether it can be used, `is_stuck` whether it runs but does nothing more until it is started anew;
    `user` is the system user it runs as, None for ours.
    """

    name: str
    command: Sequence[str]
    folder: Path
    is_ready: Callable[[], bool]
    is_stuck: Callable[[], bool] = lambda: False
    stop_signal: signal.Signals = signal.SIGTERM
    environment: Mapping[str, str] = field(default_factory=dict)
    user: str | None = None
    process: subprocess.Popen[bytes] | None = None

    @property
    def log(self) -> Path:
        """The file that takes what the part says."""
        return self.folder / "logs" / f"{self.name}.log"

    def start(self) -> None:
        """Start the process."""
        if self.log.exists() and self.log.stat().st_size > LARGEST_LOG_BYTES:
            self.log.replace(self.log.with_suffix(".log.1"))
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self.command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={**os.environ, **self.environment},
                user=self.user,
                group=self.user,
                extra_groups=[] if self.user else None,
                start_new_session=True,  # Ctrl-C reaches the program alone, which then stops its parts in order
            )
        note = {"pid": self.process.pid, "created": psutil.Process(self.process.pid).create_time()}
        self._note.write_text(json.dumps(note))

    def wait_until_ready(self, timeout_seconds: float) -> None:
        """Wait until the part can be used; `CannotGoOn` with the end of its log where it cannot."""
        deadline = time.monotonic() + timeout_seconds
        while not self.is_ready():
            if self.has_died() or time.monotonic() > deadline:
                raise CannotGoOn(
                    f"{self.name} {'ended' if self.has_died() else 'did not get ready'} while starting.\n\n"
                    f"The end of {self.log}:\n{self.last_lines()}",
                    "See the message above; if it does not help, send it to whoever looks after this installation.",
                )
            time.sleep(0.02)

    def has_died(self) -> bool:
        """Say whether the process was started and is no more."""
        return self.process is not None and self.process.poll() is not None

    def stop(self, timeout_seconds: float = 15.0) -> None:
        """Ask the process to end, and end it if it does not."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(self.stop_signal)
            try:
                self.process.wait(timeout_seconds)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self._note.unlink(missing_ok=True)

    def last_lines(self) -> str:
        """Return the end of the part's log."""
        if not self.log.exists():
            return "  (nothing)"
        lines = self.log.read_text("utf-8", "replace").splitlines()[-LAST_LINES:]
        return "\n".join(f"  {line}" for line in lines) or "  (nothing)"

    @property
    def _note(self) -> Path:
        return self.folder / "run" / f"{self.name}.json"


def end_what_was_left(folder: Path) -> None:
    """End the parts that a killed program could not stop: they still run, and hold its ports and files.

    The services first and at once, for they keep nothing of their own; then the engines, in order.
    """
    ends = {
        "services": signal.SIGKILL,
        "projections": signal.SIGKILL,
        "deliveries": signal.SIGKILL,
        "nats-server": signal.SIGTERM,
        "postgres": signal.SIGINT,
    }
    for name, end in ends.items():
        note_file = folder / "run" / f"{name}.json"
        try:
            note = json.loads(note_file.read_text())
            left = psutil.Process(note["pid"])
            if left.create_time() != note["created"]:
                continue
            left.send_signal(end)
            psutil.wait_procs([left], timeout=15)
            if left.is_running() and left.status() != psutil.STATUS_ZOMBIE:
                left.kill()
        except (OSError, ValueError, KeyError, TypeError, psutil.NoSuchProcess):
            continue
        finally:
            note_file.unlink(missing_ok=True)
