"""What pods, bindings and policies refer to exists."""

from __future__ import annotations

from collections.abc import Iterator

from ..values.data import Json, Object
from .cluster import ClusterView
from .objects import named, namespace_of, subject
from .rule import Found, for_each, for_each_object, for_each_workload
from .workloads import Workload

_BUILT_IN_PRIORITIES = ("system-cluster-critical", "system-node-critical")
_MADE_BY_KUBERNETES = ("kube-root-ca.crt",)
Reference = Json


@for_each_workload
def config_exists(workload: Workload, cluster: ClusterView) -> Found:
    """Every ConfigMap that a pod uses exists and has the keys that it uses."""
    for name, keys in _named(workload, "configMap"):
        if name in _MADE_BY_KUBERNETES:
            continue
        found = cluster.get("ConfigMap", workload.namespace, name)
        if found is None:
            yield (
                workload.subject,
                f"{workload.name} uses ConfigMap {name}, which does not exist; add it, or correct the name",
            )
            continue
        for key in sorted(keys - found.get("data", {}).keys() - found.get("binaryData", {}).keys()):
            yield (
                workload.subject,
                f"{workload.name} uses key {key} of ConfigMap {name}, which it does not have; add it, or correct it",
            )


@for_each_workload
def secret_exists(workload: Workload, cluster: ClusterView) -> Found:
    """Every Secret that a pod or a listener uses is created by an ExternalSecret, with the keys that it uses."""
    for name, keys in _named(workload, "secret"):
        external = cluster.secret(workload.namespace, name)
        if external is None:
            yield (
                workload.subject,
                f"{workload.name} uses Secret {name}, which no ExternalSecret creates; add a Secret(…)",
            )
            continue
        given = {each["secretKey"] for each in external["spec"].get("data") or ()}
        for key in sorted(keys - given) if not external["spec"].get("dataFrom") else ():
            yield (
                workload.subject,
                f"{workload.name} uses key {key} of Secret {name}, which its ExternalSecret does not fill; "
                f"add the key to the Secret(…), or correct it",
            )


@secret_exists.and_for_each("Gateway")
def _certificates_exist(gateway: Object, cluster: ClusterView) -> Found:
    for listener in gateway["spec"]["listeners"]:
        for reference in (listener.get("tls") or {}).get("certificateRefs") or ():
            if not cluster.secret(reference.get("namespace") or namespace_of(gateway), reference["name"]):
                yield (
                    subject(gateway),
                    f"listener {listener['name']} of {named(gateway)} uses Secret {reference['name']}, "
                    f"which no ExternalSecret creates; add one",
                )


def _named(workload: Workload, what: str) -> Iterator[tuple[str, set[str]]]:
    """The ConfigMaps or Secrets without which the pods cannot start, and the keys that they use of each."""
    reference = f"{what}KeyRef"
    for container in workload.containers:
        for each in container.get("env") or ():
            if found := (each.get("valueFrom") or {}).get(reference):
                yield from _needed(found, "name", [found["key"]] if "key" in found else [])
        for each in container.get("envFrom") or ():
            yield from _needed(each.get(f"{what}Ref"), "name", [])
    for volume in workload.pod.get("volumes") or ():
        projected = [each.get(what) for each in (volume.get("projected") or {}).get("sources") or ()]
        for source, key in ((volume.get(what), "secretName" if what == "secret" else "name"), *_by_name(projected)):
            yield from _needed(source, key, [item["key"] for item in (source or {}).get("items") or ()])
    if what == "secret":
        for each in workload.pod.get("imagePullSecrets") or ():
            yield each["name"], set()


def _by_name(sources: list[Reference | None]) -> Iterator[tuple[Reference | None, str]]:
    return ((source, "name") for source in sources)


def _needed(source: Reference | None, key: str, keys: list[str]) -> Iterator[tuple[str, set[str]]]:
    if source and key in source and not source.get("optional"):
        yield source[key], set(keys)


