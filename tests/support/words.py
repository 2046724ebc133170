"""The closed lists of words in Kubernetes' reference, which its schemas leave open as texts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

# By the last two keys of a field's path.
WORDS = {
    "containers.imagePullPolicy": {"Always", "IfNotPresent", "Never"},
    "initContainers.imagePullPolicy": {"Always", "IfNotPresent", "Never"},
    "initContainers.restartPolicy": {"Always", "Never", "OnFailure"},
    "limits.type": {"Container", "PersistentVolumeClaim", "Pod"},
    "metrics.type": {"ContainerResource", "External", "Object", "Pods", "Resource"},
    "persistentVolumeClaimRetentionPolicy.whenDeleted": {"Delete", "Retain"},
    "persistentVolumeClaimRetentionPolicy.whenScaled": {"Delete", "Retain"},
    "policies.type": {"Percent", "Pods"},
    "ports.protocol": {"SCTP", "TCP", "UDP"},
    "preemptionPolicy": {"Never", "PreemptLowerPriority"},
    "scaleDown.selectPolicy": {"Disabled", "Max", "Min"},
    "scaleUp.selectPolicy": {"Disabled", "Max", "Min"},
    "seccompProfile.type": {"Localhost", "RuntimeDefault", "Unconfined"},
    "securityContext.fsGroupChangePolicy": {"Always", "OnRootMismatch"},
    "spec.accessModes": {"ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod"},
    "spec.podManagementPolicy": {"OrderedReady", "Parallel"},
    "spec.policyTypes": {"Egress", "Ingress"},
    "spec.type": {"ClusterIP", "ExternalName", "LoadBalancer", "NodePort"},
    "spec.unhealthyPodEvictionPolicy": {"AlwaysAllow", "IfHealthyBudget"},
    "strategy.type": {"Recreate", "RollingUpdate"},
    "target.type": {"AverageValue", "Utilization", "Value"},
    "topologySpreadConstraints.whenUnsatisfiable": {"DoNotSchedule", "ScheduleAnyway"},
    "updateStrategy.type": {"OnDelete", "RollingUpdate"},
}


def word_finding(data: dict[str, Any]) -> str | None:
    """The first field of an object of a built-in kind whose word is not in its list."""
    for field, word in closed_fields(data):
        if word not in WORDS[field]:
            return f"{field}: {word!r} is not one of {sorted(WORDS[field])}"
    return None


def closed_fields(data: dict[str, Any]) -> Iterator[tuple[str, object]]:
    """The fields of an object that have a closed list, with their words."""
    for path, value in _fields(data, ()):
        if (field := ".".join(path[-2:])) in WORDS:
            yield field, value


def _fields(data: object, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], object]]:
    if isinstance(data, dict):
        for key, value in data.items():
            yield from _fields(value, (*path, key))
    elif isinstance(data, list):
        for value in data:
            yield from _fields(value, path)
    else:
        yield path, data
