"""Builds the pod of a service: restricted, spread over zones and nodes, with a graceful shutdown.

Every container meets the Pod Security Standard *restricted* and has a read-only file system. `/tmp` is therefore a
volume of its own. Pods prefer other zones, other nodes and the nodes of their tier, but never require them: a pod in
the wrong place is better than no pod. On shutdown a pod sleeps first, so that gateways stop sending requests.
"""

from __future__ import annotations

from ..values import Container, Resources, Service, Volume
from ..values.container import Port
from ..values.data import Json
from ..values.release import Version
from ..values.resolved_service import ResolvedService
from .calls import calls
from .configuration import config_map_name, secret_name
from .environment_variables import variables, variables_beside
from .labels import labels, selector
from .names import CALLS_GATEWAY_LABEL, INTERNAL, PREFIX, PRIORITY, TIER_NODE_LABEL, slot_name
from .probes import probe_spec, probes

_SCRATCH = Volume.scratch("/tmp", "128Mi")


def pod_template(resolved: ResolvedService, version: Version, slot: str) -> Json:
    """Return the pod template of a Deployment or a StatefulSet."""
    return {"metadata": _pod_metadata(resolved, version, slot), "spec": _pod_spec(resolved, version, slot)}


def job_pod_template(resolved: ResolvedService, version: Version) -> Json:
    """Return the pod template of a job. Its pod is not restarted and has no placement preferences."""
    spec = _pod_spec(resolved, version, "")
    for key in ("topologySpreadConstraints", "affinity"):
        spec.pop(key, None)
    return {"metadata": _pod_metadata(resolved, version, ""), "spec": {"restartPolicy": "Never", **spec}}


def _pod_metadata(resolved: ResolvedService, version: Version, slot: str) -> Json:
    calls_gateway = any(call.routed for call in calls(resolved))
    built = {f"{PREFIX}/commit": version.commit, f"{PREFIX}/ref": version.ref}
    annotations = {key: value for key, value in built.items() if value}
    return {
        "labels": labels(resolved, slot) | ({CALLS_GATEWAY_LABEL: INTERNAL} if calls_gateway else {}),
        **({"annotations": annotations} if annotations else {}),
    }


def _pod_spec(resolved: ResolvedService, version: Version, slot: str) -> Json:
    service = resolved.service
    mounts = _mounts(resolved)
    beside = [_container_beside(resolved, version, slot, each, mounts) for each in service.init]
    # A native sidecar is an init container with a restart policy. It starts before the main one and ends after it.
    beside += [
        {**_container_beside(resolved, version, slot, each, mounts), "restartPolicy": "Always"}
        for each in service.sidecars
    ]
    return {
        "serviceAccountName": slot_name(service.name, slot),
        "automountServiceAccountToken": bool(service.permissions),
        "enableServiceLinks": False,
        "priorityClassName": PRIORITY[service.tier],
        "terminationGracePeriodSeconds": service.shutdown.grace_seconds,
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": service.user,
            "runAsGroup": service.user,
            "fsGroup": service.user,
            "fsGroupChangePolicy": "OnRootMismatch",
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        **_spread(resolved, slot),
        **_affinity(resolved, slot),
        **({"initContainers": beside} if beside else {}),
        "containers": [_main_container(resolved, version, slot, mounts)],
        "volumes": _volumes(resolved, slot),
    }


def _main_container(resolved: ResolvedService, version: Version, slot: str, mounts: list[Json]) -> Json:
    service = resolved.service
    own = [{"name": claim.name, "mountPath": claim.path} for claim in service.claims]
    drain = {"lifecycle": {"preStop": {"sleep": {"seconds": service.shutdown.drain_seconds}}}}
    return {
        "name": service.name,
        "image": version.image,
        "imagePullPolicy": "IfNotPresent",
        **_program(service),
        "env": variables(resolved, version, slot),
        **_ports(service.ports, *_metrics_port(service)),
        "resources": _reserved(resolved.resources),
        **probes(service),
        **(drain if service.ports else {}),
        "securityContext": _restricted(),
        "volumeMounts": [*mounts, *own],
    }


