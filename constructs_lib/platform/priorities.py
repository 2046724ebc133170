"""Creates the PriorityClasses, which decide which pods run when a cluster is full."""

from __future__ import annotations

from constructs import Construct

from ..parts.names import PRIORITY
from ..parts.objects import Manifest, Meta
from ..values.environment import Environment, Role


class Priorities(Construct):
    """One class for each tier. Tier 1 can preempt tiers 2 and 3; tier 2 can preempt tier 3."""

    def __init__(self, scope: Construct, environment: Environment, role: Role) -> None:
        super().__init__(scope, "priorities")
        for tier, name in PRIORITY.items():
            Manifest(
                self,
                "scheduling.k8s.io/v1",
                "PriorityClass",
                Meta(name, labels={"app.kubernetes.io/managed-by": "desired"}),
                description=f"Services of tier {tier}.",
                preemptionPolicy="Never" if tier == max(PRIORITY) else "PreemptLowerPriority",
                value=(4 - tier) * 1000,
            )