@for_each_workload
def account_exists(workload: Workload, cluster: ClusterView) -> Found:
    """Every ServiceAccount of a pod, and every Role and ServiceAccount of a RoleBinding, exists."""
    account = workload.pod.get("serviceAccountName", "default")
    if account != "default" and not cluster.get("ServiceAccount", workload.namespace, account):
        yield (
            workload.subject,
            f"{workload.name} runs as ServiceAccount {account}, which does not exist; add it, or correct the name",
        )


@account_exists.and_for_each("RoleBinding")
def _bound_exist(binding: Object, cluster: ClusterView) -> Found:
    role = binding["roleRef"]
    if role["kind"] == "Role" and not cluster.get("Role", namespace_of(binding), role["name"]):
        yield subject(binding), f"{named(binding)} refers to Role {role['name']}, which does not exist; add it"
    for each in binding.get("subjects") or ():
        where = each.get("namespace") or namespace_of(binding)
        if each["kind"] == "ServiceAccount" and not cluster.get("ServiceAccount", where, each["name"]):
            yield (
                subject(binding),
                f"{named(binding)} refers to ServiceAccount {each['name']}, which does not exist; add it",
            )


@for_each_workload
def volume_exists(workload: Workload, cluster: ClusterView) -> Found:
    """Every mount refers to a volume of its pod, and every PersistentVolumeClaim that a pod uses exists."""
    volumes = workload.pod.get("volumes") or ()
    claimed = {each["metadata"]["name"] for each in workload.object["spec"].get("volumeClaimTemplates") or ()}
    known = {volume["name"] for volume in volumes} | claimed
    for container in workload.containers:
        for mount in container.get("volumeMounts") or ():
            if mount["name"] not in known:
                yield (
                    workload.subject,
                    f"container {container['name']} mounts volume {mount['name']}, which its pod does not have; add it",
                )
    for volume in volumes:
        claim = (volume.get("persistentVolumeClaim") or {}).get("claimName")
        if claim and not cluster.get("PersistentVolumeClaim", workload.namespace, claim):
            yield workload.subject, f"{workload.name} uses PersistentVolumeClaim {claim}, which does not exist; add it"


@for_each_workload
def priority_exists(workload: Workload, cluster: ClusterView) -> Found:
    """Every PriorityClass that a pod uses exists."""
    name = workload.pod.get("priorityClassName")
    if name and name not in _BUILT_IN_PRIORITIES and not cluster.get("PriorityClass", "", name):
        yield (
            workload.subject,
            f"{workload.name} uses PriorityClass {name}, which does not exist; add it to the platform",
        )


@for_each("ExternalSecret")
def store_exists(external: Object, cluster: ClusterView) -> Found:
    """Every ExternalSecret reads from a store that exists and that its namespace may use."""
    reference = external["spec"].get("secretStoreRef") or {}
    kind, namespace, name = reference.get("kind", "SecretStore"), namespace_of(external), reference.get("name")
    store = cluster.get(kind, namespace if kind == "SecretStore" else "", name or "")
    if store is None:
        yield subject(external), f"{named(external)} reads from {kind} {name}, which does not exist; add it"
        return
    conditions = store["spec"].get("conditions") or []
    if conditions and not any(namespace in (one.get("namespaces") or ()) for one in conditions):
        yield (
            subject(external),
            f"{named(external)} is in namespace {namespace}, which may not use the store {name}; "
            f"add the namespace to the store's conditions",
        )


@for_each_object
def namespace_exists(made: Object, cluster: ClusterView) -> Found:
    """Every object is in a namespace that the platform creates."""
    namespace = namespace_of(made)
    if namespace and not cluster.get("Namespace", "", namespace):
        yield subject(made), f"{named(made)} is in namespace {namespace}, which does not exist; add it to the platform"


@for_each("BackendTrafficPolicy")
def policy_has_target(policy: Object, cluster: ClusterView) -> Found:
    """Every BackendTrafficPolicy targets a route that exists."""
    for target in policy["spec"].get("targetRefs") or ():
        if not cluster.get(target["kind"], namespace_of(policy), target["name"]):
            yield (
                subject(policy),
                f"{named(policy)} targets {target['kind']} {target['name']}, which does not exist; correct targetRefs",
            )
