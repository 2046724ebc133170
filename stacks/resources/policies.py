"""Policies on what a stack registers. `objects.register` checks each object before it is registered.

A policy is a function from objects to sentences. It sees an object as Kubernetes will, and how Pulumi protects it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from constructs_lib.values.data import Json

from .cluster_spec import OWNER_LABEL, PROTECTED_LABEL, unprotected


class RegisteredObject(NamedTuple):
    """An object that is registered, or is about to be."""

    item: Json
    protected: bool
    """Whether Pulumi neither deletes nor replaces it, and keeps it in the cluster when its stack is destroyed."""

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
    def must_be_protected(self) -> bool:
        """Whether its environment is protected, and the object was not unprotected by the first of the two steps."""
        part = "cluster" if self.kind == _CLUSTER else "database"
        annotations = self.item["metadata"].get("annotations", {})
        return self.labels.get(PROTECTED_LABEL) == "true" and part not in unprotected(annotations)

    def __str__(self) -> str:
        return f"{self.item['kind']} {self.item['metadata']['name']}"


Found = Iterator[str]


def owned(objects: Iterable[RegisteredObject]) -> Found:
    """Every object names its owner."""
    for each in objects:
        if not each.labels.get(OWNER_LABEL):
            yield f"{each} has no owner; add the label {OWNER_LABEL}"


def protected(objects: Iterable[RegisteredObject]) -> Found:
    """In a protected environment, clusters, databases and their namespaces outlive their stack."""
    for each in objects:
        if each.kind in _LASTING and each.must_be_protected and not each.protected:
            yield f"{each} is not protected, but its environment is; set protect and retain_on_delete"


def backed_up(objects: Iterable[RegisteredObject]) -> Found:
    """In a protected environment, databases archive their log and survive the loss of an instance."""
    for each in objects:
        if each.kind != _POSTGRES or each.labels.get(PROTECTED_LABEL) != "true":
            continue
        spec = each.item["spec"]
        if not any(plugin.get("isWALArchiver") for plugin in spec.get("plugins", [])):
            yield f"{each} does not archive its log, but its environment is protected; give the environment backups"
        if spec["instances"] < 2:
            yield f"{each} has one instance, but its environment is protected; give it three"


def private(objects: Iterable[RegisteredObject]) -> Found:
    """Neither the API of a cluster nor a Service is open to the public."""
    for each in objects:
        if each.item["kind"].endswith("ClusterTemplate") and not _is_private(each.item):
            yield f"{each} does not say that its API endpoint is private; stacks/resources/policies.py lists how"
        for data in _parts(each.item):
            if data.get("type") in ("LoadBalancer", "NodePort"):
                yield f"{each} has a Service of type {data['type']}; use ClusterIP"


def by_digest(objects: Iterable[RegisteredObject]) -> Found:
    """Every image is named by its digest."""
    for each in objects:
        for data in _parts(each.item):
            for key in ("image", "imageName"):
                image = data.get(key)
                if isinstance(image, str) and "@sha256:" not in image and each.item["kind"] in _RUNS_IMAGES:
                    yield f"{each} runs {image!r}, which can change; name it by digest"


def scheduled(objects: Iterable[RegisteredObject]) -> Found:
    """A database that archives its log has base backups: a log alone restores nothing."""
    found = list(objects)
    kinds = {each.kind for each in found}
    for each in found:
        if each.kind == _POSTGRES and each.item["spec"].get("plugins") and (_GROUP, "ScheduledBackup") not in kinds:
            yield f"{each} archives its log but has no base backup; add a ScheduledBackup"


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
    # Its machines are containers on your own computer, or exist in memory only.
    "DevClusterTemplate": ((), {}),
}

Policy = Callable[[Iterable[RegisteredObject]], Found]
OF_AN_OBJECT: tuple[Policy, ...] = (owned, protected, backed_up, private, by_digest)
"""The policies that check one object by itself."""
OF_A_STACK: tuple[Policy, ...] = (*OF_AN_OBJECT, scheduled)
"""All policies."""


def violations(objects: Iterable[RegisteredObject], policies: Iterable[Policy] = OF_A_STACK) -> list[str]:
    """One sentence for each violation."""
    found = list(objects)
    return [sentence for policy in policies for sentence in policy(found)]


def _is_private(item: Json) -> bool:
    path, wanted = _PRIVATE.get(item["kind"], (("unknown",), None))
    data = item["spec"]["template"]["spec"]
    for key in path:
        data = data.get(key, {}) if isinstance(data, dict) else {}
    return not path or data == wanted


def _parts(item: Json) -> Iterator[Json]:
    """All mappings in an object."""
    pending: list[object] = [item]
    while pending:
        data = pending.pop()
        if isinstance(data, dict):
            yield data
            pending.extend(data.values())
        elif isinstance(data, list | tuple):
            pending.extend(data)
