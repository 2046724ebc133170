"""The Pod Security Standard *restricted*, and what it leaves open, as the pods are after all patches.

Source: https://kubernetes.io/docs/concepts/security/pod-security-standards/
"""

from __future__ import annotations

from .index import Container, Found, Index, Workload

_VOLUMES = {
    "configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "persistentVolumeClaim", "projected", "secret",
}  # fmt: skip
_PROFILES = ("RuntimeDefault", "Localhost")
_LOWEST_ID = 10_001


def runs_as_nobody(index: Index) -> Found:
    """No container is root, and its user and group are nobody on the node."""
    for workload in index.workloads:
        of_pod = workload.pod.get("securityContext") or {}
        for container in workload.containers:
            context = {**of_pod, **(container.get("securityContext") or {})}
            if context.get("runAsNonRoot") is not True:
                yield (
                    workload.subject,
                    f"the container {container['name']} may run as root; set runAsNonRoot to true",
                )
            for key in ("runAsUser", "runAsGroup"):
                if context.get(key, 0) < _LOWEST_ID:
                    yield (
                        workload.subject,
                        f"the container {container['name']} has {key} {context.get(key)}; give a number above 10000",
                    )


def root_file_system_is_read_only(index: Index) -> Found:
    """A program cannot change what it was started from; it writes to volumes."""
    for workload in index.workloads:
        for container in workload.containers:
            if (container.get("securityContext") or {}).get("readOnlyRootFilesystem") is not True:
                yield (
                    workload.subject,
                    f"the container {container['name']} may write to its root file system; set readOnlyRootFilesystem, "
                    f"and add a Volume.scratch(…) where it must write",
                )


def no_privileges(index: Index) -> Found:
    """No container has, or can come to, a right that its program does not need."""
    for workload in index.workloads:
        for container in workload.containers:
            for wrong in _privileges(workload, container):
                yield workload.subject, f"the container {container['name']} {wrong}"


def _privileges(workload: Workload, container: Container) -> list[str]:
    of_pod = workload.pod.get("securityContext") or {}
    own = container.get("securityContext") or {}
    capabilities = own.get("capabilities") or {}
    profile = (own.get("seccompProfile") or of_pod.get("seccompProfile") or {}).get("type")
    added = sorted(set(capabilities.get("add") or ()) - {"NET_BIND_SERVICE"})
    faults = [
        (own.get("privileged"), "is privileged; take that out"),
        (own.get("allowPrivilegeEscalation") is not False, "may gain rights; set allowPrivilegeEscalation to false"),
        ("ALL" not in (capabilities.get("drop") or ()), "keeps capabilities; drop ALL"),
        (added, f"adds the capabilities {', '.join(added)}; take them out"),
        (profile not in _PROFILES, f"has the seccomp profile {profile}; set RuntimeDefault"),
        (own.get("procMount", "Default") != "Default", f"has procMount {own.get('procMount')}; take it out"),
    ]
    return [wrong for found, wrong in faults if found]


def no_host_access(index: Index) -> Found:
    """No pod sees its node's network, processes, ports or files."""
    for workload in index.workloads:
        for key in ("hostNetwork", "hostPID", "hostIPC"):
            if workload.pod.get(key):
                yield workload.subject, f"{workload.kind} {workload.name} has {key}; take it out"
        for container in workload.containers:
            for port in container.get("ports") or ():
                if port.get("hostPort"):
                    yield (
                        workload.subject,
                        f"the container {container['name']} takes the node's port {port['hostPort']}; take it out",
                    )
        for volume in workload.pod.get("volumes") or ():
            if kinds := sorted(volume.keys() - {"name"} - _VOLUMES):
                yield (
                    workload.subject,
                    f"the volume {volume['name']} is of the kind {', '.join(kinds)}, which reaches the node; "
                    f"use a volume of the service",
                )


def token_only_with_permissions(index: Index) -> Found:
    """A pod gets a token of the Kubernetes API only where a binding gives its account something to do with it."""
    bound = {
        each["name"]
        for binding in index.kinds("RoleBinding", "ClusterRoleBinding")
        for each in binding.get("subjects") or ()
    }
    for workload in index.workloads:
        account = workload.pod.get("serviceAccountName", "default")
        if workload.pod.get("automountServiceAccountToken") is not False and account not in bound:
            yield (
                workload.subject,
                f"{workload.kind} {workload.name} mounts a token, and its account {account} may do nothing; "
                f"set automountServiceAccountToken to false, or declare permissions",
            )
