"""How many pods run, and what moves their number."""

from __future__ import annotations

from typing import Any

import pytest

from constructs_lib import Metric, Scale
from constructs_lib.values import Value
from tests.support.mistakes import by_sentence, mistake


@pytest.mark.parametrize(
    ("scale", "fixed", "cpu"),
    [
        (Scale.fixed(3), True, 70),
        (Scale.between(2, 4), False, 70),
        (Scale.between(2, 4, cpu=50), False, 50),
        (Scale.between(2, 4, memory=80), False, None),
        (Scale.between(2, 4, memory=80, cpu=60), False, 60),
        (Scale.between(2, 4, metrics=[Metric.pods("queue", "10")]), False, None),
    ],
    ids=["fixed", "bounds", "cpu", "memory", "both", "a metric"],
)
def test_cpu_is_aimed_at_where_nothing_else_is_measured(scale: Scale, fixed: bool, cpu: int | None) -> None:
    assert (scale.is_fixed, scale.cpu_target) == (fixed, cpu)


@pytest.mark.parametrize(
    ("metric", "written"),
    [
        (Metric.pods("queue", "10"), {"kind": "pods", "name": "queue", "target": "10"}),
        (Metric.external("lag", "10", topic="orders"),
         {"kind": "external", "name": "lag", "target": "10", "labels": {"topic": "orders"}}),
        (Metric.object("hits", "1k", "Service", "shop"),
         {"kind": "object", "name": "hits", "target": "1k", "described_kind": "Service", "described_name": "shop"}),
    ],
    ids=["pods", "external", "object"],
)  # fmt: skip
def test_a_metric_says_what_it_measures(metric: Metric, written: dict[str, Any]) -> None:
    assert metric.written() == written


@pytest.mark.parametrize(
    ("model", "fields", "sentence"),
    [
        (Scale, {"min": 0, "max": 1}, "Scale.min must be at least 1, got 0"),
        (Scale, {"min": 1, "max": 1001}, "Scale.max must be at most 1000, got 1001"),
        (Scale, {"min": 3, "max": 2}, "Scale: min must not be above max, got min 3 and max 2"),
        (
            Scale,
            {"min": 2, "max": 2, "cpu": 50},
            "Scale: a fixed number of pods has no metrics, got 2; give a max above min",
        ),
        (Scale, {"min": 1, "max": 2, "cpu": 101}, "Scale.cpu must be at most 100, got 101"),
        (
            Scale,
            {"min": 1, "max": 2, "scale_down_seconds": 3601},
            "Scale.scale_down_seconds must be at most 3600, got 3601",
        ),
        (
            Metric,
            {"kind": "object", "name": "a", "target": "1"},
            "Metric: an object metric, and only it, names the kind and the object that it describes",
        ),
        (
            Metric,
            {"kind": "pods", "name": "a", "target": "1", "described_kind": "Service", "described_name": "b"},
            "Metric: an object metric, and only it, names the kind and the object that it describes",
        ),
        (
            Metric,
            {"kind": "pods", "name": "a", "target": "many"},
            "Metric.target must be a quantity such as '250m', '2' or '64Mi', got 'many'",
        ),
    ],
    ids=by_sentence,
)
def test_a_scale_that_makes_no_sense_is_refused(model: type[Value], fields: dict[str, Any], sentence: str) -> None:
    assert mistake(model, fields) == sentence
