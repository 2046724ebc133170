"""ResourceQuota and LimitRange of the services' namespace."""

from __future__ import annotations

from cdk8s_plus_27 import k8s
from constructs import Construct

from ..parts.objects import Meta, quantity
from ..values.environment import Environment, Role


class Limits(Construct):
    """What all services may reserve together, and what one container gets that says nothing."""

    def __init__(self, scope: Construct, environment: Environment, role: Role) -> None:
        super().__init__(scope, "limits")
        quota = environment.cluster(role).quota
        about = Meta("services", environment.namespace, {"app.kubernetes.io/managed-by": "desired"})
        hard = {
            "requests.cpu": quota.cpu,
            "requests.memory": quota.memory,
            "limits.memory": quota.memory,
            "requests.storage": quota.storage,
            "pods": str(quota.pods),
        }
        k8s.KubeResourceQuota(
            self,
            "ResourceQuota",
            metadata=about.typed(),
            spec=k8s.ResourceQuotaSpec(hard={key: quantity(value) for key, value in hard.items()}),
        )
        small = environment.sizes["S"]
        item = k8s.LimitRangeItem(
            type="Container",
            default={"memory": quantity(small.memory)},
            default_request={"cpu": quantity(small.cpu), "memory": quantity(small.memory)},
        )
        k8s.KubeLimitRange(self, "LimitRange", metadata=about.typed(), spec=k8s.LimitRangeSpec(limits=[item]))
