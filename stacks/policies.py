"""What no object of a stack may be. `objects.register` refuses what breaks a policy before it is registered.

A policy is a function from objects to sentences; it sees an object as Kubernetes will, and how Pulumi protects it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from .side import OWNER_LABEL, PROTECTED_LABEL, freed


class Registered(NamedTuple):
    """An object that is registered, or is about to be."""

    item: Mapping[str, Any]
    protected: bool
    """Whether Pulumi neither deletes nor replaces it, and leaves it in the cluster when its stack goes."""

    @property
    def kind(self) -> tuple[str, str]:
        """Its API group and kind."""
        return self.item["apiVersion"].rpartition("/")[0], self.item["kind"]

    @property
    def labels(self) -> Mapping[str, str]:
        """Its labels."""
        labels: Mapping[str, str] = self.item["metadata"].get("labels", {})
        return labels

    @property
    def lives_on(self) -> bool:
        """Whether its environment is protected, and nobody took the first of the two steps to its end."""
        what = "cluster" if self.kind == _CLUSTER else "database"
        annotations = self.item["metadata"].get("annotations", {})
        return self.labels.get(PROTECTED_LABEL) == "true" and what not in freed(annotations)

    def __str__(self) -> str:
        return f"{self.item['kind']} {self.item['metadata']['name']}"


Found = Iterator[str]


def owned(objects: Iterable[Registered]) -> Found:
    """Every object says who answers for it."""
    for each in objects:
        if not each.labels.get(OWNER_LABEL):
            yield f"{each} says nothing of its owner; give it the label {OWNER_LABEL}"


def protected(objects: Iterable[Registered]) -> Found:
    """Clusters, databases and what holds them outlive their stack where the environment is protected."""
    for each in objects:
        if each.kind in _LASTING and each.lives_on and not each.protected:
            yield f"{each} is not protected, and its environment is; give it protect and retain_on_delete"


def backed_up(objects: Iterable[Registered]) -> Found:
    """Databases of protected environments archive their log, and survive the loss of an instance."""
    for each in objects:
        if each.kind != _POSTGRES or each.labels.get(PROTECTED_LABEL) != "true":
            continue
        spec = each.item["spec"]
        if not any(plugin.get("isWALArchiver") for plugin in spec.get("plugins", [])):
            yield f"{each} archives no log, and its environment is protected; give its environment backups"
        if spec["instances"] < 2:
            yield f"{each} has one instance, and its environment is protected; give it three"


def private(objects: Iterable[Registered]) -> Found:
    """Nothing listens in public: neither the API of a cluster nor a Service."""
    for each in objects:
        if each.item["kind"].endswith("ClusterTemplate") and not _is_private(each.item):
            yield f"{each} does not say that its API endpoint is private; see stacks/policies.py for how it does"
        for data in _parts(each.item):
            if data.get("type") in ("LoadBalancer", "NodePort"):
                yield f"{each} opens a Service of the type {data['type']}; use ClusterIP"


def by_digest(objects: Iterable[Registered]) -> Found:
    """An image is always the same one."""
    for each in objects:
        for data in _parts(each.item):
            for key in ("image", "imageName"):
                image = data.get(key)
                if isinstance(image, str) and "@sha256:" not in image and each.item["kind"] in _RUNS_IMAGES:
                    yield f"{each} runs {image!r}, which can change; name it by digest"


def scheduled(objects: Iterable[Registered]) -> Found:
    """Databases that archive their log are backed up: without a base backup a log restores nothing."""
    found = list(objects)
    kinds = {each.kind for each in found}
    for each in found:
        if each.kind == _POSTGRES and each.item["spec"].get("plugins") and (_GROUP, "ScheduledBackup") not in kinds:
            yield f"{each} archives its log and is never backed up; give it a ScheduledBackup"


_CLUSTER = ("cluster.x-k8s.io", "Cluster")
_GROUP = "postgresql.cnpg.io"
_POSTGRES = (_GROUP, "Cluster")
_LASTING = {
    _CLUSTER,
    ("", "Namespace"),
    ("barmancloud.cnpg.io", "ObjectStore"),
    _POSTGRES,
    (_GROUP, "Database"),
    (_GROUP, "ScheduledBackup"),
}
_RUNS_IMAGES = {"Deployment", "Cluster"}
_PRIVATE: Mapping[str, tuple[tuple[str, ...], Any]] = {
    "AWSClusterTemplate": (("controlPlaneLoadBalancer", "scheme"), "internal"),
    "AzureClusterTemplate": (("networkSpec", "apiServerLB", "type"), "Internal"),
    "OpenStackClusterTemplate": (("disableAPIServerFloatingIP",), True),
    # Of machines on the developer's own computer, or in memory.
    "DevClusterTemplate": ((), {}),
}

Policy = Callable[[Iterable[Registered]], Found]
OF_AN_OBJECT: tuple[Policy, ...] = (owned, protected, backed_up, private, by_digest)
"""Those that need to see nothing but one object."""
OF_A_STACK: tuple[Policy, ...] = (*OF_AN_OBJECT, scheduled)
"""All of them."""


def violations(objects: Iterable[Registered], policies: Iterable[Policy] = OF_A_STACK) -> list[str]:
    """One sentence for each policy that is broken."""
    found = list(objects)
    return [sentence for policy in policies for sentence in policy(found)]


def _is_private(item: Mapping[str, Any]) -> bool:
    path, wanted = _PRIVATE.get(item["kind"], (("unknown",), None))
    data = item["spec"]["template"]["spec"]
    for key in path:
        data = data.get(key, {}) if isinstance(data, dict) else {}
    return not path or data == wanted


def _parts(item: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """All mappings in an object."""
    pending: list[Any] = [item]
    while pending:
        data = pending.pop()
        if isinstance(data, Mapping):
            yield data
            pending.extend(data.values())
        elif isinstance(data, list | tuple):
            pending.extend(data)
