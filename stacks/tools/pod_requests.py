"""The resources that the pods of a cluster request, from its manifests and its database."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

from constructs_lib import DatabaseClass
from constructs_lib.rules.capacity import of_pod
from constructs_lib.rules.facts import RuleFacts
from constructs_lib.rules.scaling import fewest, most
from constructs_lib.rules.unit import UnitView
from constructs_lib.rules.workloads import Workload
from constructs_lib.values import Problem, amount
from constructs_lib.values.data import Object
from desired.render import yaml

_KINDS = ("deployment", "statefulset", "job", "cronjob", "horizontalpodautoscaler", "envoyproxy")
# The default of a proxy. Source: Envoy Gateway, api/v1alpha1, ResourceRequirements
_PROXY = {"cpu": "100m", "memory": "512Mi"}


@dataclass(frozen=True)
class PodRequests:
    """What some pods request together: CPU in cores, memory in bytes."""

    pods: int = 0
    cpu: Decimal = Decimal(0)
    memory: Decimal = Decimal(0)

    def __add__(self, other: PodRequests) -> PodRequests:
        return PodRequests(self.pods + other.pods, self.cpu + other.cpu, self.memory + other.memory)

    def __mul__(self, times: int) -> PodRequests:
        return PodRequests(self.pods * times, self.cpu * times, self.memory * times)


class ClusterRequests(NamedTuple):
    """What all pods of a cluster request."""

    least: PodRequests
    """With every autoscaler at its minimum."""
    peak: PodRequests
    """With every autoscaler at its maximum, and both slots of every service, as if all were rolled out at once."""


def requests(objects: Iterable[Object], database: DatabaseClass) -> ClusterRequests:
    """What the workloads, the gateways' proxies and PostgreSQL request."""
    unit = UnitView(RuleFacts(objects=list(objects)))
    slots = Counter((each.namespace, each.service) for each in unit.workloads if each.slot)
    least, peak = _database(database), _database(database)
    for workload in unit.workloads:
        pod = _pod(workload)
        alone = bool(workload.slot) and slots[workload.namespace, workload.service] == 1
        least += pod * fewest(unit, workload)
        peak += pod * most(unit, workload) * (2 if alone else 1)
    for pod, low, high in map(_proxies, unit.kinds("EnvoyProxy")):
        least, peak = least + pod * low, peak + pod * high
    return ClusterRequests(least, peak)


def _pod(workload: Workload) -> PodRequests:
    asked = of_pod(workload)
    return PodRequests(1, asked["requests.cpu"], asked["requests.memory"])


def _proxies(proxy: Object) -> tuple[PodRequests, int, int]:
    """One proxy of a gateway, and the smallest and the largest number of them."""
    settings = proxy["spec"]["provider"]["kubernetes"]
    deployment, autoscaler = settings.get("envoyDeployment") or {}, settings.get("envoyHpa") or {}
    asked = ((deployment.get("container") or {}).get("resources") or {}).get("requests") or {}
    cpu, memory = (amount(str(asked.get(each, _PROXY[each]))) for each in ("cpu", "memory"))
    low = autoscaler.get("minReplicas", deployment.get("replicas", 1))
    return PodRequests(1, cpu, memory), low, autoscaler.get("maxReplicas", low)


def _database(database: DatabaseClass) -> PodRequests:
    """The instances, and the pods of the pooler, which request nothing."""
    resources = database.resources
    pooler = PodRequests(database.pooler.instances) if database.pooler else PodRequests()
    return PodRequests(1, amount(resources.cpu), amount(resources.memory)) * database.instances + pooler


def read(root: Path, cluster: str) -> list[Object]:
    """The objects of a cluster that make pods, from its manifests. Raises Problem if there are none."""
    folder = root / "manifests" / cluster
    files = sorted(file for kind in _KINDS for file in folder.glob(f"*/*/{kind}-*.yaml"))
    if not files:
        raise Problem(f"manifests/{cluster} has no objects that make pods; run `make synth`")
    return [yaml.load(file.read_text(encoding="utf-8")) for file in files]
