"""PriorityClasses: who goes first when a cluster is full."""

from __future__ import annotations

from cdk8s_plus_27 import k8s
from constructs import Construct

from ..parts.names import PRIORITY
from ..parts.objects import Meta
from ..values.environment import Environment, Role


class Priorities(Construct):
    """One class for each tier; tier 1 pushes tier 3 out, not the other way."""

    def __init__(self, scope: Construct, environment: Environment, role: Role) -> None:
        super().__init__(scope, "priorities")
        for tier, name in PRIORITY.items():
            k8s.KubePriorityClass(
                self,
                f"PriorityClass-{name}",
                metadata=Meta(name, labels={"app.kubernetes.io/managed-by": "desired"}).typed(),
                value=(4 - tier) * 1000,
                preemption_policy="Never" if tier == max(PRIORITY) else "PreemptLowerPriority",
                description=f"Services of tier {tier}.",
            )
