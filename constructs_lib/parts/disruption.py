"""PodDisruptionBudget: how many pods a node drain may take at once."""

from __future__ import annotations

from cdk8s_plus_27 import k8s
from constructs import Construct

from ..environment import Placed
from ..objects import number
from .labels import meta, selector


def disruption_budget(scope: Construct, placed: Placed, slot: str, target: str) -> None:
    """One pod at a time; none where a single pod runs, as a budget could only block the drain of its node."""
    if placed.scale.min < 2:
        return
    k8s.KubePodDisruptionBudget(
        scope,
        f"PodDisruptionBudget-{target}",
        metadata=meta(placed, target, slot).typed(),
        spec=k8s.PodDisruptionBudgetSpec(
            max_unavailable=number(1),
            selector=k8s.LabelSelector(match_labels=selector(placed.service.name, slot)),
            unhealthy_pod_eviction_policy="AlwaysAllow",
        ),
    )
