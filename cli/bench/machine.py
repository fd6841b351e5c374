"""The machine that figures were measured on, in one line."""

import os
import platform
from pathlib import Path

import psutil


def machine_in_words() -> str:
    """Return processor, cores, memory, system and Python."""
    memory_gib = psutil.virtual_memory().total / 2**30
    return (
        f"{_processor()}, {len(os.sched_getaffinity(0))} cores, {memory_gib:.0f} GiB, "
        f"{platform.system()} {platform.release()}, Python {platform.python_version()}"
    )


def machine_load() -> str:
    """Return how much the machine has to do just now: beside others a latency says little."""
    return f"load {os.getloadavg()[0]:.1f} on {len(os.sched_getaffinity(0))} cores"


def _processor() -> str:
    information = Path("/proc/cpuinfo")
    lines = information.read_text().splitlines() if information.exists() else []
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return models[0] if models else platform.processor() or platform.machine()
