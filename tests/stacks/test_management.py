"""The management cluster's own platform."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from stacks.settings import MANAGEMENT
from stacks.side import OWNER_LABEL, PROTECTED_LABEL, UNPROTECTED, Side
from tests.stacks.parts import APPS, CLUSTER
from tests.support.recording import Run
from tests.support.stacks import SIDES, WITH_PAIR, changed, run, settings_of

RBAC = "rbac.authorization.k8s.io/v1"
ADMISSION = "admissionregistration.k8s.io/v1"
BINDINGS = f"{RBAC}:RoleBinding"
NAMES = [side.name for side in SIDES]
ACCESS = json.loads(settings_of(MANAGEMENT)["access"])


@pytest.fixture(scope="module")
def made(runs: Mapping[str, Run]) -> Run:
    return runs[MANAGEMENT]


def test_it_is_made_of_these_objects_below_one_component(made: Run) -> None:
    rights = [
        f"{BINDINGS} {side.name}/desired-{access}" for side in SIDES for access in ACCESS.get(side.environment.name, {})
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


@pytest.mark.parametrize("side", SIDES, ids=lambda side: side.name)
def test_a_cluster_has_the_namespace_in_which_it_is_made(side: Side, made: Run, runs: Mapping[str, Run]) -> None:
    namespace = made.one("core/v1:Namespace", side.name)
    labels = namespace.item["metadata"]["labels"]
    assert side.labels.items() <= labels.items()
    assert labels["pod-security.kubernetes.io/enforce"] == "restricted"
    assert runs[side.name].one(CLUSTER).item["metadata"]["namespace"] == namespace.item["metadata"]["name"]


@pytest.mark.parametrize("side", SIDES, ids=lambda side: side.name)
def test_a_namespace_outlives_the_stack_where_its_environment_is_protected(side: Side, made: Run) -> None:
    # Who deletes it deletes the cluster in it.
    expected = (True, True) if side.pair.protected else (False, False)
    assert made.one("core/v1:Namespace", side.name).kept == expected
    others = [each for each in made.registered if each.kind != "core/v1:Namespace"]
    assert {each.kept for each in others} == {(False, False)}


def test_a_namespace_holds_one_cluster(made: Run) -> None:
    specs = [each.item["spec"] for each in made.of("core/v1:ResourceQuota")]
    assert specs == [{"hard": {"count/clusters.cluster.x-k8s.io": "1"}}] * len(SIDES)


@pytest.mark.parametrize("side", SIDES, ids=lambda side: side.name)
def test_groups_have_the_rights_that_the_settings_give_them_and_no_others(side: Side, made: Run) -> None:
    here = [each.item for each in made.of(BINDINGS) if each.item["metadata"]["namespace"] == side.name]
    found = {each["roleRef"]["name"]: [subject["name"] for subject in each["subjects"]] for each in here}
    assert found == {f"desired-{access}": groups for access, groups in ACCESS[side.environment.name].items()}
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


def test_who_views_changes_nothing_and_reads_no_secret(made: Run) -> None:
    rules = _rules(made, "view")
    assert {verb for rule in rules for verb in rule["verbs"]} == {"get", "list", "watch"}
    assert "" not in {group for rule in rules for group in rule["apiGroups"]}


def test_who_operates_may_replace_machines_and_no_more(made: Run) -> None:
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


def test_a_cluster_in_a_protected_namespace_cannot_be_deleted_before_it_is_freed(made: Run) -> None:
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


def test_an_environment_may_give_nobody_a_right() -> None:
    made = run(MANAGEMENT, config={"access": None})
    assert (made.of(BINDINGS), len(made.of("core/v1:Namespace"))) == ([], len(SIDES))
