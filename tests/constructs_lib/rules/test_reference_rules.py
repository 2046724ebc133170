"""Rules about references and owners bite: each defect is found by one of them alone."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from constructs_lib.testing import Object
from tests.support.planted import Planted, found_by, rules_of

Plant = Callable[[Planted], object]


def variable(it: Planted, name: str) -> Object:
    found: Object = next(each for each in it.main("api-blue")["env"] if each["name"] == name)["valueFrom"]
    return found


def volume(it: Planted, name: str) -> Object:
    found: Object = next(each for each in it.pod("api-blue")["volumes"] if each["name"] == name)
    return found


def add_volume(it: Planted, service: str, **source: object) -> None:
    it.pod(service)["volumes"].append({"name": "added", **source})


def claim(it: Planted, *services: str) -> None:
    """Services that mount one claim, which exists."""
    made = it.twin("ServiceAccount", "mailer", "shared")
    made.update(kind="PersistentVolumeClaim")
    for name in services:
        add_volume(it, name, persistentVolumeClaim={"claimName": "shared"})


def share_the_database_of_api(it: Planted) -> None:
    it.declared("web")["databases"] = ["api"]
    egress = it.one("NetworkPolicy", "api")["spec"]["egress"]
    it.one("NetworkPolicy", "web")["spec"]["egress"] += egress


def read_the_secret_of_api(it: Planted) -> None:
    made = it.twin("ExternalSecret", "api-blue-token", "mailer-token")
    it.unit_of("ExternalSecret", "mailer-token").objects.remove(made)
    made["metadata"]["labels"] = it.one("Deployment", "mailer")["metadata"]["labels"]
    it.unit_of("Deployment", "mailer").objects.append(made)


def twice(it: Planted, kind: str, owner: str, other: str) -> None:
    """Let another service make an object of the same name."""
    one = next(each for each in it.objects() if each["kind"] == kind and each["metadata"]["name"].startswith(owner))
    unit = it.unit_of("Deployment", other)
    labels = it.one("Deployment", other)["metadata"]["labels"]
    unit.objects.append({**one, "metadata": {**one["metadata"], "labels": dict(labels)}})


CASES: dict[str, tuple[str, str, str, Plant]] = {
    "a variable from a ConfigMap that is not there": (
        "config-exists", "api", "ConfigMap gone",
        lambda it: variable(it, "MODE")["configMapKeyRef"].update(name="gone"),
    ),
    "a variable from a key that is not there": (
        "config-exists", "api", "key gone", lambda it: variable(it, "MODE")["configMapKeyRef"].update(key="gone"),
    ),
    "a volume from a ConfigMap that is not there": (
        "config-exists", "api", "ConfigMap gone",
        lambda it: volume(it, "config-files")["configMap"].update(name="gone"),
    ),
    "a file from a key that is not there": (
        "config-exists", "api", "key gone",
        lambda it: volume(it, "config-files")["configMap"].update(items=[{"key": "gone", "path": "a"}]),
    ),
    "all variables from a ConfigMap that is not there": (
        "config-exists", "mailer", "ConfigMap gone",
        lambda it: it.main("mailer").update(envFrom=[{"configMapRef": {"name": "gone"}}]),
    ),
    "a projected ConfigMap that is not there": (
        "config-exists", "mailer", "ConfigMap gone",
        lambda it: add_volume(it, "mailer", projected={"sources": [{"configMap": {"name": "gone"}}]}),
    ),
    "a variable from a Secret that nothing makes": (
        "secret-exists", "api", "Secret gone", lambda it: variable(it, "KEY")["secretKeyRef"].update(name="gone"),
    ),
    "a variable from a key that nothing fills": (
        "secret-exists", "api", "key gone", lambda it: variable(it, "KEY")["secretKeyRef"].update(key="gone"),
    ),
    "a volume from a Secret that nothing makes": (
        "secret-exists", "api", "Secret gone",
        lambda it: volume(it, "secret-token")["secret"].update(secretName="gone"),
    ),
    "credentials of a registry that nothing makes": (
        "secret-exists", "mailer", "Secret gone",
        lambda it: it.pod("mailer").update(imagePullSecrets=[{"name": "gone"}]),
    ),
    "a certificate that nothing makes": (
        "secret-exists", "Gateway/external", "gateway-certificate",
        lambda it: it.take_out("ExternalSecret", "gateway-certificate"),
    ),
    "an account that is not there": (
        "account-exists", "mailer", "ServiceAccount gone",
        lambda it: it.pod("mailer").update(serviceAccountName="gone"),
    ),
    "a role that is not there": (
        "account-exists", "api", "Role gone",
        lambda it: it.one("RoleBinding", "api-blue")["roleRef"].update(name="gone"),
    ),
    "a bound account that is not there": (
        "account-exists", "api", "ServiceAccount gone",
        lambda it: it.one("RoleBinding", "api-blue")["subjects"].append({"kind": "ServiceAccount", "name": "gone"}),
    ),
    "a mount without a volume": (
        "volume-exists", "mailer", "mounts volume gone",
        lambda it: it.main("mailer")["volumeMounts"].append({"name": "gone", "mountPath": "/gone"}),
    ),
    "a mount without its claim": (
        "volume-exists", "store", "mounts volume data",
        lambda it: it.one("StatefulSet", "store")["spec"].pop("volumeClaimTemplates"),
    ),
    "a claim that is not there": (
        "volume-exists", "mailer", "PersistentVolumeClaim gone",
        lambda it: add_volume(it, "mailer", persistentVolumeClaim={"claimName": "gone"}),
    ),
    "a priority that is not there": (
        "priority-exists", "mailer", "PriorityClass gone", lambda it: it.pod("mailer").update(priorityClassName="gone"),
    ),
    "a store that is not there": (
        "store-exists", "api", "ClusterSecretStore gone",
        lambda it: it.one("ExternalSecret", "api-blue-token")["spec"]["secretStoreRef"].update(name="gone"),
    ),
    "a store that keeps the namespace out": (
        "store-exists", "api", "may not use the store",
        lambda it: it.one("ClusterSecretStore", "databases")["spec"].update(conditions=[{"namespaces": ["other"]}]),
    ),
    "a namespace that is not there": (
        "namespace-exists", "Receiver/fleet", "namespace gone",
        lambda it: it.one("Receiver", "fleet")["metadata"].update(namespace="gone"),
    ),
    "a traffic policy of a route that is not there": (
        "policy-has-target", "rpc", "GRPCRoute gone",
        lambda it: it.one("BackendTrafficPolicy", "rpc")["spec"]["targetRefs"][0].update(name="gone"),
    ),
    "a database of two": (
        "database-has-one-owner", "web", "which api also uses", share_the_database_of_api,
    ),
    "a secret of two": (
        "secret-has-one-owner", "mailer", "vault/api/token, which api also uses", read_the_secret_of_api,
    ),
    "a claim of two": (
        "claim-has-one-owner", "web", "which mailer also uses", lambda it: claim(it, "mailer", "web-blue"),
    ),
    "an account of two": (
        "account-has-one-owner", "rpc", "which mailer also uses",
        lambda it: it.pod("rpc-blue").update(serviceAccountName="mailer"),
    ),
    "an object that two services make": (
        "object-has-one-folder", "mailer", "which api also creates",
        lambda it: twice(it, "ConfigMap", "api", "mailer"),
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_a_planted_defect_is_found_by_its_rule_and_no_other(planted: Planted, case: str) -> None:
    rule, subject, words, plant = CASES[case]
    plant(planted)
    assert found_by(planted, words) == {(rule, subject)}


def test_each_rule_about_references_has_a_planted_defect() -> None:
    assert {rule for rule, *_ in CASES.values()} == rules_of("references")


ALLOWED: dict[str, Plant] = {
    "a ConfigMap that may be missing": lambda it: variable(it, "MODE")["configMapKeyRef"].update(
        name="gone", optional=True
    ),
    "a Secret that may be missing": lambda it: volume(it, "secret-token")["secret"].update(
        secretName="gone", optional=True
    ),
    "any key of a Secret that is filled as a whole": lambda it: (
        variable(it, "KEY")["secretKeyRef"].update(key="other"),
        it.one("ExternalSecret", "api-blue-token")["spec"].update(dataFrom=[{"extract": {"key": "api/all"}}]),
    ),
    "the certificate that Kubernetes puts everywhere": lambda it: add_volume(
        it, "mailer", configMap={"name": "kube-root-ca.crt"}
    ),
    "the default account": lambda it: it.pod("mailer").pop("serviceAccountName"),
    "a priority of Kubernetes' own": lambda it: it.pod("mailer").update(priorityClassName="system-node-critical"),
    "a claim of one service": lambda it: claim(it, "mailer"),
}


@pytest.mark.parametrize("case", ALLOWED)
def test_an_allowed_change_breaks_no_rule(planted: Planted, case: str) -> None:
    ALLOWED[case](planted)
    assert planted.findings() == []
