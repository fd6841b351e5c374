"""How an attempt ended is one word of a closed list, whatever its receiver said."""

import pytest
from prometheus_client import CollectorRegistry

from services.scoring.delivery.measurements import DeliveryMeasurements
from services.scoring.delivery.outcome import Outcome


@pytest.mark.parametrize(
    ("outcome", "word"),
    [
        (Outcome(taken=True, words="It was taken.", status=204), "taken"),
        (Outcome(taken=False, words="hanoi said no", status=500), "refused"),
        (Outcome(taken=False, words="sri@example.org", status=550, is_over=True), "over"),
        (Outcome(taken=False, words="No more.", status=410, gone=True), "gone"),
    ],
)
def test_an_attempt_is_counted_by_its_channel_and_one_word(outcome, word):
    metrics = CollectorRegistry()
    DeliveryMeasurements(metrics).note_attempt("email", outcome, 0.3)

    series = [each for family in metrics.collect() for each in family.samples if each.name.endswith("seconds_count")]
    assert [(each.labels, each.value) for each in series] == [({"channel": "email", "outcome": word}, 1)]


def test_who_has_not_begun_is_not_ready_and_alerts_are_counted_by_kind():
    metrics = CollectorRegistry()
    measured = DeliveryMeasurements(metrics)
    measured.note_raised(["dormant", "dormant", "rating_fell"])

    assert metrics.get_sample_value("kembar_deliverer_ready") == 0
    assert metrics.get_sample_value("kembar_alerts_raised_total", {"kind": "dormant"}) == 2
    measured.trouble = None
    assert metrics.get_sample_value("kembar_deliverer_ready") == 1
