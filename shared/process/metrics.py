"""Metrics: what a process, or one of the services in it, has measured, as Prometheus asks for it."""

import platform

from prometheus_client import CollectorRegistry, Gauge, ProcessCollector

VERSION = "0.1.0"
"""The program's, as `pyproject.toml` has it: a container holds the code and not the project."""
SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
"""The bounds between which durations are counted: of an append, a request, an attempt."""


def new_metrics() -> CollectorRegistry:
    """Return a registry that knows the program's version, and the memory and time that the process takes."""
    metrics = CollectorRegistry()
    build = Gauge("kembar_build", "1, of the version that runs", ["version", "python"], registry=metrics)
    build.labels(VERSION, platform.python_version()).set(1)
    ProcessCollector(registry=metrics)
    return metrics
