"""What pods and bindings name exists."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .facts import Object
from .index import Found, Index, Workload, named, namespace_of, subject

_BUILT_IN_PRIORITIES = ("system-cluster-critical", "system-node-critical")
_MADE_BY_KUBERNETES = ("kube-root-ca.crt",)
Reference = dict[str, Any]


def config_exists(index: Index) -> Found:
    """Every ConfigMap that a pod names exists, with that key."""
    for workload in index.workloads:
        for name, keys in _named(workload, "configMap"):
            found = index.get("ConfigMap", workload.namespace, name)
            if name in _MADE_BY_KUBERNETES:
                continue
            if found is None:
                yield workload.subject, f"{workload.name} names the ConfigMap {name}, which does not exist; add it"
                continue
            for key in sorted(keys - found.get("data", {}).keys() - found.get("binaryData", {}).keys()):
                yield (
                    workload.subject,
                    f"{workload.name} names the key {key} of the ConfigMap {name}, which does not have it; add it",
                )


def secret_exists(index: Index) -> Found:
    """Every Secret that a pod or a listener names is made by an ExternalSecret, with that key."""
    made = {
        namespace_and_name: each for each in index.kinds("ExternalSecret") for namespace_and_name in [_target(each)]
    }
    for workload in index.workloads:
        for name, keys in _named(workload, "secret"):
            external = made.get((workload.namespace, name))
            if external is None:
                yield (
                    workload.subject,
                    f"{workload.name} names the Secret {name}, which no ExternalSecret makes; add a Secret(…)",
                )
                continue
            given = {each["secretKey"] for each in external["spec"].get("data") or ()}
            for key in sorted(keys - given) if not external["spec"].get("dataFrom") else ():
                yield (
                    workload.subject,
                    f"{workload.name} names the key {key} of the Secret {name}, which its ExternalSecret does not "
                    f"fill; add it to the keys",
                )
    for gateway in index.kinds("Gateway"):
        for listener in gateway["spec"]["listeners"]:
            for reference in (listener.get("tls") or {}).get("certificateRefs") or ():
                if (reference.get("namespace") or namespace_of(gateway), reference["name"]) not in made:
                    yield (
                        subject(gateway),
                        f"the listener {listener['name']} of {named(gateway)} names the Secret {reference['name']}, "
                        f"which no ExternalSecret makes; add one",
                    )


def _target(external: Object) -> tuple[str, str]:
    target = external["spec"].get("target") or {}
    return namespace_of(external), target.get("name") or external["metadata"]["name"]


def _named(workload: Workload, what: str) -> Iterator[tuple[str, set[str]]]:
    """The ConfigMaps or Secrets that the pods cannot start without, and the keys that they ask of each."""
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


def account_exists(index: Index) -> Found:
    """Every pod runs as a ServiceAccount that exists, and every binding joins a role and an account that do."""
    for workload in index.workloads:
        account = workload.pod.get("serviceAccountName", "default")
        if account != "default" and not index.get("ServiceAccount", workload.namespace, account):
            yield (
                workload.subject,
                f"{workload.name} runs as the ServiceAccount {account}, which does not exist; add it",
            )
    for binding in index.kinds("RoleBinding"):
        role = binding["roleRef"]
        if role["kind"] == "Role" and not index.get("Role", namespace_of(binding), role["name"]):
            yield subject(binding), f"{named(binding)} names the Role {role['name']}, which does not exist; add it"
        for each in binding.get("subjects") or ():
            where = each.get("namespace") or namespace_of(binding)
            if each["kind"] == "ServiceAccount" and not index.get("ServiceAccount", where, each["name"]):
                yield (
                    subject(binding),
                    f"{named(binding)} names the ServiceAccount {each['name']}, which does not exist; add it",
                )


def volume_exists(index: Index) -> Found:
    """Every mount names a volume of its pod, and every claim that a pod names exists."""
    for workload in index.workloads:
        volumes = workload.pod.get("volumes") or ()
        claimed = {each["metadata"]["name"] for each in workload.object["spec"].get("volumeClaimTemplates") or ()}
        known = {volume["name"] for volume in volumes} | claimed
        for container in workload.containers:
            for mount in container.get("volumeMounts") or ():
                if mount["name"] not in known:
                    yield (
                        workload.subject,
                        f"the container {container['name']} mounts {mount['name']}, which is no volume of its pod; "
                        f"add it",
                    )
        for volume in volumes:
            claim = (volume.get("persistentVolumeClaim") or {}).get("claimName")
            if claim and not index.get("PersistentVolumeClaim", workload.namespace, claim):
                yield workload.subject, f"{workload.name} names the claim {claim}, which does not exist; add it"


def priority_exists(index: Index) -> Found:
    """Every pod has a priority class that exists."""
    for workload in index.workloads:
        name = workload.pod.get("priorityClassName")
        if name and name not in _BUILT_IN_PRIORITIES and not index.get("PriorityClass", "", name):
            yield (
                workload.subject,
                f"{workload.name} has the priority class {name}, which does not exist; add it to the platform",
            )


def store_exists(index: Index) -> Found:
    """Every ExternalSecret names a store that exists and that lets its namespace in."""
    for each in index.kinds("ExternalSecret"):
        reference = each["spec"].get("secretStoreRef") or {}
        kind, namespace = reference.get("kind", "SecretStore"), namespace_of(each)
        store = index.get(kind, namespace if kind == "SecretStore" else "", reference.get("name", ""))
        if store is None:
            yield subject(each), f"{named(each)} names the {kind} {reference.get('name')}, which does not exist; add it"
            continue
        conditions = store["spec"].get("conditions") or []
        if conditions and not any(namespace in (one.get("namespaces") or ()) for one in conditions):
            yield (
                subject(each),
                f"{named(each)} lies in {namespace}, which the store {reference['name']} does not let in; "
                f"add the namespace to its conditions",
            )


def namespace_exists(index: Index) -> Found:
    """Every object lies in a namespace that the platform makes."""
    for each in index.objects:
        if (namespace := namespace_of(each)) and not index.get("Namespace", "", namespace):
            yield subject(each), f"{named(each)} lies in the namespace {namespace}, which does not exist; add it"


def policy_has_target(index: Index) -> Found:
    """Every traffic policy is about a route that exists."""
    for each in index.kinds("BackendTrafficPolicy"):
        for target in each["spec"].get("targetRefs") or ():
            if not index.get(target["kind"], namespace_of(each), target["name"]):
                yield (
                    subject(each),
                    f"{named(each)} is about the {target['kind']} {target['name']}, which does not exist; correct it",
                )
