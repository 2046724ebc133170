"""Names, labels and namespaces that Kubernetes accepts.

Source: https://kubernetes.io/docs/concepts/overview/working-with-objects/names/
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from ..parts.names import FLUX, SERVICE_LABEL
from ..values.data import Object
from .objects import named, namespace_of, subject
from .rule import Found
from .unit import UnitView
from .workloads import Workload

_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?\Z")
_SUBDOMAIN = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*\Z")
_SERVICE_NAME = re.compile(r"[a-z]([-a-z0-9]{0,61}[a-z0-9])?\Z")
_PORT_NAME = re.compile(r"(?=.*[a-z])[a-z0-9]([-a-z0-9]{0,13}[a-z0-9])?\Z")
_QUALIFIED = re.compile(r"[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?\Z")
_SHORT = {"Service": 63, "Namespace": 63, "StatefulSet": 52, "CronJob": 52}
"""Kinds whose names become labels or host names, and how long they may be."""
_ANNOTATIONS_BYTES = 262_144
CLUSTER_SCOPED = {
    "APIService", "CSIDriver", "ClusterIssuer", "ClusterRole", "ClusterRoleBinding", "ClusterSecretStore",
    "CustomResourceDefinition", "GatewayClass", "IngressClass", "MutatingWebhookConfiguration", "Namespace",
    "PersistentVolume", "PriorityClass", "RuntimeClass", "StorageClass", "ValidatingAdmissionPolicy",
    "ValidatingAdmissionPolicyBinding", "ValidatingWebhookConfiguration",
}  # fmt: skip


def legal_names(unit: UnitView) -> Found:
    """Names of objects, containers, volumes and ports are valid, and no longer than Kubernetes allows."""
    for each in unit.objects:
        name, kind = each["metadata"]["name"], each["kind"]
        pattern = _SERVICE_NAME if kind == "Service" else _SUBDOMAIN
        longest = _SHORT.get(kind, 253)
        if kind not in ("Role", "RoleBinding") and not (len(name) <= longest and pattern.match(name)):
            yield (
                subject(each),
                f"the {kind} name {name!r} is invalid; use at most {longest} lower-case letters, digits and '-'",
            )
    for workload in unit.workloads:
        for what, name in _inner_names(workload):
            pattern = _PORT_NAME if what == "port" else _LABEL
            if not pattern.match(name):
                longest = 15 if what == "port" else 63
                yield (
                    workload.subject,
                    f"the {what} name {name!r} is invalid; use at most {longest} lower-case letters, digits and '-'",
                )


def _inner_names(workload: Workload) -> Iterator[tuple[str, str]]:
    for container in workload.containers:
        yield "container", container["name"]
        yield from (("port", port["name"]) for port in container.get("ports") or () if "name" in port)
    yield from (("volume", volume["name"]) for volume in workload.pod.get("volumes") or ())


def legal_labels(unit: UnitView) -> Found:
    """Labels and annotations have valid keys, and label values at most 63 characters."""
    for each in unit.objects:
        metadata = each["metadata"]
        for wrong in _illegal(metadata.get("labels") or {}, metadata.get("annotations") or {}):
            yield subject(each), f"{named(each)}: {wrong}"
    for workload in unit.workloads:
        metadata = workload.template.get("metadata") or {}
        for wrong in _illegal(metadata.get("labels") or {}, metadata.get("annotations") or {}):
            yield workload.subject, f"the pods of {workload.name}: {wrong}"


def _illegal(labels: dict[str, str], annotations: dict[str, str]) -> Iterator[str]:
    for key, value in labels.items():
        if not _legal_key(key):
            yield f"label {key!r} is not a valid key; use the form 'example.com/name'"
        if not _legal_value(value):
            yield f"label {key} has the invalid value {value!r}; use at most 63 letters, digits, '-', '_' and '.'"
    for key in annotations:
        if not _legal_key(key):
            yield f"annotation {key!r} is not a valid key; use the form 'example.com/name'"
    if sum(len(key) + len(value.encode()) for key, value in annotations.items()) > _ANNOTATIONS_BYTES:
        yield f"its annotations have more than {_ANNOTATIONS_BYTES} bytes; shorten them"


@lru_cache(maxsize=4096)
def _legal_key(key: str) -> bool:
    prefix, slash, name = key.rpartition("/")
    in_domain = not slash or (len(prefix) <= 253 and _SUBDOMAIN.match(prefix) is not None)
    return in_domain and _QUALIFIED.match(name) is not None


@lru_cache(maxsize=16384)
def _legal_value(value: str) -> bool:
    return value == "" or _QUALIFIED.match(value) is not None


def no_cluster_scope(unit: UnitView) -> Found:
    """A service creates objects in its own namespace only."""
    for each in _of_service(unit):
        if each["kind"] in CLUSTER_SCOPED or not namespace_of(each):
            yield (
                unit.spec["owner"],
                f"{named(each)} belongs to the whole cluster; make it a component of the platform in envs/",
            )
        elif namespace_of(each) != unit.spec["namespace"]:
            yield (
                unit.spec["owner"],
                f"{named(each)} is in namespace {namespace_of(each)}; keep it in {unit.spec['namespace']}",
            )


def carries_its_service(unit: UnitView) -> Found:
    """Every object of a service has the service's label, by which rules and people find it."""
    for each in _of_service(unit):
        owner = (each["metadata"].get("labels") or {}).get(SERVICE_LABEL)
        if owner != unit.spec["owner"]:
            yield (
                unit.spec["owner"],
                f"{named(each)} has the label {SERVICE_LABEL} {owner!r}; change it to {unit.spec['owner']!r}",
            )


def _of_service(unit: UnitView) -> Iterator[Object]:
    if "owner" not in unit.spec:
        return
    for each in unit.objects:
        pulls_its_folder = each["kind"] == "Kustomization" and namespace_of(each) == FLUX
        if not pulls_its_folder:
            yield each
