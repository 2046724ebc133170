"""Autoscalers: bounds, every kind of metric, behaviour, the peak during a rollout; and recommendations."""

from __future__ import annotations

from typing import Any

import pytest

from constructs_lib import Metric, Scale, Service
from constructs_lib.testing import Object, one, render
from tests.support.fleet import service, worker
from tests.support.rendered import ENV, names

_STRETCHED = service(scale=Scale.between(2, 8))


def autoscaler(scale: Scale) -> dict[str, Any]:
    spec: dict[str, Any] = one(render(service(scale=scale), ENV), "HorizontalPodAutoscaler")["spec"]
    return spec


def test_an_autoscaler_keeps_between_the_bounds_and_names_its_deployment() -> None:
    objects = render(_STRETCHED, ENV)
    made = one(objects, "HorizontalPodAutoscaler", "greeter-blue")
    assert made["apiVersion"] == "autoscaling/v2"
    assert (made["spec"]["minReplicas"], made["spec"]["maxReplicas"]) == (2, 8)
    assert made["spec"]["scaleTargetRef"] == {"apiVersion": "apps/v1", "kind": "Deployment", "name": "greeter-blue"}


def resource(name: str, use: int) -> dict[str, Any]:
    target = {"type": "Utilization", "averageUtilization": use}
    return {"type": "Resource", "resource": {"name": name, "target": target}}


_AVERAGE = {"type": "AverageValue", "averageValue": "30"}


@pytest.mark.parametrize(
    ("scale", "metrics"),
    [
        pytest.param(Scale.between(2, 4), [resource("cpu", 70)], id="cpu where nothing is said"),
        pytest.param(Scale.between(2, 4, cpu=50), [resource("cpu", 50)], id="cpu"),
        pytest.param(Scale.between(2, 4, memory=80), [resource("memory", 80)], id="memory alone"),
        pytest.param(
            Scale.between(2, 4, cpu=50, memory=80), [resource("cpu", 50), resource("memory", 80)], id="cpu and memory"
        ),
        pytest.param(
            Scale.between(2, 4, metrics=(Metric.pods("requests", "30"),)),
            [{"type": "Pods", "pods": {"metric": {"name": "requests"}, "target": _AVERAGE}}],
            id="per pod",
        ),
        pytest.param(
            Scale.between(2, 4, metrics=(Metric.object("depth", "30", kind="Service", of="queue"),)),
            [
                {
                    "type": "Object",
                    "object": {
                        "describedObject": {"apiVersion": "v1", "kind": "Service", "name": "queue"},
                        "metric": {"name": "depth"},
                        "target": _AVERAGE,
                    },
                }
            ],
            id="of an object",
        ),
        pytest.param(
            Scale.between(2, 4, cpu=60, metrics=(Metric.external("lag", "30", topic="orders"),)),
            [
                resource("cpu", 60),
                {
                    "type": "External",
                    "external": {
                        "metric": {"name": "lag", "selector": {"matchLabels": {"topic": "orders"}}},
                        "target": _AVERAGE,
                    },
                },
            ],
            id="from outside, beside cpu",
        ),
    ],
)
def test_the_metrics_are_those_that_were_asked_for(scale: Scale, metrics: list[dict[str, Any]]) -> None:
    assert autoscaler(scale)["metrics"] == metrics


def test_pods_come_quickly_and_leave_slowly_unless_told() -> None:
    behavior = autoscaler(Scale.between(2, 4))["behavior"]
    assert behavior["scaleUp"]["stabilizationWindowSeconds"] == 0
    assert behavior["scaleDown"]["stabilizationWindowSeconds"] == 300
    assert [each["selectPolicy"] for each in behavior.values()] == ["Max", "Max"]


def test_the_behaviour_is_what_the_service_says() -> None:
    scale = Scale.between(2, 4, scale_up_percent=200, scale_down_percent=10, scale_down_seconds=900)
    assert autoscaler(scale)["behavior"] == {
        "scaleUp": {
            "stabilizationWindowSeconds": 0,
            "selectPolicy": "Max",
            "policies": [
                {"type": "Percent", "value": 200, "periodSeconds": 15},
                {"type": "Pods", "value": 1, "periodSeconds": 15},
            ],
        },
        "scaleDown": {
            "stabilizationWindowSeconds": 900,
            "selectPolicy": "Max",
            "policies": [
                {"type": "Percent", "value": 10, "periodSeconds": 60},
                {"type": "Pods", "value": 1, "periodSeconds": 60},
            ],
        },
    }


@pytest.mark.parametrize("make", [service, worker])
@pytest.mark.parametrize(
    ("scale", "replicas", "bounds"),
    [
        pytest.param(Scale.fixed(1), 1, None, id="one pod"),
        pytest.param(Scale.fixed(3), 3, None, id="a fixed number"),
        pytest.param("S", 2, None, id="a size that is a fixed number here"),
        pytest.param("M", None, (2, 4), id="a size that is a range here"),
        pytest.param(Scale.between(2, 8), None, (2, 8), id="a range"),
    ],
)
def test_either_the_replicas_are_fixed_or_an_autoscaler_sets_them(
    make: Any, scale: Any, replicas: int | None, bounds: tuple[int, int] | None
) -> None:
    objects = render(make("greeter", scale=scale), ENV)
    found = [each["spec"] for each in objects if each["kind"] == "HorizontalPodAutoscaler"]
    assert one(objects, "Deployment")["spec"].get("replicas") == replicas
    assert [(each["minReplicas"], each["maxReplicas"]) for each in found] == ([bounds] if bounds else [])


def bounds_of(objects: list[Object]) -> dict[str, tuple[int, int]]:
    return {
        each["metadata"]["name"]: (each["spec"]["minReplicas"], each["spec"]["maxReplicas"])
        for each in objects
        if each["kind"] == "HorizontalPodAutoscaler"
    }


@pytest.mark.parametrize("way", [{"share": 0}, {"share": 40}, {"share": 100}, {"finalized": True}], ids=str)
def test_until_a_rollout_is_closed_each_slot_stays_at_its_own_peak(way: dict[str, Any]) -> None:
    objects = render(_STRETCHED, ENV, candidate=service(scale=Scale.between(3, 12)), **way)
    assert bounds_of(objects) == {"greeter-blue": (8, 8), "greeter-green": (12, 12)}


@pytest.mark.parametrize(
    ("given", "kind", "target"),
    [
        pytest.param(service(recommend_resources=True), "Deployment", "greeter-blue", id="a microservice"),
        pytest.param(worker(recommend_resources=True), "Deployment", "mailer", id="a worker"),
    ],
)
def test_recommendations_are_written_down_and_never_applied(given: Service, kind: str, target: str) -> None:
    assert one(render(given, ENV), "VerticalPodAutoscaler", target)["spec"] == {
        "targetRef": {"apiVersion": "apps/v1", "kind": kind, "name": target},
        "updatePolicy": {"updateMode": "Off"},
    }


def test_nothing_is_recommended_unless_asked() -> None:
    assert names(render(service(), ENV), "VerticalPodAutoscaler") == []
