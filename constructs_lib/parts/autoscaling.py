"""Creates the HorizontalPodAutoscaler, and a VerticalPodAutoscaler that only recommends.

An autoscaler that follows the traffic would reduce the new slot of a rollout to its minimum while its share is small.
A jump to 100 % would then overload it. Therefore both slots run the maximum number of pods during a rollout.
"""

from __future__ import annotations

from constructs import Construct

from ..kubernetes import (
    CrossVersionObjectReference,
    HorizontalPodAutoscalerBehavior,
    HorizontalPodAutoscalerSpec,
    HPAScalingRules,
    MetricIdentifier,
    MetricSpec,
    MetricTarget,
)
from ..values import Metric, Scale
from ..values.resolved_service import ResolvedService
from .labels import meta
from .objects import Manifest


def autoscaler(scope: Construct, resolved: ResolvedService, slot: str, target: str, at_peak: bool) -> None:
    """Add an autoscaler between the bounds of the service's scale. A fixed number of pods needs no autoscaler.

    `at_peak` is set during a rollout. The minimum then equals the maximum, so that each slot can take all the traffic
    at once.
    """
    scale = resolved.scale
    if scale.is_fixed:
        return
    spec = HorizontalPodAutoscalerSpec(
        behavior=_behavior(scale),
        maxReplicas=scale.max,
        metrics=_metrics(scale),
        minReplicas=scale.max if at_peak else scale.min,
        scaleTargetRef={"apiVersion": "apps/v1", "kind": "Deployment", "name": target},
    )
    Manifest(scope, "autoscaling/v2", "HorizontalPodAutoscaler", meta(resolved, target, slot), spec=spec)


def recommender(scope: Construct, resolved: ResolvedService, slot: str, kind: str, target: str) -> None:
    """Add a VerticalPodAutoscaler that recommends resources, if the service asks for it. It never changes a pod."""
    if not resolved.service.recommend_resources:
        return
    reference = {"apiVersion": "apps/v1", "kind": kind, "name": target}
    Manifest(
        scope,
        "autoscaling.k8s.io/v1",
        "VerticalPodAutoscaler",
        meta(resolved, target, slot),
        spec={"targetRef": reference, "updatePolicy": {"updateMode": "Off"}},
    )


def _metrics(scale: Scale) -> list[MetricSpec]:
    uses = [("cpu", scale.cpu_target), ("memory", scale.memory)]
    measured = [_resource(name, use) for name, use in uses if use]
    return measured + [_metric(each) for each in scale.metrics]


def _resource(name: str, use: int) -> MetricSpec:
    target = MetricTarget(averageUtilization=use, type="Utilization")
    return {"resource": {"name": name, "target": target}, "type": "Resource"}


def _metric(metric: Metric) -> MetricSpec:
    identifier = MetricIdentifier(name=metric.name)
    if metric.labels:
        identifier["selector"] = {"matchLabels": dict(sorted(metric.labels.items()))}
    target = MetricTarget(averageValue=metric.target, type="AverageValue")
    if metric.kind == "pods":
        return {"pods": {"metric": identifier, "target": target}, "type": "Pods"}
    if metric.kind == "external":
        return {"external": {"metric": identifier, "target": target}, "type": "External"}
    described = CrossVersionObjectReference(
        apiVersion=metric.described_api_version,
        kind=str(metric.described_kind),
        name=str(metric.described_name),
    )
    return {"object": {"describedObject": described, "metric": identifier, "target": target}, "type": "Object"}


def _behavior(scale: Scale) -> HorizontalPodAutoscalerBehavior:
    def rules(percent: int, period: int, calm: int) -> HPAScalingRules:
        return {
            "policies": [
                {"periodSeconds": period, "type": "Percent", "value": percent},
                {"periodSeconds": period, "type": "Pods", "value": 1},
            ],
            "selectPolicy": "Max",
            "stabilizationWindowSeconds": calm,
        }

    return {
        "scaleDown": rules(scale.scale_down_percent, 60, scale.scale_down_seconds),
        "scaleUp": rules(scale.scale_up_percent, 15, 0),
    }
