"""What is measured of alerts and of the attempts to tell them."""

from collections.abc import Iterable
from typing import Literal

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from services.scoring.delivery.outcome import Outcome
from shared.process.metrics import SECONDS

How = Literal["taken", "refused", "over", "gone"]


class DeliveryMeasurements:
    """How many alerts were raised; how attempts ended, and how long they took. Nothing says to whom.

    `trouble` is what keeps the deliverer from its work, in words, None where nothing does.
    """

    def __init__(self, metrics: CollectorRegistry | None = None) -> None:
        self.trouble: str | None = "not started yet"
        ready = Gauge("kembar_deliverer_ready", "1 while this process can tell of alerts", registry=metrics)
        ready.set_function(lambda: float(self.trouble is None))
        self._raised = Counter(
            "kembar_alerts_raised",
            "Alerts that were raised and handed to those who tell them",
            ["kind"],
            registry=metrics,
        )
        self._seconds = Histogram(
            "kembar_delivery_attempt_seconds",
            "How long attempts took, by channel and how they ended",
            ["channel", "outcome"],
            buckets=SECONDS,
            registry=metrics,
        )

    def note_raised(self, kinds: Iterable[str]) -> None:
        """Note alerts that were handed out."""
        for kind in kinds:
            self._raised.labels(kind).inc()

    def note_attempt(self, channel: str, outcome: Outcome, seconds: float) -> None:
        """Note an attempt that has ended."""
        self._seconds.labels(channel, how(outcome)).observe(seconds)


def how(outcome: Outcome) -> How:
    """Return in a word how an attempt ended: `refused` is tried again, `over` and `gone` are not."""
    if outcome.taken:
        return "taken"
    if outcome.gone:
        return "gone"
    return "over" if outcome.is_over else "refused"
