"""Creates the PodDisruptionBudget, which limits how many pods a node drain may evict at once."""

from __future__ import annotations

from constructs import Construct

from ..kubernetes import PodDisruptionBudgetSpec
from ..values.resolved_service import ResolvedService
from .labels import meta, selector
from .objects import Manifest


def disruption_budget(scope: Construct, resolved: ResolvedService, slot: str, target: str) -> None:
    """Add a budget of one pod at a time. A single pod gets no budget, because it would block the drain of its node."""
    if resolved.scale.min < 2:
        return
    spec = PodDisruptionBudgetSpec(
        maxUnavailable=1,
        selector={"matchLabels": selector(resolved.service.name, slot)},
        unhealthyPodEvictionPolicy="AlwaysAllow",
    )
    Manifest(scope, "policy/v1", "PodDisruptionBudget", meta(resolved, target, slot), spec=spec)
