"""The Pod Security Standard *restricted*, and a few rules beyond it, for pods as they are after all patches.

Source: https://kubernetes.io/docs/concepts/security/pod-security-standards/
"""

from __future__ import annotations

from .rule import Found
from .unit import UnitView
from .workloads import Container, Workload

_VOLUMES = {
    "configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "persistentVolumeClaim", "projected", "secret",
}  # fmt: skip
_PROFILES = ("RuntimeDefault", "Localhost")
_LOWEST_ID = 10_001


def runs_as_nobody(unit: UnitView) -> Found:
    """No container runs as root, and its user and group do not exist on the node."""
    for workload in unit.workloads:
        of_pod = workload.pod.get("securityContext") or {}
        for container in workload.containers:
            context = {**of_pod, **(container.get("securityContext") or {})}
            if context.get("runAsNonRoot") is not True:
                yield (
                    workload.subject,
                    f"container {container['name']} may run as root; set runAsNonRoot: true",
                )
            for key in ("runAsUser", "runAsGroup"):
                if context.get(key, 0) < _LOWEST_ID:
                    yield (
                        workload.subject,
                        f"container {container['name']} has {key} {context.get(key)}; set a number above 10000",
                    )


def root_file_system_is_read_only(unit: UnitView) -> Found:
    """No container can write to its root file system; it writes to volumes."""
    for workload in unit.workloads:
        for container in workload.containers:
            if (container.get("securityContext") or {}).get("readOnlyRootFilesystem") is not True:
                yield (
                    workload.subject,
                    f"container {container['name']} can write to its root file system; "
                    f"set readOnlyRootFilesystem: true, and add Volume.scratch(…) where it must write",
                )


def no_privileges(unit: UnitView) -> Found:
    """No container has, or can gain, privileges."""
    for workload in unit.workloads:
        for container in workload.containers:
            for wrong in _privileges(workload, container):
                yield workload.subject, f"container {container['name']} {wrong}"


def _privileges(workload: Workload, container: Container) -> list[str]:
    of_pod = workload.pod.get("securityContext") or {}
    own = container.get("securityContext") or {}
    capabilities = own.get("capabilities") or {}
    profile = (own.get("seccompProfile") or of_pod.get("seccompProfile") or {}).get("type")
    added = sorted(set(capabilities.get("add") or ()) - {"NET_BIND_SERVICE"})
    faults = [
        (own.get("privileged"), "is privileged; remove privileged"),
        (own.get("allowPrivilegeEscalation") is not False, "can gain privileges; set allowPrivilegeEscalation: false"),
        ("ALL" not in (capabilities.get("drop") or ()), "keeps default capabilities; drop ALL"),
        (added, f"adds the capabilities {', '.join(added)}; remove them"),
        (profile not in _PROFILES, f"has the seccomp profile {profile}; use RuntimeDefault"),
        (own.get("procMount", "Default") != "Default", f"has procMount {own.get('procMount')}; remove it"),
    ]
    return [wrong for found, wrong in faults if found]


def no_host_access(unit: UnitView) -> Found:
    """No pod can use its node's network, processes, ports or files."""
    for workload in unit.workloads:
        for key in ("hostNetwork", "hostPID", "hostIPC"):
            if workload.pod.get(key):
                yield workload.subject, f"{workload.kind} {workload.name} sets {key}; remove it"
        for container in workload.containers:
            for port in container.get("ports") or ():
                if port.get("hostPort"):
                    yield (
                        workload.subject,
                        f"container {container['name']} uses port {port['hostPort']} of the node; remove hostPort",
                    )
        for volume in workload.pod.get("volumes") or ():
            if kinds := sorted(volume.keys() - {"name"} - _VOLUMES):
                yield (
                    workload.subject,
                    f"volume {volume['name']} has the type {', '.join(kinds)}, which reaches the node; "
                    f"use a volume of the service",
                )


def token_only_with_permissions(unit: UnitView) -> Found:
    """A pod mounts a Kubernetes API token only if a RoleBinding gives its account permissions."""
    bound = {
        each["name"]
        for binding in unit.kinds("RoleBinding", "ClusterRoleBinding")
        for each in binding.get("subjects") or ()
    }
    for workload in unit.workloads:
        account = workload.pod.get("serviceAccountName", "default")
        if workload.pod.get("automountServiceAccountToken") is not False and account not in bound:
            yield (
                workload.subject,
                f"{workload.kind} {workload.name} mounts an API token, but its account {account} has no permissions; "
                f"set automountServiceAccountToken: false, or declare permissions",
            )