def _container_beside(
    resolved: ResolvedService, version: Version, slot: str, container: Container, mounts: list[Json]
) -> Json:
    ready = container.readiness
    return {
        "name": container.name,
        "image": container.image,
        "imagePullPolicy": "IfNotPresent",
        **_program(container),
        "env": variables_beside(resolved, version, slot, container),
        **_ports(container.ports),
        "resources": _reserved(resolved.container_resources[container.name]),
        **({"readinessProbe": probe_spec("readiness", ready, container.ports)} if ready else {}),
        "securityContext": _restricted(),
        "volumeMounts": mounts,
    }


def _program(runs: Container | Service) -> Json:
    said = {"command": list(runs.command), "args": list(runs.args)}
    return {key: words for key, words in said.items() if words}


def _ports(ports: tuple[Port, ...], *unnamed: int) -> Json:
    listed: list[Json] = [{"name": port.name, "containerPort": port.number, "protocol": "TCP"} for port in ports]
    listed += [{"containerPort": number, "protocol": "TCP"} for number in unnamed]
    return {"ports": listed} if listed else {}


def _metrics_port(service: Service) -> list[int]:
    # A PodMonitor finds only ports that a container declares.
    declared = [port.number for ports in (service.ports, *(each.ports for each in service.sidecars)) for port in ports]
    return [service.metrics.port] if service.metrics and service.metrics.port not in declared else []


def _reserved(resources: Resources) -> Json:
    limits = {"cpu": resources.cpu_limit, "memory": resources.memory_limit or resources.memory}
    return {
        "requests": {"cpu": resources.cpu, "memory": resources.memory},
        "limits": {key: value for key, value in limits.items() if value},
    }


def _restricted() -> Json:
    return {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }


def _affinity(resolved: ResolvedService, slot: str) -> Json:
    label = TIER_NODE_LABEL.format(tier=resolved.service.tier)
    drawn = {"weight": 50, "preference": {"matchExpressions": [{"key": label, "operator": "Exists"}]}}
    near = {"nodeAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": [drawn]}}
    return {"affinity": near | _apart(resolved, slot)}


def _apart(resolved: ResolvedService, slot: str) -> Json:
    if resolved.scale.max == 1:
        return {}
    nodes = {
        "weight": 100,
        "podAffinityTerm": {
            "topologyKey": "kubernetes.io/hostname",
            "labelSelector": {"matchLabels": selector(resolved.service.name, slot)},
        },
    }
    return {"podAntiAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": [nodes]}}


def _spread(resolved: ResolvedService, slot: str) -> Json:
    if resolved.scale.max == 1 or len(resolved.placement.zones) == 1:
        return {}
    zones = {
        "maxSkew": 1,
        "topologyKey": "topology.kubernetes.io/zone",
        "whenUnsatisfiable": "ScheduleAnyway",
        "labelSelector": {"matchLabels": selector(resolved.service.name, slot)},
        # Count only pods of the same revision, so that old pods do not push new ones into one zone.
        **({"matchLabelKeys": ["pod-template-hash"]} if resolved.service.kind != "stateful" else {}),
    }
    return {"topologySpreadConstraints": [zones]}


def _space(resolved: ResolvedService) -> list[tuple[str, Volume]]:
    return [("tmp", _SCRATCH), *((f"scratch-{index}", each) for index, each in enumerate(resolved.service.volumes))]


def _mounts(resolved: ResolvedService) -> list[Json]:
    service = resolved.service
    folders = [(f"config-{each.name}", each.mount) for each in service.configs if each.mount]
    folders += [(f"secret-{each.name}", each.mount) for each in service.secrets if each.mount]
    return [
        *({"name": name, "mountPath": volume.path} for name, volume in _space(resolved)),
        *({"name": name, "mountPath": path, "readOnly": True} for name, path in folders),
    ]


def _volumes(resolved: ResolvedService, slot: str) -> list[Json]:
    volumes: list[Json] = []
    for name, volume in _space(resolved):
        medium = {"medium": "Memory"} if volume.medium == "memory" else {}
        volumes.append({"name": name, "emptyDir": {**medium, "sizeLimit": volume.size}})
    for config in resolved.service.configs:
        if config.mount:
            source = {"name": config_map_name(resolved, slot, config), "defaultMode": 0o440}
            volumes.append({"name": f"config-{config.name}", "configMap": source})
    for secret in resolved.service.secrets:
        if secret.mount:
            source = {"secretName": secret_name(resolved, slot, secret), "defaultMode": 0o440}
            volumes.append({"name": f"secret-{secret.name}", "secret": source})
    return volumes
