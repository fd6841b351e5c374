"""The program itself, run as its users run it."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 120


def run(*arguments: str, stdin: str = "", cwd: Path = ROOT, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a command to its end."""
    return subprocess.run(
        [sys.executable, "-m", "cli", *arguments],
        input=stdin,
        capture_output=True,
        text=True,
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "120", **environment},
        timeout=180,
        check=False,
    )


@dataclass
class Program:
    """A running `kembar demo` or `up`."""

    process: subprocess.Popen[str]
    url: str
    data: Path
    output: Path

    def said(self) -> str:
        return self.output.read_text()

    def pid_of(self, part: str) -> int:
        return int(json.loads((self.data / "run" / f"{part}.json").read_text())["pid"])

    def get(self, path: str):
        with urllib.request.urlopen(f"{self.url}{path}", timeout=60) as answer:
            return json.load(answer)

    def page(self, url: str) -> str:
        with urllib.request.urlopen(url, timeout=60) as answer:
            return answer.read().decode()

    def tokens(self) -> dict[str, str]:
        return json.loads((self.data / "demo-tokens.json").read_text())

    def interrupt(self) -> int:
        """Press Ctrl-C and wait for the end."""
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(90)


@contextlib.contextmanager
def running(command: str, data: Path, port: int, **environment: str) -> Iterator[Program]:
    """Start `kembar demo` or `up` and wait until it says where it is."""
    data.parent.mkdir(parents=True, exist_ok=True)
    output = data.parent / f"{data.name}-output.txt"
    with output.open("w") as file:
        process = subprocess.Popen(
            [sys.executable, "-m", "cli", command, "--port", str(port), "--data", str(data)],
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=file,
            text=True,
            cwd=data.parent,
            env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
        )
    program = Program(process, f"http://127.0.0.1:{port}", data, output)
    try:
        wait_until(lambda: process.poll() is not None or "Ctrl-C stops it" in program.said())
        assert process.poll() is None, program.said()
        yield program
    except BaseException:
        print(program.said(), file=sys.stderr)
        for log in sorted((data / "logs").glob("*.log")):
            print(f"--- {log.name}", *log.read_text("utf-8", "replace").splitlines()[-40:], sep="\n", file=sys.stderr)
        raise
    finally:
        if process.poll() is None:
            program.interrupt()


def wait_until(is_so, timeout_seconds: float = START_SECONDS) -> None:
    """Wait for a condition; fail where it does not come about."""
    deadline = time.monotonic() + timeout_seconds
    while not is_so():
        assert time.monotonic() < deadline, "it has not come about in time"
        time.sleep(0.05)


def is_gone(pid: int) -> bool:
    return not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
