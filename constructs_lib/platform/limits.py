"""Creates the ResourceQuota and the LimitRange of the services' namespace."""

from __future__ import annotations

from constructs import Construct

from ..kubernetes import LimitRangeItem, LimitRangeSpec, ResourceQuotaSpec
from ..parts.objects import Manifest, Meta
from ..values.environment import Environment, Role


class Limits(Construct):
    """The quota of all services together, and the defaults for containers without resources."""

    def __init__(self, scope: Construct, environment: Environment, role: Role) -> None:
        super().__init__(scope, "limits")
        quota = environment.cluster(role).quota
        about = Meta("services", environment.namespace, {"app.kubernetes.io/managed-by": "desired"})
        hard = {
            "limits.memory": quota.memory,
            "pods": str(quota.pods),
            "requests.cpu": quota.cpu,
            "requests.memory": quota.memory,
            "requests.storage": quota.storage,
        }
        Manifest(self, "v1", "ResourceQuota", about, spec=ResourceQuotaSpec(hard=hard))
        small = environment.sizes["S"]
        item = LimitRangeItem(
            default={"memory": small.memory},
            defaultRequest={"cpu": small.cpu, "memory": small.memory},
            type="Container",
        )
        Manifest(self, "v1", "LimitRange", about, spec=LimitRangeSpec(limits=[item]))
