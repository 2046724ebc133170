"""HorizontalPodAutoscaler, and the recommendations of a VerticalPodAutoscaler."""

from __future__ import annotations

from cdk8s_plus_27 import k8s
from constructs import Construct

from ..values import Metric, Scale
from ..values.resolved_service import ResolvedService
from .labels import meta
from .objects import Manifest, quantity


def autoscaler(scope: Construct, resolved: ResolvedService, slot: str, target: str, at_peak: bool) -> None:
    """An autoscaler between the bounds of the service's scale; none for a fixed number.

    During a rollout it holds every slot at the peak, so that either one can take all the traffic at once.
    """
    scale = resolved.scale
    if scale.is_fixed:
        return
    about = meta(resolved, target, slot)
    k8s.KubeHorizontalPodAutoscalerV2(
        scope,
        f"HorizontalPodAutoscaler-{target}",
        metadata=about.typed(),
        spec=k8s.HorizontalPodAutoscalerSpecV2(
            scale_target_ref=k8s.CrossVersionObjectReferenceV2(api_version="apps/v1", kind="Deployment", name=target),
            min_replicas=scale.max if at_peak else scale.min,
            max_replicas=scale.max,
            metrics=_metrics(scale),
            behavior=_behavior(scale),
        ),
    )


def recommender(scope: Construct, resolved: ResolvedService, slot: str, kind: str, target: str) -> None:
    """Writes down what the service would reserve, where it asked for that; it never changes a pod."""
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


def _metrics(scale: Scale) -> list[k8s.MetricSpecV2]:
    uses = [("cpu", scale.cpu_target), ("memory", scale.memory)]
    measured = [
        k8s.MetricSpecV2(
            type="Resource",
            resource=k8s.ResourceMetricSourceV2(
                name=name, target=k8s.MetricTargetV2(type="Utilization", average_utilization=use)
            ),
        )
        for name, use in uses
        if use
    ]
    return measured + [_metric(each) for each in scale.metrics]


def _metric(metric: Metric) -> k8s.MetricSpecV2:
    selector = k8s.LabelSelector(match_labels=dict(metric.labels)) if metric.labels else None
    identifier = k8s.MetricIdentifierV2(name=metric.name, selector=selector)
    target = k8s.MetricTargetV2(type="AverageValue", average_value=quantity(metric.target))
    if metric.kind == "pods":
        return k8s.MetricSpecV2(type="Pods", pods=k8s.PodsMetricSourceV2(metric=identifier, target=target))
    if metric.kind == "external":
        source = k8s.ExternalMetricSourceV2(metric=identifier, target=target)
        return k8s.MetricSpecV2(type="External", external=source)
    described = k8s.CrossVersionObjectReferenceV2(
        api_version=metric.described_api_version,
        kind=str(metric.described_kind),
        name=str(metric.described_name),
    )
    source_of = k8s.ObjectMetricSourceV2(described_object=described, metric=identifier, target=target)
    return k8s.MetricSpecV2(type="Object", object=source_of)


def _behavior(scale: Scale) -> k8s.HorizontalPodAutoscalerBehaviorV2:
    def rules(percent: int, period: int, calm: int) -> k8s.HpaScalingRulesV2:
        policies = [
            k8s.HpaScalingPolicyV2(type="Percent", value=percent, period_seconds=period),
            k8s.HpaScalingPolicyV2(type="Pods", value=1, period_seconds=period),
        ]
        return k8s.HpaScalingRulesV2(stabilization_window_seconds=calm, select_policy="Max", policies=policies)

    return k8s.HorizontalPodAutoscalerBehaviorV2(
        scale_up=rules(scale.scale_up_percent, 15, 0),
        scale_down=rules(scale.scale_down_percent, 60, scale.scale_down_seconds),
    )
