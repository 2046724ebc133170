"""What no object may be: over all stacks nothing is found, and each planted offender is."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from typing import Any

import pulumi
import pytest

from constructs_lib.values import Problem
from stacks.resources.infrastructure import FOLDER, load
from stacks.resources.objects import register
from stacks.resources.policies import OF_A_STACK, RegisteredObject, violations
from stacks.resources.settings import MANAGEMENT
from tests.stacks.parts import CLUSTER, POSTGRES
from tests.support.recording import Run
from tests.support.stacks import STACKS, first

SPEC = first("apps", lambda cluster_spec: cluster_spec.pair.protected)
AWS = first("apps", lambda cluster_spec: cluster_spec.infrastructure.name == "aws")
STORE = "barmancloud.cnpg.io/v1:ObjectStore"
NAME = SPEC.name
Change = Callable[[dict[str, Any]], object]


def _seen(made: Run) -> list[RegisteredObject]:
    return [RegisteredObject(each.item, each.kept == (True, True)) for each in made.objects]


@pytest.mark.parametrize("stack", STACKS)
def test_no_stack_violates_a_policy(stack: str, runs: Mapping[str, Run]) -> None:
    assert violations(_seen(runs[stack])) == []


def test_every_policy_has_a_violation_below() -> None:
    assert {each.__name__ for each in OF_A_STACK} == {row.values[0] for row in OFFENDERS}


def _unlabelled(item: dict[str, Any]) -> None:
    del item["metadata"]["labels"]["desired.dev/owner"]


def _set(*path: str, to: Any) -> Change:
    def change(item: dict[str, Any]) -> None:
        for key in path[:-1]:
            item = item[key]
        item[path[-1]] = to

    return change


def _row(policy: str, kind: str, change: Change, sentence: str, name: str = "", stack: str = NAME) -> Any:
    return pytest.param(policy, kind, change, sentence, name, stack, id=f"{policy} {kind.rpartition(':')[2]}")


def _unprotected(_: dict[str, Any]) -> str:
    return "unprotected"


IS_PROTECTED = "is not protected, but its environment is; set protect and retain_on_delete"
IMAGE = "registry.example.com/image:1"
OFFENDERS = [
    _row(
        "owned", CLUSTER, _unlabelled,
        f"Cluster {NAME} has no owner; add the label desired.dev/owner",
    ),
    _row("protected", CLUSTER, _unprotected, f"Cluster {NAME} {IS_PROTECTED}"),
    _row("protected", POSTGRES, _unprotected, f"Cluster postgres {IS_PROTECTED}"),
    _row("protected", STORE, _unprotected, f"ObjectStore backups {IS_PROTECTED}"),
    _row("protected", "core/v1:Namespace", _unprotected, f"Namespace {NAME} {IS_PROTECTED}", NAME, MANAGEMENT),
    _row(
        "backed_up", POSTGRES, _set("spec", "plugins", to=[]),
        "Cluster postgres does not archive its log, but its environment is protected; give the environment backups",
    ),
    _row(
        "backed_up", POSTGRES, _set("spec", "instances", to=1),
        "Cluster postgres has one instance, but its environment is protected; give it three",
    ),
    _row(
        "by_digest", POSTGRES, _set("spec", "imageName", to=IMAGE),
        f"Cluster postgres runs {IMAGE!r}, which can change; name it by digest",
    ),
    _row(
        "by_digest", "apps/v1:Deployment",
        lambda item: item["spec"]["template"]["spec"]["containers"][0].update(image=IMAGE),
        f"Deployment cluster-autoscaler runs {IMAGE!r}, which can change; name it by digest",
    ),
    _row(
        "private", POSTGRES, _set("spec", "managed", "services", to={"additional": [{"type": "LoadBalancer"}]}),
        "Cluster postgres has a Service of type LoadBalancer; use ClusterIP",
    ),
    _row(
        "private", "postgresql.cnpg.io/v1:Pooler", _set("spec", "serviceTemplate", to={"spec": {"type": "NodePort"}}),
        "Pooler postgres-pooler has a Service of type NodePort; use ClusterIP",
    ),
    _row(
        "scheduled", "postgresql.cnpg.io/v1:ScheduledBackup", _set("kind", to="Backup"),
        "Cluster postgres archives its log but has no base backup; add a ScheduledBackup",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("policy", "kind", "change", "sentence", "name", "stack"), OFFENDERS)
def test_a_planted_violation_is_reported_once(
    policy: str, kind: str, change: Change, sentence: str, name: str, stack: str, runs: Mapping[str, Run]
) -> None:
    victim = runs[stack].one(kind, name)
    item = copy.deepcopy(victim.item)
    kept = change(item) != "unprotected"
    others = [each for each in _seen(runs[stack]) if each.item != victim.item]
    assert violations([*others, RegisteredObject(item, kept and victim.kept == (True, True))]) == [sentence]


@pytest.mark.parametrize("name", sorted(file.stem for file in FOLDER.glob("*.yaml")))
def test_no_infrastructure_has_a_public_api_endpoint(name: str) -> None:
    private = next(each for each in OF_A_STACK if each.__name__ == "private")
    assert violations([RegisteredObject(each, False) for each in load(name).templates("here").objects], [private]) == []


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("aws", _set("controlPlaneLoadBalancer", "scheme", to="internet-facing")),
        ("aws", lambda spec: spec.pop("controlPlaneLoadBalancer")),
        ("azure", _set("networkSpec", "apiServerLB", "type", to="Public")),
        ("azure", lambda spec: spec["networkSpec"].pop("apiServerLB")),
        ("openstack", _set("disableAPIServerFloatingIP", to=False)),
        ("openstack", lambda spec: spec.pop("disableAPIServerFloatingIP")),
    ],
)
def test_a_public_or_unspecified_api_endpoint_is_a_violation(name: str, change: Change) -> None:
    private = next(each for each in OF_A_STACK if each.__name__ == "private")
    item = copy.deepcopy(next(each for each in load(name).objects if each["kind"].endswith("ClusterTemplate")))
    change(item["spec"]["template"]["spec"])
    said = (
        f"{item['kind']} cluster does not say that its API endpoint is private; stacks/resources/policies.py lists how"
    )
    assert violations([RegisteredObject(item, False)], [private]) == [said]


def test_an_unknown_infrastructure_is_not_private() -> None:
    item = {
        "apiVersion": "infrastructure.cluster.x-k8s.io/v1",
        "kind": "MoonClusterTemplate",
        "metadata": {"name": "x"},
    }
    found = violations([RegisteredObject({**item, "spec": {"template": {"spec": {}}}}, False)])
    assert any("MoonClusterTemplate x does not say that its API endpoint is private" in each for each in found)


@pytest.mark.parametrize(("freed", "broken"), [("cluster", 0), ("cluster,database", 0), ("database", 1), ("true", 1)])
def test_an_unprotected_object_violates_no_policy(freed: str, broken: int, runs: Mapping[str, Run]) -> None:
    item = copy.deepcopy(runs[NAME].one(CLUSTER).item)
    item["metadata"]["annotations"]["desired.dev/unprotected"] = freed
    assert len(violations([RegisteredObject(item, False)])) == broken


@pytest.mark.parametrize(
    "options",
    [pulumi.ResourceOptions(), pulumi.ResourceOptions(protect=True), pulumi.ResourceOptions(retain_on_delete=True)],
    ids=["neither", "only protected", "only retained"],
)
def test_an_object_that_violates_a_policy_is_not_registered(
    options: pulumi.ResourceOptions, runs: Mapping[str, Run]
) -> None:
    item = runs[NAME].one(CLUSTER).item
    with pytest.raises(Problem) as refused:
        register(item, options)
    assert refused.value.sentences == (f"Cluster {NAME} {IS_PROTECTED}",)
