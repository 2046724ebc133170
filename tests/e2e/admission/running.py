"""A cluster of ours on nodes without machines: what the API server said, and which pods belong to which folder."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from functools import cached_property

from testbed.api import Api, ApiError, Object, Ref, ServerAnswer
from testbed.bed import Bed, BedCluster
from testbed.process import until
from tests.support.shipped import objects

WORKLOADS = ("Deployment", "StatefulSet")
FIRST = ("Namespace", "PriorityClass", "LimitRange", "ResourceQuota")
"""What must be there before anything else is judged."""
Shipped = list[tuple[str, Object]]
"""Objects, each with its path below `manifests/`."""


class Running:
    """One cluster, with its manifests first tried and then applied."""

    def __init__(self, cluster: BedCluster, shipped: Shipped) -> None:
        self.cluster, self.api, self.shipped = cluster, cluster.api, shipped
        accepted(apply(self.api, self.of(*FIRST)))
        has_accounts(self.api, [each["metadata"]["name"] for _, each in self.of("Namespace")])
        self.tried_seconds, self.tried = timed(lambda: apply(self.api, shipped, dry_run=True))
        start = time.monotonic()
        accepted(apply(self.api, shipped))
        _wait(lambda: unavailable(self.api, self.of(*WORKLOADS)), f"everything in {cluster.folder.name} is Available")
        self.available_seconds = time.monotonic() - start

    @classmethod
    def start(cls, bed: Bed, name: str) -> Running:
        """A cluster with what we ship for it."""
        return cls(bed.cluster(name), list(objects(name)))

    def of(self, *kinds: str) -> Shipped:
        """What was shipped of these kinds, in their order."""
        return [(path, each) for kind in kinds for path, each in self.shipped if each["kind"] == kind]

    def settle(self) -> None:
        """Waits until every autoscaler has brought its pods to its minimum, and they are available."""
        _wait(self._settled, f"the autoscalers of {self.cluster.folder.name} have decided")

    def _settled(self) -> bool | str:
        scaled = {each["metadata"]["name"]: each["spec"] for each in self.api.list("apps/v1", "Deployment")}
        for live in self.api.list("autoscaling/v2", "HorizontalPodAutoscaler"):
            target, least = live["spec"]["scaleTargetRef"]["name"], live["spec"]["minReplicas"]
            if not condition(live, "AbleToScale") or scaled[target]["replicas"] < least:
                return f"the autoscaler {live['metadata']['name']} has not looked yet"
        return unavailable(self.api, self.of(*WORKLOADS))

    @cached_property
    def pods(self) -> dict[str, set[str]]:
        """The live pods by the folder that their workload was shipped in, found by their owners, not their labels."""
        folders = {(each["kind"], each["metadata"]["name"]): folder(path) for path, each in self.of(*WORKLOADS)}
        sets = {each["metadata"]["name"]: owner(each) for each in self.api.list("apps/v1", "ReplicaSet")}
        found: dict[str, set[str]] = {each: set() for each in folders.values()}
        for pod in self.api.list("v1", "Pod"):
            kind, name = owner(pod)
            found[folders[sets[name] if kind == "ReplicaSet" else (kind, name)]].add(pod["metadata"]["name"])
        return found

    def pods_of(self, service: str) -> set[str]:
        """The live pods of a service, of both slots."""
        mine = (service, f"{service}-blue", f"{service}-green")
        return {pod for folder, pods in self.pods.items() if folder in mine for pod in pods}

    def selected(self, namespace: str, selector: Object) -> set[str]:
        """The live pods that a selector takes, as the API server reads it."""
        return {each["metadata"]["name"] for each in self.api.list("v1", "Pod", namespace, labels(selector))}


def _wait(condition: Callable[[], bool | str], what: str) -> None:
    until(condition, what, seconds=180, pause=0.25)  # each question lists all workloads


def folder(path: str) -> str:
    """`checkout-blue` for `prod-apps/apps/checkout-blue/deployment-checkout-blue.yaml`."""
    return path.split("/")[2]


def owner(item: Object) -> tuple[str, str]:
    """The kind and name of what made an object."""
    (found,) = item["metadata"]["ownerReferences"]
    return found["kind"], found["name"]


def labels(selector: Object) -> str:
    """A selector in the words of a query."""
    assert selector.keys() <= {"matchLabels"}, "a selector by expressions is not understood here"
    return ",".join(f"{key}={value}" for key, value in selector.get("matchLabels", {}).items())


def apply(api: Api, shipped: Shipped, dry_run: bool = False) -> dict[str, ServerAnswer | ApiError]:
    """What the API server says of each object, by its path."""
    answers = api.apply_all((each for _, each in shipped), dry_run)
    return {path: answer for (path, _), answer in zip(shipped, answers, strict=True)}


def accepted(answers: dict[str, ServerAnswer | ApiError]) -> None:
    """Fails where something was refused."""
    assert {path: str(answer) for path, answer in answers.items() if isinstance(answer, ApiError)} == {}


def has_accounts(api: Api, namespaces: Iterable[str]) -> None:
    """Waits until pods may be made in the namespaces: each has its default account."""
    waiting = [Ref("v1", "ServiceAccount", "default", each) for each in namespaces]
    until(lambda: all(api.get(each) for each in waiting), "every namespace has its account")


def unavailable(api: Api, workloads: Shipped) -> bool | str:
    """True when all workloads are Available in full, else a sentence about the first one that is not."""
    live = {kind: {each["metadata"]["name"]: each for each in api.list("apps/v1", kind)} for kind in WORKLOADS}
    for _, each in workloads:
        found = live[each["kind"]][each["metadata"]["name"]]
        if not available(found):
            return f"{Ref.of(each)} is {found.get('status', {})}"
    return True


def available(workload: Object) -> bool:
    """Whether the controller has seen the newest version, and all its pods are new and available."""
    status, wanted = workload.get("status", {}), workload["spec"]["replicas"]
    seen = status.get("observedGeneration") == workload["metadata"]["generation"]
    counts = {status.get(key, 0) for key in ("replicas", "updatedReplicas", "availableReplicas")}
    return seen and counts == {wanted} and (workload["kind"] != "Deployment" or condition(workload, "Available"))


def condition(item: Object, kind: str) -> bool:
    """Whether a condition of an object holds."""
    return any(each["type"] == kind and each["status"] == "True" for each in item["status"].get("conditions") or ())


def timed(work: Callable[[], dict[str, ServerAnswer | ApiError]]) -> tuple[float, dict[str, ServerAnswer | ApiError]]:
    """The seconds that it took, and what came of it."""
    start = time.monotonic()
    result = work()
    return time.monotonic() - start, result
