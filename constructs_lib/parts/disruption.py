"""PodDisruptionBudget: how many pods a node drain may take at once."""

from __future__ import annotations

from cdk8s_plus_27 import k8s
from constructs import Construct

from ..values.resolved_service import ResolvedService
from .labels import meta, selector
from .objects import number


def disruption_budget(scope: Construct, resolved: ResolvedService, slot: str, target: str) -> None:
    """One pod at a time; none where a single pod runs, as a budget could only block the drain of its node."""
    if resolved.scale.min < 2:
        return
    k8s.KubePodDisruptionBudget(
        scope,
        f"PodDisruptionBudget-{target}",
        metadata=meta(resolved, target, slot).typed(),
        spec=k8s.PodDisruptionBudgetSpec(
            max_unavailable=number(1),
            selector=k8s.LabelSelector(match_labels=selector(resolved.service.name, slot)),
            unhealthy_pod_eviction_policy="AlwaysAllow",
        ),
    )
