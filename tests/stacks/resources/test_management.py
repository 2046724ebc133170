"""The management cluster's own platform."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from stacks.resources.cluster_spec import OWNER_LABEL, PROTECTED_LABEL, UNPROTECTED, ClusterSpec
from stacks.resources.settings import MANAGEMENT
from tests.stacks.parts import APPS, CLUSTER
from tests.support.recording import Run
from tests.support.stacks import CLUSTER_SPECS, WITH_PAIR, changed, run, settings_of

RBAC = "rbac.authorization.k8s.io/v1"
ADMISSION = "admissionregistration.k8s.io/v1"
BINDINGS = f"{RBAC}:RoleBinding"
NAMES = [cluster_spec.name for cluster_spec in CLUSTER_SPECS]
ACCESS = json.loads(settings_of(MANAGEMENT)["access"])


@pytest.fixture(scope="module")
def made(runs: Mapping[str, Run]) -> Run:
    return runs[MANAGEMENT]


def test_the_management_stack_registers_these_objects_below_one_component(made: Run) -> None:
    rights = [
        f"{BINDINGS} {cluster_spec.name}/desired-{access}"
        for cluster_spec in CLUSTER_SPECS
        for access in ACCESS.get(cluster_spec.environment.name, {})
    ]
    admission = [
        f"{ADMISSION}:ValidatingAdmissionPolicy{tail} {which}-clusters.desired.dev"
        for which in ("protected", "owned")
        for tail in ("", "Binding")
    ]
    assert sorted(map(str, made.objects)) == sorted(
        [
            *(f"core/v1:Namespace {name}" for name in NAMES),
            *(f"core/v1:ResourceQuota {name}/one-cluster" for name in NAMES),
            *(f"{RBAC}:ClusterRole desired-{access}" for access in ("view", "operate", "administer")),
            *rights,
            *admission,
        ]
    )
    assert {each.request.parent for each in made.objects} == {made.one("desired:stacks:Management").urn}
    assert {each.provider for each in made.objects} == {MANAGEMENT}
    assert made.outputs == {"namespaces": NAMES}


@pytest.mark.parametrize("cluster_spec", CLUSTER_SPECS, ids=lambda cluster_spec: cluster_spec.name)
def test_each_cluster_has_its_namespace(cluster_spec: ClusterSpec, made: Run, runs: Mapping[str, Run]) -> None:
    namespace = made.one("core/v1:Namespace", cluster_spec.name)
    labels = namespace.item["metadata"]["labels"]
    assert cluster_spec.labels.items() <= labels.items()
    assert labels["pod-security.kubernetes.io/enforce"] == "restricted"
    assert runs[cluster_spec.name].one(CLUSTER).item["metadata"]["namespace"] == namespace.item["metadata"]["name"]


@pytest.mark.parametrize("cluster_spec", CLUSTER_SPECS, ids=lambda cluster_spec: cluster_spec.name)
def test_a_namespace_of_a_protected_environment_outlives_the_stack(cluster_spec: ClusterSpec, made: Run) -> None:
    # Who deletes it deletes the cluster in it.
    expected = (True, True) if cluster_spec.pair.protected else (False, False)
    assert made.one("core/v1:Namespace", cluster_spec.name).kept == expected
    others = [each for each in made.registered if each.kind != "core/v1:Namespace"]
    assert {each.kept for each in others} == {(False, False)}


def test_a_namespace_holds_one_cluster(made: Run) -> None:
    specs = [each.item["spec"] for each in made.of("core/v1:ResourceQuota")]
    assert specs == [{"hard": {"count/clusters.cluster.x-k8s.io": "1"}}] * len(CLUSTER_SPECS)


@pytest.mark.parametrize("cluster_spec", CLUSTER_SPECS, ids=lambda cluster_spec: cluster_spec.name)
def test_groups_have_exactly_the_rights_in_the_settings(cluster_spec: ClusterSpec, made: Run) -> None:
    here = [each.item for each in made.of(BINDINGS) if each.item["metadata"]["namespace"] == cluster_spec.name]
    found = {each["roleRef"]["name"]: [subject["name"] for subject in each["subjects"]] for each in here}
    assert found == {f"desired-{access}": groups for access, groups in ACCESS[cluster_spec.environment.name].items()}
    assert {(each["roleRef"]["kind"], subject["kind"]) for each in here for subject in each["subjects"]} == {
        ("ClusterRole", "Group")
    }


def test_rights_and_quotas_come_after_the_namespace_and_the_roles(made: Run) -> None:
    for each in (*made.of(BINDINGS), *made.of("core/v1:ResourceQuota")):
        namespace = each.item["metadata"]["namespace"]
        roles = {f"{RBAC}:ClusterRole desired-{access}" for access in ("view", "operate", "administer")}
        assert made.before(each) >= {f"core/v1:Namespace {namespace}", *roles}


def _rules(made: Run, access: str) -> list[dict[str, Any]]:
    rules: list[dict[str, Any]] = made.one(f"{RBAC}:ClusterRole", f"desired-{access}").item["rules"]
    return rules


def test_view_rights_change_nothing_and_read_no_secret(made: Run) -> None:
    rules = _rules(made, "view")
    assert {verb for rule in rules for verb in rule["verbs"]} == {"get", "list", "watch"}
    assert "" not in {group for rule in rules for group in rule["apiGroups"]}


def test_operate_rights_allow_replacing_machines_and_no_more(made: Run) -> None:
    rules = _rules(made, "operate")
    writing = [rule for rule in rules if set(rule["verbs"]) - {"get", "list", "watch"}]
    machines = {"apiGroups": ["cluster.x-k8s.io"], "resources": ["machines"], "verbs": ["delete", "patch"]}
    assert writing == [machines]
    assert "" not in {group for rule in rules for group in rule["apiGroups"]}


def _policy(made: Run, which: str) -> dict[str, Any]:
    name = f"{which}-clusters.desired.dev"
    binding = made.one(f"{ADMISSION}:ValidatingAdmissionPolicyBinding", name).item["spec"]
    assert binding == {"policyName": name, "validationActions": ["Deny"]}
    spec: dict[str, Any] = made.one(f"{ADMISSION}:ValidatingAdmissionPolicy", name).item["spec"]
    assert spec["failurePolicy"] == "Fail"
    return spec


def test_a_protected_cluster_cannot_be_deleted_before_it_is_unprotected(made: Run) -> None:
    spec = _policy(made, "protected")
    (rule,) = spec["matchConstraints"]["resourceRules"]
    assert (rule["operations"], rule["resources"]) == (["DELETE"], ["clusters"])
    assert spec["matchConstraints"]["namespaceSelector"] == {"matchLabels": {PROTECTED_LABEL: "true"}}
    (check,) = spec["validations"]
    assert f"oldObject.metadata.?annotations['{UNPROTECTED}']" in check["expression"]


def test_a_cluster_without_an_owner_cannot_be_made(made: Run) -> None:
    spec = _policy(made, "owned")
    (rule,) = spec["matchConstraints"]["resourceRules"]
    assert (rule["operations"], rule["resources"]) == (["CREATE"], ["clusters"])
    assert OWNER_LABEL in spec["validations"][0]["expression"]


def test_an_environment_without_a_pair_has_no_namespace() -> None:
    made = run(MANAGEMENT, environments=changed(APPS, pair=None))
    others = [each.cluster_name(role) for each in WITH_PAIR if each != APPS.environment for role in ("ops", "apps")]
    assert made.outputs == {"namespaces": others}


def test_an_environment_may_have_no_access_settings() -> None:
    made = run(MANAGEMENT, config={"access": None})
    assert (made.of(BINDINGS), len(made.of("core/v1:Namespace"))) == ([], len(CLUSTER_SPECS))
